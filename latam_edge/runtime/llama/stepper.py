"""One step of the model after another: on how many threads, for how long, until when."""

from __future__ import annotations

import ctypes
import time

from latam_edge.core.errors import RuntimeFault
from latam_edge.runtime.engine import Cancelled
from latam_edge.runtime.free_cores import FreeCores, calm_look
from latam_edge.runtime.governor import Kind, ThreadGovernor
from latam_edge.runtime.llama.native import Handle, library, why
from latam_edge.runtime.llama.watchdog import Watchdog

STEP_TOKENS = 128
"""Prompt tokens per step: as fast as more on a CPU, and sooner aborted or regulated."""

WARM_UP_S = 0.25
"""A first step longer than this is not repeated for a better measure: the model or the machine is slow."""

STALE_S = 0.5
"""After a pause of this length what was seen of the other programs' work no longer counts."""

_ABORTED = 2  # llama_decode's word for "the abort callback said yes"


class Stepper:
    """Runs the steps of one context, and repeats those that fell off the cliff (see governor)."""

    def __init__(self, context: Handle, governor: ThreadGovernor) -> None:
        lib = self._lib = library()
        self.governor = governor
        self.cancelled = False
        self._context = context
        self._memory = lib.llama_get_memory(context)
        self._decode = lib.llama_decode
        self._threads = 0
        self._free = FreeCores()
        self._first_look: int | None = None
        self._ended = -STALE_S
        self._watchdog = Watchdog()
        self._watchdog.attach(context)

    def begin(self) -> None:
        """Work starts: an answer, a text to score."""
        self.cancelled = False
        self._watchdog.begin()
        if time.monotonic() - self._ended >= STALE_S:
            self._free.restart()
            self._first_look = calm_look()

    def end(self) -> None:
        """Work is over: from here on nothing runs."""
        self._ended = time.monotonic()
        self._watchdog.end()

    def cancel(self) -> None:
        """End the step that runs now, if one does, and start no other before `begin`. From any thread."""
        self.cancelled = True
        self._watchdog.stop()

    def close(self) -> None:
        """End the watchdog; before the context is freed. Idempotent."""
        self._watchdog.close()

    def run(self, kind: Kind, batch: Handle, n_tokens: int, depth: int) -> None:
        """Evaluate a batch of `n_tokens` tokens behind `depth` cached ones. Raises Cancelled, RuntimeFault.

        After Cancelled a model whose cache can't drop its end (a recurrent one) has
        lost its state; after RuntimeFault any has.
        """
        while True:
            free = self._free.cores()
            if free is None:
                free = self._first_look
            plan = self.governor.plan(kind, n_tokens, depth, free)
            if plan.n_threads != self._threads:
                self._use_threads(plan.n_threads)
            self._watchdog.arm(plan.deadline_s)
            begin = time.perf_counter()
            status = self._decode(self._context, batch)
            seconds = time.perf_counter() - begin
            late = self._watchdog.disarm()
            if status == 0:
                self.governor.done(kind, n_tokens, seconds)
                return
            if status != _ABORTED:
                raise _fault(status)
            # llama.cpp dropped the step's tokens itself; if it ever did not, this does.
            self._lib.llama_memory_seq_rm(self._memory, 0, depth, -1)
            if self.cancelled:
                raise Cancelled
            if late:
                self.governor.aborted(kind)

    def warm_up(self, token: int) -> None:
        """Touch all weights, and learn how long a step takes: on one thread, which nothing can stall.

        Leaves the cache empty. Raises RuntimeFault.
        """
        tokens = (ctypes.c_int32 * 1)(token)
        batch = self._lib.llama_batch_get_one(tokens, 1)
        self._use_threads(1)
        for _ in range(2):
            self._watchdog.arm(None)
            begin = time.perf_counter()
            status = self._decode(self._context, batch)
            seconds = time.perf_counter() - begin
            if status != 0:
                raise _fault(status)
            self._lib.llama_memory_clear(self._memory, False)
            if seconds > WARM_UP_S:
                break
        self.governor.done("decode", 1, seconds, n_threads=1)
        # A token costs less in a batch: a bound, until prefill has been seen.
        self.governor.done("prefill", 1, seconds, n_threads=1)

    def _use_threads(self, count: int) -> None:
        self._lib.llama_set_n_threads(self._context, count, count)
        self._threads = count


def _fault(status: int) -> RuntimeFault:
    return RuntimeFault(detail=f"llama_decode {status}: {why()}")
