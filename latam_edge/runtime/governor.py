"""How many threads the next step runs on: the policy, without any native code or clock of its own.

The cliff. The engine's threads wait for one another hundreds of times in a step,
spinning. When another program holds one of their cores, each of these waits
lasts a time slice of the scheduler (milliseconds), and a step of 5 ms takes
seconds. With one thread less, nothing waits. So:

- A step on several threads has a deadline, a generous multiple of what it should
  take; when it passes, the step is aborted and done again on fewer threads.
- When steps take longer than they used to, or other programs leave cores free that
  are not used, another count is tried against the one in force, both in turn (see
  trial), and the faster one stays. Trials that fail become rarer.
- On a quiet machine fewer threads are tried as well, from time to time: where the
  memory is the bottleneck they may do the same work.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from latam_edge.runtime.trial import Trial

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
TRIAL_BLOCK: dict[Kind, int] = {"decode": 5, "prefill": 1}
"""Steps in a row on one count during a trial. A step of prefill is long, and tells enough."""
TRIAL_ROUNDS: dict[Kind, int] = {"decode": 2, "prefill": 1}
SETTLED_STEPS = 24
"""Steps on a count before fewer are tried for comparison; SETTLED_FACTOR times as many before the next."""
SETTLED_FACTOR = 8
SUSPICION_STEPS: dict[Kind, int] = {"decode": 8, "prefill": 1}
"""Steps on a count before its mean may be held against it; SETTLED_STEPS when it has just won a trial."""
GAIN = 0.97
"""Fewer threads are better when their steps take less than this share of the time."""
BUSY_CORES = 0.5
"""Others' use, in cores, from which a core is theirs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the next step is to be run."""

    n_threads: int
    deadline_s: float | None
    """Abort the step when it takes longer; None: it may take what it takes."""


