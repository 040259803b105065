"""Measure a model on texts: how well it predicts them, and how far it is from a reference."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latam_edge.core.errors import BadFile, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.evaluate import metrics
from latam_edge.evaluate.language import UNDETERMINED, guess
from latam_edge.evaluate.windows import windows
from latam_edge.formats.gguf import read_array, read_header
from latam_edge.formats.opening import open_regular
from latam_edge.runtime.scoring import Scorer

N_CTX = 512
"""Tokens of one window, as llama-perplexity takes by default."""

_BLOCK_CHARACTERS = 1 << 16
"""Text tokenized at a time: llama.cpp's regular expressions recurse on long texts."""


@dataclass(frozen=True, slots=True)
class TextReport:
    """What was measured on one text. Figures against a reference are None without one."""

    file: str
    """The text's path, as given."""
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

    def to_json(self) -> dict[str, Any]:
        """The figures by name; those without a value are left out."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: value
            for name, value in values.items()
            if value is not None and not (isinstance(value, float) and math.isnan(value))
        }


def evaluate(
    model: Path,
    texts: Sequence[tuple[Path, str]],
    reference: Path | None = None,
    progress: Progress = silent,
    *,
    n_ctx: int = N_CTX,
    n_threads: int | None = None,
) -> list[TextReport]:
    """Score every text with `model`, and compare with `reference` token by token where given.

    texts: (path, language); a language of "" or "und" is guessed from the text.
    n_ctx: tokens of a window; the models' own context is the upper limit.
    Logits are used window by window and thrown away: memory beyond the models is a few
    windows of logits (n_ctx * vocabulary * 4 bytes each).
    Raises UsageError for a reference with another vocabulary or a text too short, BadFile
    for one that is not UTF-8, and what loading a model raises.

    >>> evaluate(Path("int4.gguf"), [(Path("texto.txt"), "es")], Path("f16.gguf"))[0].kl_mean
    """
    if reference is not None:
        _same_vocabulary(model, reference)
    n_ctx = min([n_ctx, *(_context(path) for path in (model, reference) if path is not None)])
    contents = [_read_text(Path(path)) for path, _ in texts]
    with ExitStack() as stack:
        scorer = stack.enter_context(Scorer(model, n_ctx=n_ctx, n_threads=n_threads))
        other = stack.enter_context(Scorer(reference, n_ctx, n_threads)) if reference is not None else None
        tokens = [array("i", _tokens(scorer, text)) for text in contents]
        total, done = sum(map(len, tokens)), 0
        reports = []
        for (path, language), text, ids in zip(texts, contents, tokens, strict=True):
            said = language if language not in ("", UNDETERMINED) else guess(text)
            position = Step("evaluate.scoring", done=done, total=total, unit="tokens", note=Path(path).name)
            reports.append(_measure(scorer, other, str(path), said, ids, progress, position))
            done += len(ids)
    return reports


def _measure(
    scorer: Scorer,
    other: Scorer | None,
    file: str,
    language: str,
    tokens: Sequence[int],
    progress: Progress,
    position: Step,
) -> TextReport:
    """One text, window by window. `position` says how far all texts are when this one starts."""
    bos = scorer.bos if scorer.adds_bos else None
    losses, divergences, agreements = [], [], []
    scored = 0
    for window in windows(tokens, scorer.n_ctx, bos):
        rows = slice(window.first - 1, len(window.tokens) - 1)
        logits = scorer.logits(window.tokens)[rows]
        losses.append(metrics.negative_log_likelihood(logits, window.targets))
        if other is not None:
            expected = other.logits(window.tokens)[rows]
            divergences.append(metrics.kl_divergence(expected, logits))
            agreements.append(metrics.same_top(expected, logits))
        scored += len(window.targets)
        done = position.done + scored
        progress(Step(position.key, min(done, position.total), position.total, position.unit, position.note))
    if not losses:
        raise UsageError(detail=t("evaluate.text_too_short", path=file))
    n_bytes = sum(len(scorer.piece(token)) for token in tokens[len(tokens) - scored :])
    return _report(file, language, n_bytes, losses, divergences, agreements)


def _report(
    file: str, language: str, n_bytes: int, losses: list[Any], divergences: list[Any], agreements: list[Any]
) -> TextReport:
    """Put the figures of all windows together."""
    loss = np.concatenate(losses)
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
    if divergences:
        kl = np.concatenate(divergences)
        mean, top = metrics.estimate(kl), metrics.estimate(np.concatenate(agreements))
        report |= {
            "kl_mean": mean.mean,
            "kl_mean_stderr": mean.stderr,
            "kl_p99": float(np.quantile(kl, 0.99)),
            "top1_agreement": top.mean,
            "top1_agreement_stderr": top.stderr,
        }
    return TextReport(file=file, language=language, bytes=n_bytes, tokens=len(loss), **report)


def _same_vocabulary(model: Path, reference: Path) -> None:
    """Comparing distributions makes sense over the same tokens only. Raises UsageError."""
    key = "tokenizer.ggml.tokens"
    ours, theirs = read_header(Path(model)), read_header(Path(reference))
    both = key in ours.metadata and key in theirs.metadata
    if not both or read_array(ours, key) != read_array(theirs, key):
        raise UsageError(detail=t("evaluate.other_vocabulary", model=model, reference=reference))


def _context(path: Path) -> int:
    """The longest context that a model was made for, at least 2."""
    value = read_header(Path(path)).field("context_length")
    return max(2, value) if isinstance(value, int) else N_CTX


def _read_text(path: Path) -> str:
    """The text as it is, without a byte order mark. Raises BadFile when it is not UTF-8."""
    with open_regular(path) as (file, size):
        raw = b""
        while len(raw) < size and (piece := file.read(size - len(raw))):
            raw += piece
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(path=path, reason=t("evaluate.not_utf8")) from error


def _tokens(scorer: Scorer, text: str) -> Iterator[int]:
    """Tokens of a text of any length, tokenized in blocks."""
    for block in blocks(text):
        yield from scorer.tokenize(block)


def blocks(text: str, size: int = _BLOCK_CHARACTERS) -> Iterator[str]:
    """Cut a long text after line ends that a word follows: no pre-tokenizer joins across those.

    A text without such places is cut at `size`.
    """
    start = 0
    while len(text) - start > size:
        end = start + size
        cut = end
        while cut > start and not (text[cut - 1] == "\n" and not text[cut].isspace()):
            cut -= 1
        yield text[start : cut if cut > start else end]
        start = cut if cut > start else end
    if start < len(text):
        yield text[start:]
