"""The largest of a vocabulary's logits, without sorting the vocabulary. Shared by both engines' samplers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.float32]
Ids = npt.NDArray[np.intp]

_BLOCK = 64
"""Logits of which first the largest is taken when the top k are looked for."""


def penalized(logits: Logits, tokens: Ids, penalty: float) -> Logits:
    """A copy in which `tokens`, each once, are divided by `penalty`, or below zero multiplied."""
    changed = logits.copy()
    values = logits[tokens]
    changed[tokens] = np.where(values > 0, values / penalty, values * penalty)
    return changed


def top(logits: Logits, k: int) -> Ids:
    """Indices of the k largest, largest first, of equals the smaller index. 0: of all.

    logits: float32, (n_vocab,).
    """
    size = len(logits)
    if not 0 < k < size:
        return np.argsort(-logits, kind="stable")
    if k == 1:
        return np.array([logits.argmax()])
    ids = _reaching(logits, k) if k * _BLOCK <= size else _at_least(logits, np.partition(logits, -k)[-k])
    return ids[np.argsort(-logits[ids], kind="stable")][:k]


def _reaching(logits: Logits, k: int) -> Ids:
    """Ascending indices of some of the largest logits, all of the k largest among them.

    At least k values reach the k-th largest of any maxima. A block is a column, its logits far
    apart: so the maxima are taken of whole rows at a time.
    """
    width = len(logits) // _BLOCK
    rows = logits[: width * _BLOCK].reshape(_BLOCK, width)
    maxima = rows.max(axis=0)
    least = np.partition(maxima, -k)[-k]
    columns = _at_least(maxima, least)
    row, column = np.nonzero(rows[:, columns] >= least)
    ids: Ids = row * width + columns[column]
    rest = _at_least(logits[width * _BLOCK :], least)
    return np.concatenate((ids, rest + width * _BLOCK)) if len(rest) else ids


def _at_least(values: Logits, least: np.float32) -> Ids:
    return np.flatnonzero(values >= least)
