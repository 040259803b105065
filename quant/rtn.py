"""Round to nearest: a scale for every group of 32 weights, then the nearest codes.

`absmax` takes the scale from the largest weight, as stock Q4_0 does. `search`
tries several scales of both signs and keeps the one with the least squared error,
weighted by the importance of each column when that is known.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from latam_edge.core.hardware import usable_cores
from quant.lattice import (
    GROUP_SIZE,
    MAX_CODE,
    ZERO,
    Float32s,
    Int4Blocks,
    NotFinite,
    codes_of_units,
    round_scale,
)

# Where the largest weight of a group lands, in units of the scale. -8 is stock Q4_0.
# Beyond -8 and +7 it is clipped, which pays when it is an outlier.
_TARGETS = (-8.0, *np.arange(-10.0, -6.0, 0.25), *np.arange(5.5, 9.25, 0.25))
_ROUNDS = 2
"""Least-squares refits after the search."""
_CHUNK_GROUPS = 1 << 11
"""Groups per step: 256 kB of float32 stay in a core's second-level cache."""


def quantize(
    weight: Float32s,
    method: str = "search",
    importance: Float32s | None = None,
    n_threads: int | None = None,
) -> Int4Blocks:
    """Put a matrix on the lattice. Deterministic, whatever the number of threads.

    weight: float32, (n_rows, n_columns), n_columns a multiple of 32.
    method: "absmax" or "search".
    importance: (n_columns,), how much an error in each column matters, such as the
    mean square of the activations that meet it; only "search" looks at it.
    n_threads: None: one per core for the search, one for what takes no time anyway.
    Raises NotFinite, and ValueError for a shape or a method that is none.
    """
    if weight.ndim != 2 or weight.shape[1] % GROUP_SIZE or not weight.shape[1]:
        raise ValueError(f"rows must be multiples of {GROUP_SIZE}: {weight.shape}")
    if method not in ("absmax", "search"):
        raise ValueError(f"unknown method {method!r}")
    rows, columns = weight.shape
    groups_per_row = columns // GROUP_SIZE
    codes = np.empty((rows * groups_per_row, GROUP_SIZE), np.uint8)
    scales = np.empty(rows * groups_per_row, np.float32)
    weights = None if importance is None else _group_weights(importance, groups_per_row)
    step = max(1, _CHUNK_GROUPS // groups_per_row)  # whole rows, so that importance repeats

    def work(row: int) -> None:
        block = np.asarray(weight[row : row + step], np.float32).reshape(-1, GROUP_SIZE)
        part = slice(row * groups_per_row, row * groups_per_row + len(block))
        scales[part] = scale = absmax_scales(block)
        if method == "search":
            repeated = None if weights is None else np.tile(weights, (len(block) // groups_per_row, 1))
            scales[part] = scale = _search(block, scale, repeated)
        codes[part] = codes_of_units(block / scale[:, None])

    starts = range(0, rows, step)
    threads = n_threads or (usable_cores() if method == "search" else 1)
    if min(threads, len(starts)) < 2:
        for row in starts:
            work(row)
    else:
        # numpy lets go of the interpreter inside each operation, so threads are enough.
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(work, starts):
                pass
    return Int4Blocks(codes.reshape(rows, columns), scales.astype(np.float16).reshape(rows, groups_per_row))


def search_scales(weight: Float32s, importance: Float32s | None = None) -> Float32s:
    """The scales that `quantize` chooses by "search": float32, (n_rows, n_columns / 32). Raises NotFinite."""
    return quantize(weight, "search", importance).scales.astype(np.float32)


def absmax_scales(block: Float32s) -> Float32s:
    """The scale that gives the weight of largest magnitude code 0. block: (n_groups, 32).

    Raises NotFinite.
    """
    highest, lowest = block.max(axis=1), block.min(axis=1)
    largest = np.where(highest > -lowest, highest, lowest)  # the one of larger magnitude, with its sign
    return round_scale(largest / np.float32(-ZERO))


def _group_weights(importance: Float32s, groups_per_row: int) -> Float32s:
    """(n_columns,) -> (groups_per_row, 32), positive, so that no weight is wholly ignored."""
    if importance.shape != (groups_per_row * GROUP_SIZE,):
        raise ValueError(f"importance {importance.shape} does not fit the columns")
    if not np.isfinite(importance).all() or (importance < 0).any():
        raise NotFinite
    floor = max(float(importance.mean()) * 1e-4, 1e-30)
    return np.maximum(importance, floor).astype(np.float32).reshape(groups_per_row, GROUP_SIZE)


def _search(block: Float32s, stock: Float32s, weights: Float32s | None) -> Float32s:
    """The best of the candidate scales for each group, never worse than `stock`, the absmax scale.

    For fixed codes c the best scale is sum(w c x) / sum(w c c) (least squares), which
    moves the codes in turn; two such refits follow the grid.
    """
    best = stock.copy()
    least = _errors(block, best, weights)
    peak = stock * np.float32(-ZERO)  # the largest weight, up to the scale's rounding
    for target in _TARGETS:
        _keep_better(block, weights, round_scale(peak / np.float32(target)), best, least)
    for _ in range(_ROUNDS):
        codes = _round(block / best[:, None])
        weighted = codes if weights is None else codes * weights
        power = np.einsum("ij,ij->i", weighted, codes)
        fitted = np.einsum("ij,ij->i", weighted, block) / np.where(power > 0, power, 1)
        candidate = round_scale(np.where(power > 0, fitted, best))
        _keep_better(block, weights, candidate, best, least)
    return best


def _keep_better(
    block: Float32s, weights: Float32s | None, candidate: Float32s, best: Float32s, least: Any
) -> None:
    """Put `candidate` into `best` wherever it errs less. Changes `best` and `least`."""
    error = _errors(block, candidate, weights)
    better = error < least
    best[better] = candidate[better]
    least[better] = error[better]


def _round(units: Float32s) -> Float32s:
    np.rint(units, out=units)
    return np.clip(units, -ZERO, MAX_CODE - ZERO, out=units)


def _errors(block: Float32s, scale: Float32s, weights: Float32s | None) -> Any:
    """Squared error of each group under a scale: float32, (n_groups,)."""
    difference = _round(block / scale[:, None])
    difference *= scale[:, None]
    difference -= block
    weighted = difference if weights is None else difference * weights
    return np.einsum("ij,ij->i", weighted, difference)
