"""Round to nearest: as good as stock where it copies stock, and better where it searches."""

from __future__ import annotations

import gguf
import numpy as np
import pytest

from quant.lattice import MIN_SCALE, NotFinite, dequantize, is_exact
from quant.rtn import quantize


@pytest.fixture
def weight() -> np.ndarray:
    return np.random.default_rng(5).standard_normal((200, 512)).astype(np.float32) * 0.02


def error(weight: np.ndarray, decoded: np.ndarray, importance: np.ndarray | float = 1.0) -> float:
    return float(np.mean((weight - decoded) ** 2 * importance) / np.mean(weight**2 * importance))


def stock(weight: np.ndarray) -> np.ndarray:
    kind = gguf.GGMLQuantizationType.Q4_0
    return gguf.quants.dequantize(gguf.quants.quantize(weight, kind), kind)


def test_absmax_errs_as_little_as_stock_q4_0(weight) -> None:
    mine = error(weight, dequantize(quantize(weight, "absmax")))
    assert mine == pytest.approx(error(weight, stock(weight)), rel=0.01)


def test_the_search_errs_clearly_less_than_stock_q4_0(weight) -> None:
    assert error(weight, dequantize(quantize(weight))) < 0.90 * error(weight, stock(weight))


def test_importance_lowers_the_error_where_it_matters(weight) -> None:
    importance = np.random.default_rng(6).gamma(0.5, 2.0, 512).astype(np.float32)
    plain = error(weight, dequantize(quantize(weight)), importance)
    aware = error(weight, dequantize(quantize(weight, importance=importance)), importance)
    assert aware < 0.95 * plain


def test_no_group_gets_worse_by_searching(weight) -> None:
    def by_group(method: str) -> np.ndarray:
        return ((weight - dequantize(quantize(weight, method))) ** 2).reshape(-1, 32).sum(axis=1)

    assert (by_group("search") <= by_group("absmax") * (1 + 1e-5)).all()


def test_the_largest_weight_of_a_group_takes_the_outermost_code() -> None:
    weight = np.full((2, 32), 0.1, np.float32)
    weight[0, 7], weight[1, 9] = 1.0, -1.0
    blocks = quantize(weight, "absmax")
    assert blocks.codes[0, 7] == 0
    assert blocks.codes[1, 9] == 0
    assert blocks.scales[0, 0] == -0.125
    assert blocks.scales[1, 0] == 0.125


@pytest.mark.parametrize("method", ["absmax", "search"])
def test_zeros_stay_zeros_and_tiny_weights_do_no_harm(method: str) -> None:
    weight = np.zeros((3, 64), np.float32)
    weight[1] = 1e-30
    weight[2, :32] = 1e-7
    blocks = quantize(weight, method)
    np.testing.assert_array_equal(dequantize(blocks), np.zeros_like(weight))
    assert (np.abs(blocks.scales) >= MIN_SCALE).all()


@pytest.mark.parametrize("method", ["absmax", "search"])
def test_huge_weights_do_not_overflow_the_scale(method: str) -> None:
    weight = np.full((1, 32), 1e6, np.float32)
    decoded = dequantize(quantize(weight, method))
    assert np.isfinite(decoded).all()
    assert is_exact(quantize(weight, method).scales)


@pytest.mark.parametrize("method", ["absmax", "search"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(method: str, value: float) -> None:
    weight = np.ones((4, 64), np.float32)
    weight[2, 40] = value
    with pytest.raises(NotFinite):
        quantize(weight, method)


def test_the_same_weights_give_the_same_codes_however_the_rows_are_cut(weight) -> None:
    whole = quantize(weight)
    parts = [quantize(weight[start : start + 7]) for start in range(0, 200, 7)]
    np.testing.assert_array_equal(np.concatenate([part.codes for part in parts]), whole.codes)
    np.testing.assert_array_equal(np.concatenate([part.scales for part in parts]), whole.scales)


def test_rows_that_are_not_whole_groups_are_refused() -> None:
    with pytest.raises(ValueError):
        quantize(np.zeros((2, 33), np.float32))
    with pytest.raises(ValueError):
        quantize(np.zeros(64, np.float32))
    with pytest.raises(ValueError):
        quantize(np.zeros((2, 64), np.float32), "gptq3")


def test_threads_change_nothing(weight) -> None:
    large = np.tile(weight, (8, 1)) * np.linspace(0.5, 2, 1600, dtype=np.float32)[:, None]
    one, three = quantize(large, n_threads=1), quantize(large, n_threads=3)
    assert np.array_equal(one.codes, three.codes)
    assert np.array_equal(one.scales, three.scales)


def test_a_weight_that_is_not_finite_is_refused_from_any_thread(weight) -> None:
    large = np.tile(weight, (8, 1))
    large[1500, 3] = np.nan
    with pytest.raises(NotFinite):
        quantize(large, n_threads=2)
