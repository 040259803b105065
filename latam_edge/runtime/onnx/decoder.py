"""A conversation's tokens: what the KV cache holds, what comes next, on which session."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from latam_edge.core.errors import LatamEdgeError
from latam_edge.core.hardware import memory_available
from latam_edge.runtime.engine import Cancelled
from latam_edge.runtime.free_cores import FreeCores, calm_look
from latam_edge.runtime.onnx.cache import make_cache
from latam_edge.runtime.onnx.lane import ALL, Lane, StepBuffers, Terminated
from latam_edge.runtime.onnx.native import Session, library
from latam_edge.runtime.onnx.signature import Signature
from latam_edge.runtime.onnx.threads import ThreadChoice

Logits = npt.NDArray[np.float32]

STEP_TOKENS = 128
"""Prompt tokens per step: the size at which attention's intermediate results stay small."""

SPINNING_S = 0.1
"""ONNX Runtime's threads spin on for some ten milliseconds after a step, which looks like a busy machine."""


class OnnxDecoder:
    """One sequence on one model.

    `cached` lists the tokens whose keys and values the cache holds, and stays true
    whatever happens in a step.
    """

    def __init__(
        self,
        open_session: Callable[[int], Session],
        signature_of: Callable[[Session], Signature],
        *,
        n_ctx: int,
        n_batch: int,
        n_threads: int,
        fixed: bool,
        device: str,
        session_bytes: int,
        free: FreeCores | None = None,
    ) -> None:
        """
        open_session: loads the model on so many threads. signature_of: reads a session's edges.
        fixed: always `n_threads`; else fewer while other programs are busy.
        device: where the cache lives. session_bytes: memory that another session would take.
        free: made when the loading began, so that it has seen who else is busy.
        Raises what open_session and signature_of raise.
        """
        self.n_ctx = n_ctx
        self.cached: list[int] = []
        self.cancelled = False
        self._open = open_session
        self._most = n_threads
        self._choice = None if fixed or n_threads == 1 else ThreadChoice(n_threads)
        self._first_look: float | None = None
        self._free = free or FreeCores()
        # On a machine that is busy now the session for busy times is the first.
        self._in_use = n_threads if self._choice is None else self._choice.wanted(self._free.cores())
        session = open_session(self._in_use)
        self.signature = signature_of(session)
        self._cache = make_cache(self.signature, n_ctx, device)
        self._buffers = StepBuffers(self.signature, n_ctx)
        self._options = library().RunOptions()
        self._options.log_severity_level = 4
        # Asked for at each step; finding nothing there takes 30 microseconds. -1: no graph is captured.
        self._options.add_run_config_entry("gpu_graph_id", "-1")
        self._lanes = {self._in_use: self._lane(session, self._in_use)}
        self._session_bytes = session_bytes
        self._loading: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stepped_at = 0.0
        self._step_tokens = max(1, min(n_batch, STEP_TOKENS, n_ctx))
        self._logits: Logits = np.zeros(self.signature.n_vocab, np.float32)

    @property
    def n_threads(self) -> int:
        """Threads of the last step."""
        return self._in_use

    @property
    def logits(self) -> Logits:
        """Next-token logits after what was evaluated last: float32, (n_vocab,). Valid until the next step."""
        return self._logits

    # --- an answer -----------------------------------------------------------------------

    def begin(self) -> None:
        """An answer starts: forget an old cancel."""
        with self._lock:
            self.cancelled = False
            self._options.terminate = False
        self._free.restart()
        self._first_look = None
        if self._choice is not None and time.monotonic() - self._stepped_at > SPINNING_S:
            self._first_look = calm_look()

    def end(self) -> None:
        """An answer is over. A session for busy times that is not needed now gives its memory back."""
        self._stepped_at = time.monotonic()
        if self._in_use == self._most:
            for count in [count for count in self._lanes if count != self._most]:
                del self._lanes[count]

    def cancel(self) -> None:
        """End the step that runs now, and start no other before `begin`. From any thread."""
        with self._lock:
            self.cancelled = True
            self._options.terminate = True

    def reuse(self, prompt: Sequence[int]) -> int:
        """Keep in the cache what it shares with the start of `prompt`; how many tokens that is.

        Always less than the whole prompt: the last token is evaluated again, for its logits.
        """
        shared = 0
        for have, want in zip(self.cached, prompt[:-1], strict=False):
            if have != want:
                break
            shared += 1
        self._cache.trim(shared)
        del self.cached[shared:]
        return shared

    def prefill(self, tokens: Sequence[int]) -> None:
        """Evaluate `tokens` after what is cached. Raises Cancelled, RuntimeFault."""
        for start in range(0, len(tokens), self._step_tokens):
            if self.cancelled:
                raise Cancelled
            piece = list(tokens[start : start + self._step_tokens])
            lane = self._choose()
            try:
                self._logits = lane.evaluate(piece, len(self.cached))[-1]
            except Terminated:
                raise Cancelled from None
            self.cached += piece

    def next(self, token: int) -> None:
        """Evaluate one token of the answer. Raises Cancelled, RuntimeFault."""
        lane = self._choose()
        begin = time.perf_counter()
        try:
            lane.decode(token, len(self.cached))
        except Terminated:
            raise Cancelled from None
        if self._choice is not None:
            self._choice.done(lane.n_threads, time.perf_counter() - begin)
        self.cached.append(token)
        self._logits = self._buffers.logits[0, 0].astype(np.float32, copy=False)

    def all_logits(self, tokens: list[int]) -> Logits:
        """Evaluate `tokens` after what is cached, and give logits at each: (len(tokens), n_vocab)."""
        logits = self._choose().evaluate(tokens, len(self.cached), ALL)
        self.cached += tokens
        return logits

    def clear(self) -> None:
        """Forget everything."""
        self.reuse([])

    def warm_up(self, token: int) -> None:
        """Touch all weights once, so that the first answer does not wait for the disk."""
        self._lanes[self._in_use].decode(token, 0)
        self._cache.trim(0)

    def close(self) -> None:
        """Free sessions and cache. Idempotent."""
        loading, self._loading = self._loading, None
        if loading is not None:
            loading.join()
        self._lanes.clear()

    # --- inside --------------------------------------------------------------------------

    def _lane(self, session: Session, n_threads: int) -> Lane:
        return Lane(session, n_threads, self.signature, self._cache, self._buffers, self._options)

    def _choose(self) -> Lane:
        """The lane for the next step: what is wanted if it is loaded, else what there is."""
        if self._choice is not None:
            free = self._free.cores()
            wanted = self._choice.wanted(self._first_look if free is None else free)
            if wanted != self._in_use:
                if wanted in self._lanes:
                    self._in_use = wanted
                elif free is not None:  # a single look is no reason to load anything
                    self._load(wanted)
        return self._lanes[self._in_use]

    def _load(self, n_threads: int) -> None:
        """Load another session in the background, if there is room for it and none is loading."""
        if self._loading is not None and self._loading.is_alive():
            return
        free = memory_available()
        if free and free < 2 * self._session_bytes:
            self._choice = None
            return

        def load() -> None:
            with suppress(LatamEdgeError):  # then all goes on as it is
                self._lanes[n_threads] = self._lane(self._open(n_threads), n_threads)

        self._loading = threading.Thread(target=load, name="session", daemon=True)
        self._loading.start()
