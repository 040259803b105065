"""Takes the times of one answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from latam_edge.runtime.types import Timings


class Stopwatch:
    """Started when made."""

    def __init__(self, load_s: float = 0.0) -> None:
        """load_s: seconds that the model took to load, if this is its first answer."""
        self._begin = time.perf_counter()
        self._load_s = load_s
        self._prefill_tokens = 0
        self._prefill_s = 0.0
        self._first = 0.0
        self._last = 0.0
        self._drawn = 0

    @contextmanager
    def prefilling(self, tokens: int, reused: int) -> Iterator[None]:
        """Around the evaluation of a prompt of `tokens`, of which `reused` were in the cache."""
        begin = time.perf_counter()
        yield
        # The one token that is always evaluated again says nothing about speed.
        self._prefill_tokens = tokens - reused if reused < tokens - 1 else 0
        self._prefill_s = time.perf_counter() - begin

    def token(self) -> None:
        """A token was drawn, the end token included."""
        self._last = time.perf_counter()
        self._first = self._first or self._last
        self._drawn += 1

    def timings(self) -> Timings:
        """What there is to tell now."""
        decode_s = self._last - self._first
        return Timings(
            load_s=self._load_s,
            ttft_s=self._first - self._begin if self._first else 0.0,
            prefill_tps=self._prefill_tokens / self._prefill_s if self._prefill_s else 0.0,
            decode_tps=(self._drawn - 1) / decode_s if decode_s > 0 else 0.0,
        )
