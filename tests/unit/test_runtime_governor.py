"""The thread policy against a simulated machine: no model, no threads, a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from latam_edge.runtime.governor import DEADLINE_FLOOR_S, Kind, ThreadGovernor

SLICE_S = 0.004
"""Time slice of the scheduler: what one wait costs on the cliff."""
WAITS = 400
"""Barriers in a step."""


class Machine:
    """Cores, a model with known step times, and other programs that keep `busy(now)` cores.

    A step whose threads do not all have a core of their own waits a time slice at
    every barrier.
    """

    def __init__(
        self,
        cores: int,
        step_s: Callable[[int], float],
        busy: Callable[[float], float] = lambda now: 0.0,
        *,
        tells_others: bool = True,
    ) -> None:
        self.now = 0.0
        self.cores = cores
        self.step_s = step_s
        self.busy = busy
        self.tells_others = tells_others
        self.governor = ThreadGovernor(cores, clock=lambda: self.now)
        self.governor.done("decode", 1, step_s(1), n_threads=1)
        self.governor.done("prefill", 1, step_s(1), n_threads=1)
        self.longest_s = 0.0
        self.aborts = 0
        self.counts: list[int] = []

    def true_s(self, kind: Kind, n_tokens: int, n: int) -> float:
        seconds = self.step_s(n) if kind == "decode" else self.step_s(n) * n_tokens / 5
        if n > 1 and n > self.cores - self.busy(self.now):
            seconds += WAITS * SLICE_S
        return seconds

    def step(self, kind: Kind = "decode", n_tokens: int = 1) -> float:
        """One step, aborted and repeated as the engine does; its whole time."""
        begin = self.now
        while True:
            free = self.cores - self.busy(self.now) if self.tells_others else None
            plan = self.governor.plan(kind, n_tokens, 0, free)
            seconds = self.true_s(kind, n_tokens, plan.n_threads)
            if plan.deadline_s is not None and seconds > plan.deadline_s:
                self.now += plan.deadline_s
                self.aborts += 1
                self.governor.aborted(kind)
                continue
            self.now += seconds
            self.governor.done(kind, n_tokens, seconds)
            self.counts.append(plan.n_threads)
            self.longest_s = max(self.longest_s, self.now - begin)
            return self.now - begin

    def decode_tps(self, steps: int) -> float:
        begin = self.now
        for _ in range(steps):
            self.step()
        return steps / (self.now - begin)


def compute_bound(n: int) -> float:
    return 0.010 / n


def memory_bound(n: int) -> float:
    return 0.0052 if n == 1 else 0.0043


@pytest.mark.parametrize("step_s", [compute_bound, memory_bound])
def test_a_quiet_machine_is_used_whole(step_s: Callable[[int], float]) -> None:
    machine = Machine(2, step_s)
    assert machine.decode_tps(500) > 0.97 / step_s(2)
    assert machine.aborts == 0
    assert machine.governor.n_threads("decode") == 2


def test_fewer_threads_are_chosen_where_they_are_faster_even_without_load() -> None:
    # Four threads on a memory bus that three saturate.
    machine = Machine(4, lambda n: {1: 0.020, 2: 0.011, 3: 0.008, 4: 0.010}[n])
    machine.decode_tps(100)
    assert machine.decode_tps(2000) > 0.95 / 0.008


@pytest.mark.parametrize("tells_others", [True, False])
@pytest.mark.parametrize("step_s", [compute_bound, memory_bound])
def test_a_core_taken_in_mid_answer_costs_one_deadline_and_no_cliff(
    step_s: Callable[[int], float], tells_others: bool
) -> None:
    machine = Machine(2, step_s, lambda now: 1.0 if now > 2 else 0.0, tells_others=tells_others)
    while machine.now < 2:
        machine.step()
    machine.longest_s = 0.0
    tps = machine.decode_tps(2000)
    assert tps > 0.9 / step_s(1)
    assert machine.longest_s < 0.15, "no step may last as long as the cliff's"


def test_all_threads_come_back_when_the_other_program_ends() -> None:
    machine = Machine(2, compute_bound, lambda now: 1.0 if 1 < now < 11 else 0.0)
    while machine.now < 11:
        machine.step()
    assert machine.governor.n_threads("decode") == 1
    while machine.now < 12:
        machine.step()
    assert machine.governor.n_threads("decode") == 2


def test_they_come_back_too_where_nobody_tells_what_others_do_later_but_surely() -> None:
    machine = Machine(2, compute_bound, lambda now: 1.0 if 1 < now < 11 else 0.0, tells_others=False)
    while machine.now < 30:
        machine.step()
    assert machine.governor.n_threads("decode") == 2


def test_trials_that_fail_become_rare() -> None:
    machine = Machine(2, compute_bound, lambda now: 1.0, tells_others=False)
    while machine.now < 10:
        machine.step()
    early, machine.aborts = machine.aborts, 0
    while machine.now < 60:
        machine.step()
    assert 1 <= machine.aborts <= early


def test_a_trial_ends_at_the_first_step_that_spoils_it() -> None:
    machine = Machine(2, compute_bound, lambda now: 1.0 if now < 5 else 0.0)
    while machine.now < 5:
        machine.step()
    plan = machine.governor.plan("decode", 1, 0, 2.0)
    while plan.n_threads == 1:
        machine.step()
        plan = machine.governor.plan("decode", 1, 0, 2.0)
    machine.governor.done("decode", 1, 0.055)  # a slow step, though within its deadline
    assert machine.governor.n_threads("decode") == 1


def test_one_core_of_eight_taken_leaves_seven() -> None:
    machine = Machine(8, lambda n: 0.040 / n, lambda now: 1.0)
    assert machine.decode_tps(300) > 0.9 / (0.040 / 7)
    assert machine.aborts == 0
    assert machine.governor.n_threads("decode") == 7


def test_a_machine_with_more_cores_than_threads_gives_some_away_for_nothing() -> None:
    governor = ThreadGovernor(4)  # four cores with two hardware threads each
    assert governor.plan("decode", 1, 0, 5.0).n_threads == 4
    assert governor.plan("decode", 1, 0, 2.6).n_threads == 3


def test_small_use_by_others_takes_no_core_away() -> None:
    machine = Machine(2, compute_bound)
    assert machine.governor.plan("decode", 1, 0, 1.7).n_threads == 2


def test_spikes_every_few_steps_end_in_the_count_that_is_faster_on_average() -> None:
    machine = Machine(2, memory_bound)
    spiky = machine.true_s

    def true_s(kind: Kind, n_tokens: int, n: int) -> float:
        # A program that wakes every 20 ms for 3 ms and costs two threads a slice, one thread nothing.
        late = n > 1 and machine.now % 0.020 < 0.004
        return spiky(kind, n_tokens, n) + (0.012 if late else 0.0)

    machine.true_s = true_s  # type: ignore[method-assign]
    machine.decode_tps(200)
    assert machine.decode_tps(2000) > 0.93 / 0.0052


def test_a_hiccup_of_the_scheduler_aborts_nothing() -> None:
    machine = Machine(2, memory_bound)
    machine.decode_tps(50)
    plan = machine.governor.plan("decode", 1, 0, 2.0)
    assert plan.deadline_s is not None
    assert plan.deadline_s >= DEADLINE_FLOOR_S
    machine.governor.done("decode", 1, 0.030)
    assert machine.decode_tps(500) > 0.93 / memory_bound(2)


def test_a_model_of_seconds_per_token_gets_seconds() -> None:
    machine = Machine(2, lambda n: 3.0 / n)
    machine.step()
    plan = machine.governor.plan("decode", 1, 0, 2.0)
    assert plan.deadline_s is not None
    assert plan.deadline_s > 3 * 1.5
    machine.decode_tps(40)
    assert machine.aborts == 0


def test_one_thread_has_no_deadline_nothing_else_could_be_done() -> None:
    governor = ThreadGovernor(1)
    assert governor.plan("decode", 1, 0, 2.0).deadline_s is None


def test_a_model_whose_steps_cannot_be_repeated_gets_no_deadline_but_fewer_threads() -> None:
    machine = Machine(2, compute_bound)
    machine.governor = ThreadGovernor(2, aborts=False, clock=lambda: machine.now)
    machine.decode_tps(50)
    machine.busy = lambda now: 1.0
    machine.tells_others = False
    machine.decode_tps(50)
    assert machine.aborts == 0
    assert machine.governor.n_threads("decode") == 1


def test_a_count_that_the_user_chose_is_kept_whatever_happens() -> None:
    governor = ThreadGovernor(4, fixed=True)
    for seconds in (0.01, 9.0, 0.01):
        plan = governor.plan("decode", 1, 0, 0.0)
        assert plan.n_threads == 4
        assert plan.deadline_s is None
        governor.done("decode", 1, seconds)


def test_prefill_is_stopped_on_the_cliff_and_finished_on_fewer_threads() -> None:
    machine = Machine(2, compute_bound, tells_others=False)
    for _ in range(5):
        machine.step("prefill", 128)
    quiet = machine.longest_s
    machine.busy = lambda now: 1.0
    machine.longest_s = 0.0
    machine.step("prefill", 128)
    assert machine.aborts == 1
    assert machine.longest_s < 6 * quiet


def test_prefill_after_a_long_context_is_not_taken_for_a_cliff() -> None:
    machine = Machine(2, compute_bound)
    for _ in range(5):
        machine.step("prefill", 128)
    shallow = machine.governor.plan("prefill", 128, 0, 2.0).deadline_s
    deep = machine.governor.plan("prefill", 128, 4096, 2.0).deadline_s
    assert shallow is not None
    assert deep is not None
    assert deep >= 4 * shallow


def test_a_prompt_of_a_few_tokens_teaches_nothing_about_prefill_speed() -> None:
    machine = Machine(2, compute_bound)
    for _ in range(20):
        machine.step("prefill", 128)
        machine.governor.plan("prefill", 1, 0, 2.0)
        machine.governor.done("prefill", 1, compute_bound(2))
    assert machine.governor.n_threads("prefill") == 2


def test_steps_that_grow_with_the_context_do_not_drive_to_fewer_threads() -> None:
    machine = Machine(2, memory_bound)
    shallow = machine.true_s

    def true_s(kind: Kind, n_tokens: int, n: int) -> float:
        # Attention adds a fifth every 200 steps: later steps are slower on any count.
        return shallow(kind, n_tokens, n) * (1 + len(machine.counts) / 1000)

    machine.true_s = true_s  # type: ignore[method-assign]
    machine.decode_tps(1000)
    assert machine.governor.n_threads("decode") == 2
    assert machine.counts.count(1) < 50


@pytest.mark.parametrize("seed", range(20))
def test_hiccups_at_any_moment_do_not_settle_on_the_slower_count(seed: int) -> None:
    random = Random(seed)
    machine = Machine(2, memory_bound)
    smooth = machine.true_s

    def true_s(kind: Kind, n_tokens: int, n: int) -> float:
        noise = random.uniform(1, 1.1) + (random.random() < 0.02) * random.uniform(0, 1.5)
        return smooth(kind, n_tokens, n) * noise

    machine.true_s = true_s  # type: ignore[method-assign]
    machine.decode_tps(600)
    assert machine.counts.count(2) > 0.85 * 600


@pytest.mark.parametrize("cores", [1, 2, 3, 4, 8, 16])
@pytest.mark.parametrize("load", [0.0, 0.4, 1.0, 3.0, 100.0])
def test_counts_stay_between_one_and_all_whatever_the_load(cores: int, load: float) -> None:
    machine = Machine(cores, compute_bound, lambda now: load)
    machine.decode_tps(200)
    assert all(1 <= n <= cores for n in machine.counts)
