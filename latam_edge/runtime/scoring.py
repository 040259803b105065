"""A model's logits, for evaluation: in this process, without a chat, a sampler or a worker."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from latam_edge.core.errors import PromptTooLong
from latam_edge.core.hardware import usable_cores
from latam_edge.formats.gguf import read_header
from latam_edge.runtime.governor import ThreadGovernor
from latam_edge.runtime.llama.model import load_model, make_context
from latam_edge.runtime.llama.native import library
from latam_edge.runtime.llama.stepper import STEP_TOKENS, Stepper

Logits = npt.NDArray[np.float32]


class Scorer:
    """Tokens in, logits out.

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

    def logits(self, tokens: list[int]) -> Logits:
        """Next-token logits after each of `tokens`: float32, (len(tokens), n_vocab).

        Row i is the model's opinion on token i+1, having seen tokens 0..i and nothing
        of earlier calls. Raises PromptTooLong beyond n_ctx, RuntimeFault when the
        engine fails.
        """
        if len(tokens) > self.n_ctx:
            raise PromptTooLong(prompt_tokens=len(tokens), n_ctx=self.n_ctx)
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), False)
        rows = np.empty((len(tokens), self.n_vocab), dtype=np.float32)
        stepper = self._stepper
        assert stepper is not None, "closed"
        stepper.begin()
        try:
            self._fill(rows, tokens, stepper)
        finally:
            stepper.end()
        return rows

    def _fill(self, rows: Logits, tokens: list[int], stepper: Stepper) -> None:
        batch = self._batch
        for start in range(0, len(tokens), self._n_batch):
            chunk = tokens[start : start + self._n_batch]
            batch.n_tokens = len(chunk)
            for i, token in enumerate(chunk):
                batch.token[i] = token
                batch.pos[i] = start + i
                batch.n_seq_id[i] = 1
                batch.seq_id[i][0] = 0
                batch.logits[i] = 1
            stepper.run("prefill", batch, len(chunk), start)
            rows[start : start + len(chunk)] = np.ctypeslib.as_array(
                self._lib.llama_get_logits(self._context), shape=(len(chunk), self.n_vocab)
            )

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
