"""Pieces of tensors coded on all cores, a few ahead of the writer, which takes them in the file's order.

numpy lets go of the interpreter inside each operation, so threads are enough. At most
`AHEAD` pieces more than there are threads are in memory, whatever the model's size.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from latam_edge.core.hardware import usable_cores

Job = Callable[[], bytes]

MOST_THREADS = 8
"""More would wait for the disk, and each holds some copies of a piece."""
AHEAD = 2
"""Finished pieces that may wait for the writer."""


class Coded:
    """The results of jobs, in the jobs' order, however they finish."""

    def __init__(self, pool: ThreadPoolExecutor, jobs: Iterable[Job], window: int) -> None:
        self._pool = pool
        self._jobs = iter(jobs)
        self._waiting: deque[Future[bytes]] = deque()
        for _ in range(window):
            self._submit()

    def next(self) -> bytes:
        """The next job's result, or what it raised."""
        done = self._waiting.popleft()
        self._submit()
        return done.result()

    def _submit(self) -> None:
        job = next(self._jobs, None)
        if job is not None:
            self._waiting.append(self._pool.submit(job))


@contextmanager
def coded(jobs: Iterable[Job], n_threads: int | None = None) -> Iterator[Coded]:
    """Begin with `jobs` at once. On the way out those that have not begun are dropped."""
    threads = n_threads or min(MOST_THREADS, usable_cores())
    pool = ThreadPoolExecutor(threads, thread_name_prefix="coding")
    try:
        yield Coded(pool, jobs, threads + AHEAD)
    finally:
        pool.shutdown(cancel_futures=True)
