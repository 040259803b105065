"""The engine on llama.cpp's low-level API: one model, one conversation's KV cache."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from latam_edge.core.errors import RuntimeFault, UsageError
from latam_edge.core.hardware import usable_cores
from latam_edge.core.i18n import t
from latam_edge.formats.gguf import GGUFHeader, read_header
from latam_edge.runtime.answering import answer
from latam_edge.runtime.defaults import choose_seed, resolved, shipped
from latam_edge.runtime.engine import LEAST_N_CTX, Cancellation
from latam_edge.runtime.governor import ThreadGovernor
from latam_edge.runtime.llama.decoder import Decoder
from latam_edge.runtime.llama.model import NativeModel, gpu_layer_count, load_model, make_context
from latam_edge.runtime.llama.native import library
from latam_edge.runtime.llama.sampler import Sampler
from latam_edge.runtime.llama.stepper import STEP_TOKENS
from latam_edge.runtime.llama.variants import build
from latam_edge.runtime.memory import fitting_context
from latam_edge.runtime.prompts import Prompts
from latam_edge.runtime.stopwatch import Stopwatch
from latam_edge.runtime.types import EngineConfig, Event, ModelInfo, Request


class LlamaEngine:
    """See `engine.Engine`."""

    def __init__(self) -> None:
        self._model: NativeModel | None = None
        self._decoder: Decoder | None = None
        self._load_s = 0.0

    def load(self, model: Path, config: EngineConfig) -> ModelInfo:
        """Check the file, then memory, then let native code have it."""
        begin = time.perf_counter()
        if config.n_ctx is not None and config.n_ctx < LEAST_N_CTX:
            raise UsageError(detail=t("runtime.context_too_small", least=LEAST_N_CTX))
        if config.n_threads is not None and config.n_threads < 1:
            raise UsageError(detail=t("runtime.bad_threads"))
        gpu_layer_count(config.gpu_layers)
        header = read_header(model)
        name = _name(header)
        # The decoder never evaluates more at once; room for more would be memory that nobody uses.
        n_batch = max(1, min(config.n_batch, STEP_TOKENS))
        n_ctx = fitting_context(header, name, config.n_ctx)
        lib = library()
        native = self._model = load_model(header, gpu_layers=config.gpu_layers)
        n_threads = config.n_threads or usable_cores()
        context = make_context(native, model, n_ctx=n_ctx, n_batch=min(n_batch, n_ctx), n_threads=n_threads)
        recurrent = lib.llama_model_is_recurrent(native.handle) or lib.llama_model_is_hybrid(native.handle)
        self._decoder = Decoder(
            context,
            min(n_batch, n_ctx),
            # An aborted step would spoil a recurrent model's state.
            ThreadGovernor(n_threads, fixed=config.n_threads is not None, aborts=not recurrent),
            rewinds=not recurrent,
        )
        vocab = native.vocab
        self._prompts = Prompts(vocab, header.chat_template, self._decoder.n_ctx)
        self._decoder.stepper.warm_up(max(0, vocab.bos))
        code = build(lib)
        self._load_s = time.perf_counter() - begin
        self._info = ModelInfo(
            name=name,
            path=str(model),
            architecture=header.architecture,
            parameters=header.parameters,
            file_bytes=header.file_bytes,
            n_ctx=self._decoder.n_ctx,
            n_ctx_train=native.n_ctx_train,
            n_vocab=vocab.size,
            engine="llama",
            n_threads=n_threads,
            load_s=self._load_s,
            sampling=shipped(header.metadata),
            device=native.device,
            variant=code.variant,
            unused=code.unused,
        )
        return self._info

    def generate(self, request: Request, cancellation: Cancellation) -> Iterator[Event]:
        stopwatch = Stopwatch(self._load_s)
        model, decoder = self._loaded()
        vocab = model.vocab
        sampling = resolved(request.sampling, self._info.sampling)
        seed = choose_seed(request.sampling.seed)
        prompt = self._prompts.fit(request)
        self._load_s = 0.0
        sampler = Sampler(sampling, seed, vocab.size)
        sampler.accept(prompt.tokens)
        context, draw = decoder.context, sampler.draw
        try:
            yield from answer(
                prompt,
                request,
                steps=decoder,
                vocab=vocab,
                draw=lambda: draw(context),
                max_tokens=sampling.max_tokens,
                seed=seed,
                cancellation=cancellation,
                stopwatch=stopwatch,
            )
        finally:
            sampler.free()

    def count(self, text: str) -> int:
        return len(self._loaded()[0].vocab.tokenize(text))

    def close(self) -> None:
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None
        if self._model is not None:
            self._model.free()
            self._model = None

    # --- inside ------------------------------------------------------------------------

    def _loaded(self) -> tuple[NativeModel, Decoder]:
        if self._model is None or self._decoder is None:
            raise RuntimeFault(detail="no model")
        return self._model, self._decoder


def _name(header: GGUFHeader) -> str:
    name = header.metadata.get("general.name")
    return name if isinstance(name, str) and name else header.path.stem
