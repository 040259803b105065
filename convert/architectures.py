"""Architectures that can be written, and the name that each tensor takes in GGUF.

To add one: a row in ARCHITECTURES. Names and layouts are those of llama.cpp
(gguf-py/gguf/tensor_mapping.py, llama-arch.cpp; llama-cpp-python 0.3.36).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from convert.checkpoint import HFCheckpoint
from convert.shape import Llama3Scaling, ModelShape
from latam_edge.formats.safetensors import Checkpoint as Tensors

Array = np.ndarray[Any, np.dtype[Any]]

EMBEDDING = "model.embed_tokens.weight"
HEAD = "lm_head.weight"


@dataclass(frozen=True, slots=True)
class Architecture:
    """What differs between members of the Llama family."""

    gguf_name: str
    """Value of general.architecture."""
    permutes_heads: bool
    """llama.cpp rotates neighbouring rows of Q and K in "llama" and halves of a head in the
    others; Hugging Face always halves, so "llama" needs its rows reordered."""
    qkv_bias: bool | None = False
    """Whether Q, K and V have biases; None: config.json's attention_bias decides."""
    qk_norm: bool = False
    """Whether Q and K are normalized per head (Qwen 3)."""


ARCHITECTURES: dict[str, Architecture] = {
    "LlamaForCausalLM": Architecture("llama", permutes_heads=True, qkv_bias=None),
    "Qwen2ForCausalLM": Architecture("qwen2", permutes_heads=False, qkv_bias=True),
    "Qwen3ForCausalLM": Architecture("qwen3", permutes_heads=False, qk_norm=True),
}


@dataclass(frozen=True, slots=True)
class PlannedTensor:
    """One tensor of the file to be written."""

    name: str
    """Its name in GGUF: "blk.0.attn_q.weight"."""
    source: str
    """Its name in the checkpoint; "" for one that is computed."""
    shape: tuple[int, ...]
    """(n_rows, n_columns) or (n,), numpy order."""
    heads: int = 0
    """Heads whose rows are reordered for llama.cpp's rotation; 0 leaves the order alone."""
    values: Array | None = None
    """The data of a computed tensor."""

    def rows(self, tensors: Tensors, start: int, stop: int) -> Array:
        """Rows start..stop of a matrix, or all of a vector, as float32, in the file's order."""
        if self.values is not None:
            return self.values
        index = self.row_order(start, stop) if len(self.shape) == 2 else self.row_order(0, self.shape[0])
        return np.asarray(tensors.array(self.source, index), np.float32)

    def row_order(self, start: int, stop: int) -> Any:
        """A numpy index that picks the file's rows start..stop out of the checkpoint's."""
        part = slice(start, stop)
        return head_row_order(self.shape[0], self.heads)[part] if self.heads else part


def head_row_order(n_rows: int, n_heads: int) -> Array:
    """For every row of the file, the checkpoint's row that goes there.

    Hugging Face rotates row i of a head with row i + head_dim/2; llama.cpp's "llama"
    rotates neighbours. So each head becomes 0, h, 1, h+1, ... with h = head_dim/2.
    Source: the permutation in llama.cpp's convert_hf_to_gguf.py.
    """
    return np.arange(n_rows).reshape(n_heads, 2, -1).swapaxes(1, 2).reshape(-1)


def find(checkpoint: HFCheckpoint) -> Architecture:
    """The architecture that config.json names. Raises BadCheckpoint."""
    names = checkpoint.config.get("architectures")
    name = names[0] if isinstance(names, list) and names else None
    if not isinstance(name, str) or name not in ARCHITECTURES:
        raise checkpoint.bad(
            "convert.unknown_architecture", name=str(name)[:60], known=", ".join(ARCHITECTURES)
        )
    return ARCHITECTURES[name]


def plan(checkpoint: HFCheckpoint, architecture: Architecture, shape: ModelShape) -> list[PlannedTensor]:
    """Every tensor of the file, checked to exist in the checkpoint with the right shape.

    Raises BadCheckpoint for a tensor that is missing, misshapen, or left over: a weight
    that nobody placed would be a different model.
    """
    planned = [PlannedTensor("token_embd.weight", EMBEDDING, (shape.n_vocab, shape.n_embd))]
    if not shape.tied:
        planned.append(PlannedTensor("output.weight", HEAD, (shape.n_vocab, shape.n_embd)))
    planned.append(PlannedTensor("output_norm.weight", "model.norm.weight", (shape.n_embd,)))
    if shape.rope_llama3:
        factors = llama3_factors(shape.rope_theta, shape.head_dim, shape.rope_llama3)
        planned.append(PlannedTensor("rope_freqs.weight", "", factors.shape, values=factors))
    for layer in range(shape.n_layers):
        planned.extend(_layer(checkpoint, architecture, shape, layer))
    _check(checkpoint, planned, shape)
    return planned


