"""Round to nearest: a scale for every group of 32 weights, then the nearest codes.

`absmax` takes the scale from the largest weight, as stock Q4_0 does. `search`
(scale_search.py) tries several and keeps the one with the least squared error, weighted
by the importance of each column when that is known.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from latam_edge.core.hardware import usable_cores
from quant import scale_search
from quant.lattice import GROUP_SIZE, ZERO, Float32s, Int4Blocks, NotFinite, codes_of_units, round_scale
from quant.scratch import Scratch

_CHUNK_GROUPS = 1 << 14
"""Groups per step, 2 MB of float32. Less would fit a core's second-level cache, but threads hand the
interpreter to one another at the end of every call of numpy: with an eighth of it, two cores are slower
than one."""
_scratch = Scratch()


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
        columns = _scratch.array("columns", block.T.shape)
        columns[...] = block.T
        scale = absmax_scales(columns)
        if method == "search":
            repeated = None if weights is None else np.tile(weights.T, (1, len(block) // groups_per_row))
            scale = scale_search.search(columns, scale, repeated)
        scales[part] = scale
        units = np.divide(block, scale[:, None], out=_scratch.array("units", block.shape))
        codes[part] = codes_of_units(units)

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


def absmax_scales(columns: Float32s) -> Float32s:
    """The scale that gives the weight of largest magnitude code 0. columns: groups, (32, n_groups).

    Raises NotFinite.
    """
    highest, lowest = columns.max(axis=0), columns.min(axis=0)
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
