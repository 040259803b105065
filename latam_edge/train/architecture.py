"""Llama-architecture models through transformers: made, saved, loaded, thinned out."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.utils import logging as transformers_logging

from latam_edge.core.errors import DiskFull
from latam_edge.train.recipe import Model

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# Our own bar is on the screen.
transformers_logging.disable_progress_bar()


def build(shape: Model, vocabulary: int, seed: int, context: int = 1024) -> LlamaForCausalLM:
    """A new model, weights in float32, embedding tied to the output, initialized from `seed`.

    Residual branches start at zero (their last matrix is zero), so that the
    model begins as an embedding and grows from there (Zhang et al. 2019, Fixup).
    """
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.width // shape.heads,
        max_position_embeddings=context,
        rope_theta=shape.rope_theta,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=5,
        attn_implementation="sdpa",
    )
    model = LlamaForCausalLM(config).float()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim != 2:
                weight.fill_(1.0)
            elif name.endswith(("o_proj.weight", "down_proj.weight")):
                weight.zero_()
            elif "embed_tokens" in name:
                weight.normal_(0.0, 0.02, generator=generator)
            else:
                weight.normal_(0.0, weight.shape[1] ** -0.5, generator=generator)
    return model


def positions(context: int) -> int:
    """Longest conversation a model is made for, tokens: chats are longer than the rows it learns from."""
    return max(1024, context)


def thin_out(teacher: LlamaForCausalLM, shape: Model, vocabulary: int, seed: int) -> LlamaForCausalLM:
    """A student that begins with layers of its teacher (depth pruning: Muralidharan et al. 2024).

    Where widths agree, the student takes embedding, norm and evenly spaced
    layers, first and last among them; else it is a new model.
    """
    student = build(shape, vocabulary, seed, teacher.config.max_position_embeddings)
    if misfit(student, teacher):
        return student
    last = teacher.config.num_hidden_layers - 1
    picks = [round(i * last / max(1, shape.layers - 1)) for i in range(shape.layers)]
    with torch.no_grad():
        student.model.embed_tokens.weight.copy_(teacher.model.embed_tokens.weight)
        student.model.norm.weight.copy_(teacher.model.norm.weight)
        for layer, pick in zip(student.model.layers, picks, strict=True):
            layer.load_state_dict(teacher.model.layers[pick].state_dict())
    return student


def misfit(student: LlamaForCausalLM, teacher: LlamaForCausalLM) -> str:
    """Why a student can't begin with layers of this teacher ("hidden_size: 256 ≠ 512"); "" where it can."""
    mine, theirs = student.config, teacher.config
    for name in (
        "hidden_size",
        "intermediate_size",
        "num_attention_heads",
        "num_key_value_heads",
        "vocab_size",
    ):
        if getattr(mine, name) != getattr(theirs, name):
            return f"{name}: {getattr(mine, name)} ≠ {getattr(theirs, name)}"
    if mine.num_hidden_layers > theirs.num_hidden_layers:
        return f"num_hidden_layers: {mine.num_hidden_layers} > {theirs.num_hidden_layers}"
    return ""


def save(model: LlamaForCausalLM, folder: Path, tokenizer_folder: Path) -> None:
    """Write an HF checkpoint folder (float32 safetensors) with the tokenizer's files in it.

    Written beside and renamed, so that the folder is whole or absent. Raises DiskFull.
    """
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        model.save_pretrained(part)
    except Exception as error:
        # safetensors says what the disk said in words of its own.
        if any(f"os error {number}" in str(error) for number in FULL):
            shutil.rmtree(part, ignore_errors=True)
            raise DiskFull(path=folder) from error
        raise
    for file in sorted(tokenizer_folder.glob("*.json")):
        shutil.copyfile(file, part / file.name)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def copy(source: Path, folder: Path) -> None:
    """Copy a checkpoint folder; `folder` is whole or absent."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(source, part)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def load(folder: Path) -> LlamaForCausalLM:
    """Read a checkpoint folder; float32."""
    model: Any = LlamaForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    return model


def count_parameters(model: LlamaForCausalLM) -> int:
    """Weights, a tied embedding counted once."""
    return sum(p.numel() for p in model.parameters())
