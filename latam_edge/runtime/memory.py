"""Will a model fit: an estimate from its header, against what the machine has left."""

from __future__ import annotations

from typing import Any

from latam_edge.core.errors import NotEnoughMemory
from latam_edge.core.hardware import memory_available
from latam_edge.core.i18n import format_bytes
from latam_edge.formats.gguf import GGUFHeader, LazyArray, read_array

DEFAULT_N_CTX = 4096
"""Longest context that is taken without being asked for."""
LEAST_N_CTX = 1024
"""A context is not cut below this to make a model fit."""
BASE_BYTES = 48 << 20
"""The worker itself: Python, the engine's code, its fixed buffers."""
KV_ITEM_BYTES = 2  # f16 keys and values


def estimate_kv_cache_bytes(header: GGUFHeader, n_ctx: int) -> int:
    """Bytes of keys and values of `n_ctx` tokens. Sliding windows and recurrent layers count as full ones."""
    layers = _number(header, "block_count", 0)
    width = _number(header, "embedding_length", 0)
    heads = max(1, _largest(header, "attention.head_count", 1))
    key = _number(header, "attention.key_length", width // heads)
    value = _number(header, "attention.value_length", width // heads)
    kv_heads = _per_layer(header, "attention.head_count_kv", heads, layers)
    return n_ctx * (key + value) * sum(kv_heads) * KV_ITEM_BYTES


def estimate_memory_bytes(header: GGUFHeader, n_ctx: int, n_batch: int) -> int:
    """Bytes that the worker will hold: weights, KV cache, activations of one step."""
    weights = sum(tensor.nbytes for tensor in header.tensors)
    width = _number(header, "embedding_length", 0)
    ffn = _largest(header, "feed_forward_length", 4 * width)
    activations = n_batch * 4 * (6 * width + 3 * ffn) + 8 * _vocabulary(header)
    return BASE_BYTES + weights + estimate_kv_cache_bytes(header, n_ctx) + activations


def fitting_context(header: GGUFHeader, name: str, asked: int | None, n_batch: int) -> int:
    """The context window to use, tokens. Raises NotEnoughMemory.

    asked: what the user wants, taken as it is or not at all. None: the model's own,
    at most DEFAULT_N_CTX, halved down to LEAST_N_CTX while memory is short.
    """
    trained = _number(header, "context_length", DEFAULT_N_CTX) or DEFAULT_N_CTX
    n_ctx = asked if asked is not None else min(trained, DEFAULT_N_CTX)
    free = memory_available()
    if not free:
        return n_ctx  # nobody knows: try
    need = estimate_memory_bytes(header, n_ctx, n_batch)
    while need > free and asked is None and n_ctx // 2 >= LEAST_N_CTX:
        n_ctx //= 2
        need = estimate_memory_bytes(header, n_ctx, n_batch)
    if need > free:
        raise NotEnoughMemory(model=name, need=format_bytes(need), free=format_bytes(free))
    return n_ctx


def _number(header: GGUFHeader, name: str, default: int) -> int:
    value = header.field(name)
    return int(value) if isinstance(value, int | float) and value >= 0 else default


def _items(header: GGUFHeader, name: str) -> list[int]:
    """A field that is one number, or one for each layer."""
    value: Any = header.field(name)
    if isinstance(value, LazyArray):
        value = read_array(header, f"{header.architecture}.{name}")
    if isinstance(value, list | tuple):
        return [int(v) for v in value if isinstance(v, int | float) and v >= 0]
    return [int(value)] if isinstance(value, int | float) and value >= 0 else []


def _largest(header: GGUFHeader, name: str, default: int) -> int:
    return max(_items(header, name), default=default)


def _per_layer(header: GGUFHeader, name: str, default: int, layers: int) -> list[int]:
    items = _items(header, name)
    return items if len(items) > 1 else [items[0] if items else default] * layers


def _vocabulary(header: GGUFHeader) -> int:
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    return len(tokens) if isinstance(tokens, LazyArray | tuple) else 0
