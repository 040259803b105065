"""Figures out of logits, against torch and against what can be known without computing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from latam_edge.evaluate import metrics
from latam_edge.evaluate.language import guess
from latam_edge.evaluate.windows import overlapping as windows
from latam_edge.evaluate.windows import side_by_side
from latam_edge.formats.plain_text import blocks


@pytest.fixture
def logits() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    reference = rng.normal(0, 4, (300, 97)).astype(np.float32)
    return reference, reference + rng.normal(0, 0.5, reference.shape).astype(np.float32)


@pytest.fixture(params=[1, 3, 1 << 21])
def _block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures must not depend on how many rows are taken at a time."""
    monkeypatch.setattr(metrics, "_BLOCK_VALUES", request.param * 97)


@pytest.mark.usefixtures("_block")
def test_likelihood_and_divergence_equal_those_of_torch(logits) -> None:
    reference, test = logits
    targets = np.random.default_rng(1).integers(0, 97, 300)
    wide_reference, wide_test = torch.tensor(reference).double(), torch.tensor(test).double()
    expected = torch.nn.functional.cross_entropy(wide_test, torch.tensor(targets), reduction="none")
    np.testing.assert_allclose(metrics.negative_log_likelihood(test, targets), expected.numpy(), rtol=1e-10)
    expected = torch.nn.functional.kl_div(
        wide_test.log_softmax(1), wide_reference.log_softmax(1), reduction="none", log_target=True
    ).sum(1)
    np.testing.assert_allclose(metrics.kl_divergence(reference, test), expected.numpy(), rtol=1e-9)


@pytest.mark.usefixtures("_block")
def test_comparing_in_one_go_gives_the_same_figures(logits) -> None:
    reference, test = logits
    targets = np.random.default_rng(1).integers(0, 97, 300)
    found = metrics.compare(reference, test, targets)
    np.testing.assert_array_equal(found.loss, metrics.negative_log_likelihood(test, targets))
    np.testing.assert_array_equal(found.reference_loss, metrics.negative_log_likelihood(reference, targets))
    np.testing.assert_array_equal(found.kl, metrics.kl_divergence(reference, test))
    np.testing.assert_array_equal(found.same_top, metrics.same_top(reference, test))


def test_divergence_from_itself_is_zero_and_no_shift_changes_it(logits) -> None:
    reference, test = logits
    assert metrics.kl_divergence(reference, reference).max() == 0
    shifted = test + np.float32(100)
    np.testing.assert_allclose(
        metrics.kl_divergence(reference, shifted), metrics.kl_divergence(reference, test), atol=1e-4
    )


def test_divergence_has_a_direction(logits) -> None:
    reference, test = logits
    forward, backward = metrics.kl_divergence(reference, test), metrics.kl_divergence(test, reference)
    assert np.abs(forward - backward).max() > 1e-3


def test_huge_logits_do_not_overflow() -> None:
    logits = np.array([[1e4, -1e4, 0]], np.float32)
    assert metrics.negative_log_likelihood(logits, [0])[0] == 0
    assert metrics.negative_log_likelihood(logits, [1])[0] == pytest.approx(2e4)


def test_equal_logits_are_a_uniform_distribution() -> None:
    loss = metrics.negative_log_likelihood(np.zeros((4, 50), np.float32), [0, 1, 2, 49])
    np.testing.assert_allclose(loss, math.log(50))


def test_logits_of_different_vocabularies_are_refused() -> None:
    with pytest.raises(ValueError):
        metrics.kl_divergence(np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32))


def test_agreement_counts_equal_favourites() -> None:
    reference = np.array([[0, 1], [1, 0], [0, 1]], np.float32)
    assert metrics.same_top(reference, reference[[0, 0, 0]]).tolist() == [True, False, True]


def test_the_standard_error_shrinks_with_the_root_of_the_tokens() -> None:
    values = np.random.default_rng(0).normal(3, 2, 40_000)
    few, many = metrics.estimate(values[:400]), metrics.estimate(values)
    assert many.mean == pytest.approx(3, abs=4 * many.stderr)
    assert few.stderr / many.stderr == pytest.approx(10, rel=0.15)
    assert math.isnan(metrics.estimate(values[:1]).stderr)


@pytest.mark.parametrize("length", [0, 1, 2, 7, 8, 9, 16, 57])
@pytest.mark.parametrize("bos", [None, 99])
def test_every_token_is_scored_exactly_once_and_with_context(length: int, bos: int | None) -> None:
    text = list(range(length))
    scored = []
    for number, window in enumerate(windows(text, 8, bos)):
        assert len(window.tokens) <= 8
        assert window.first >= (1 if number == 0 else 4)
        assert bos is None or window.tokens[0] == bos
        scored += window.targets
    assert scored == (text if bos is not None else text[1:])


@pytest.mark.parametrize("bos", [None, 99])
def test_windows_side_by_side_score_second_halves_as_llama_perplexity_does(bos: int | None) -> None:
    text = list(range(35))
    found = list(side_by_side(text, 8, bos))
    assert len(found) == (36 if bos is not None else 35) // 8
    whole = [bos, *text] if bos is not None else text
    for number, window in enumerate(found):
        start = 8 * number
        assert window.tokens == [bos if bos is not None else whole[start], *whole[start + 1 : start + 8]]
        # Position 4 is the first whose prediction counts: what it predicts is position 5.
        assert window.targets == whole[start + 5 : start + 8]


def test_windows_side_by_side_need_two_of_them() -> None:
    assert list(side_by_side(list(range(15)), 8, None)) == []
    assert len(list(side_by_side(list(range(16)), 8, None))) == 2


def test_windows_show_the_text_that_comes_before() -> None:
    for window in windows(list(range(50)), 8, None):
        assert window.tokens == list(range(window.tokens[0], window.tokens[0] + len(window.tokens)))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("El niño y la niña van a la escuela con su maestra por el camino más largo.", "es"),
        ("O menino e a menina vão à escola com a professora; não é longe do rio, mas há uma ponte.", "pt"),
        ("The boy and the girl walk to the school with their teacher.", "en"),
        ("12 + 34 = 46", "und"),
        ("", "und"),
        ("Ñuqaqa runasimita rimani", "und"),
    ],
)
def test_the_language_of_a_text_is_guessed_or_left_open(text: str, language: str) -> None:
    assert guess(text) == language


@pytest.mark.parametrize("text", ["", "a", "uno\ndos\n\n  tres\ncuatro " * 30, "x" * 100, "\n" * 100])
def test_blocks_of_a_text_put_together_are_the_text(text: str) -> None:
    cut = list(blocks(text, 16))
    assert "".join(cut) == text
    assert all(0 < len(block) <= 16 for block in cut)


def test_a_text_is_cut_where_a_word_begins_a_line() -> None:
    cut = list(blocks("uno dos\n\n tres\ncuatro cinco", 20))
    assert cut == ["uno dos\n\n tres\n", "cuatro cinco"]
