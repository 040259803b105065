"""GPTQ on the 4-bit lattice: codes that make up for each other's errors.

Rounding each weight by itself ignores that inputs go together. With H the mean of
x x^T over a calibration text, moving the weights by E changes the layer's output by
tr(E H E^T) on average, and that is what is made small here, in three steps:

1. Scales: for every group of 32, a search weighted by the diagonal of H.
2. Codes, one column after another, the most used ones first ("activation order"):
   each weight is moved by what the columns before it got wrong, then rounded
   (Frantar et al. 2022, "GPTQ"). Groups keep their columns; only the order of work changes.
3. Sweeps: every group is solved again, scale and codes together, while all others
   stand still, and then each code by itself (coordinate descent). No step makes the
   loss larger.

About step 2. With H = R R^T, R upper triangular, the loss of a row e of E is
sum_k (R_kk e_k + sum_{j<k} e_j R_jk)^2, so column k is best rounded at
w_k + sum_{j<k} e_j R_jk / R_kk. These are the codes that the paper's updates through
the Cholesky factor of the inverse give (Chee et al. 2023, "QuIP", theorem 6), without
inverting anything. A test holds them equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from quant import rtn
from quant.hessian import Float64s, damped
from quant.lattice import GROUP_SIZE, MAX_CODE, ZERO, Float32s, Int4Blocks, NotFinite, round_scale

_BLOCK = 128
"""Columns whose updates to the rest are put together into one matrix product."""
_ROWS = 1024
"""Rows worked on at a time: the working set stays a few times this many rows of float32."""
_FACTORS = (0.90, 0.94, 0.97, 1.03, 1.06, 1.10)
"""Scales tried in a sweep, in terms of the present one; its own and the least-squares one come on top."""
_GAIN = 1e-6
"""A sweep's new group must be better by this share: rounding noise is no reason to change."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How hard to try."""

    damping: float = 0.01
    """Share of the mean diagonal that is added to H's diagonal."""
    activation_order: bool = True
    """Work on the columns with the largest inputs first; False takes them from left to right."""
    sweeps: int = 5
    """Passes over all groups after the first codes."""
    refit_scales: bool = True
    """Whether sweeps may change scales, or codes only."""


def quantize(weight: Float32s, hessian: Float32s, settings: Settings | None = None) -> Int4Blocks:
    """Put a matrix on the lattice so that tr(E H E^T) is small. Deterministic.

    weight: float32, (n_rows, n_columns), n_columns a multiple of 32.
    hessian: H, float32, (n_columns, n_columns), symmetric, not damped yet.
    Memory: about 28 * n_columns^2 bytes while H is factored, then 8 * n_columns^2.
    Raises NotFinite, and ValueError for shapes that do not fit.
    """
    return Solver(hessian, settings or Settings()).quantize(weight)


