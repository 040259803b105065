"""The search for the scale of every group of 32 weights.

For fixed codes c the best scale is sum(w c x) / sum(w c c) (least squares), and the
error that it leaves falls as sum(w c x)^2 / sum(w c c) grows. So a trial scale is
judged by what its codes could give at best: few trials come as near as many would
that are judged as they are. A coarse grid, two trials beside each group's best one, with
importance some refits; the last word have true errors under rounded scales, stock's
among them.

Groups stand in columns here, so that every step is a long one for the processor's
vector units. Each operation is one that IEEE 754 rounds the same everywhere, and sums
are taken in a fixed order: the same weights give the same scales on any machine,
however the groups are cut.

Source: the score is the one of make_qx_quants in llama.cpp's ggml-quants.c.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from quant.lattice import MAX_CODE, ZERO, Float32s, round_scale
from quant.scratch import Scratch

# Where the largest weight of a group lands, in units of the scale. -8 is stock Q4_0.
# Beyond -8 and +7 it is clipped, which pays when it is an outlier. Without importance
# the other sign hardly ever wins: it would clip the largest weight, and twice as many
# trials take a thousandth off the error.
_COARSE = (-9.25, -8.5, -7.75, -7.0)
_COARSE_WEIGHTED = tuple(half / 2 for half in (*range(-24, -11), *range(13, 21)))
_FINE = (-0.25, 0.25)
"""Added to the best of the coarse grid."""
_REFITS = 2
"""With importance; without it a refit takes a tenth of the time and gains a ten-thousandth."""
_scratch = Scratch()


def search(columns: Float32s, stock: Float32s, weights: Float32s | None = None) -> Float32s:
    """The best scale found for each group, never worse than `stock`, the absmax scale.

    columns: finite, float32, (32, n_groups); stock: (n_groups,); weights: importance of
    each weight's error, positive, as `columns`. Returns float32, (n_groups,), rounded.
    """
    if len(stock) == 1:
        # numpy sums a single column in another order.
        twice = [None if part is None else np.repeat(part, 2, axis=-1) for part in (columns, stock, weights)]
        return search(twice[0], twice[1], twice[2])[:1]  # type: ignore[arg-type]
    trials = _Trials(columns, stock, weights)
    for target in _COARSE if weights is None else _COARSE_WEIGHTED:
        trials.aim(np.float32(target))
    coarse = trials.target.copy()
    for step in _FINE:
        trials.aim(coarse + np.float32(step))
    best = _Best(columns, stock, weights)
    best.consider(stock)
    best.consider(round_scale(trials.fitted))
    for _ in range(0 if weights is None else _REFITS):
        best.consider(round_scale(trials.refit(best.scale)))
    return best.scale


class _Trials:
    """Scales judged by the best that their codes could give."""

    def __init__(self, columns: Float32s, stock: Float32s, weights: Float32s | None) -> None:
        self._columns = columns
        self._weights = weights
        self._weighted = columns if weights is None else columns * weights
        self._stock = stock
        self._per_peak = np.float32(1) / (stock * np.float32(-ZERO))
        self._units = _scratch.array("units", columns.shape)
        self._products = _scratch.array("products", columns.shape)
        self._score = np.zeros(columns.shape[1], np.float32)
        self.fitted = stock.copy()
        """The best scale so far, not rounded."""
        self.target = np.full(columns.shape[1], -ZERO, np.float32)
        """Where it was found."""

    def aim(self, target: Any) -> None:
        """Try the scale that puts a group's largest weight at `target`, a number or one for each group."""
        np.multiply(self._columns, self._per_peak * target, out=self._units)
        fitted, score = self._fit()
        better = score > self._score
        np.copyto(self._score, score, where=better)
        np.copyto(self.fitted, fitted, where=better)
        np.copyto(self.target, target, where=better)

    def refit(self, scale: Float32s) -> Float32s:
        """The best scale for the codes that `scale` gives."""
        np.divide(self._columns, scale, out=self._units)
        return self._fit()[0]

    def _fit(self) -> tuple[Float32s, Float32s]:
        """The best scale for the codes nearest to `_units`, and its score. Overwrites `_units`."""
        codes = _round(self._units)
        product = fold(np.multiply(codes, self._weighted, out=self._products))
        np.multiply(codes, codes, out=codes)
        if self._weights is not None:
            np.multiply(codes, self._weights, out=codes)
        power = fold(codes)
        fitted = np.divide(product, power, out=self._stock.copy(), where=power > 0)
        return fitted, product * fitted


class _Best:
    """The scale with the least true error so far."""

    def __init__(self, columns: Float32s, start: Float32s, weights: Float32s | None) -> None:
        self._columns = columns
        self._weights = weights
        self._units = _scratch.array("units", columns.shape)
        self._least = np.full(columns.shape[1], np.inf, np.float32)
        self.scale = start.copy()
        """float32, (n_groups,)."""

    def consider(self, scale: Float32s) -> None:
        """Take `scale`, which is rounded, wherever it errs less."""
        difference = _round(np.divide(self._columns, scale, out=self._units))
        difference *= scale
        difference -= self._columns
        difference *= difference
        if self._weights is not None:
            difference *= self._weights
        error = fold(difference)
        # The first scale stays where errors are too large for float32.
        better = error < self._least
        np.copyto(self._least, error, where=better)
        np.copyto(self.scale, scale, where=better)


def fold(columns: Float32s) -> Float32s:
    """The sum of each of two or more columns, row after row.

    One call of numpy: threads wait for each other at the end of every call.
    """
    total: Float32s = np.add.reduce(columns, axis=0)
    return total


def _round(units: Float32s) -> Float32s:
    np.rint(units, out=units)
    np.clip(units, -ZERO, MAX_CODE - ZERO, out=units)
    return units
