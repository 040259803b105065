"""Draws the next token from logits: penalty, top-k, top-p, min-p, temperature, draw.

The same filters in the same order, with the same meaning, as the chain that the
llama engine builds, so that one set of settings gives the same choice of tokens on
both engines. Which of them is drawn depends on the generator, so a seed repeats an
answer on one engine, not across engines.

Sources: repetition penalty, Keskar et al. (2019), CTRL, on the last 64 tokens as
llama.cpp does; top-p, Holtzman et al. (2020); min-p, Nguyen et al. (2024).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from latam_edge.runtime.defaults import PENALTY_WINDOW
from latam_edge.runtime.types import Sampling

Logits = npt.NDArray[np.float32]
Ids = npt.NDArray[np.intp]

_BLOCK = 64
"""Logits of which first the largest is taken when the top k are looked for."""


class NumpySampler:
    """One answer's sampler."""

    def __init__(self, sampling: Sampling, seed: int) -> None:
        """sampling: every field filled but seed and max_tokens."""
        self._temperature = sampling.temperature or 0.0
        self._top_k = sampling.top_k or 0
        self._top_p = 1.0 if sampling.top_p is None else sampling.top_p
        self._min_p = sampling.min_p or 0.0
        self._penalty = 1.0 if sampling.repeat_penalty is None else sampling.repeat_penalty
        self._recent: deque[int] = deque(maxlen=PENALTY_WINDOW)
        self._random = np.random.default_rng(seed)

    def accept(self, tokens: Sequence[int]) -> None:
        """Let the penalty know of tokens that were not drawn here: the prompt's."""
        self._recent.extend(tokens[-PENALTY_WINDOW:])

    def draw(self, logits: Logits) -> int:
        """The next token. logits: float32, (n_vocab,); left as they are."""
        if self._penalty != 1.0 and self._recent:
            logits = penalized(logits, np.fromiter(set(self._recent), np.intp), self._penalty)
        if not self._temperature:
            token = int(logits.argmax())
        else:
            ids, kept = candidates(logits, self._top_k, self._top_p, self._min_p)
            # In float64, as the cumulated sum is compared with one draw.
            scaled = kept.astype(np.float64) / self._temperature
            weights = np.exp(scaled - scaled[0]).cumsum()
            token = int(ids[np.searchsorted(weights, self._random.random() * weights[-1], side="right")])
        self._recent.append(token)
        return token


def penalized(logits: Logits, tokens: Ids, penalty: float) -> Logits:
    """A copy in which `tokens`, each once, are divided by `penalty`, or below zero multiplied."""
    changed = logits.copy()
    values = logits[tokens]
    changed[tokens] = np.where(values > 0, values / penalty, values * penalty)
    return changed


def candidates(logits: Logits, top_k: int, top_p: float, min_p: float) -> tuple[Ids, Logits]:
    """The tokens that may be drawn and their logits, likeliest first; always one at least.

    top_k: keep the k likeliest, 0: all. top_p: of these keep the fewest whose
    probabilities, renormalized, reach it. min_p: of these keep what is at least this
    share of the likeliest. Temperature comes later and does not change who stays.
    """
    if top_k or top_p >= 1:
        ids = _top(logits, top_k)
        total = None
    else:
        ids, total = _likeliest(logits, top_p)
    kept = logits[ids]
    if top_p < 1:
        weights = _weights(kept, kept[0]).cumsum()
        # The token that reaches top_p stays.
        reached = top_p * (weights[-1] if total is None else total)
        count = int(np.searchsorted(weights, reached, side="left")) + 1
        ids, kept = ids[:count], kept[:count]
    if min_p > 0:
        count = max(1, int(np.count_nonzero(kept >= kept[0] + np.float32(np.log(min_p)))))
        ids, kept = ids[:count], kept[:count]
    return ids, kept


def _likeliest(logits: Logits, share: float) -> tuple[Ids, float]:
    """(so many of the likeliest that they hold `share` of all probability, the sum of all weights).

    Sorting a whole vocabulary takes longer than a step of a small model, and the answer
    is nearly always among the first few hundred.
    """
    total = float(_weights(logits, logits.max()).sum())
    for count in (256, 4096):
        ids = _top(logits, count)
        if _weights(logits[ids], logits[ids[0]]).sum() >= share * total:
            return ids, total
    return _top(logits, 0), total


def _weights(logits: Logits, largest: np.float32) -> npt.NDArray[np.float64]:
    """Probabilities before they are divided by their sum, the largest 1."""
    weights: npt.NDArray[np.float64] = np.exp((logits - largest).astype(np.float64))
    return weights


def _top(logits: Logits, k: int) -> Ids:
    """Indices of the k largest, largest first, of equals the smaller index. 0: of all."""
    if not 0 < k < len(logits):
        return np.argsort(-logits, kind="stable")
    if k == 1:
        return np.array([logits.argmax()])
    # At least k values reach the k-th largest of any maxima, so only those need sorting.
    maxima = logits
    if k * _BLOCK <= len(logits):
        maxima = logits[: len(logits) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).max(axis=1)
    least = np.partition(maxima, -k)[-k]
    ids = np.flatnonzero(logits >= least)
    return ids[np.argsort(-logits[ids], kind="stable")][:k]
