"""Rows as tensors: who sees whom, and which places are learnt."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from latam_edge.train.spans import RowSource
from latam_edge.train.teacher_cache import CachedTargets


class Batch(NamedTuple):
    """Rows of one step and the places in them that are learnt, as tensors on one device."""

    tokens: torch.Tensor
    """int64 (n, context)"""
    segment: torch.Tensor
    """int64 (n, context): the document a token belongs to; 0 is padding"""
    position: torch.Tensor
    """int64 (n, context): place inside its document, from 0"""
    place: torch.Tensor
    """int64 (m,): flat places whose next token is learnt; logits are computed for these alone"""
    target: torch.Tensor
    """int64 (m,): that next token"""
    weight: torch.Tensor
    """float32 (m,): 1, or 0 where `place` is only filled up"""
    sampled: torch.Tensor | None = None
    """int64 (m, slots): tokens drawn from a teacher's probabilities, if cached; filled up with 0"""
    share: torch.Tensor | None = None
    """float32 (m, slots): how often each was drawn, of all draws; 0 where only filled up"""
    entropy: torch.Tensor | None = None
    """float32 (m,): the teacher's entropy there, nats"""


def make_batch(
    rows: RowSource,
    picked: NDArray[np.int64],
    capacity: int,
    on: torch.device,
    targets: CachedTargets | None = None,
) -> Batch:
    """The rows `picked`, with `capacity` learnt places: cut or filled up to it, since shapes are compiled in.

    A place is learnt when the next token belongs to the same document and is marked.
    targets: the teacher's cached probabilities at the learnt places, where the loss wants them.
    """
    taken = rows.take(picked)
    tokens = taken.tokens.astype(np.int64)
    segment = taken.segment.astype(np.int64)
    context = tokens.shape[1]
    begins = np.zeros(tokens.shape, np.int64)
    begins[:, 1:] = np.where(segment[:, 1:] != segment[:, :-1], np.arange(1, context), 0)
    position = np.arange(context) - np.maximum.accumulate(begins, axis=1)
    marked = np.zeros(tokens.shape, np.bool_)
    marked[:, :-1] = (segment[:, 1:] == segment[:, :-1]) & (segment[:, 1:] != 0) & taken.learn[:, 1:]
    found = np.flatnonzero(marked)[:capacity]
    place = np.zeros(capacity, np.int64)
    place[: len(found)] = found
    weight = np.zeros(capacity, np.float32)
    weight[: len(found)] = 1.0
    target = np.zeros(capacity, np.int64)
    target[: len(found)] = tokens.ravel()[found + 1]
    parts: tuple[NDArray, ...] = (tokens, segment, position, place, target, weight)
    if targets is not None:
        parts += targets.at(picked, marked, capacity)
    return Batch(*(torch.from_numpy(part).to(on) for part in parts))
