"""Which rows a step reads: a function of (seed, step) alone, so that a run can go on from any step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Order(Protocol):
    """Row numbers of a step of `per_step` rows."""

    def __call__(self, step: int, per_step: int) -> NDArray[np.int64]: ...


def rows_of_step(step: int, n_rows: int, per_step: int, seed: int) -> NDArray[np.int64]:
    """Row numbers of a step: epochs in a new order each, one after another."""
    wanted = np.arange(step * per_step, (step + 1) * per_step)
    picked = np.empty(per_step, np.int64)
    for epoch in np.unique(wanted // n_rows):
        order = np.random.default_rng([seed, int(epoch)]).permutation(n_rows)
        mine = wanted // n_rows == epoch
        picked[mine] = order[wanted[mine] % n_rows]
    return picked


class Shuffled:
    """Every row once an epoch, in a new order each time."""

    def __init__(self, n_rows: int, seed: int) -> None:
        self._n_rows, self._seed = n_rows, seed

    def __call__(self, step: int, per_step: int) -> NDArray[np.int64]:
        return rows_of_step(step, self._n_rows, per_step, self._seed)


class Weighted:
    """Every row `weights[row]` times an epoch: one of weight 0.4 is read in two epochs of five.

    In which of them follows from the seed, so that the same share of rows is
    read in each and no row more often than its weight says.
    """

    def __init__(self, weights: NDArray[np.float64], seed: int) -> None:
        if not weights.sum() > 0:
            raise ValueError("no row has a weight")
        self._weights = weights
        self._seed = seed
        self._phase = np.random.default_rng([seed, 1 << 20]).random(len(weights))
        self._ends = [0]
        """How many rows the epochs up to each one hold, as far as they were asked for."""
        self._kept: dict[int, NDArray[np.int64]] = {}

    def _epoch(self, epoch: int) -> NDArray[np.int64]:
        if epoch not in self._kept:
            before = np.floor(epoch * self._weights + self._phase)
            times = np.floor((epoch + 1) * self._weights + self._phase) - before
            rows = np.repeat(np.arange(len(times)), times.astype(np.int64))
            if len(self._kept) > 1:
                del self._kept[min(self._kept)]
            self._kept[epoch] = np.random.default_rng([self._seed, epoch]).permutation(rows)
        return self._kept[epoch]

    def __call__(self, step: int, per_step: int) -> NDArray[np.int64]:
        begin, end = step * per_step, (step + 1) * per_step
        while self._ends[-1] < end:
            self._ends.append(self._ends[-1] + len(self._epoch(len(self._ends) - 1)))
        picked: list[NDArray[np.int64]] = []
        epoch = int(np.searchsorted(self._ends, begin, side="right")) - 1
        while begin < end:
            rows = self._epoch(epoch)
            at = begin - self._ends[epoch]
            taken = rows[at : at + end - begin]
            picked.append(taken)
            begin += len(taken)
            epoch += 1
        return np.concatenate(picked)


class Course:
    """One order after another: (first step, order), the first one from step 0."""

    def __init__(self, parts: Sequence[tuple[int, Order]]) -> None:
        self._parts = parts

    def __call__(self, step: int, per_step: int) -> NDArray[np.int64]:
        begin, order = [part for part in self._parts if part[0] <= step][-1]
        return order(step - begin, per_step)
