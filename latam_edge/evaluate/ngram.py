"""A 5-gram model over a model's own tokens: the baseline that a student has to beat.

Interpolated modified Kneser-Ney: each n-gram's count is discounted, and what the
discounts free is spread by the next shorter context, whose counts say in how many
different contexts a token was seen, not how often. The shortest context shares with
the uniform distribution, so no token has probability zero.

It counts token ids, not bytes (five bytes are a word at best), so its bits per byte
are comparable with a neural model's that uses the same tokenizer on the same text.

Source: Chen & Goodman (1998), "An Empirical Study of Smoothing Techniques for
Language Modeling", section 3 (modified Kneser-Ney, discounts from n1..n4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Level:
    """All n-grams of one length, in the order of their keys; an n-gram's id is its place."""

    keys: Ints
    """Sorted: id of the n-gram without its last token, times the alphabet, plus the last token."""
    discounted: Floats
    """Count minus discount, at least 0, one per n-gram."""
    totals: Floats
    """Sum of the counts, one per context (the ids of the level below); 0 where never seen as one."""
    freed: Floats
    """Probability that the discounts of a context free, one per context; 1 where never seen as one."""


@dataclass(frozen=True, slots=True)
class NgramModel:
    """A trained model.

    >>> model = NgramModel.train([[5, 7, 9], [5, 7, 2]], vocabulary=16)
    >>> model.bits([[5, 7, 9]]) < 3 * 4      # fewer than 4 bits (log2 16) for each token
    True
    """

    vocabulary: int
    """Token ids are 0..vocabulary-1; the number itself marks the start of a sequence."""
    levels: tuple[_Level, ...]
    """Unigrams first."""

    @classmethod
    def train(cls, sequences: Sequence[Sequence[int]], vocabulary: int, order: int = 5) -> NgramModel:
        """Count n-grams up to `order` in sequences of token ids; none reaches over a sequence's start.

        A million tokens take a second or two and some 250 MB. Raises ValueError for no
        tokens or an id outside the vocabulary.
        """
        stream, real = _padded_stream(sequences, vocabulary, order)
        alphabet = vocabulary + 1
        ids = np.zeros(len(stream), np.int64)
        found: list[tuple[Ints, Ints, Ints]] = []  # keys, one position of each, occurrences at real tokens
        all_ids: list[Ints] = []
        for _ in range(order):
            # The n-gram that ends here is the shorter one that ended a token ago, and this token.
            before = np.concatenate([ids[:1], ids[:-1]]) if all_ids else ids
            keys, position, ids = np.unique(
                before * alphabet + stream, return_index=True, return_inverse=True
            )
            found.append((keys, position, np.bincount(ids[real], minlength=len(keys))))
            all_ids.append(ids)
        levels = []
        for length, (keys, _, occurrences) in enumerate(found):
            counts = occurrences
            if length + 1 < order:
                # How many different tokens came before it: the longer n-grams that end like it.
                _, longer, seen = found[length + 1]
                counts = np.bincount(all_ids[length][longer[seen > 0]], minlength=len(keys))
            contexts = len(found[length - 1][0]) if length else 1
            levels.append(_level(keys, counts, alphabet, contexts))
        return cls(vocabulary, tuple(levels))

    @property
    def order(self) -> int:
        return len(self.levels)

    def bits(self, sequences: Sequence[Sequence[int]]) -> float:
        """Bits that the model needs for all tokens of the sequences, the first ones included."""
        stream, real = _padded_stream(sequences, self.vocabulary, self.order)
        where = np.flatnonzero(real)
        # The contexts of a token end at the token before it; the empty one has id 0.
        contexts = [np.zeros(len(where), np.int64)]
        ids = np.zeros(len(stream), np.int64)
        for level in self.levels[:-1]:
            before = np.concatenate([ids[:1], ids[:-1]]) if len(contexts) > 1 else ids
            ids = self._find(level, before, stream)
            contexts.append(ids[where - 1])
        return float(-np.log2(self._probability(contexts, stream[where])).sum())

    def distribution(self, context: Sequence[int]) -> Floats:
        """Probability of every token after a sequence's first ones, `context`: (vocabulary,), sums to 1."""
        stream, _ = _padded_stream([context], self.vocabulary, self.order, allow_empty=True)
        contexts = [np.zeros(self.vocabulary, np.int64)]
        for length in range(1, self.order):
            place = np.zeros(1, np.int64)
            for level, token in zip(self.levels, stream[len(stream) - length :], strict=False):
                place = self._find(level, place, np.array([token]))
            contexts.append(np.repeat(place, self.vocabulary))
        return self._probability(contexts, np.arange(self.vocabulary))

    def _find(self, level: _Level, before: Ints, tokens: Ints) -> Ints:
        """Ids of n-grams by the id of their beginning and their last token; -1 where never seen."""
        keys = before * (self.vocabulary + 1) + tokens
        place = np.minimum(np.searchsorted(level.keys, keys), len(level.keys) - 1)
        return np.where((before >= 0) & (level.keys[place] == keys), place, -1)

    def _probability(self, contexts: Sequence[Ints], tokens: Ints) -> Floats:
        """P(token | context), interpolated from the shortest context to the longest.

        contexts: for each length from 0, the context's id or -1, one per token.
        """
        probability = np.full(len(tokens), 1 / self.vocabulary)
        for level, context in zip(self.levels, contexts, strict=True):
            place = self._find(level, context, tokens)
            total = np.where(context >= 0, level.totals[context], 0.0)
            freed = np.where(total > 0, level.freed[context], 1.0)
            seen = np.where((place >= 0) & (total > 0), level.discounted[place], 0.0)
            probability = seen / np.maximum(total, 1) + freed * probability
        return probability


