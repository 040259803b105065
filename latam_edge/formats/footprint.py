"""How much memory a model will take, estimated from its header before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latam_edge.formats.model import ModelHeader
from latam_edge.formats.onnx import OnnxHeader

PROGRAM_BYTES = 36 << 20
"""The worker with a model of 60 kB: Python, the native library, its small buffers. Measured on Linux."""
ONNX_PROGRAM_BYTES = 84 << 20
"""The same with ONNX Runtime instead."""
DEFAULT_CONTEXT = 4096
"""Largest context taken by itself, tokens (EngineConfig.n_ctx)."""
BATCH = 128
"""Prompt tokens evaluated at a time, by either engine (`STEP_TOKENS` of their decoders)."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Estimated memory of a loaded model, bytes.

    llama.cpp repacks many weights and keeps the file mapped beside them; those pages are the
    file's and the system takes them back when memory is short, so they do not count here.
    """

    n_ctx: int
    """Context it was computed for, tokens."""
    weights_bytes: int
    """All tensors."""
    kv_cache_bytes: int
    """Keys and values of a full context: 16 bits each in llama.cpp, 32 in our ONNX graphs."""
    compute_bytes: int
    """Intermediate results of one batch of prompt tokens."""
    program_bytes: int = PROGRAM_BYTES

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.kv_cache_bytes + self.compute_bytes + self.program_bytes


def footprint(header: ModelHeader, n_ctx: int | None = None) -> Footprint:
    """The estimate for a context of `n_ctx` tokens; None: what the engine would take by itself."""
    trained = _number(header.field("context_length")) or DEFAULT_CONTEXT
    context = n_ctx or min(trained, DEFAULT_CONTEXT)
    return Footprint(
        n_ctx=context,
        weights_bytes=_weights_bytes(header),
        kv_cache_bytes=kv_cache_bytes(header, context),
        compute_bytes=_compute_bytes(header, context),
        program_bytes=ONNX_PROGRAM_BYTES if isinstance(header, OnnxHeader) else PROGRAM_BYTES,
    )


def _weights_bytes(header: ModelHeader) -> int:
    if isinstance(header, OnnxHeader):
        return header.loaded_bytes
    return sum(tensor.nbytes for tensor in header.tensors)


def kv_cache_bytes(header: ModelHeader, n_ctx: int) -> int:
    """Bytes of the KV cache: n_ctx x KV heads x (key + value size) numbers, every layer.

    0 for architectures without attention."""
    width, heads = _number(header.field("embedding_length")), _number(header.field("attention.head_count"))
    if not width or not heads:
        return 0
    key = _number(header.field("attention.key_length")) or width // heads
    value = _number(header.field("attention.value_length")) or width // heads
    layers = _number(header.field("block_count"))
    per_layer = header.field("attention.head_count_kv")
    if isinstance(per_layer, tuple):  # some architectures give each layer its own number
        kv_heads = sum(_number(count) for count in per_layer)
    else:
        kv_heads = layers * (_number(per_layer) or heads)
    element_bytes = header.kv_element_bytes if isinstance(header, OnnxHeader) else 2
    return element_bytes * n_ctx * kv_heads * (key + value)


def _compute_bytes(header: ModelHeader, n_ctx: int) -> int:
    """Float32 intermediates of one batch: the hidden states, the wide feed-forward, one row of logits."""
    width = _number(header.field("embedding_length"))
    wide = _number(header.field("feed_forward_length")) or 4 * width
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    batch = min(BATCH, n_ctx)
    # llama.cpp reuses buffers as the graph runs: about four of the width and three wide ones live at once.
    vocabulary = len(tokens) if tokens is not None else _number(header.field("vocab_size"))
    return 4 * (batch * (4 * width + 3 * wide) + vocabulary)


def _number(value: Any) -> int:
    """A header's figure as a non-negative int; 0 for anything else that a file may hold."""
    if isinstance(value, tuple):
        return max((_number(item) for item in value), default=0)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
