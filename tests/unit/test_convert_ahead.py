"""Pieces coded on several threads: in order, few at a time, and errors where they belong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from convert.to_gguf.ahead import AHEAD, coded


def test_results_come_in_the_jobs_order_however_they_finish() -> None:
    def job(number: int) -> bytes:
        time.sleep(0.002 * (number % 3 == 0))
        return bytes([number])

    with coded([partial(job, number) for number in range(40)], n_threads=3) as results:
        assert [results.next()[0] for _ in range(40)] == list(range(40))


def test_only_a_few_jobs_run_ahead_of_who_takes_them() -> None:
    begun: list[int] = []

    def job(number: int) -> bytes:
        begun.append(number)
        return b""

    with coded((partial(job, number) for number in range(100)), n_threads=2) as results:
        for taken in range(1, 20):
            results.next()
            time.sleep(0.002)
            assert len(begun) <= taken + 2 + AHEAD


def test_the_work_begins_before_anything_is_asked_for() -> None:
    begun = threading.Event()

    def job() -> bytes:
        begun.set()
        return b""

    with coded([job], n_threads=1):
        assert begun.wait(5)


def test_an_error_comes_out_where_its_result_would_have() -> None:
    def bad() -> bytes:
        raise ValueError("row 7")

    jobs: list[Callable[[], bytes]] = [lambda: b"a", bad, lambda: b"c"]
    with coded(jobs, n_threads=2) as results:
        assert results.next() == b"a"
        with pytest.raises(ValueError, match="row 7"):
            results.next()


def test_leaving_early_drops_what_has_not_begun() -> None:
    done: list[int] = []

    def job(number: int) -> bytes:
        time.sleep(0.05)
        done.append(number)
        return b""

    with coded([partial(job, number) for number in range(50)], n_threads=1) as results:
        results.next()
    assert len(done) <= 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("coding")]
