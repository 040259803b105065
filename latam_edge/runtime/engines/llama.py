"""The engine on llama.cpp's low-level API: one model, one conversation's KV cache."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latam_edge.core.errors import RuntimeFault, UsageError
from latam_edge.core.hardware import usable_cores
from latam_edge.core.i18n import t
from latam_edge.formats.gguf import GGUFHeader, read_header
from latam_edge.runtime.context import ContextPolicy, Fitted
from latam_edge.runtime.defaults import resolved, shipped
from latam_edge.runtime.engine import Cancellation
from latam_edge.runtime.governor import ThreadGovernor
from latam_edge.runtime.llama.decoder import Decoder
from latam_edge.runtime.llama.model import NativeModel, gpu_layer_count, load_model, make_context
from latam_edge.runtime.llama.native import library
from latam_edge.runtime.llama.sampler import Sampler, choose_seed
from latam_edge.runtime.llama.stepper import Cancelled
from latam_edge.runtime.memory import fitting_context
from latam_edge.runtime.template import ChatTemplate
from latam_edge.runtime.text import AnswerText
from latam_edge.runtime.types import (
    Chunk,
    Done,
    EngineConfig,
    Event,
    FinishReason,
    ModelInfo,
    Request,
    Started,
    Timings,
    Usage,
)

LEAST_N_CTX = 16
"""A window in which a question and a word of answer fit."""


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
        n_batch = max(1, config.n_batch)
        n_ctx = fitting_context(header, name, config.n_ctx, n_batch)
        lib = library()
        native = self._model = load_model(header, gpu_layers=config.gpu_layers)
        n_threads = config.n_threads or usable_cores()
        context = make_context(native, model, n_ctx=n_ctx, n_batch=min(n_batch, n_ctx), n_threads=n_threads)
        recurrent = lib.llama_model_is_recurrent(native.handle) or lib.llama_model_is_hybrid(native.handle)
        self._decoder = Decoder(
            context,
            min(n_batch, n_ctx),
            ThreadGovernor(n_threads, fixed=config.n_threads is not None or bool(recurrent)),
            rewinds=not recurrent,
        )
        vocab = native.vocab
        self._template_source = header.chat_template
        self._template: ChatTemplate | None = None
        self._policy = ContextPolicy(self._decoder.n_ctx)
        self._decoder.stepper.warm_up(max(0, vocab.bos))
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
        )
        return self._info

    def generate(self, request: Request, cancellation: Cancellation) -> Iterator[Event]:
        begin = time.perf_counter()
        model, decoder = self._loaded()
        vocab = model.vocab
        sampling = resolved(request.sampling, self._info.sampling)
        seed = choose_seed(request.sampling.seed)
        prompt = self._prompt(request)
        text = AnswerText(request.stop, skip_leading_space=vocab.leading_space and not request.raw)
        clock = _Clock(begin, self._load_s)
        self._load_s = 0.0
        decoder.stepper.begin()
        sampler = Sampler(sampling, seed, vocab.size)
        sampler.accept(prompt.tokens)
        reason: FinishReason = "cancelled"
        said = 0
        try:
            with cancellation.waking(decoder.stepper.cancel):
                reused = decoder.reuse(prompt.tokens)
                yield Started(len(prompt.tokens), reused, prompt.dropped)
                limit = decoder.n_ctx - len(prompt.tokens)
                if sampling.max_tokens is not None:
                    limit = min(limit, max(0, sampling.max_tokens))
                with clock.prefilling():
                    decoder.prefill(prompt.tokens[reused:])
                # The one token that is always evaluated again says nothing about speed.
                clock.prefilled(len(prompt.tokens) - reused if reused < len(prompt.tokens) - 1 else 0)
                reason = "length"
                context, draw, ends, piece = decoder.context, sampler.draw, vocab.ends, vocab.piece
                while said < limit:
                    if cancellation.cancelled:
                        raise Cancelled
                    token = draw(context)
                    clock.token()
                    if ends(token):
                        reason = "stop"
                        break
                    said += 1
                    if shown := text.feed(piece(token)):
                        yield Chunk(shown)
                    if text.stopped:
                        reason = "stop"
                        break
                    if said < limit:
                        decoder.next(token)
        except Cancelled:
            reason = "cancelled"
        finally:
            sampler.free()
            decoder.stepper.end()
        if rest := text.finish():
            yield Chunk(rest)
        yield Done(
            finish_reason=reason,
            usage=Usage(prompt_tokens=len(prompt.tokens), completion_tokens=said),
            timings=clock.timings(),
            n_threads=decoder.stepper.governor.n_threads("decode"),
            seed=seed,
        )

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

    def _prompt(self, request: Request) -> Fitted:
        """The tokens to begin with. Raises PromptTooLong, BadTemplate, UsageError."""
        if not request.messages:
            raise UsageError(detail=t("runtime.no_messages"))
        if request.raw:
            # Somebody who writes the prompt's own markup wants it read as such.
            raw = self._with_bos(self._loaded()[0].vocab.tokenize(request.messages[-1].content, special=True))
            return self._policy.fit(request.messages[-1:], lambda _: raw, request.sampling.max_tokens)
        return self._policy.fit(request.messages, self._tokenize, request.sampling.max_tokens)

    def _tokenize(self, messages: object) -> list[int]:
        vocab = self._loaded()[0].vocab
        if self._template is None:
            self._template = ChatTemplate(
                self._template_source,
                bos_token=vocab.text(vocab.bos),
                eos_token=vocab.text(vocab.eos),
                control_tokens=vocab.control_names(),
            )
        tokens: list[int] = []
        for part in self._template.render(messages):  # type: ignore[arg-type]
            tokens += vocab.tokenize(part, special=True)
        return self._with_bos(tokens)

    def _with_bos(self, tokens: list[int]) -> list[int]:
        """With the BOS that the model expects, unless the template wrote it already."""
        vocab = self._loaded()[0].vocab
        if vocab.adds_bos and vocab.bos >= 0 and tokens[:1] != [vocab.bos]:
            return [vocab.bos, *tokens]
        return tokens or [max(0, vocab.bos)]


class _Clock:
    """Takes the times of one answer."""

    def __init__(self, begin: float, load_s: float) -> None:
        self._begin = begin
        self._load_s = load_s
        self._prefill_tokens = 0
        self._prefill_s = 0.0
        self._first = 0.0
        self._last = 0.0
        self._drawn = 0

    @contextmanager
    def prefilling(self) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self._prefill_s = time.perf_counter() - begin

    def prefilled(self, tokens: int) -> None:
        self._prefill_tokens = tokens

    def token(self) -> None:
        """A token was drawn, the end token included."""
        self._last = time.perf_counter()
        self._first = self._first or self._last
        self._drawn += 1

    def timings(self) -> Timings:
        decode_s = self._last - self._first
        return Timings(
            load_s=self._load_s,
            ttft_s=self._first - self._begin if self._first else 0.0,
            prefill_tps=self._prefill_tokens / self._prefill_s if self._prefill_s else 0.0,
            decode_tps=(self._drawn - 1) / decode_s if decode_s > 0 else 0.0,
        )


def _name(header: GGUFHeader) -> str:
    name = header.metadata.get("general.name")
    return name if isinstance(name, str) and name else header.path.stem
