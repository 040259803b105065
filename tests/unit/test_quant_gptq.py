"""GPTQ: the paper's codes, found without inverting, and less loss than rounding at every step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from quant import rtn
from quant.gptq import Settings, Solver, quantize
from quant.hessian import Moments, damped
from quant.lattice import GROUP_SIZE, Int4Blocks, NotFinite, dequantize, is_exact

N = 96


@pytest.fixture(scope="module")
def inputs() -> np.ndarray:
    """Activations as layers see them: correlated, and a few columns much larger than the rest."""
    rng = np.random.default_rng(3)
    mixing = rng.standard_normal((N, N)) * np.exp(-np.arange(N) / 12) + 0.2 * rng.standard_normal((N, N))
    return (rng.standard_normal((3000, N)) @ mixing.T * np.exp(rng.standard_normal(N))).astype(np.float32)


@pytest.fixture(scope="module")
def hessian(inputs: np.ndarray) -> np.ndarray:
    moments = Moments(N)
    for start in range(0, len(inputs), 700):
        moments.add(inputs[start : start + 700])
    return moments.hessian()


@pytest.fixture(scope="module")
def weight() -> np.ndarray:
    return np.random.default_rng(4).standard_normal((64, N)).astype(np.float32) * 0.05


def output_error(weight: np.ndarray, blocks: Int4Blocks, inputs: np.ndarray) -> float:
    """What really matters: the mean squared error of the layer's outputs, relative to the outputs."""
    wanted = inputs @ weight.T
    return float(((inputs @ dequantize(blocks).T - wanted) ** 2).sum() / (wanted**2).sum())