def _level(keys: Ints, counts: Any, alphabet: int, contexts: int) -> _Level:
    """Discount the counts of one length, and sum up by context what that frees."""
    counts = counts.astype(np.float64)
    discount = _discounts(counts)[np.minimum(counts, 3).astype(np.int64)]
    context = keys // alphabet
    totals: Floats = np.bincount(context, weights=counts, minlength=contexts).astype(np.float64)
    freed = np.bincount(context, weights=discount, minlength=contexts)
    return _Level(
        keys=keys,
        discounted=counts - discount,
        totals=totals,
        freed=np.where(totals > 0, freed / np.maximum(totals, 1), 1.0),
    )


def _discounts(counts: Floats) -> Floats:
    """What to take from a count of 0, 1, 2, and 3 or more.

    From n1..n4, how many n-grams have counts 1..4: Y = n1 / (n1 + 2 n2), and
    D_i = i - (i + 1) Y n_{i+1} / n_i. Small or odd texts can leave that undefined or
    outside 0..i; then half a count is taken.
    """
    n = [0.0, *(float((counts == count).sum()) for count in (1, 2, 3, 4))]
    discounts = np.array([0.0, 0.5, 0.5, 0.5])
    if n[1] and n[2]:
        y = n[1] / (n[1] + 2 * n[2])
        for count in (1, 2, 3):
            if n[count]:
                value = count - (count + 1) * y * n[count + 1] / n[count]
                discounts[count] = value if 0 < value < count else 0.5
    return discounts


def _padded_stream(
    sequences: Sequence[Sequence[int]], vocabulary: int, order: int, *, allow_empty: bool = False
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """All sequences in one array, each after order-1 start marks, and which places are tokens."""
    marks = np.full(max(1, order - 1), vocabulary, np.int64)
    arrays = [np.asarray(sequence, np.int64) for sequence in sequences]
    if not allow_empty and not any(len(array) for array in arrays):
        raise ValueError("no tokens")
    stream = np.concatenate([part for array in arrays for part in (marks, array)])
    if stream.min() < 0 or stream.max() > vocabulary or any((array == vocabulary).any() for array in arrays):
        raise ValueError("a token id outside the vocabulary")
    real = np.concatenate(
        [part for array in arrays for part in (np.zeros(len(marks), bool), np.ones(len(array), bool))]
    )
    return stream, real
