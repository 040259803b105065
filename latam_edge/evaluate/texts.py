"""Measure a model on texts: how well it predicts them, and how far it is from a reference."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latam_edge.core.errors import BadFile, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.evaluate import metrics
from latam_edge.evaluate.language import UNDETERMINED, guess
from latam_edge.evaluate.windows import WINDOWS, Window
from latam_edge.formats.gguf import read_array, read_header
from latam_edge.formats.model import read_model
from latam_edge.formats.plain_text import blocks, read_text
from latam_edge.runtime.engine import engine_of
from latam_edge.runtime.scorers import Logits, Scorer, open_scorer

N_CTX = 512
"""Tokens of one window, as llama-perplexity takes by default."""
_MOST_LOSS = 700.0
"""Nats; beyond it a perplexity is no float64, and a model has made no such prediction but by damage."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be measured on that is no file, or is in memory already."""

    name: str
    """What reports call it."""
    language: str
    """"es", "pt", ..."""
    content: str
    """The text itself."""


@dataclass(frozen=True, slots=True)
class TextReport:
    """What was measured on one text. Figures against a reference are None without one."""

    file: str
    """The text's path or name, as given."""
    language: str
    """As given, or guessed: "es", "pt", "en", "und"."""
    bytes: int
    """UTF-8 bytes of the text that the scored tokens stand for."""
    tokens: int
    """Tokens scored."""
    perplexity: float
    """exp of the mean negative log-likelihood. Comparable between models of one tokenizer only."""
    perplexity_stderr: float
    """Standard error, as if tokens were independent."""
    bits_per_byte: float
    """Bits that the model needs for a byte of the text. Comparable between all models."""
    bits_per_byte_stderr: float
    """Standard error, as if tokens were independent."""
    kl_mean: float | None = None
    """Mean KL(reference || model) per token, nats."""
    kl_mean_stderr: float | None = None
    """Standard error, as if tokens were independent."""
    kl_p99: float | None = None
    """The KL divergence that 99% of the tokens stay under, nats."""
    top1_agreement: float | None = None
    """Share of tokens where both prefer the same next token."""
    top1_agreement_stderr: float | None = None
    """Standard error, as if tokens were independent."""
    reference_perplexity: float | None = None
    """The reference's own perplexity on the same tokens."""
    engine: str = "llama"
    """Which engine ran the model."""
    windows: str = "overlapping"
    """How the text was cut; see windows.py."""
    n_ctx: int = N_CTX
    """Tokens of a window."""

    def to_json(self) -> dict[str, Any]:
        """The figures by name; those without a value are left out."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: value
            for name, value in values.items()
            if value is not None and not (isinstance(value, float) and math.isnan(value))
        }


@dataclass(frozen=True, slots=True)
class _Setup:
    """What is the same for every text."""

    scorer: Scorer
    reference: Scorer | None
    engine: str
    windows: str
    n_ctx: int
    progress: Progress
    model: Path
    """Named when its logits are no numbers."""
    reference_model: Path | None


def evaluate(
    model: Path,
    texts: Sequence[tuple[Path, str] | Text],
    reference: Path | None = None,
    progress: Progress = silent,
    *,
    n_ctx: int = N_CTX,
    n_threads: int | None = None,
    engine: str | None = None,
    reference_engine: str | None = None,
    windows: str = "overlapping",
) -> list[TextReport]:
    """Score every text with `model`, and compare with `reference` token by token where given.

    texts: (path, language), or a Text; a language of "" or "und" is guessed from the text.
    n_ctx: tokens of a window; the models' own context is the upper limit.
    engine, reference_engine: "llama" or "onnx"; None: what each file is made for.
    windows: how texts are cut, a name of `windows.WINDOWS`.
    Logits are used as they come and thrown away: memory beyond the models is that of one
    step of each (128 tokens * vocabulary * 4 bytes) and some 80 MB, whatever the texts' length.
    Raises UsageError for a reference with another vocabulary or a text too short, BadFile
    for one that is not UTF-8 and for a model whose logits are no numbers, EngineMissing, and
    what loading a model raises.

    >>> evaluate(Path("int4.gguf"), [(Path("texto.txt"), "es")], Path("f16.gguf"))[0].kl_mean
    """
    model = Path(model)
    if windows not in WINDOWS:
        raise UsageError(detail=t("evaluate.unknown_windows", found=windows, known=", ".join(WINDOWS)))
    known = [_loaded(text) for text in texts]
    if reference is not None:
        _same_header_vocabulary(model, Path(reference))
    n_ctx = min([n_ctx, *(_context(Path(path)) for path in (model, reference) if path is not None)])
    with ExitStack() as stack:
        scorer = stack.enter_context(closing(open_scorer(model, engine, n_ctx=n_ctx, n_threads=n_threads)))
        other = None
        if reference is not None:
            opened = open_scorer(Path(reference), reference_engine, n_ctx=n_ctx, n_threads=n_threads)
            other = stack.enter_context(closing(opened))
            if "onnx" in (engine_of(model), engine_of(Path(reference))):
                _same_vocabulary(scorer, other, model, Path(reference))
        running = engine or engine_of(model)
        other_model = None if reference is None else Path(reference)
        setup = _Setup(scorer, other, running, windows, n_ctx, progress, model, other_model)
        tokens = [array("i", _tokens(scorer, text.content, windows)) for text in known]
        for text, ids in zip(known, tokens, strict=True):
            # Before an hour is spent on the others.
            if next(WINDOWS[windows](ids, n_ctx, scorer.bos if scorer.adds_bos else None), None) is None:
                raise UsageError(detail=t("evaluate.text_too_short", path=text.name))
        total, done = sum(map(len, tokens)), 0
        reports = []
        for text, ids in zip(known, tokens, strict=True):
            position = Step(
                "evaluate.scoring", done=done, total=total, unit="tokens", note=Path(text.name).name
            )
            reports.append(_measure(setup, text, ids, position))
            done += len(ids)
    return reports


def _measure(setup: _Setup, text: Text, tokens: Sequence[int], position: Step) -> TextReport:
    """One text, window by window. `position` says how far all texts are when this one starts."""
    scorer = setup.scorer
    bos = scorer.bos if scorer.adds_bos else None
    figures = _Figures([], [], [], [])
    n_tokens = n_bytes = 0
    for window in WINDOWS[setup.windows](tokens, setup.n_ctx, bos):
        for targets in _score(setup, window, figures):
            n_tokens += len(targets)
            n_bytes += sum(len(scorer.piece(token)) for token in targets)
            # Windows side by side pass over as much as they score.
            seen = n_tokens if setup.windows == "overlapping" else 2 * n_tokens
            done = min(position.done + min(seen, len(tokens)), position.total)
            setup.progress(Step(position.key, done, position.total, position.unit, position.note))
    return _report(setup, text, n_bytes, figures)


@dataclass(frozen=True, slots=True)
class _Figures:
    """One figure per token, in pieces."""

    losses: list[Any]
    reference_losses: list[Any]
    divergences: list[Any]
    agreements: list[Any]


def _score(setup: _Setup, window: Window, figures: _Figures) -> Iterator[list[int]]:
    """Score one window into `figures`; yields the targets of each piece as it is done."""
    rows = (window.tokens, window.first - 1, len(window.tokens) - 1)
    ours = setup.scorer.stream(*rows)
    theirs = setup.reference.stream(*rows) if setup.reference is not None else None
    position = window.first
    with ExitStack() as stack:
        # A generator left half-way (Ctrl-C) ends now, not when it is collected.
        for opened in (ours, theirs):
            if opened is not None:
                stack.callback(opened.close)  # type: ignore[attr-defined]
        for logits, expected in _together(ours, theirs):
            targets = window.tokens[position : position + len(logits)]
            position += len(logits)
            # What is no number is told below, with the name of the model that it came from.
            with np.errstate(invalid="ignore", over="ignore"):
                if expected is None:
                    figures.losses.append(metrics.negative_log_likelihood(logits, targets))
                else:
                    found = metrics.compare(expected, logits, targets)
                    figures.losses.append(found.loss)
                    figures.reference_losses.append(found.reference_loss)
                    figures.divergences.append(found.kl)
                    figures.agreements.append(found.same_top)
            if setup.reference_model is not None:
                _sound(setup.reference_model, figures.reference_losses[-1])
            _sound(setup.model, figures.losses[-1])
            yield targets


def _sound(model: Path, losses: metrics.Floats) -> None:
    """Raises BadFile unless a model's probabilities are some: NaN weights end here, not in a figure."""
    if not (losses < _MOST_LOSS).all():  # NaN fails the comparison
        raise BadFile(path=model, reason=t("evaluate.not_finite"))


