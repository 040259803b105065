"""How many threads the next step runs on: the policy, without any native code or clock of its own.

The cliff. The engine's threads wait for one another hundreds of times in a step,
spinning. When another program holds one of their cores, each of these waits
lasts a time slice of the scheduler (milliseconds), and a step of 5 ms takes
seconds. With one thread less, nothing waits. So:

- A step on several threads has a deadline, a generous multiple of what it should
  take; when it passes, the step is aborted and done again on fewer threads.
- Step times are kept for each thread count. When more threads are slower on
  average than fewer, fewer it is.
- More threads are tried again when the other programs leave cores free, sooner at
  first and ever later when the trial fails.

What is best on a quiet machine is measured as well: on memory-bound machines
fewer threads than cores may do the same work.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["prefill", "decode"]

DEADLINE_FLOOR_S = 0.040
"""No step is aborted sooner: a scheduler's hiccup on a quiet machine must not count."""
DEADLINE_FACTOR = 6.0
"""A step may take this many times what is expected."""
PREFILL_DEADLINE_FACTOR = 3.0
"""Prefill steps are long and regular, and an aborted one is lost work: nearer, with a higher floor."""
PREFILL_DEADLINE_FLOOR_S = 0.200
SMALL_PREFILL = 32
"""Shorter prefill steps cost more per token, as decoding does: they tell nothing about speed."""
SMOOTHING = 0.125
"""Weight of the newest step in a running mean."""
RETRY_FIRST_S = 0.25
RETRY_MOST_S = 16.0
"""More threads are tried again after this time, doubled at every failure up to the most."""
RETRY_FREED_S = 0.1
"""After making room for others, more threads are tried this soon once they are gone."""
TRIAL_STEPS = 3
"""Steps that a trial lasts."""
SETTLED_STEPS = 24
"""Steps on a count before a neighbour is tried, once, for comparison."""
GAIN = 0.97
"""Another count is better when its steps take less than this share of the time."""
BUSY_CORES = 0.5
"""Others' use, in cores, from which a core is theirs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the next step is to be run."""

    n_threads: int
    deadline_s: float | None
    """Abort the step when it takes longer; None: it may take what it takes."""


@dataclass(slots=True)
class _Speed:
    """What is known of one thread count: seconds per step (decode) or per token (prefill)."""

    mean_s: float
    """Running mean, for choosing: bad moments count."""
    good_s: float
    """What a step takes undisturbed, for deadlines: slow to rise, quick to fall."""
    steps: int = 1


@dataclass(slots=True)
class _Watch:
    """The state of one kind of step."""

    n_threads: int
    speeds: dict[int, _Speed] = field(default_factory=dict)
    retry_at: float = 0.0
    retry_s: float = RETRY_FIRST_S
    trial_left: int = 0
    """Steps left of a running trial, 0 when none runs."""
    trial_from: int = 0
    """The count to go back to."""
    trial_total_s: float = 0.0
    compared: set[int] = field(default_factory=set)
    """Counts that were tried for comparison on a quiet machine."""
    since_change: int = 0
    """Steps since the count was last changed."""