@dataclass(slots=True)
class _Watch:
    """The state of one kind of step."""

    n_threads: int
    """The count in force; during a trial the one to go back to."""
    good_s: dict[int, float] = field(default_factory=dict)
    """Per count, what a step (decode) or token (prefill) takes undisturbed: slow to rise, quick to fall."""
    mean_s: float | None = None
    """Running mean on the count in force."""
    slower: dict[int, float] = field(default_factory=dict)
    """Per count, how many times longer the next lower one took when it was tried."""
    retry_at: float = 0.0
    """When more threads may be tried."""
    retry_s: float = RETRY_FIRST_S
    trial: Trial | None = None
    steps: int = 0
    """Steps since the count was last changed or a trial ended."""
    suspect_at: int = 0
    """Steps from which the mean may be held against the count."""
    compare_at: int = SETTLED_STEPS
    """Steps at which fewer threads are tried though nothing is wrong."""


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
            watch.retry_at = max(watch.retry_at, self._clock() + RETRY_FREED_S)
        elif watch.trial is not None:
            if watch.trial.challenger > room:
                watch.trial = None
        elif watch.n_threads < room and self._clock() >= watch.retry_at:
            # Straight to what is free: each count between would have to be learned first.
            self._try(kind, watch, room)
        elif self._fewer_deserve_a_trial(kind, watch):
            self._try(kind, watch, _step_down(watch.n_threads))
        n = watch.n_threads if watch.trial is None else watch.trial.n_threads
        return Plan(n, self._deadline(kind, watch, n, n_tokens, depth))

    def done(self, kind: Kind, n_tokens: int, seconds: float, n_threads: int | None = None) -> None:
        """A step ended well. n_threads: when it was run otherwise than planned (a warm-up)."""
        watch = self._watches[kind]
        trial = watch.trial
        n = n_threads or (watch.n_threads if trial is None else trial.n_threads)
        if self._fixed or (kind == "prefill" and n_tokens < SMALL_PREFILL and n in watch.good_s):
            return
        unit = seconds / n_tokens if kind == "prefill" else seconds
        rise = 1.002 if kind == "decode" else 1.1
        watch.good_s[n] = min(unit, watch.good_s.get(n, unit) * rise)
        if n_threads is not None:
            return
        if trial is not None:
            trial.add(unit)
            if trial.over:
                self._judge(watch, trial)
            return
        watch.steps += 1
        # The first steps on a count pay for waking its threads: forget them quickly.
        weight = max(SMOOTHING, 1 / watch.steps)
        watch.mean_s = unit if watch.mean_s is None else watch.mean_s + weight * (unit - watch.mean_s)

    def aborted(self, kind: Kind) -> None:
        """A step passed its deadline: the next one, the same again, runs on half the threads or fewer."""
        watch = self._watches[kind]
        trial = watch.trial
        if trial is not None and trial.n_threads > trial.champion:
            watch.trial = None
            self._fail(watch, trial.champion)
        else:
            n = watch.n_threads if trial is None else trial.n_threads
            self._fail(watch, n // 2)

    # --- inside ----------------------------------------------------------------------

    def _room(self, free: float | None) -> int:
        """Threads for which there is a core that nobody else wants."""
        if free is None:
            return self.most
        return max(1, min(self.most, math.ceil(free - BUSY_CORES)))

    def _fail(self, watch: _Watch, to: int) -> None:
        """More threads do not do; they may be tried again later, and later each time."""
        self._change(watch, max(1, to))
        watch.retry_at = self._clock() + watch.retry_s
        watch.retry_s = min(RETRY_MOST_S, watch.retry_s * 2)

    def _change(self, watch: _Watch, to: int) -> None:
        if to != watch.n_threads:
            watch.n_threads = to
            watch.mean_s = None
            watch.suspect_at = 0
            watch.compare_at = SETTLED_STEPS
        watch.trial = None
        watch.steps = 0

    def _try(self, kind: Kind, watch: _Watch, challenger: int) -> None:
        more = challenger > watch.n_threads
        watch.trial = Trial(
            champion=watch.n_threads,
            challenger=challenger,
            block=TRIAL_BLOCK[kind],
            rounds=TRIAL_ROUNDS[kind],
            margin=1.0 if more else GAIN,
            usual_s=watch.mean_s,
        )

    def _judge(self, watch: _Watch, trial: Trial) -> None:
        """Keep the faster count of a trial."""
        more = trial.challenger > trial.champion
        ratio = trial.ratio
        if not more and ratio is not None:
            watch.slower[trial.champion] = ratio
        if trial.won:
            if more:
                self._change(watch, trial.challenger)
                watch.retry_s = RETRY_FIRST_S
            else:
                self._fail(watch, trial.challenger)
        elif more:
            self._fail(watch, trial.champion)
        else:
            watch.trial = None
            watch.steps = 0
            watch.mean_s = None
            watch.suspect_at = SETTLED_STEPS
            watch.compare_at *= SETTLED_FACTOR

    def _fewer_deserve_a_trial(self, kind: Kind, watch: _Watch) -> bool:
        """Whether the count in force does so badly that fewer threads may do better, or it is time to see."""
        n = watch.n_threads
        if n == 1 or watch.mean_s is None:
            return False
        if kind == "decode" and watch.steps >= watch.compare_at:
            return True
        # As long as no trial has told, fewer threads take longer in proportion.
        as_good = watch.good_s[n] * watch.slower.get(n, n / _step_down(n))
        return watch.steps >= max(watch.suspect_at, SUSPICION_STEPS[kind]) and watch.mean_s > as_good

    def _deadline(self, kind: Kind, watch: _Watch, n: int, n_tokens: int, depth: int) -> float | None:
        if n == 1 or not self._aborts:
            return None
        # What fewer threads take is a bound, as long as these have not been seen.
        known = [count for count in watch.good_s if count <= n]
        if not known:
            return None
        # Attention takes longer the deeper it looks; on a small model it can outweigh all the rest.
        expected = watch.good_s[max(known)] * (1 + depth / 1024)
        if kind == "decode":
            return max(DEADLINE_FLOOR_S, DEADLINE_FACTOR * expected)
        expected *= max(n_tokens, SMALL_PREFILL)
        return max(PREFILL_DEADLINE_FLOOR_S, PREFILL_DEADLINE_FACTOR * expected)


def _step_down(n: int) -> int:
    """The next lower count worth having: one less, or a quarter less of many."""
    return n - max(1, n // 4)