def _together(ours: Iterator[Logits], theirs: Iterator[Logits] | None) -> Iterator[tuple[Logits, Any]]:
    """The same rows of both, whatever the pieces that each engine gives."""
    if theirs is None:
        yield from ((rows, None) for rows in ours)
        return
    expected: Any = ()
    for rows in ours:
        while len(rows):
            if not len(expected):
                expected = next(theirs)
            count = min(len(rows), len(expected))
            yield rows[:count], expected[:count]
            rows, expected = rows[count:], expected[count:]


def _report(setup: _Setup, text: Text, n_bytes: int, figures: _Figures) -> TextReport:
    """Put the figures of all windows together."""
    loss = np.concatenate(figures.losses)
    nats = metrics.estimate(loss)
    perplexity = math.exp(nats.mean)
    # Nats per token -> bits per byte.
    scale = len(loss) / max(1, n_bytes) / math.log(2)
    report = {
        "perplexity": perplexity,
        "perplexity_stderr": perplexity * nats.stderr,  # first order, as llama-perplexity does
        "bits_per_byte": nats.mean * scale,
        "bits_per_byte_stderr": nats.stderr * scale,
    }
    if figures.divergences:
        kl = np.concatenate(figures.divergences)
        mean, top = metrics.estimate(kl), metrics.estimate(np.concatenate(figures.agreements))
        report |= {
            "kl_mean": mean.mean,
            "kl_mean_stderr": mean.stderr,
            "kl_p99": float(np.quantile(kl, 0.99)),
            "top1_agreement": top.mean,
            "top1_agreement_stderr": top.stderr,
            "reference_perplexity": math.exp(float(np.concatenate(figures.reference_losses).mean())),
        }
    return TextReport(
        file=text.name,
        language=text.language,
        bytes=n_bytes,
        tokens=len(loss),
        engine=setup.engine,
        windows=setup.windows,
        n_ctx=setup.n_ctx,
        **report,
    )