class ThreadGovernor:
    """Chooses thread counts between 1 and `most`.

    Before a step ask `plan`; after it report `done` or `aborted`. A step on one
    thread has no deadline: nothing can stall it but the machine itself.
    """

    def __init__(
        self,
        most: int,
        *,
        fixed: bool = False,
        aborts: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        most: threads on a quiet machine.
        fixed: always `most`, without a deadline: somebody chose, and knows why.
        aborts: a step may be aborted and done again. False: no deadlines, all else as ever.
        clock: seconds, monotonic.
        """
        self.most = max(1, most)
        self._fixed = fixed
        self._aborts = aborts
        self._clock = clock
        self._watches: dict[Kind, _Watch] = {
            "prefill": _Watch(self.most),
            "decode": _Watch(self.most),
        }

    def n_threads(self, kind: Kind) -> int:
        """The count in force."""
        return self._watches[kind].n_threads

    def plan(self, kind: Kind, n_tokens: int = 1, depth: int = 0, free: float | None = None) -> Plan:
        """How to run the next step.

        n_tokens: tokens in it. depth: tokens in the KV cache before it.
        free: cores that no other program uses, None when that is not known.
        """
        if self._fixed:
            return Plan(self.most, None)
        watch = self._watches[kind]
        room = self._room(free)
        if watch.n_threads > room:
            # Somebody wants a core, perhaps for a moment only: this count did not fail, so look again soon.
            self._change(watch, room)
            watch.trial_left = 0
            watch.retry_at = max(watch.retry_at, self._clock() + RETRY_FREED_S)
        elif watch.n_threads < room and not watch.trial_left and self._clock() >= watch.retry_at:
            # Straight to what is free: each count between would have to be learned first.
            self._start_trial(watch, room)
        elif (
            not watch.trial_left
            and watch.since_change >= SETTLED_STEPS
            and (fewer := _step_down(watch.n_threads)) not in watch.compared
            and fewer >= 1
            and kind == "decode"
        ):
            watch.compared.add(fewer)
            self._start_trial(watch, fewer)
        return Plan(watch.n_threads, self._deadline(kind, watch, n_tokens, depth))

    def done(self, kind: Kind, n_tokens: int, seconds: float, n_threads: int | None = None) -> None:
        """A step ended well. n_threads: when it was run otherwise than planned (a warm-up)."""
        watch = self._watches[kind]
        n = watch.n_threads if n_threads is None else n_threads
        if self._fixed or (kind == "prefill" and n_tokens < SMALL_PREFILL and n in watch.speeds):
            return
        unit = seconds / n_tokens if kind == "prefill" else seconds
        speed = watch.speeds.get(n)
        if speed is None:
            speed = watch.speeds[n] = _Speed(unit, unit)
        else:
            speed.steps += 1
            # The first steps on a count pay for waking its threads: forget them quickly.
            weight = max(SMOOTHING, 1 / speed.steps)
            speed.mean_s += weight * (unit - speed.mean_s)
            speed.good_s = min(unit, speed.good_s * (1.002 if kind == "decode" else 1.1))
        if n != watch.n_threads:
            return
        watch.since_change += 1
        if watch.trial_left:
            watch.trial_total_s += unit
            watch.trial_left -= 1
            before = watch.speeds.get(watch.trial_from)
            hopeless = before is not None and watch.trial_total_s > TRIAL_STEPS * before.mean_s
            if hopeless or not watch.trial_left:
                steps = TRIAL_STEPS - watch.trial_left
                watch.trial_left = 0
                self._end_trial(watch, watch.trial_total_s / steps)
        elif self._fewer_is_better(watch):
            self._lower(watch, _step_down(watch.n_threads))

    def aborted(self, kind: Kind) -> None:
        """A step passed its deadline: the next one, the same again, runs on half the threads or fewer."""
        watch = self._watches[kind]
        self._lower(watch, watch.n_threads // 2)

    # --- inside ----------------------------------------------------------------------

    def _room(self, free: float | None) -> int:
        """Threads for which there is a core that nobody else wants."""
        if free is None:
            return self.most
        return max(1, min(self.most, math.ceil(free - BUSY_CORES)))

    def _lower(self, watch: _Watch, to: int) -> None:
        """Leave a count that does not do; it may be tried again later, and later each time."""
        self._change(watch, max(1, to))
        watch.trial_left = 0
        watch.retry_at = self._clock() + watch.retry_s
        watch.retry_s = min(RETRY_MOST_S, watch.retry_s * 2)

    def _change(self, watch: _Watch, to: int) -> None:
        watch.n_threads = to
        watch.since_change = 0

    def _start_trial(self, watch: _Watch, to: int) -> None:
        watch.trial_from = watch.n_threads
        watch.trial_left = TRIAL_STEPS
        watch.trial_total_s = 0.0
        self._change(watch, to)

    def _end_trial(self, watch: _Watch, mean_s: float) -> None:
        """Keep the tried count if it is clearly faster, else go back."""
        before = watch.speeds.get(watch.trial_from)
        more = watch.n_threads > watch.trial_from
        if before is None or mean_s < before.mean_s * (1.0 if more else GAIN):
            watch.speeds[watch.n_threads].mean_s = mean_s
            if more:
                watch.retry_s = RETRY_FIRST_S
        elif more:
            self._lower(watch, watch.trial_from)
        else:
            self._change(watch, watch.trial_from)

    def _fewer_is_better(self, watch: _Watch) -> bool:
        """Whether the mean time on this count is worse than fewer threads would do, measured or guessed."""
        n = watch.n_threads
        if n == 1:
            return False
        now = watch.speeds[n]
        fewer = _step_down(n)
        known = watch.speeds.get(fewer)
        # Unmeasured, fewer threads take longer in proportion at worst, from an undisturbed step.
        return now.mean_s > (known.mean_s if known is not None else now.good_s * n / fewer)

    def _deadline(self, kind: Kind, watch: _Watch, n_tokens: int, depth: int) -> float | None:
        if watch.n_threads == 1 or not self._aborts:
            return None
        expected = self._expected(watch)
        if expected is None:
            return None
        # Attention takes longer the deeper it looks; on a small model it can outweigh all the rest.
        expected *= 1 + depth / 1024
        if kind == "decode":
            return max(DEADLINE_FLOOR_S, DEADLINE_FACTOR * expected)
        expected *= max(n_tokens, SMALL_PREFILL)
        return max(PREFILL_DEADLINE_FLOOR_S, PREFILL_DEADLINE_FACTOR * expected)

    def _expected(self, watch: _Watch) -> float | None:
        """Undisturbed time of a step (or token) on the count in force; from fewer threads it is a bound."""
        known = [(count, speed) for count, speed in watch.speeds.items() if count <= watch.n_threads]
        if not known:
            return None
        return max(known, key=lambda item: item[0])[1].good_s


def _step_down(n: int) -> int:
    """The next lower count worth having: one less, or a quarter less of many."""
    return n - max(1, n // 4)
