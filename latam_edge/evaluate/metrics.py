"""Per-token figures out of logits. All sums in float64; a few rows at a time, so memory stays small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_BLOCK_VALUES = 1 << 21
"""Logits turned into float64 at a time: 16 MB, of which three or four copies live at once."""


def negative_log_likelihood(logits: Logits, targets: Any) -> Floats:
    """-ln p(target) of each token, in nats: float64, (n_tokens,).

    logits: float32, (n_tokens, vocab_size), what was predicted; targets: (n_tokens,), what came.
    """
    targets = np.asarray(targets, np.int64)
    out = np.empty(len(targets))
    for part in _blocks(logits):
        log_p = log_softmax(logits[part])
        out[part] = -log_p[np.arange(len(log_p)), targets[part]]
    return out


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure per token of a model beside a reference, each (n_tokens,)."""

    loss: Floats
    """-ln p(target) by the model, nats."""
    reference_loss: Floats
    """The same by the reference."""
    kl: Floats
    """KL(reference || model), nats."""
    same_top: npt.NDArray[np.bool_]
    """Whether both prefer the same token."""


def compare(reference: Logits, test: Logits, targets: Any) -> Comparison:
    """`negative_log_likelihood` of both, `kl_divergence` and `same_top` in one go, for half the work."""
    if reference.shape != test.shape:
        raise ValueError(f"{reference.shape} and {test.shape} do not fit together")
    targets = np.asarray(targets, np.int64)
    figures = np.empty((3, len(targets)))
    for part in _blocks(reference):
        log_p, log_q = log_softmax(reference[part]), log_softmax(test[part])
        at = np.arange(len(log_p)), targets[part]
        figures[:, part] = -log_q[at], -log_p[at], _kl(log_p, log_q)
    return Comparison(figures[0], figures[1], figures[2], same_top(reference, test))


def kl_divergence(reference: Logits, test: Logits) -> Floats:
    """KL(reference || test) of each token, in nats: float64, (n_tokens,). Not symmetric.

    reference, test: logits, float32, (n_tokens, vocab_size).
    Source: Kullback & Leibler (1951).
    """
    if reference.shape != test.shape:
        raise ValueError(f"{reference.shape} and {test.shape} do not fit together")
    out = np.empty(len(reference))
    for part in _blocks(reference):
        out[part] = _kl(log_softmax(reference[part]), log_softmax(test[part]))
    return out


def _kl(log_p: Floats, log_q: Floats) -> Floats:
    """KL(p || q) of each row. Overwrites both."""
    np.subtract(log_p, log_q, out=log_q)
    log_q *= np.exp(log_p, out=log_p)
    # Rounding can leave -1e-17 where both agree.
    return np.asarray(np.maximum(log_q.sum(axis=1), 0))


def same_top(reference: Logits, test: Logits) -> npt.NDArray[np.bool_]:
    """Whether both prefer the same token: bool, (n_tokens,)."""
    return np.asarray(reference.argmax(axis=1) == test.argmax(axis=1))


def log_softmax(logits: Logits) -> Floats:
    """ln of the probabilities: float64, same shape, rows sum to 1 as probabilities."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    wide -= np.log(np.exp(wide).sum(axis=1, keepdims=True))
    return wide


def _blocks(logits: Logits) -> list[slice]:
    step = max(1, _BLOCK_VALUES // logits.shape[1])
    return [slice(start, start + step) for start in range(0, len(logits), step)]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and how uncertain it is."""

    mean: float
    """Mean over tokens."""
    stderr: float
    """Standard error of the mean as if tokens were independent, which flatters a little: they are not.
    NaN for a single token."""


def estimate(values: npt.NDArray[Any]) -> Estimate:
    """Mean and standard error of one figure per token."""
    wide = values.astype(np.float64)
    stderr = float(wide.std(ddof=1) / np.sqrt(len(wide))) if len(wide) > 1 else float("nan")
    return Estimate(float(wide.mean()), stderr)
