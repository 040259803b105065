"""The 5-gram baseline: a probability, the textbook's one, and quick enough to be asked for."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict

import numpy as np
import pytest

from latam_edge.evaluate.ngram import NgramModel


def textbook(sequences: list[list[int]], vocabulary: int, order: int):
    """Modified Kneser-Ney with dictionaries, straight from Chen & Goodman's equations."""
    start = "^"
    counts: list[Counter] = [Counter() for _ in range(order + 1)]
    for sequence in sequences:
        padded = [start] * (order - 1) + sequence
        for i in range(order - 1, len(padded)):
            for n in range(1, order + 1):
                counts[n][tuple(padded[i - n + 1 : i + 1])] += 1
    for n in range(1, order):
        before: defaultdict = defaultdict(set)
        for gram in counts[n + 1]:
            before[gram[1:]].add(gram[0])
        counts[n] = Counter({gram: len(tokens) for gram, tokens in before.items()})

    def discounts(n: int) -> list[float]:
        have = Counter(counts[n].values())
        taken = [0.0, 0.5, 0.5, 0.5]
        if have[1] and have[2]:
            y = have[1] / (have[1] + 2 * have[2])
            for k in (1, 2, 3):
                if have[k] and 0 < (value := k - (k + 1) * y * have[k + 1] / have[k]) < k:
                    taken[k] = value
        return taken

    taken = [[]] + [discounts(n) for n in range(1, order + 1)]

    def probability(history: list[int], token: int, n: int) -> float:
        if n == 0:
            return 1 / vocabulary
        context = tuple(([start] * order + history)[len(history) + order - (n - 1) :])
        lower = probability(history, token, n - 1)
        rivals = {gram: count for gram, count in counts[n].items() if gram[:-1] == context}
        if not rivals:
            return lower
        total = sum(rivals.values())
        count = rivals.get((*context, token), 0)
        freed = sum(taken[n][min(c, 3)] for c in rivals.values()) / total
        return (count - taken[n][min(count, 3)]) / total + freed * lower

    def bits(held_out: list[list[int]]) -> float:
        return -sum(
            math.log2(probability(sequence[:i], token, order))
            for sequence in held_out
            for i, token in enumerate(sequence)
        )

    return bits


def sequences(seed: int, count: int, vocabulary: int = 12) -> list[list[int]]:
    """Sequences in which the next token depends on the two before it."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        tokens = [int(rng.integers(vocabulary))]
        for _ in range(int(rng.integers(2, 25))):
            noise = int(rng.integers(3)) if rng.random() < 0.4 else 0
            tokens.append((3 * tokens[-1] + (tokens[-2] if len(tokens) > 1 else 1) + noise) % vocabulary)
        made.append(tokens)
    return made


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_bits_equal_those_of_the_textbook(order: int) -> None:
    train, held_out = sequences(0, 60), sequences(1, 15)
    expected = textbook(train, 12, order)(held_out)
    assert NgramModel.train(train, 12, order).bits(held_out) == pytest.approx(expected, rel=1e-9)


def test_probabilities_sum_to_one_after_any_context() -> None:
    model = NgramModel.train(sequences(0, 80), 12)
    for context in [[], [3], *sequences(2, 20), [11, 11, 11, 11, 11]]:
        distribution = model.distribution(context)
        assert distribution.sum() == pytest.approx(1, abs=1e-9)
        assert distribution.min() > 0


def test_bits_are_the_sum_over_the_distributions() -> None:
    model = NgramModel.train(sequences(0, 80), 12)
    sequence = sequences(3, 1)[0]
    expected = -sum(math.log2(model.distribution(sequence[:i])[token]) for i, token in enumerate(sequence))
    assert model.bits([sequence]) == pytest.approx(expected)


def test_it_learns_what_the_tokens_depend_on() -> None:
    train, held_out = sequences(0, 2000), sequences(1, 200)
    tokens = sum(map(len, held_out))
    unigram, trigram = (NgramModel.train(train, 12, order).bits(held_out) / tokens for order in (1, 3))
    assert unigram > 3.4
    assert trigram < 2.2


def test_tokens_never_seen_cost_bits_but_not_infinitely_many() -> None:
    model = NgramModel.train([[1, 2, 3]], 1000)
    assert 5 < model.bits([[900]]) < 40


def test_training_on_nothing_or_on_strange_ids_is_refused() -> None:
    for bad in ([], [[]], [[12]], [[-1, 2]]):
        with pytest.raises(ValueError):
            NgramModel.train(bad, 12)


def test_a_million_tokens_are_counted_in_seconds() -> None:
    rng = np.random.default_rng(0)
    # Zipf's law, as words have it: few tokens are frequent, most are rare.
    tokens = np.minimum(rng.zipf(1.2, 1_000_000), 8000) - 1
    started = time.process_time()
    model = NgramModel.train(np.split(tokens, 10_000), 8000)
    model.bits(np.split(tokens[:50_000], 500))
    assert time.process_time() - started < 20
