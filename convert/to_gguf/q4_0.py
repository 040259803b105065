"""Q4_0, GGUF's packing of the 4-bit lattice: 18 bytes for 32 weights.

Two bytes of float16 scale, then 16 bytes of codes: byte j holds code j in its lower
half and code j + 16 in its upper half. Source: block_q4_0 in llama.cpp's ggml-common.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from quant.lattice import GROUP_SIZE, Int4Blocks

BLOCK_BYTES = 2 + GROUP_SIZE // 2

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def pack(blocks: Int4Blocks) -> Bytes:
    """uint8, (n_rows, n_columns / 32 * 18)."""
    rows, columns = blocks.shape
    # Eight codes at a time, one in each byte: none reaches over into its neighbour.
    words = np.ascontiguousarray(blocks.codes).view(np.uint64).reshape(rows, -1, GROUP_SIZE // 8)
    packed = np.empty((rows, columns // GROUP_SIZE, BLOCK_BYTES), np.uint8)
    packed[:, :, :2] = blocks.scales.astype("<f2").view(np.uint8).reshape(rows, -1, 2)
    packed[:, :, 2:] = (words[:, :, :2] | words[:, :, 2:] << np.uint64(4)).view(np.uint8)
    return packed.reshape(rows, -1)


def unpack(packed: Bytes) -> Int4Blocks:
    """The inverse of `pack`. packed: uint8, (n_rows, a multiple of 18)."""
    rows = len(packed)
    grouped = packed.reshape(rows, -1, BLOCK_BYTES)
    scales = np.ascontiguousarray(grouped[:, :, :2]).view("<f2").astype(np.float16)
    nibbles = grouped[:, :, 2:]
    codes = np.concatenate([nibbles & 15, nibbles >> 4], axis=2)
    return Int4Blocks(codes.reshape(rows, -1), scales.reshape(rows, -1))