def _loaded(text: tuple[Path, str] | Text) -> Text:
    """A text in memory, its language named or guessed. Raises BadFile and what opening a file raises."""
    if not isinstance(text, Text):
        path, language = text
        text = Text(str(path), language, read_text(Path(path)))
    if text.language in ("", UNDETERMINED):
        text = Text(text.name, guess(text.content), text.content)
    return text


def _same_header_vocabulary(model: Path, reference: Path) -> None:
    """For two GGUF files, before either is loaded. Raises UsageError.

    Comparing distributions makes sense over the same tokens only.
    """
    if "onnx" in (engine_of(model), engine_of(reference)):
        return
    key = "tokenizer.ggml.tokens"
    ours, theirs = read_header(model), read_header(reference)
    both = key in ours.metadata and key in theirs.metadata
    if not both or read_array(ours, key) != read_array(theirs, key):
        raise _other_vocabulary(model, reference)


def _same_vocabulary(ours: Scorer, theirs: Scorer, model: Path, reference: Path) -> None:
    """For any two engines: the same number of logits and the same bytes behind each. Raises UsageError."""
    if ours.n_vocab != theirs.n_vocab or any(
        ours.piece(token) != theirs.piece(token) for token in range(ours.n_vocab)
    ):
        raise _other_vocabulary(model, reference)


def _other_vocabulary(model: Path, reference: Path) -> UsageError:
    return UsageError(detail=t("evaluate.other_vocabulary", model=model, reference=reference))


def _context(path: Path) -> int:
    """The longest context that a model was made for, at least 2."""
    value = read_model(path).field("context_length")
    return max(2, value) if isinstance(value, int) else N_CTX


def _tokens(scorer: Scorer, text: str, windows: str) -> Iterator[int]:
    """Tokens of a text of any length, tokenized in blocks."""
    if windows == "llama-perplexity":
        text = text.removesuffix("\n")  # as that tool reads files
    for block in blocks(text):
        yield from scorer.tokenize(block)
