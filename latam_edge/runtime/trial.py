"""Two thread counts in turn, step by step, until it is clear which one is faster here and now.

Times that were taken earlier are no measure: a step takes longer the deeper the
context is, and the other programs come and go. So both counts run in alternating
blocks, and each is judged by what it did within the trial.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HOPELESS = 4.0
"""A step on more threads that takes this many times what fewer take ends the trial: that is the cliff."""


@dataclass(slots=True)
class Trial:
    """A challenger against the count in force. Ask `n_threads`, run a step, tell `add`."""

    champion: int
    """The count in force before."""
    challenger: int
    block: int
    """Steps in a row on one count. The first of a block pays for waking threads and does not count,
    unless it is the only one."""
    rounds: int
    """Blocks of each."""
    margin: float
    """The challenger wins when its mean time is below this share of the champion's."""
    usual_s: float | None
    """What the champion's steps took lately, for giving up soon; None: not known."""
    step: int = 0
    _times: dict[int, list[float]] = field(default_factory=dict)
    _hopeless: bool = False

    @property
    def n_threads(self) -> int:
        """The count whose turn it is; the challenger begins."""
        return self.champion if (self.step // self.block) % 2 else self.challenger

    def add(self, seconds: float) -> None:
        """A step (or token) on `n_threads` took this long."""
        n = self.n_threads
        if self.block == 1 or self.step % self.block:
            self._times.setdefault(n, []).append(seconds)
        self.step += 1
        if n == self.challenger and self.usual_s is not None:
            cliff = n > self.champion and seconds > HOPELESS * self.usual_s
            # Noise only ever makes steps longer: if the best of a block is no better, none will be.
            worse = self.block > 1 and self.step == self.block and min(self._times[n]) >= self.usual_s
            self._hopeless = self._hopeless or cliff or worse

    @property
    def over(self) -> bool:
        return self._hopeless or self.step >= 2 * self.block * self.rounds

    @property
    def won(self) -> bool:
        """Whether the challenger is faster. Only when it is over."""
        return not self._hopeless and self.mean_s(self.challenger) < self.margin * self._usual_s()

    @property
    def ratio(self) -> float | None:
        """The challenger's time over the champion's; None when it was given up at its first step."""
        if self.challenger not in self._times:
            return None
        return self.mean_s(self.challenger) / self._usual_s()

    def _usual_s(self) -> float:
        if self.champion in self._times:
            return self.mean_s(self.champion)
        assert self.usual_s is not None
        return self.usual_s

    def mean_s(self, n_threads: int) -> float:
        times = self._times[n_threads]
        return sum(times) / len(times)
