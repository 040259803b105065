"""How rows of float32 become the bytes of a GGUF tensor type, and back.

Sources: ggml-quants.c and ggml-common.h of llama.cpp. Tests hold the bytes equal to
the gguf package's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convert.to_gguf import q4_0
from latam_edge.formats.ggml_types import TENSOR_TYPES, TYPE_IDS, TensorType
from latam_edge.formats.safetensors import widen_bf16
from quant.lattice import Int4Blocks, dequantize

Array = np.ndarray[Any, np.dtype[Any]]

Quantizer = Callable[[Array], Int4Blocks]


@dataclass(frozen=True, slots=True)
class Encoding:
    """One tensor type: encode takes float32 (n_rows, n_columns), decode gives it back."""

    name: str
    """ggml's name of the type."""
    encode: Callable[[Array], Array]
    """float32 rows -> uint8, (n_rows, bytes of a row)."""
    decode: Callable[[Array], Array]
    """uint8, (n_rows, bytes of a row) -> float32 rows."""

    @property
    def type_id(self) -> int:
        return TYPE_IDS[self.name]

    @property
    def tensor_type(self) -> TensorType:
        return TENSOR_TYPES[self.type_id]

    def nbytes(self, elements: int) -> int:
        return elements // self.tensor_type.block_size * self.tensor_type.block_bytes


def _bytes(rows: Array) -> Array:
    return np.ascontiguousarray(rows).view(np.uint8)


def narrow_bf16(rows: Array) -> Array:
    """float32 -> bfloat16 as uint16, to nearest, ties to even. Finite values only."""
    bits = np.ascontiguousarray(rows, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def encode_q8_0(rows: Array) -> Array:
    """32 weights as a float16 scale and 32 signed bytes; halves round away from zero, as in ggml."""
    grouped = rows.reshape(len(rows), -1, 32)
    scale = np.abs(grouped).max(axis=2, keepdims=True) / np.float32(127)
    with np.errstate(divide="ignore"):
        inverse = np.where(scale == 0, np.float32(0), np.float32(1) / scale)
    units = grouped * inverse
    codes = (np.sign(units) * np.floor(np.abs(units) + np.float32(0.5))).astype(np.int8)
    packed = np.empty((*grouped.shape[:2], 34), np.uint8)
    packed[:, :, :2] = scale.astype("<f2").view(np.uint8)
    packed[:, :, 2:] = codes.view(np.uint8)
    return packed.reshape(len(rows), -1)


def decode_q8_0(packed: Array) -> Array:
    grouped = packed.reshape(len(packed), -1, 34)
    scale = np.ascontiguousarray(grouped[:, :, :2]).view("<f2").astype(np.float32)
    codes = np.ascontiguousarray(grouped[:, :, 2:]).view(np.int8).astype(np.float32)
    return (codes * scale).reshape(len(packed), -1)


F32 = Encoding("F32", lambda rows: _bytes(rows.astype("<f4")), lambda raw: _bytes(raw).view("<f4"))
F16 = Encoding(
    "F16",
    lambda rows: _bytes(rows.astype("<f2")),
    lambda raw: np.asarray(_bytes(raw).view("<f2"), np.float32),
)
BF16 = Encoding(
    "BF16", lambda rows: _bytes(narrow_bf16(rows)), lambda raw: widen_bf16(_bytes(raw).view("<u2"))
)
Q8_0 = Encoding("Q8_0", encode_q8_0, decode_q8_0)


def int4(quantize: Quantizer) -> Encoding:
    """Q4_0 with codes chosen by `quantize`."""
    return Encoding(
        "Q4_0",
        lambda rows: q4_0.pack(quantize(rows)),
        lambda raw: dequantize(q4_0.unpack(raw)),
    )
