"""The 4-bit lattice: what a scale may be, and that codes mean the same to everybody."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.lattice import (
    MAX_SCALE,
    MIN_SCALE,
    Int4Blocks,
    NotFinite,
    dequantize,
    encode,
    is_exact,
    recover,
    round_scale,
)


def test_rounded_scales_are_exact_in_float16_and_bfloat16() -> None:
    rng = np.random.default_rng(0)
    scales = np.exp(rng.uniform(-30, 20, 20_000)).astype(np.float32) * rng.choice([-1, 1], 20_000)
    rounded = round_scale(scales.astype(np.float32))
    np.testing.assert_array_equal(rounded.astype(np.float16).astype(np.float32), rounded)
    np.testing.assert_array_equal(rounded.astype(ml_dtypes.bfloat16).astype(np.float32), rounded)
    assert np.abs(rounded).min() >= MIN_SCALE
    assert np.abs(rounded).max() <= MAX_SCALE


def test_inside_the_range_rounding_is_bfloat16s_own_rounding() -> None:
    bits = np.arange(np.float32(MIN_SCALE).view(np.uint32), np.float32(65000).view(np.uint32), 997, np.uint32)
    scales = bits.view(np.float32)
    np.testing.assert_array_equal(round_scale(scales), scales.astype(ml_dtypes.bfloat16).astype(np.float32))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_rounding_a_scale_twice_changes_nothing(value: float) -> None:
    once = round_scale(np.array([value], np.float32))
    np.testing.assert_array_equal(round_scale(once), once)
    assert is_exact(once.astype(np.float16))


def test_zero_and_tiny_and_huge_scales_take_the_nearest_bound() -> None:
    scales = np.array([0.0, -0.0, 1e-9, -1e-9, 1e9, -1e9], np.float32)
    expected = [MIN_SCALE, MIN_SCALE, MIN_SCALE, -MIN_SCALE, MAX_SCALE, -MAX_SCALE]
    np.testing.assert_array_equal(round_scale(scales), np.array(expected, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_scale_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(NotFinite):
        round_scale(np.array([value], np.float32))


def test_lattice_weights_are_encoded_back_to_the_same_codes() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 16, (40, 96), dtype=np.uint8)
    scales = round_scale(rng.standard_normal((40, 3)).astype(np.float32))
    blocks = Int4Blocks(codes, scales.astype(np.float16))
    again = encode(dequantize(blocks), scales)
    np.testing.assert_array_equal(again.codes, codes)
    np.testing.assert_array_equal(again.scales, blocks.scales)


def test_dequantized_weights_are_exact_in_float16() -> None:
    blocks = Int4Blocks(
        np.tile(np.arange(16, dtype=np.uint8), (4, 2)),
        np.array([[0.5], [-1.9921875], [2**-14], [255]], np.float16),
    )
    weights = dequantize(blocks)
    np.testing.assert_array_equal(weights.astype(np.float16).astype(np.float32), weights)


def test_codes_and_scales_that_do_not_fit_together_are_refused() -> None:
    codes = np.zeros((2, 64), np.uint8)
    for bad_codes, bad_scales in (
        (codes, np.zeros((2, 3), np.float16)),
        (codes[:, :40], np.zeros((2, 1), np.float16)),
        (codes.astype(np.int8), np.zeros((2, 2), np.float16)),
        (codes, np.zeros((2, 2), np.float32)),
    ):
        with pytest.raises(ValueError):
            Int4Blocks(bad_codes, bad_scales)


def test_a_weight_that_is_not_a_number_is_refused() -> None:
    weight = np.zeros((2, 64), np.float32)
    weight[1, 40] = np.nan
    with pytest.raises(NotFinite):
        encode(weight, np.ones((2, 2), np.float32))


def test_picked_rows_keep_their_codes_and_scales() -> None:
    rng = np.random.default_rng(2)
    blocks = encode(rng.standard_normal((6, 32)).astype(np.float32), np.full((6, 1), 0.3, np.float32))
    order = [3, 1, 5]
    np.testing.assert_array_equal(dequantize(blocks.rows(order)), dequantize(blocks)[order])


def test_codes_are_recovered_from_the_weights_that_they_stand_for() -> None:
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 16, (200, 96)).astype(np.uint8)
    codes[:20] = codes[:20] // 2 * 2  # all steps even: twice the scale would do as well
    codes[20:24], codes[24, :32] = 8, 9
    scales = round_scale(rng.normal(0, 0.03, (200, 3)).astype(np.float32))
    scales[30:40] = MIN_SCALE
    scales[40:50] = MAX_SCALE
    weight = dequantize(Int4Blocks(codes, scales.astype(np.float16)))
    found = recover(weight)
    assert found is not None
    np.testing.assert_array_equal(dequantize(found), weight)
    assert is_exact(found.scales)


def test_nothing_is_recovered_from_weights_that_are_off_the_lattice() -> None:
    weight = dequantize(
        encode(np.random.default_rng(6).normal(0, 1, (8, 64)).astype(np.float32), np.ones((8, 2), np.float32))
    )
    assert recover(weight) is not None
    for change in (1e-6, 0.3, np.nan, np.inf):
        changed = weight.copy()
        changed[5, 40] += np.float32(change)
        assert recover(changed) is None
    assert recover(weight[:, :40]) is None
