"""On how many threads ONNX Runtime runs the next step.

A session keeps the thread count it was made with, so another count is another
session on the same file. ONNX Runtime hands out work in small pieces to whoever is
awake, so a busy core slows it down without the cliff that llama.cpp falls from
(docs/decisions/0013): there is time to look, to load the other session in the
background, and to measure which of the two is faster while the machine is busy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from latam_edge.runtime.governor import BUSY_CORES

FIRST_STEPS = 16
"""Steps on fewer threads before all of them are tried again under the same pressure."""
COMPARED_STEPS = 8
"""Steps of each count that a comparison takes."""


@dataclass(slots=True)
class _Mean:
    """Seconds per step on one count under the present pressure."""

    total_s: float = 0.0
    steps: int = 0

    @property
    def mean_s(self) -> float:
        return self.total_s / self.steps if self.steps else math.inf


class ThreadChoice:
    """The policy, without clock or native code: `wanted` before a step, `done` after a step of one token.

    On a quiet machine all threads. When other programs hold cores, the largest power of
    two that fits into what they leave (few different counts, so few sessions); whether
    that is faster than all threads is then measured, and the faster of the two stays
    until the pressure changes.
    """

    def __init__(self, most: int) -> None:
        """most: threads on a quiet machine."""
        self.most = max(1, most)
        self._fewer = self.most
        self._means: dict[int, _Mean] = {}

    def wanted(self, free: float | None) -> int:
        """Threads for the next step. free: cores that no other program uses; None: not known."""
        room = self.most if free is None else max(1, min(self.most, math.ceil(free - BUSY_CORES)))
        fewer = self.most if room == self.most else 1 << (room.bit_length() - 1)
        if fewer != self._fewer:
            self._fewer = fewer
            self._means = {self.most: _Mean(), fewer: _Mean()}
        if fewer == self.most:
            return self.most
        few, all_ = self._means[fewer], self._means[self.most]
        if few.steps < FIRST_STEPS:
            return fewer
        if all_.steps < COMPARED_STEPS:
            return self.most
        return fewer if few.mean_s <= all_.mean_s else self.most

    def done(self, n_threads: int, seconds: float) -> None:
        """A step of one token took so long on `n_threads` threads, wanted or not."""
        mean = self._means.get(n_threads)
        # Only a few steps count, so that both means are of the same stretch of time.
        if mean is not None and mean.steps < FIRST_STEPS:
            mean.total_s += seconds
            mean.steps += 1
