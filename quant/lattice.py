"""The 4-bit lattice: one decision about every weight, that all writers share.

A row is cut into groups of 32 weights. Each group has one scale d and each weight
one code q in 0..15, and the weight is d * (q - 8). This is exactly GGUF's Q4_0 and
exactly ONNX Runtime's MatMulNBits with its default zero point, so both files hold
the same integers.

Scales are exact in float16 and in bfloat16 at once: 8 significant bits, at least
2^-14 in magnitude (float16's smallest normal number). Kernels that cut scales to
bfloat16 (KleidiAI on ARM) then lose nothing. A negative scale is legal: it lets
the largest weight of a group take code 0, which reaches one step further than 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

GROUP_SIZE = 32
"""Weights that share a scale."""
ZERO = 8
"""The code of weight zero."""
MAX_CODE = 15
MIN_SCALE = 2.0**-14
"""float16's smallest normal number: below it scales would lose their 8 bits."""
MAX_SCALE = 65280.0
"""The largest float16 with 8 significant bits, 255 * 2^8."""

Float32s = np.ndarray[Any, np.dtype[np.float32]]
Float16s = np.ndarray[Any, np.dtype[np.float16]]
Codes = np.ndarray[Any, np.dtype[np.uint8]]

# Weights per step: 256 kB of float32 stay in a core's second-level cache.
_CHUNK = 1 << 16


class NotFinite(ValueError):
    """A weight is NaN or infinite: no scale can stand for it."""


@dataclass(frozen=True, slots=True)
class Int4Blocks:
    """A matrix on the lattice: w[i, j] = scales[i, j // 32] * (codes[i, j] - 8)."""

    codes: Codes
    """uint8, 0..15, (n_rows, n_columns); n_columns is a multiple of 32."""
    scales: Float16s
    """float16, exact in bfloat16 too, (n_rows, n_columns / 32); may be negative."""

    def __post_init__(self) -> None:
        rows, columns = self.codes.shape
        if columns % GROUP_SIZE or self.scales.shape != (rows, columns // GROUP_SIZE):
            raise ValueError(f"codes {self.codes.shape} and scales {self.scales.shape} do not fit together")
        if self.codes.dtype != np.uint8 or self.scales.dtype != np.float16:
            raise ValueError("codes must be uint8 and scales float16")

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.codes.shape
        return rows, columns

    def rows(self, index: Any) -> Int4Blocks:
        """The rows that a numpy index picks. Whole rows move, so nothing is coded again."""
        return Int4Blocks(self.codes[index], self.scales[index])


def dequantize(blocks: Int4Blocks) -> Float32s:
    """The weights that the codes stand for: float32, (n_rows, n_columns), each product exact."""
    rows, columns = blocks.shape
    grouped = blocks.codes.reshape(rows, -1, GROUP_SIZE).astype(np.float32)
    grouped -= ZERO
    grouped *= blocks.scales.astype(np.float32)[:, :, None]
    return grouped.reshape(rows, columns)


def round_scale(scale: Float32s) -> Float32s:
    """The nearest scale that float16 and bfloat16 both hold exactly, as float32, same shape.

    Ties go to the even neighbour, as bfloat16 rounding does. Magnitudes outside
    MIN_SCALE..MAX_SCALE take the nearer bound, and zero becomes +MIN_SCALE, so that
    a weight can always be divided by its scale. Raises NotFinite.
    """
    if not np.isfinite(scale).all():
        raise NotFinite
    bits = np.ascontiguousarray(scale, dtype=np.float32).view(np.uint32)
    # Round to the upper 16 bits: add half of the last kept place, and the place itself for odd ties.
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    magnitude = np.clip(np.abs(rounded.view(np.float32)), MIN_SCALE, MAX_SCALE)
    signed: Float32s = np.copysign(magnitude, np.where(scale == 0, np.float32(1), scale))
    return signed


def is_exact(scales: Float16s) -> bool:
    """Whether every scale obeys the rule above."""
    wide = scales.astype(np.float32)
    return bool(np.isfinite(wide).all() and (round_scale(wide) == wide).all())


def encode(weight: Float32s, scales: Float32s) -> Int4Blocks:
    """The nearest codes under given scales.

    weight: float32, (n_rows, n_columns); scales: (n_rows, n_columns / 32), rounded here
    by `round_scale`. Code = clamp(rint(w / d), -8, 7) + 8: a division, because a
    product with the reciprocal rounds differently, and fake quantization in training
    has to agree bit by bit. Raises NotFinite.
    """
    rows, columns = weight.shape
    exact = round_scale(scales)
    codes = np.empty((rows, columns), np.uint8)
    step = max(1, _CHUNK // columns)
    for start in range(0, rows, step):
        part = slice(start, min(rows, start + step))
        # Groups run along the last axis: (group, row * 32) would need a transposition instead.
        grouped = weight[part].reshape(-1, GROUP_SIZE)
        units = grouped / exact[part].reshape(-1, 1)
        if not np.isfinite(units.sum()):
            raise NotFinite
        codes[part] = codes_of_units(units).reshape(codes[part].shape)
    return Int4Blocks(codes, exact.astype(np.float16))


def recover(weight: Float32s) -> Int4Blocks | None:
    """The codes of weights that are on the lattice already, or None when a group of them is not.

    weight: float32, (n_rows, n_columns). `dequantize` of the result is `weight`, bit by bit:
    the largest weight of a group is 1 to 8 times its scale, and all eight are tried. A group
    that fits several scales (all its codes even) has the same weights under each.
    """
    rows, columns = weight.shape
    if columns % GROUP_SIZE or not np.isfinite(weight).all():
        return None
    groups = np.ascontiguousarray(weight, np.float32).reshape(-1, GROUP_SIZE)
    highest, lowest = groups.max(axis=1), groups.min(axis=1)
    peak = np.where(highest > -lowest, highest, lowest)
    scales = np.zeros(len(groups), np.float32)
    for steps in range(1, ZERO + 1):
        for sign in (1, -1):
            open_ = np.flatnonzero(scales == 0)
            # A peak of zero takes the smallest scale: all its codes are zero's.
            scale = round_scale(peak[open_] / np.float32(sign * steps))
            units = groups[open_] / scale[:, None]
            whole = np.clip(np.rint(units), -ZERO, MAX_CODE - ZERO)
            fits = (whole * scale[:, None] == groups[open_]).all(axis=1)
            scales[open_[fits]] = scale[fits]
    if not scales.all():
        return None
    return encode(weight, scales.reshape(rows, columns // GROUP_SIZE))


def codes_of_units(units: Float32s) -> Codes:
    """Weights in units of their scale, all finite -> codes. Overwrites `units`."""
    np.rint(units, out=units)
    np.clip(units, -ZERO, MAX_CODE - ZERO, out=units)
    units += ZERO
    return units.astype(np.uint8)
