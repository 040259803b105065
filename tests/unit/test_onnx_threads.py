"""The policy that chooses thread counts for ONNX Runtime, on machines made of numbers."""

from __future__ import annotations

from collections.abc import Callable

from latam_edge.runtime.onnx.threads import COMPARED_STEPS, FIRST_STEPS, ThreadChoice


def run(choice: ThreadChoice, free: float | None, steps: int, seconds: Callable[[int], float]) -> list[int]:
    """The counts that `steps` steps ran on, each taking `seconds(count)`."""
    counts = []
    for _ in range(steps):
        count = choice.wanted(free)
        choice.done(count, seconds(count))
        counts.append(count)
    return counts


def test_a_quiet_machine_uses_all_threads() -> None:
    assert set(run(ThreadChoice(4), 4.0, 100, lambda n: 1 / n)) == {4}
    assert set(run(ThreadChoice(4), None, 100, lambda n: 1 / n)) == {4}, "nobody knows: all"


def test_a_little_use_by_others_takes_no_core() -> None:
    assert set(run(ThreadChoice(2), 1.6, 50, lambda n: 1 / n)) == {2}


def test_a_busy_core_is_left_to_its_user_when_that_is_faster() -> None:
    counts = run(ThreadChoice(2), 1.0, 200, lambda n: {1: 0.009, 2: 0.015}[n])
    assert counts[:FIRST_STEPS] == [1] * FIRST_STEPS
    assert counts.count(2) == COMPARED_STEPS
    assert set(counts[FIRST_STEPS + COMPARED_STEPS :]) == {1}


def test_all_threads_stay_when_they_are_faster_even_so() -> None:
    counts = run(ThreadChoice(8), 7.0, 200, lambda n: {4: 0.010, 8: 0.008}[n])
    assert set(counts[: FIRST_STEPS - 1]) == {4}
    assert set(counts[FIRST_STEPS + 1 :]) == {8}


def test_fewer_threads_are_a_power_of_two() -> None:
    assert ThreadChoice(8).wanted(6.0) == 4
    assert ThreadChoice(8).wanted(3.2) == 2
    assert ThreadChoice(6).wanted(5.0) == 4
    assert ThreadChoice(2).wanted(0.0) == 1


def test_the_threads_come_back_at_once_when_the_others_are_gone() -> None:
    choice = ThreadChoice(2)
    run(choice, 1.0, 100, lambda n: {1: 0.009, 2: 0.015}[n])
    assert choice.wanted(2.0) == 2


def test_steps_on_all_threads_while_another_session_loads_are_part_of_the_comparison() -> None:
    choice = ThreadChoice(2)
    for _ in range(COMPARED_STEPS):
        assert choice.wanted(1.0) == 1
        choice.done(2, 0.015)
    counts = run(choice, 1.0, 100, lambda n: {1: 0.009, 2: 0.015}[n])
    assert set(counts) == {1}, "how slow two are is known already"
