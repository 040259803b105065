"""A conversation's tokens: what the KV cache holds, and what comes next."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from latam_edge.core.errors import RuntimeFault
from latam_edge.runtime.engine import Cancelled
from latam_edge.runtime.governor import Kind, ThreadGovernor
from latam_edge.runtime.llama.native import Handle, library
from latam_edge.runtime.llama.stepper import STEP_TOKENS, Stepper


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
        self.cached: list[int] = []
        self.stepper = Stepper(context, governor)
        self._memory = lib.llama_get_memory(context)
        self._step_tokens = min(n_batch, STEP_TOKENS)
        self._tokens = (ctypes.c_int32 * self._step_tokens)()
        # Positions and outputs left null: next position, logits of the last token.
        self._batch = lib.llama_batch_get_one(self._tokens, 1)
        self._rewinds = rewinds

    @property
    def n_threads(self) -> int:
        """Threads in use for decoding."""
        return self.stepper.governor.n_threads("decode")

    def begin(self) -> None:
        """An answer starts: forget an old cancel."""
        self.stepper.begin()

    def end(self) -> None:
        """The answer is over: nothing runs any more."""
        self.stepper.end()

    def cancel(self) -> None:
        """End the step that runs now and start no other. From any thread."""
        self.stepper.cancel()

    def reuse(self, prompt: Sequence[int]) -> int:
        """Keep in the cache what it shares with the start of `prompt`; how many tokens that is.

        Always less than the whole prompt: the last token is evaluated again, for its logits.
        """
        shared = 0
        for have, want in zip(self.cached, prompt[:-1], strict=False):
            if have != want:
                break
            shared += 1
        if shared < len(self.cached) and not (
            self._rewinds and self._lib.llama_memory_seq_rm(self._memory, 0, shared, -1)
        ):
            self._clear()
        del self.cached[shared:]
        return len(self.cached)

    def prefill(self, tokens: Sequence[int]) -> None:
        """Evaluate `tokens` after what is cached. Raises Cancelled, RuntimeFault."""
        for start in range(0, len(tokens), self._step_tokens):
            if self.stepper.cancelled:
                raise Cancelled
            self._step("prefill", list(tokens[start : start + self._step_tokens]))

    def next(self, token: int) -> None:
        """Evaluate one token of the answer. Raises Cancelled, RuntimeFault."""
        self._step("decode", [token])

    def close(self) -> None:
        """Free the context. Idempotent."""
        self.stepper.close()
        if self.context is not None:
            self._lib.llama_free(self.context)
            self.context = None

    def _step(self, kind: Kind, tokens: list[int]) -> None:
        self._tokens[: len(tokens)] = tokens  # type: ignore[assignment]  # ctypes takes plain numbers
        self._batch.n_tokens = len(tokens)
        try:
            self.stepper.run(kind, self._batch, len(tokens), len(self.cached))
        except Cancelled:
            if not self._rewinds:
                self._clear()
            raise
        except RuntimeFault:
            self._clear()
            raise
        self.cached += tokens

    def _clear(self) -> None:
        self._lib.llama_memory_clear(self._memory, False)
        self.cached.clear()
