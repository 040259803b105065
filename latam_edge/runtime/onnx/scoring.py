"""An ONNX model's logits, for evaluation: in this process, without a chat, a sampler or a worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from latam_edge.core.errors import PromptTooLong
from latam_edge.runtime.engines.onnx_engine import make_decoder
from latam_edge.runtime.onnx.decoder import STEP_TOKENS
from latam_edge.runtime.onnx.folder import open_folder, open_vocabulary
from latam_edge.runtime.scorers import Logits


class OnnxScorer:
    """Tokens in, logits out, by ONNX Runtime on the processor. See `scorers.Scorer`."""

    def __init__(self, model_path: Path | str, n_ctx: int = 512, n_threads: int | None = None) -> None:
        """
        n_ctx: most tokens of one `stream` call; at most what the model allows.
        n_threads: None: chosen and watched step by step, as in the chat.
        Raises what `read_folder` raises, ModelRejected, UnsupportedModel, EngineMissing.
        """
        folder = open_folder(Path(model_path))
        self.n_ctx = min(n_ctx, folder.n_ctx_train)
        self._vocab = open_vocabulary(folder)
        try:
            self._decoder = make_decoder(
                folder, "cpu", n_ctx=self.n_ctx, n_batch=STEP_TOKENS, n_threads=n_threads
            )
        except BaseException:
            self._vocab.close()
            raise
        self.n_vocab: int = self._decoder.signature.n_vocab
        self.bos: int | None = self._vocab.bos if self._vocab.bos >= 0 else None
        self.adds_bos: bool = self._vocab.adds_bos

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a plain text: no BOS, and control tokens' names are mere characters."""
        return self._vocab.tokenize(text)

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; empty for control tokens."""
        return self._vocab.piece(token)

    def stream(self, tokens: Sequence[int], start: int = 0, stop: int | None = None) -> Iterator[Logits]:
        """Rows start..stop of the logits, some at a time; see `scorers.Scorer.stream`."""
        if len(tokens) > self.n_ctx:
            raise PromptTooLong(prompt_tokens=len(tokens), n_ctx=self.n_ctx)
        stop = len(tokens) if stop is None else stop
        decoder = self._decoder
        decoder.begin()
        try:
            decoder.clear()
            for at in range(0, stop, STEP_TOKENS):
                piece = list(tokens[at : min(stop, at + STEP_TOKENS)])
                wanted = max(0, start - at)
                if wanted >= len(piece):
                    decoder.prefill(piece)
                else:
                    yield decoder.all_logits(piece)[wanted:]
        finally:
            decoder.end()

    def close(self) -> None:
        """Free the model. Idempotent."""
        self._decoder.close()
        self._vocab.close()
