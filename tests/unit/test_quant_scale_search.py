"""The search for scales: near the best there is, and the same on every machine."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from quant.lattice import round_scale
from quant.rtn import absmax_scales
from quant.scale_search import fold, search

GROUPS = 300


def errors(columns: np.ndarray, scales: np.ndarray, weights: np.ndarray | float = 1.0) -> np.ndarray:
    codes = np.clip(np.rint(columns / scales), -8, 7)
    return ((codes.astype(np.float64) * scales - columns) ** 2 * weights).sum(axis=0)


def exhaustive(columns: np.ndarray, weights: np.ndarray | float = 1.0) -> np.ndarray:
    """The least error over every rounded scale from a third to twice the absmax one, of both signs."""
    absmax = absmax_scales(columns)
    least = np.full(columns.shape[1], np.inf)
    for factor in np.geomspace(1 / 3, 2, 900, dtype=np.float32):
        for sign in (1, -1):
            scales = round_scale(absmax * factor * np.float32(sign))
            least = np.minimum(least, errors(columns, scales, weights))
    return least


@pytest.fixture(params=["normal", "heavy tails"])
def columns(request: pytest.FixtureRequest) -> np.ndarray:
    rng = np.random.default_rng(3)
    values = (
        rng.standard_normal((32, GROUPS)) if request.param == "normal" else rng.standard_t(4, (32, GROUPS))
    )
    return (0.02 * values).astype(np.float32)


def test_it_comes_within_half_a_percent_of_an_exhaustive_search(columns: np.ndarray) -> None:
    found = errors(columns, search(columns, absmax_scales(columns))).sum()
    assert found < 1.005 * exhaustive(columns).sum()


def test_with_importance_it_comes_within_three_percent_of_an_exhaustive_search(columns: np.ndarray) -> None:
    weights = np.random.default_rng(4).gamma(0.5, 2.0, columns.shape).astype(np.float32) + np.float32(1e-3)
    found = errors(columns, search(columns, absmax_scales(columns), weights), weights).sum()
    assert found < 1.03 * exhaustive(columns, weights).sum()


def test_equal_importance_is_hardly_different_from_none(columns: np.ndarray) -> None:
    plain = errors(columns, search(columns, absmax_scales(columns))).sum()
    equal = errors(columns, search(columns, absmax_scales(columns), np.full_like(columns, 7))).sum()
    assert equal == pytest.approx(plain, rel=4e-3)


def test_a_group_alone_gets_the_scale_that_it_gets_among_others(columns: np.ndarray) -> None:
    together = search(columns, absmax_scales(columns))
    for group in range(0, GROUPS, 17):
        alone = np.ascontiguousarray(columns[:, group : group + 1])
        assert search(alone, absmax_scales(alone))[0] == together[group]


def test_sums_are_taken_row_after_row_whatever_the_number_of_groups(columns: np.ndarray) -> None:
    """Each addition rounded once, in order: exact arithmetic with the same rounding agrees."""

    def rounded(values: list[float]) -> float:
        total = values[0]
        for value in values[1:]:
            total = float(np.float32(float(Fraction(total) + Fraction(value))))
        return total

    expected = [rounded([float(value) for value in columns[:, group]]) for group in range(5)]
    assert fold(columns)[:5].tolist() == expected
    for count in (2, 3, 5):
        assert fold(np.ascontiguousarray(columns[:, :count])).tolist() == expected[:count]
