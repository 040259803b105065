"""Rows that lie in memory-mapped tokens: a few numbers per row are kept, the tokens are read when picked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from latam_edge.train.packing import Rows
from latam_edge.train.token_cache import TokenFile

OPEN_ROWS = 256
_LEAST_ROOM = 8
"""A row with less room than this is full: no text is as short."""


class RowSource(Protocol):
    """What the training loop reads: packed rows by number."""

    def __len__(self) -> int: ...

    @property
    def context(self) -> int:
        """Tokens per row."""
        ...

    @property
    def learnt(self) -> float:
        """Share of the places that hold a token to be learnt."""
        ...

    def take(self, picked: NDArray[np.int64]) -> Rows:
        """The rows with these numbers, copied."""
        ...


class SpanRows:
    """The documents of one language of one file, packed into rows. Every token is to be learnt.

    A longer document is cut into pieces of `context` tokens, each beginning with
    the last token of the one before, so that every token is learnt once.
    """

    def __init__(self, file: TokenFile, lang: str, context: int) -> None:
        self._tokens = file.tokens
        self.context = context
        mine = np.flatnonzero(file.lang == file.langs.index(lang))
        begins = np.concatenate([[0], file.ends[:-1]])[mine] if len(mine) else np.zeros(0, np.int64)
        spans = _cut(begins, file.ends[mine], context)
        rows = _best_fit([size for _, size in spans], context)
        self._first = np.cumsum([0, *(len(row) for row in rows)])
        order = [number for row in rows for number in row]
        self._at = np.array([spans[number][0] for number in order], np.int64)
        self._size = np.array([spans[number][1] for number in order], np.int64)

    def __len__(self) -> int:
        return len(self._first) - 1

    @property
    def learnt(self) -> float:
        return float(self._size.sum() / max(1, len(self) * self.context))

    def take(self, picked: NDArray[np.int64]) -> Rows:
        shape = (len(picked), self.context)
        tokens, segment = np.zeros(shape, self._tokens.dtype), np.zeros(shape, np.uint8)
        for place, row in enumerate(picked):
            at = 0
            for number, span in enumerate(range(self._first[row], self._first[row + 1]), start=1):
                begin, size = self._at[span], self._size[span]
                tokens[place, at : at + size] = self._tokens[begin : begin + size]
                segment[place, at : at + size] = number
                at += size
        return Rows(tokens, segment, segment != 0)


def _cut(begins: NDArray[np.int64], ends: NDArray[np.int64], context: int) -> list[tuple[int, int]]:
    """(begin, size) of the pieces of documents, at most `context` long; neighbours share one token."""
    spans = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        for at in range(begin, max(begin + 1, end - 1), context - 1):
            spans.append((at, min(context, end - at)))
    return spans


def _best_fit(sizes: Sequence[int], context: int) -> list[list[int]]:
    """Numbers of the spans in each row: each goes where the least room is left, of the newest open rows."""
    rows: list[list[int]] = []
    free: dict[int, int] = {}
    """Room in each open row, the oldest first."""
    for number, size in enumerate(sizes):
        fitting = [(room, row) for row, room in free.items() if room >= size and len(rows[row]) < 255]
        if size < context and fitting:
            room, row = min(fitting)
            rows[row].append(number)
            room -= size
        else:
            row, room = len(rows), context - size
            rows.append([number])
        if room >= _LEAST_ROOM:
            free[row] = room
        else:
            free.pop(row, None)
        if len(free) > OPEN_ROWS:
            del free[next(iter(free))]
    return rows


class JoinedRows:
    """Several sources as one: row numbers run through them in order."""

    def __init__(self, parts: Sequence[RowSource]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])
        self.context = parts[0].context

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def learnt(self) -> float:
        return sum(part.learnt * len(part) for part in self._parts) / max(1, len(self))

    def take(self, picked: NDArray[np.int64]) -> Rows:
        of = np.searchsorted(self._ends, picked, side="right")
        shape = (len(picked), self.context)
        rows: Rows | None = None
        for number in np.unique(of):
            places = np.flatnonzero(of == number)
            before = self._ends[number] - len(self._parts[number])
            found = self._parts[number].take(picked[places] - before)
            if rows is None:
                dtype = found.tokens.dtype
                rows = Rows(np.zeros(shape, dtype), np.zeros(shape, np.uint8), np.zeros(shape, np.bool_))
            rows.tokens[places], rows.segment[places], rows.learn[places] = (
                found.tokens, found.segment, found.learn,
            )  # fmt: skip
        assert rows is not None
        return rows