class Solver:
    """Quantizes matrices that share their inputs, as Q, K and V do: H is factored once."""

    def __init__(self, hessian: Float32s, settings: Settings) -> None:
        """Raises NotFinite, and ValueError for an H that is no square of whole groups."""
        n = len(hessian)
        if hessian.shape != (n, n) or not n or n % GROUP_SIZE:
            raise ValueError(f"no Hessian of whole groups: {hessian.shape}")
        if not np.isfinite(hessian).all():
            raise NotFinite
        self.settings = settings
        self.importance: Float32s = hessian.diagonal().copy()
        full = damped(hessian, settings.damping)
        self.order = _order(full, settings.activation_order)
        self.hessian: Float32s = full.astype(np.float32)
        self.groups = [_Group(full, group) for group in range(n // GROUP_SIZE)]
        turned = _turned(full, self.order)
        del full  # at 8192 columns each of these takes half a gigabyte
        self.feedback, _ = _factor(turned)

    def quantize(self, weight: Float32s) -> Int4Blocks:
        """weight: float32, (n_rows, n_columns). Raises NotFinite, ValueError."""
        if weight.ndim != 2 or weight.shape[1] != len(self.order):
            raise ValueError(f"weight {weight.shape} does not fit a Hessian of {len(self.order)} columns")
        rows, columns = weight.shape
        codes = np.empty((rows, columns), np.uint8)
        scales = np.empty((rows, columns // GROUP_SIZE), np.float16)
        for start in range(0, rows, _ROWS):
            part = slice(start, start + _ROWS)
            found = self._rows(np.asarray(weight[part], np.float32))
            codes[part], scales[part] = found.codes, found.scales
        return Int4Blocks(codes, scales)

    def loss(self, error: Float32s) -> float:
        """tr(E H E^T) with damping. error: float32, (n_rows, n_columns)."""
        return float(np.einsum("ij,ij->", error @ self.hessian, error, dtype=np.float64))

    def _rows(self, weight: Float32s) -> Int4Blocks:
        scales = rtn.search_scales(weight, self.importance)
        # From here on columns come first: the work goes column by column.
        state = _State(np.ascontiguousarray(weight.T), np.ascontiguousarray(scales.T))
        _first_codes(state, self.feedback, self.order)
        if self.settings.sweeps:
            state.gradient = self.hessian @ state.error
            for _ in range(self.settings.sweeps):
                changed = [self._improve(state, group) for group in self.groups]
                if not any(changed):
                    break
        codes = (state.codes + ZERO).astype(np.uint8).T
        return Int4Blocks(
            np.ascontiguousarray(codes), np.ascontiguousarray(state.scales.T).astype(np.float16)
        )

    def _improve(self, state: _State, group: _Group) -> bool:
        """Solve one group again while all others stand still. Whether anything changed."""
        part = group.columns
        scale, codes = state.scales[group.index], state.codes[part]
        old = codes * scale
        # Where the group would go if it were not bound to the lattice.
        target = old + group.inverse @ state.gradient[part]
        best_scale, best, least = scale.copy(), codes.copy(), group.loss(target - old)
        for candidate in self._scales(group, scale, codes, target):
            found, error = group.nearest(target, candidate)
            better = error < least * np.float32(1 - _GAIN)
            best_scale[better] = candidate[better]
            best[:, better] = found[:, better]
            least[better] = error[better]
        group.descend(target, best_scale, best)
        move = best * best_scale - old
        changed = bool(move.any())
        if changed:
            state.scales[group.index], state.codes[part] = best_scale, best
            state.error[part] -= move
            state.gradient -= self.hessian[:, part] @ move
        return changed

    def _scales(
        self, group: _Group, scale: Float32s, codes: Float32s, target: Float32s
    ) -> Iterator[Float32s]:
        """Scales worth trying for each row's group: (n_rows,) each, exact in both 16-bit floats."""
        yield scale
        if not self.settings.refit_scales:
            return
        weighted = group.hessian @ codes
        power = np.einsum("ij,ij->j", weighted, codes)
        fitted = np.einsum("ij,ij->j", weighted, target) / np.where(power > 0, power, 1)
        yield round_scale(np.where(power > 0, fitted, scale))
        for factor in _FACTORS:
            yield round_scale(scale * np.float32(factor))


class _State:
    """The rows in work, columns first."""

    def __init__(self, weight: Float32s, scales: Float32s) -> None:
        self.weight = weight
        """(n_columns, n_rows)."""
        self.scales = scales
        """(n_groups, n_rows), exact in both 16-bit floats."""
        self.codes = np.empty_like(weight)
        """-8..7 as float32, (n_columns, n_rows)."""
        self.error = np.empty_like(weight)
        """weight - codes * scale."""
        self.gradient = self.error
        """H @ error, kept up to date by the sweeps."""


class _Group:
    """What is the same for all rows of one group: its columns' own part of H."""

    def __init__(self, full: Float64s, index: int) -> None:
        self.index = index
        self.columns = slice(index * GROUP_SIZE, (index + 1) * GROUP_SIZE)
        block = full[self.columns, self.columns]
        self.hessian: Float32s = block.astype(np.float32)
        self.inverse: Float32s = np.linalg.inv(block).astype(np.float32)
        self.order = _order(block, by_size=True)
        self.feedback, self.pivots = _factor(_turned(block, self.order))

    def loss(self, error: Float32s) -> Float32s:
        """What each row's error costs: (n_rows,). error: (32, n_rows)."""
        return np.asarray(np.einsum("ij,ij->j", self.hessian @ error, error))

    def nearest(self, target: Float32s, scale: Float32s) -> tuple[Float32s, Float32s]:
        """Codes (32, n_rows) close to `target` in the group's own norm, and what they cost (n_rows,).

        Column by column with feedback, as step 2 of the module's text does (Babai's
        nearest plane), so the cost is the sum of each column's own remainder.
        """
        codes, error = np.empty_like(target), np.empty_like(target)
        cost = np.zeros_like(scale)
        for k, column in enumerate(self.order):
            wish = target[column] + self.feedback[:k, k] @ error[:k]
            code = _round(wish / scale)
            codes[column] = code
            code = code * scale
            error[k] = target[column] - code
            wish -= code
            wish *= wish
            wish *= self.pivots[k]
            cost += wish
        return codes, cost

    def descend(self, target: Float32s, scale: Float32s, codes: Float32s) -> None:
        """One pass of coordinate descent over the 32 codes. Changes `codes`."""
        gradient = self.hessian @ (target - codes * scale)
        for column in self.order:
            wish = codes[column] + gradient[column] / (self.hessian[column, column] * scale)
            better = _round(wish)
            move = (better - codes[column]) * scale
            codes[column] = better
            gradient -= self.hessian[:, column, None] * move


def _first_codes(state: _State, feedback: Float32s, order: Any) -> None:
    """Step 2 of the module's text. Fills `codes` and `error`."""
    error = np.empty_like(state.weight)  # in the order of work
    weight, n = state.weight[order], len(order)
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        wishes = weight[start:stop] + feedback[:start, start:stop].T @ error[:start]
        for k in range(start, stop):
            column = order[k]
            scale = state.scales[column // GROUP_SIZE]
            code = _round((wishes[k - start] + feedback[start:k, k] @ error[start:k]) / scale)
            state.codes[column] = code
            error[k] = weight[k] - code * scale
    state.error[order] = error


def _round(units: Any) -> Float32s:
    """The nearest code of each, -8..7. Overwrites `units`."""
    np.rint(units, out=units)
    # Two calls that cost less than np.clip's preparations on rows this short.
    np.maximum(units, np.float32(-ZERO), out=units)
    return np.asarray(np.minimum(units, np.float32(MAX_CODE - ZERO), out=units))


def _order(full: Float64s, by_size: bool) -> Any:
    """The order of work: columns by falling diagonal, ties from left to right."""
    return np.argsort(-full.diagonal(), kind="stable") if by_size else np.arange(len(full))


def _turned(full: Float64s, order: Any) -> Float64s:
    """Rows and columns of `full` in the order of work, last first."""
    return np.asarray(full[np.ix_(order[::-1], order[::-1])])


def _factor(turned: Float64s) -> tuple[Float32s, Float32s]:
    """(F, p) with H = (I + F) diag(p) (I + F)^T, F strictly upper triangular. Both float32.

    turned: H in the order of work, last first. numpy factors into lower triangles: of the
    turned matrix, that is an upper one of H.
    """
    upper = np.linalg.cholesky(turned)[::-1, ::-1]
    pivots = upper.diagonal().copy()
    feedback = np.zeros(turned.shape, np.float32)
    for k in range(len(feedback)):
        np.divide(upper[k, k + 1 :], pivots[k + 1 :], out=feedback[k, k + 1 :], casting="same_kind")
    return feedback, (pivots**2).astype(np.float32)