def _layer(
    checkpoint: HFCheckpoint, architecture: Architecture, shape: ModelShape, layer: int
) -> list[PlannedTensor]:
    """The tensors of one block."""
    source, name = f"model.layers.{layer}.", f"blk.{layer}."
    q_rows, kv_rows = shape.n_heads * shape.head_dim, shape.n_kv_heads * shape.head_dim
    reorder = architecture.permutes_heads
    projections = [
        ("attn_q", "self_attn.q_proj", q_rows, shape.n_embd, shape.n_heads if reorder else 0),
        ("attn_k", "self_attn.k_proj", kv_rows, shape.n_embd, shape.n_kv_heads if reorder else 0),
        ("attn_v", "self_attn.v_proj", kv_rows, shape.n_embd, 0),
        ("attn_output", "self_attn.o_proj", shape.n_embd, q_rows, 0),
        ("ffn_gate", "mlp.gate_proj", shape.n_ff, shape.n_embd, 0),
        ("ffn_up", "mlp.up_proj", shape.n_ff, shape.n_embd, 0),
        ("ffn_down", "mlp.down_proj", shape.n_embd, shape.n_ff, 0),
    ]
    norms = [
        ("attn_norm", "input_layernorm", shape.n_embd),
        ("ffn_norm", "post_attention_layernorm", shape.n_embd),
    ]
    if architecture.qk_norm:
        norms += [
            ("attn_q_norm", "self_attn.q_norm", shape.head_dim),
            ("attn_k_norm", "self_attn.k_norm", shape.head_dim),
        ]
    planned = [PlannedTensor(f"{name}{a}.weight", f"{source}{b}.weight", (n,)) for a, b, n in norms]
    biased = _biased(checkpoint, architecture)
    for gguf_name, hf_name, rows, columns, heads in projections:
        planned.append(
            PlannedTensor(f"{name}{gguf_name}.weight", f"{source}{hf_name}.weight", (rows, columns), heads)
        )
        if gguf_name in biased:
            planned.append(
                PlannedTensor(f"{name}{gguf_name}.bias", f"{source}{hf_name}.bias", (rows,), heads)
            )
    return planned


def _biased(checkpoint: HFCheckpoint, architecture: Architecture) -> set[str]:
    """Names of the projections that have a bias."""
    names: set[str] = set()
    if architecture.qkv_bias:
        names |= {"attn_q", "attn_k", "attn_v"}
    elif architecture.qkv_bias is None and checkpoint.config.get("attention_bias") is True:
        names |= {"attn_q", "attn_k", "attn_v", "attn_output"}
    if checkpoint.config.get("mlp_bias") is True:
        names |= {"ffn_gate", "ffn_up", "ffn_down"}
    return names


def _check(checkpoint: HFCheckpoint, planned: list[PlannedTensor], shape: ModelShape) -> None:
    placed = {tensor.source for tensor in planned}
    for tensor in planned:
        if not tensor.source:
            continue
        if tensor.source not in checkpoint.tensors:
            raise checkpoint.bad("formats.tensor_missing", name=tensor.source)
        found = checkpoint.tensors[tensor.source]
        if found.shape != tensor.shape or found.dtype not in ("F64", "F32", "F16", "BF16"):
            shown = f"{found.dtype} {'x'.join(map(str, found.shape))}"
            expected = "x".join(map(str, tensor.shape))
            raise checkpoint.bad("convert.bad_tensor", name=tensor.source, found=shown, expected=expected)
    for name in checkpoint.tensors:
        # A tied head may be stored again, and old checkpoints store the rotary frequencies.
        tied_copy = shape.tied and name == HEAD
        if tied_copy and not _same(checkpoint.tensors, EMBEDDING, HEAD):
            raise checkpoint.bad("convert.stray_head")
        if name not in placed and not tied_copy and not re.search(r"rotary_emb\.inv_freq$", name):
            raise checkpoint.bad("convert.unplaced_tensor", name=name[:80])


def _same(tensors: Tensors, first: str, second: str) -> bool:
    """Whether two tensors hold the same weights."""
    shape = tensors[first].shape
    if tensors[second].shape != shape:
        return False
    step = max(1, (1 << 22) // max(1, math.prod(shape[1:])))
    return all(
        np.array_equal(
            tensors.array(first, slice(start, start + step)),
            tensors.array(second, slice(start, start + step)),
        )
        for start in range(0, shape[0], step)
    )


def llama3_factors(theta: float, head_dim: int, scaling: Llama3Scaling) -> Array:
    """What each rotary frequency is divided by: float32, (head_dim / 2,).

    Source: the rope scaling of Llama 3.1 as transformers documents it (modeling_rope_utils):
    short wavelengths stay, long ones are slowed by `factor`, those between are blended.
    """
    frequencies = theta ** -(np.arange(0, head_dim, 2) / head_dim)
    wavelengths = 2 * np.pi / frequencies
    low, high = scaling.low_freq_factor, scaling.high_freq_factor
    smooth = np.clip((scaling.original_context / wavelengths - low) / (high - low), 0, 1)
    factors = 1 / ((1 - smooth) / scaling.factor + smooth)
    return np.asarray(factors, np.float32)
