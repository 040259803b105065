"""Documents packed into rows, so that no compute goes into padding.

A row holds whole documents. Each has its own number in `segment`, which the
attention mask and the positions are made from: no document sees another, and
each begins at position 0, as a conversation does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latam_edge.core.atomic import atomic_write
from latam_edge.train.documents import Document


@dataclass(frozen=True, slots=True)
class Rows:
    """Packed rows, all (n_rows, context)."""

    tokens: NDArray[np.unsignedinteger]
    segment: NDArray[np.uint8]
    """Which document of the row a token belongs to, from 1; 0 is padding."""
    learn: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def context(self) -> int:
        """Tokens per row."""
        return int(self.tokens.shape[1])

    @property
    def learnt(self) -> float:
        """Share of the places that hold a token to be learnt."""
        return float((self.learn & (self.segment != 0)).mean())

    def take(self, picked: NDArray[np.int64]) -> Rows:
        """The rows with these numbers, copied."""
        return Rows(self.tokens[picked], self.segment[picked], self.learn[picked])

    @property
    def fill(self) -> float:
        """Share of the places that hold a token."""
        return float((self.segment != 0).mean())


def pack(documents: Iterable[Document], context: int, open_rows: int = 32) -> Rows:
    """Pack by first fit among the newest `open_rows` rows. A longer document is cut at `context`.

    Order decides the result, nothing else does: the same documents give the same rows.
    """
    rows: list[list[Document]] = []
    room: list[int] = []
    first_open = 0
    for document in documents:
        size = min(len(document.tokens), context)
        for r in range(first_open, len(rows)):
            if room[r] >= size and len(rows[r]) < 255:
                rows[r].append(document)
                room[r] -= size
                break
        else:
            rows.append([document])
            room.append(context - size)
            first_open = max(0, len(rows) - open_rows)
    shape = (len(rows), context)
    dtype = rows[0][0].tokens.dtype if rows else np.uint16
    tokens, segment, learn = np.zeros(shape, dtype), np.zeros(shape, np.uint8), np.zeros(shape, np.bool_)
    for r, row in enumerate(rows):
        at = 0
        for number, document in enumerate(row, start=1):
            size = min(len(document.tokens), context)
            tokens[r, at : at + size] = document.tokens[:size]
            learn[r, at : at + size] = document.learn[:size]
            segment[r, at : at + size] = number
            at += size
    return Rows(tokens, segment, learn)


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows of several packings as one, in their order."""
    return Rows(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.segment for part in parts]),
        np.concatenate([part.learn for part in parts]),
    )


def save_rows(rows: Rows, path: Path) -> None:
    """Write rows to one .npz file, atomically."""
    with atomic_write(path) as file:
        np.savez(file, tokens=rows.tokens, segment=rows.segment, learn=rows.learn)


def load_rows(path: Path) -> Rows:
    """Read what `save_rows` wrote."""
    with np.load(path) as data:
        return Rows(data["tokens"], data["segment"], data["learn"])
