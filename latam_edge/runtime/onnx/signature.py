"""What a decoder graph wants and gives, read from the names of its inputs and outputs.

Three families of graphs are understood:

- ours (docs/onnx-format.md): lengths as numbers, a KV cache in buffers that stay;
- onnxruntime-genai's: an attention mask, the same kind of cache;
- optimum's: an attention mask, positions, and a cache that grows by concatenation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from latam_edge.core.errors import UnsupportedModel
from latam_edge.core.i18n import t

_PAST = re.compile(r"past_key_values\.(\d+)\.(key|value)")
_KNOWN = {
    "input_ids",
    "attention_mask",
    "position_ids",
    "seqlens_k",
    "total_sequence_length",
    "logits_from",
}

ELEMENT_TYPES: dict[str, npt.DTypeLike] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}
"""ONNX Runtime's names of the types that may stand at a graph's edge."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """The keys or the values of one layer."""

    past: str
    """Name of the input."""
    present: str
    """Name of the output."""
    kv_heads: int
    head_size: int


@dataclass(frozen=True, slots=True)
class Signature:
    """A graph's edges."""

    extras: dict[str, npt.DTypeLike]
    """Inputs besides the cache, with their element types; always holds "input_ids"."""
    cache: tuple[CacheEntry, ...]
    """Keys and values of every layer."""
    cache_type: npt.DTypeLike
    """Element type of the cache."""
    logits_type: npt.DTypeLike
    shared: bool
    """The cache may be one buffer that past and present share (GroupQueryAttention writes in place);
    else every step makes a longer one."""
    n_vocab: int
    """Logits of a row."""

    @property
    def last_only(self) -> bool:
        """Whether the graph can be asked for the last position's logits alone."""
        return "logits_from" in self.extras


def read_signature(session: Any, path: Path, config: Mapping[str, Any], operators: set[str]) -> Signature:
    """Read a session's edges. Raises UnsupportedModel for a graph that is none of the three families.

    config: config.json, for sizes that the graph leaves open. operators: names in the graph.
    """

    def refuse(key: str, **facts: Any) -> UnsupportedModel:
        return UnsupportedModel(path=path, detail=t(key, **facts))

    extras: dict[str, npt.DTypeLike] = {}
    past: list[Any] = []
    for given in session.get_inputs():
        if _PAST.fullmatch(given.name):
            past.append(given)
        elif given.name in _KNOWN and given.type in ELEMENT_TYPES:
            extras[given.name] = ELEMENT_TYPES[given.type]
        else:
            raise refuse("runtime.onnx.unknown_input", name=given.name)
    outputs = {output.name: output for output in session.get_outputs()}
    if "input_ids" not in extras or "logits" not in outputs:
        raise refuse("runtime.writes_no_text")
    if not past:
        raise refuse("runtime.onnx.no_cache")
    entries = []
    for given in past:
        present = "present." + given.name.removeprefix("past_key_values.")
        if present not in outputs or len(given.shape) != 4 or given.type != past[0].type:
            raise refuse("runtime.onnx.unknown_input", name=given.name)
        heads, size = _sizes(given.shape, config)
        entries.append(CacheEntry(given.name, present, heads, size))
    types = (past[0].type, outputs["logits"].type)
    if not all(kind in ELEMENT_TYPES for kind in types):
        raise refuse("runtime.onnx.unknown_input", name=", ".join(types))
    vocabulary = outputs["logits"].shape[-1]
    n_vocab = vocabulary if isinstance(vocabulary, int) else int(config.get("vocab_size") or 0)
    if n_vocab <= 0 or any(entry.kv_heads <= 0 or entry.head_size <= 0 for entry in entries):
        raise refuse("runtime.onnx.no_sizes")
    return Signature(
        extras=extras,
        cache=tuple(entries),
        cache_type=ELEMENT_TYPES[types[0]],
        logits_type=ELEMENT_TYPES[types[1]],
        shared="GroupQueryAttention" in operators,
        n_vocab=n_vocab,
    )


def _sizes(shape: list[Any], config: Mapping[str, Any]) -> tuple[int, int]:
    """(kv heads, head size), from the graph or from config.json."""
    heads = config.get("num_attention_heads", 1)
    heads = heads if isinstance(heads, int) and heads > 0 else 1
    kv_heads = shape[1] if isinstance(shape[1], int) else config.get("num_key_value_heads") or heads
    size = shape[3]
    if not isinstance(size, int):
        size = config.get("head_dim") or (config.get("hidden_size") or 0) // heads
    return int(kv_heads), int(size)