def textbook(weight: np.ndarray, hessian: np.ndarray, scales: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Algorithm 1 of Frantar et al. 2022 column by column, in float64: codes in the matrix's own order.

    After each column the rest moves by its error times the row of the Cholesky factor of the inverse.
    """
    rest = weight[:, order].astype(np.float64)
    inverse = np.linalg.inv(hessian[np.ix_(order, order)])
    upper = np.linalg.cholesky(inverse).T
    codes = np.empty_like(rest)
    for k, column in enumerate(order):
        scale = scales[:, column // GROUP_SIZE]
        codes[:, column] = np.clip(np.rint(rest[:, k] / scale), -8, 7)
        error = (rest[:, k] - codes[:, column] * scale) / upper[k, k]
        rest[:, k:] -= error[:, None] * upper[k, k:]
    return codes


@pytest.mark.parametrize("by_activation", [True, False])
def test_first_codes_are_those_of_the_papers_algorithm(weight, hessian, by_activation: bool) -> None:
    found = quantize(weight, hessian, Settings(sweeps=0, activation_order=by_activation))
    full = damped(hessian, 0.01)
    order = np.argsort(-full.diagonal(), kind="stable") if by_activation else np.arange(N)
    expected = textbook(weight, full, found.scales.astype(np.float64), order)
    # float32 and float64 may part on a weight that lies half way between two codes.
    assert (found.codes.astype(np.int64) - 8 != expected).mean() < 0.002


def test_each_step_lowers_the_error_of_the_outputs(weight, hessian, inputs) -> None:
    importance = hessian.diagonal().copy()
    ways = {
        "absmax": rtn.quantize(weight, "absmax"),
        "importance": rtn.quantize(weight, "search", importance),
        "left to right": quantize(weight, hessian, Settings(sweeps=0, activation_order=False)),
        "activation order": quantize(weight, hessian, Settings(sweeps=0)),
        "sweeps": quantize(weight, hessian, Settings(sweeps=5)),
    }
    errors = [output_error(weight, blocks, inputs) for blocks in ways.values()]
    assert errors == sorted(errors, reverse=True), dict(zip(ways, errors, strict=True))
    assert errors[-1] < 0.35 * errors[0]


def test_no_sweep_makes_the_loss_larger_with_or_without_new_scales(weight, hessian) -> None:
    solver = Solver(hessian, Settings())
    for refit in (True, False):
        settings = [Settings(sweeps=n, refit_scales=refit) for n in range(5)]
        losses = [solver.loss(weight - dequantize(quantize(weight, hessian, s))) for s in settings]
        assert all(after <= before * (1 + 1e-5) for before, after in pairwise(losses))
        assert losses[-1] < 0.99 * losses[0]


def test_scales_stay_exact_in_both_16_bit_floats(weight, hessian) -> None:
    assert is_exact(quantize(weight, hessian).scales)


def test_the_same_input_gives_the_same_codes_and_rows_do_not_depend_on_their_neighbours(
    weight, hessian
) -> None:
    tall = np.concatenate([weight] * 20)  # more rows than are worked on at a time
    found, again = quantize(tall, hessian), quantize(tall, hessian)
    np.testing.assert_array_equal(found.codes, again.codes)
    np.testing.assert_array_equal(found.scales, again.scales)
    errors = ((tall - dequantize(found)) @ hessian * (tall - dequantize(found))).sum(axis=1)
    np.testing.assert_allclose(errors.reshape(20, -1).sum(axis=1), errors.reshape(20, -1)[0].sum(), rtol=0.02)


def test_uncorrelated_inputs_leave_nothing_to_make_up_for(weight) -> None:
    found = quantize(weight, np.eye(N, dtype=np.float32), Settings(sweeps=0))
    plain = rtn.quantize(weight, "search", np.ones(N, np.float32))
    np.testing.assert_array_equal(found.codes, plain.codes)


def test_columns_that_no_input_touches_are_rounded_to_nearest(weight, hessian) -> None:
    silent = hessian.copy()
    silent[:GROUP_SIZE] = 0
    silent[:, :GROUP_SIZE] = 0
    found = quantize(weight, silent, Settings(sweeps=0))
    part = weight[:, :GROUP_SIZE] / found.scales[:, :1].astype(np.float32)
    np.testing.assert_array_equal(found.codes[:, :GROUP_SIZE], np.clip(np.rint(part), -8, 7) + 8)


def test_a_hessian_of_nothing_at_all_is_no_division_by_zero(weight) -> None:
    found = quantize(weight, np.zeros((N, N), np.float32))
    assert output_error(weight, found, np.eye(N, dtype=np.float32)) < 0.01


def test_what_is_not_finite_is_refused(weight, hessian) -> None:
    broken = hessian.copy()
    broken[3, 3] = np.nan
    with pytest.raises(NotFinite):
        quantize(weight, broken)
    poisoned = weight.copy()
    poisoned[5, 40] = np.inf
    with pytest.raises(NotFinite):
        quantize(poisoned, hessian)
    with pytest.raises(NotFinite):
        Moments(2).add(np.array([[np.nan, 1.0]], np.float32))


def test_shapes_that_do_not_fit_are_refused(weight, hessian) -> None:
    for matrix, moments in ((weight[:, :64], hessian), (weight, hessian[:64]), (weight, hessian[:40, :40])):
        with pytest.raises(ValueError):
            quantize(matrix, moments)


def test_moments_are_the_means_of_products(inputs) -> None:
    rng = np.random.default_rng(9)
    missing = rng.standard_normal((len(inputs), 7)).astype(np.float32)
    moments = Moments(N, 7)
    for start in range(0, len(inputs), 999):
        moments.add(inputs[start : start + 999], missing[start : start + 999])
    assert moments.tokens == len(inputs)
    expected = inputs.astype(np.float64).T @ inputs / len(inputs)
    np.testing.assert_allclose(moments.hessian(), expected, rtol=1e-3, atol=1e-4 * expected.max())
    np.testing.assert_array_equal(moments.hessian(), moments.hessian().T)


def test_the_correction_gives_back_what_damaged_inputs_lost(weight, inputs) -> None:
    """Inputs lose a direction that the others can stand in for: the moved matrix finds it again."""
    rng = np.random.default_rng(10)
    damaged = inputs + 0.1 * inputs @ rng.standard_normal((N, N)).astype(np.float32) / N**0.5
    moments = Moments(N, N)
    moments.add(damaged, inputs - damaged)
    moved = weight + weight @ moments.correction(1e-4)
    wanted = inputs @ weight.T
    before = ((damaged @ weight.T - wanted) ** 2).mean()
    after = ((damaged @ moved.T - wanted) ** 2).mean()
    assert after < 0.05 * before
