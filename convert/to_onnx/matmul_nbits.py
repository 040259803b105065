"""MatMulNBits, ONNX Runtime's packing of block-quantized matrices, from the bytes of the GGUF.

Both formats hold the same codes and the same float16 scales, in another order:

    4 bits  Q4_0 keeps codes j and j + 16 in one byte, MatMulNBits codes 2i and 2i + 1
    8 bits  Q8_0 keeps signed codes, MatMulNBits the same plus 128

so nothing is rounded on the way. Source: operator schema of ONNX Runtime 1.32
(com.microsoft.MatMulNBits) and ggml-common.h of llama.cpp.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convert.to_gguf import q4_0
from quant.lattice import GROUP_SIZE, Codes, Float16s, Int4Blocks

Bytes = np.ndarray[Any, np.dtype[np.uint8]]

_Q8_0_BYTES = 2 + GROUP_SIZE
_ZERO_8 = 128


def pack(blocks: Int4Blocks) -> tuple[Bytes, Float16s]:
    """B as uint8, (n_rows, n_columns / 2), and scales as float16, (n_rows, n_columns / 32).

    The operator calls B (N, K / 32, 16): the same bytes.
    """
    return _join(np.ascontiguousarray(blocks.codes).view("<u2")), blocks.scales


def _join(pairs: Any) -> Bytes:
    """Two codes, one in each byte of a 16-bit word -> both in one byte, the first in its lower half."""
    joined: Bytes = (pairs | pairs >> 4).astype(np.uint8)  # the upper byte falls away
    return joined


def unpack(packed: Bytes, scales: Float16s) -> Int4Blocks:
    """The inverse of `pack`."""
    codes = np.empty((len(packed), 2 * packed.shape[1]), np.uint8)
    codes[:, 0::2] = packed & 15
    codes[:, 1::2] = packed >> 4
    return Int4Blocks(codes, scales)


def from_q4_0(raw: Bytes) -> tuple[Bytes, Float16s]:
    """Rows of GGUF's Q4_0 -> B and scales. raw: uint8, (n_rows, n_columns / 32 * 18)."""
    rows = len(raw)
    grouped = raw.reshape(rows, -1, q4_0.BLOCK_BYTES)
    scales = np.ascontiguousarray(grouped[:, :, :2]).view("<f2").astype(np.float16)
    pairs = np.ascontiguousarray(grouped[:, :, 2:]).view("<u2")
    # The lower halves hold the group's first 16 codes, the upper ones its last 16.
    packed = np.concatenate([_join(pairs & 0x0F0F), _join(pairs >> 4 & 0x0F0F)], axis=2)
    return packed.reshape(rows, -1), scales.reshape(rows, -1)


def from_q8_0(raw: Bytes) -> tuple[Codes, Float16s]:
    """Rows of GGUF's Q8_0 -> B, uint8 (n_rows, n_columns), and scales. raw: (n_rows, n_columns / 32 * 34)."""
    rows = len(raw)
    grouped = raw.reshape(rows, -1, _Q8_0_BYTES)
    scales = np.ascontiguousarray(grouped[:, :, :2]).view("<f2").astype(np.float16)
    codes = grouped[:, :, 2:] + np.uint8(_ZERO_8)  # two's complement plus 128, modulo 256
    return codes.reshape(rows, -1), scales.reshape(rows, -1)


def to_q4_0(packed: Bytes, scales: Float16s) -> Bytes:
    """The inverse of `from_q4_0`."""
    return q4_0.pack(unpack(packed, scales))


def to_q8_0(codes: Codes, scales: Float16s) -> Bytes:
    """The inverse of `from_q8_0`."""
    rows = len(codes)
    raw = np.empty((rows, codes.shape[1] // GROUP_SIZE, _Q8_0_BYTES), np.uint8)
    raw[:, :, :2] = scales.astype("<f2").view(np.uint8).reshape(rows, -1, 2)
    raw[:, :, 2:] = codes.reshape(rows, -1, GROUP_SIZE) - np.uint8(_ZERO_8)
    return raw.reshape(rows, -1)
