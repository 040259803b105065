"""A GGUF model's logits, for evaluation: in this process, without a chat, a sampler or a worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from latam_edge.core.errors import PromptTooLong
from latam_edge.core.hardware import usable_cores
from latam_edge.formats.gguf import read_header
from latam_edge.runtime.governor import ThreadGovernor
from latam_edge.runtime.llama.model import load_model, make_context
from latam_edge.runtime.llama.native import library
from latam_edge.runtime.llama.stepper import STEP_TOKENS, Stepper
from latam_edge.runtime.scorers import Logits


class Scorer:
    """Tokens in, logits out, by llama.cpp. See `scorers.Scorer`.

    BOS: `tokenize` never adds it. `logits` evaluates exactly what it is given,
    from an empty context; put `bos` first when `adds_bos` (as llama-perplexity does).

    >>> with Scorer(Path("model.gguf"), n_ctx=512) as scorer:
    ...     tokens = scorer.tokenize("La capital de Bolivia")
    ...     logits = scorer.logits(tokens)        # (len(tokens), scorer.n_vocab)
    """

    def __init__(self, model_path: Path | str, n_ctx: int = 512, n_threads: int | None = None) -> None:
        """
        n_ctx: most tokens of one `logits` call.
        n_threads: None: chosen and watched step by step, as in the chat (see governor.py).
        Raises what `read_header` raises, ModelRejected, EngineMissing.
        """
        self._lib = library()
        header = read_header(Path(model_path))
        self._model = load_model(header, gpu_layers="off")
        self.n_ctx = n_ctx
        self.n_vocab: int = self._model.vocab.size
        self.adds_bos: bool = self._model.vocab.adds_bos
        """Whether the model expects `bos` before a text."""
        self.bos: int | None = self._model.vocab.bos if self._model.vocab.bos >= 0 else None
        self.eos: int | None = self._model.vocab.eos if self._model.vocab.eos >= 0 else None
        self._n_batch = max(1, min(n_ctx, STEP_TOKENS))
        self._context: Any = None
        self._batch: Any = None
        self._stepper: Stepper | None = None
        threads = n_threads or usable_cores()
        try:
            self._context = make_context(
                self._model,
                header.path,
                n_ctx=n_ctx,
                n_batch=self._n_batch,
                n_threads=threads,
                all_logits=True,
            )
            self._batch = self._lib.llama_batch_init(self._n_batch, 0, 1)
            self._stepper = Stepper(self._context, ThreadGovernor(threads, fixed=n_threads is not None))
            self._stepper.warm_up(max(0, self._model.vocab.bos))
        except BaseException:
            self.close()
            raise

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a plain text: no BOS, and control tokens' names are mere characters."""
        return self._model.vocab.tokenize(text)

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; empty for control tokens."""
        return self._model.vocab.piece(token)

    def logits(self, tokens: Sequence[int]) -> Logits:
        """Next-token logits after each of `tokens`: float32, (len(tokens), n_vocab).

        Row i is the model's opinion on token i+1, having seen tokens 0..i and nothing
        of earlier calls. Raises PromptTooLong beyond n_ctx, RuntimeFault when the
        engine fails.
        """
        rows = np.empty((len(tokens), self.n_vocab), dtype=np.float32)
        filled = 0
        for piece in self.stream(tokens):
            rows[filled : filled + len(piece)] = piece
            filled += len(piece)
        return rows

    def stream(self, tokens: Sequence[int], start: int = 0, stop: int | None = None) -> Iterator[Logits]:
        """Rows start..stop of what `logits` gives, a step at a time, each valid until the next is asked for.

        Rows outside are not computed: the vocabulary's share of the work is saved. What is
        yielded is the library's own memory.
        """
        if len(tokens) > self.n_ctx:
            raise PromptTooLong(prompt_tokens=len(tokens), n_ctx=self.n_ctx)
        end = len(tokens) if stop is None else min(stop, len(tokens))
        stepper, batch = self._stepper, self._batch
        assert stepper is not None, "closed"
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), False)
        stepper.begin()
        try:
            for first in range(0, end, self._n_batch):
                chunk = tokens[first : min(first + self._n_batch, end)]
                batch.n_tokens = len(chunk)
                wanted = 0
                for i, token in enumerate(chunk):
                    batch.token[i] = token
                    batch.pos[i] = first + i
                    batch.n_seq_id[i] = 1
                    batch.seq_id[i][0] = 0
                    batch.logits[i] = first + i >= start
                    wanted += first + i >= start
                stepper.run("prefill", batch, len(chunk), first)
                if wanted:
                    shape = (wanted, self.n_vocab)
                    yield np.ctypeslib.as_array(self._lib.llama_get_logits(self._context), shape=shape)
        finally:
            stepper.end()

    def close(self) -> None:
        """Free the model. Idempotent."""
        if self._context is not None:
            if self._stepper is not None:
                self._stepper.close()
            if self._batch is not None:
                self._lib.llama_batch_free(self._batch)
            self._lib.llama_free(self._context)
            self._context = None
        if self._model is not None:
            self._model.free()
            self._model = None  # type: ignore[assignment]

    def __enter__(self) -> Scorer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
