"""A sound ONNX folder of a few kilobytes, for tests that need one."""

from __future__ import annotations

import json
from pathlib import Path

import safetensors.numpy
from test_convert_checkpoint import config, tokenizer, weights

from convert.to_onnx import convert


def write_tiny_folder(folder: Path, seed_weight: float = 0.0) -> Path:
    """A Llama of one layer in int4 at `folder`. seed_weight: added to one norm, for another model."""
    source = folder.with_name(folder.name + ".checkpoint")
    source.mkdir(parents=True)
    (source / "config.json").write_text(json.dumps(config()))
    (source / "tokenizer.json").write_text(json.dumps(tokenizer()))
    (source / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
    (source / "chat_template.jinja").write_text("{{ messages[0].content }}")
    tensors = weights()
    tensors["model.norm.weight"] += seed_weight
    safetensors.numpy.save_file(tensors, source / "model.safetensors")
    return convert(source, folder).path
