"""Runs tokens through the model: KV cache, steps, threads."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence

from latam_edge.core.errors import RuntimeFault
from latam_edge.runtime.governor import Kind, ThreadGovernor
from latam_edge.runtime.llama.native import Handle, library, why
from latam_edge.runtime.llama.watchdog import Watchdog
from latam_edge.runtime.others import OthersProbe, others_now

PREFILL_STEP = 128
"""Tokens per prefill step: as fast as longer ones on a CPU, and sooner aborted or regulated."""

_ABORTED = 2  # llama_decode's word for "the abort callback said yes"


class Cancelled(Exception):
    """The user ended the answer in the middle of a step; the KV cache holds what was done before it."""


class Decoder:
    """One sequence in one context.

    `cached` lists the tokens whose keys and values the cache holds, and stays true
    whatever happens in a step.
    """

    def __init__(self, context: Handle, n_batch: int, governor: ThreadGovernor, *, rewinds: bool) -> None:
        """
        n_batch: tokens per step that the context was made for.
        rewinds: the cache can drop its end (recurrent models can only start anew).
        """
        lib = self._lib = library()
        self.context = context
        self.n_ctx: int = lib.llama_n_ctx(context)
        self.governor = governor
        self.cached: list[int] = []
        self.cancelled = False
        self._memory = lib.llama_get_memory(context)
        self._step_tokens = min(n_batch, PREFILL_STEP)
        self._tokens = (ctypes.c_int32 * self._step_tokens)()
        # Positions and outputs left null: next position, logits of the last token.
        self._batch = lib.llama_batch_get_one(self._tokens, 1)
        self._decode = lib.llama_decode
        self._threads = 0
        self._rewinds = rewinds
        self._others = OthersProbe()
        self._first_look: int | None = None
        self._watchdog = Watchdog()
        self._watchdog.attach(context)

    # --- an answer's frame -------------------------------------------------------------

    def begin(self) -> None:
        """An answer starts."""
        self.cancelled = False
        self._watchdog.begin()
        self._others.restart()
        self._first_look = _calm_look()

    def end(self) -> None:
        """An answer is over: from here on nothing runs."""
        self._watchdog.end()

    def cancel(self) -> None:
        """End the step that runs now, if one does, and start no other. From any thread."""
        self.cancelled = True
        self._watchdog.stop()

    def close(self) -> None:
        """Free the context. Idempotent."""
        self._watchdog.close()
        if self.context is not None:
            self._lib.llama_free(self.context)
            self.context = None

    # --- tokens ------------------------------------------------------------------------

    def reuse(self, prompt: Sequence[int]) -> int:
        """Keep in the cache what it shares with the start of `prompt`; how many tokens that is.

        Always less than the whole prompt: the last token is evaluated again, for its logits.
        """
        shared = 0
        for have, want in zip(self.cached, prompt[:-1], strict=False):
            if have != want:
                break
            shared += 1
        return self._rewind(shared)

    def prefill(self, tokens: Sequence[int]) -> None:
        """Evaluate `tokens` after what is cached. Raises Cancelled, RuntimeFault."""
        done = 0
        while done < len(tokens):
            if self.cancelled:
                raise Cancelled
            step = tokens[done : done + self._step_tokens]
            self._step("prefill", step)
            done += len(step)

    def next(self, token: int) -> None:
        """Evaluate one token of the answer. Raises Cancelled, RuntimeFault."""
        self._step("decode", (token,))

    def warm_up(self, token: int) -> None:
        """Touch all weights, and learn how long a step takes: on one thread, which nothing can stall."""
        self._watchdog.begin()
        for _ in range(2):
            self._tokens[0] = token
            self._batch.n_tokens = 1
            self._use_threads(1)
            begin = time.perf_counter()
            self._check(self._decode(self.context, self._batch))
            seconds = time.perf_counter() - begin
            self._clear()
            if seconds > 0.25:
                break  # a big model or a slow machine: once is enough
        self._watchdog.end()
        self.governor.done("decode", 1, seconds, n_threads=1)
        # A token costs less in a batch: a bound, until prefill has been seen.
        self.governor.done("prefill", 1, seconds, n_threads=1)

    # --- inside ------------------------------------------------------------------------

    def _step(self, kind: Kind, tokens: Sequence[int]) -> None:
        count = len(tokens)
        cached = self.cached
        self._tokens[:count] = list(tokens)
        self._batch.n_tokens = count
        while True:
            others = self._others.cores()
            if others is None and self._first_look is not None:
                others = self._first_look
            plan = self.governor.plan(kind, count, len(cached), others)
            if plan.n_threads != self._threads:
                self._use_threads(plan.n_threads)
            self._watchdog.arm(plan.deadline_s)
            begin = time.perf_counter()
            status = self._decode(self.context, self._batch)
            seconds = time.perf_counter() - begin
            late = self._watchdog.disarm()
            if status == 0:
                self.governor.done(kind, count, seconds)
                cached.extend(tokens)
                return
            if status != _ABORTED:
                self._clear()
                self._check(status)
            self._restore()
            if self.cancelled:
                raise Cancelled
            if late:
                self.governor.aborted(kind)

    def _use_threads(self, count: int) -> None:
        self._lib.llama_set_n_threads(self.context, count, count)
        self._threads = count

    def _restore(self) -> None:
        """After an aborted step: the cache as `cached` says. llama.cpp has dropped the step's own tokens."""
        if self._rewinds:
            self._rewind(len(self.cached))
        else:
            self._clear()  # half a step has spoilt a recurrent state

    def _rewind(self, length: int) -> int:
        """Drop all but the first `length` cached tokens; how many are left (0 when it can't rewind)."""
        if length < len(self.cached) and not self._rewinds:
            self._clear()
        if not self._lib.llama_memory_seq_rm(self._memory, 0, length, -1):
            self._clear()
        del self.cached[length:]
        return len(self.cached)

    def _clear(self) -> None:
        self._lib.llama_memory_clear(self._memory, False)
        self.cached.clear()

    def _check(self, status: int) -> None:
        if status != 0:
            raise RuntimeFault(detail=f"llama_decode {status}: {why()}")


def _calm_look() -> int | None:
    """Others that want a core now, but for one who was about to sleep, such as our own client."""
    seen = others_now()
    for _ in range(3):
        if not seen:
            break
        time.sleep(0.001)
        again = others_now()
        seen = None if again is None else min(seen, again)
    return seen
