"""The engine on ONNX Runtime: one model folder, one conversation's KV cache."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from latam_edge.core.errors import CorruptModel, RuntimeFault, UsageError
from latam_edge.core.hardware import usable_cores
from latam_edge.core.i18n import t
from latam_edge.runtime.answering import answer
from latam_edge.runtime.defaults import choose_seed, resolved
from latam_edge.runtime.engine import LEAST_N_CTX, Cancellation
from latam_edge.runtime.free_cores import FreeCores
from latam_edge.runtime.memory import fitting_context
from latam_edge.runtime.onnx.decoder import OnnxDecoder
from latam_edge.runtime.onnx.folder import ClosableVocabulary, ModelFolder, open_folder, open_vocabulary
from latam_edge.runtime.onnx.native import choose_provider, open_session
from latam_edge.runtime.onnx.sampler import NumpySampler
from latam_edge.runtime.onnx.signature import read_signature
from latam_edge.runtime.prompts import Prompts
from latam_edge.runtime.stopwatch import Stopwatch
from latam_edge.runtime.types import EngineConfig, Event, ModelInfo, Request


class OnnxEngine:
    """See `engine.Engine`."""

    def __init__(self) -> None:
        self._vocab: ClosableVocabulary | None = None
        self._decoder: OnnxDecoder | None = None
        self._load_s = 0.0

    def load(self, model: Path, config: EngineConfig) -> ModelInfo:
        """Check the folder, then memory, then let native code have it."""
        begin = time.perf_counter()
        free = FreeCores()
        if config.n_ctx is not None and config.n_ctx < LEAST_N_CTX:
            raise UsageError(detail=t("runtime.context_too_small", least=LEAST_N_CTX))
        if config.n_threads is not None and config.n_threads < 1:
            raise UsageError(detail=t("runtime.bad_threads"))
        folder = open_folder(model)
        header = folder.header
        provider = choose_provider(config.provider, config.gpu_layers)
        # The rotary tables end at the context that the model was trained for.
        asked = None if config.n_ctx is None else min(config.n_ctx, folder.n_ctx_train)
        n_ctx = fitting_context(header, folder.name, asked)
        vocab = self._vocab = open_vocabulary(folder)
        n_threads = config.n_threads or usable_cores()
        decoder = self._decoder = make_decoder(
            folder, provider, n_ctx=n_ctx, n_batch=config.n_batch, n_threads=config.n_threads, free=free
        )
        if header.words is not None and vocab.size != decoder.signature.n_vocab:
            # llama.cpp would end the process when it is asked for a token that it does not have.
            detail = f"{vocab.size} != {decoder.signature.n_vocab}"
            raise CorruptModel(path=header.words.path, field="tokenizer.ggml.tokens", detail=detail)
        self._prompts = Prompts(vocab, header.chat_template, n_ctx)
        decoder.warm_up(max(0, vocab.bos))
        self._load_s = time.perf_counter() - begin
        self._info = ModelInfo(
            name=folder.name,
            path=str(model),
            architecture=header.architecture,
            parameters=header.parameters,
            file_bytes=header.file_bytes,
            n_ctx=n_ctx,
            n_ctx_train=folder.n_ctx_train,
            n_vocab=decoder.signature.n_vocab,
            engine="onnx",
            n_threads=n_threads,
            load_s=self._load_s,
            sampling=folder.sampling,
            device=provider,
        )
        return self._info

    def generate(self, request: Request, cancellation: Cancellation) -> Iterator[Event]:
        stopwatch = Stopwatch(self._load_s)
        vocab, decoder = self._loaded()
        sampling = resolved(request.sampling, self._info.sampling)
        seed = choose_seed(request.sampling.seed)
        prompt = self._prompts.fit(request)
        self._load_s = 0.0
        sampler = NumpySampler(sampling, seed)
        sampler.accept(prompt.tokens)
        draw = sampler.draw
        yield from answer(
            prompt,
            request,
            steps=decoder,
            vocab=vocab,
            draw=lambda: draw(decoder.logits),
            max_tokens=sampling.max_tokens,
            seed=seed,
            cancellation=cancellation,
            stopwatch=stopwatch,
        )

    def count(self, text: str) -> int:
        return len(self._loaded()[0].tokenize(text))

    def close(self) -> None:
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None
        if self._vocab is not None:
            self._vocab.close()
            self._vocab = None

    # --- inside ------------------------------------------------------------------------

    def _loaded(self) -> tuple[ClosableVocabulary, OnnxDecoder]:
        if self._vocab is None or self._decoder is None:
            raise RuntimeFault(detail="no model")
        return self._vocab, self._decoder


def make_decoder(
    folder: ModelFolder,
    provider: str,
    *,
    n_ctx: int,
    n_batch: int,
    n_threads: int | None,
    free: FreeCores | None = None,
) -> OnnxDecoder:
    """Load the folder's graph. n_threads None: one a core, watched.

    Raises ModelRejected, ProviderMissing, UnsupportedModel.
    """
    header = folder.header
    return OnnxDecoder(
        lambda count: open_session(header.model_path, provider, count),
        lambda session: read_signature(session, header.path, header.config, header.graph.operators),
        n_ctx=n_ctx,
        n_batch=n_batch,
        n_threads=n_threads or usable_cores(),
        fixed=n_threads is not None or provider != "cpu",
        device="cuda" if provider == "cuda" else "cpu",
        session_bytes=header.loaded_bytes,
        free=free,
    )
