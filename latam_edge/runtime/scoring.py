"""A model's logits, for evaluation: in this process, without a chat, a sampler or a worker."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from latam_edge.core.errors import PromptTooLong, RuntimeFault
from latam_edge.core.hardware import usable_cores
from latam_edge.formats.gguf import read_header
from latam_edge.runtime.llama.model import load_model, make_context
from latam_edge.runtime.llama.native import library
from latam_edge.runtime.others import OthersProbe

Logits = npt.NDArray[np.float32]

_STEP_BYTES = 64 * 2**20
"""Most bytes of logits that one step computes: native memory stays small with a large vocabulary."""


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
        n_threads: None: one per usable core that other programs leave free, looked at anew
        before each `logits`; a core that is shared would stall every step (see governor.py).
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
        self._n_batch = max(1, min(n_ctx, 512, _STEP_BYTES // (4 * self.n_vocab)))
        self._most = n_threads or usable_cores()
        self._others = OthersProbe() if n_threads is None else None
        self._context: Any = None
        try:
            self._context = make_context(
                self._model,
                header.path,
                n_ctx=n_ctx,
                n_batch=self._n_batch,
                n_threads=self._most,
                all_logits=True,
            )
        except BaseException:
            self.close()
            raise
        self._batch = self._lib.llama_batch_init(self._n_batch, 0, 1)

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
        lib, batch = self._lib, self._batch
        if self._others is not None:
            free = max(1, self._most - round(self._others.cores() or 0.0))
            lib.llama_set_n_threads(self._context, free, free)
        lib.llama_memory_clear(lib.llama_get_memory(self._context), False)
        rows = np.empty((len(tokens), self.n_vocab), dtype=np.float32)
        for start in range(0, len(tokens), self._n_batch):
            chunk = tokens[start : start + self._n_batch]
            batch.n_tokens = len(chunk)
            for i, token in enumerate(chunk):
                batch.token[i] = token
                batch.pos[i] = start + i
                batch.n_seq_id[i] = 1
                batch.seq_id[i][0] = 0
                batch.logits[i] = 1
            status = lib.llama_decode(self._context, batch)
            if status != 0:
                raise RuntimeFault(detail=f"llama_decode: {status}")
            rows[start : start + len(chunk)] = np.ctypeslib.as_array(
                lib.llama_get_logits(self._context), shape=(len(chunk), self.n_vocab)
            )
        return rows

    def close(self) -> None:
        """Free the model. Idempotent."""
        if self._context is not None:
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
