"""Measure a model's passport, and measure again what a passport states."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from latam_edge.core.errors import BadFile, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, silent
from latam_edge.core.version import __version__
from latam_edge.evaluate import evaluation_set
from latam_edge.evaluate.texts import N_CTX, Text, TextReport, evaluate
from latam_edge.formats import passport as passports
from latam_edge.formats.model import read_model
from latam_edge.formats.opening import open_regular
from latam_edge.formats.passport import Figures, Passport
from latam_edge.runtime.engine import engine_of

METHOD_KEYS = ("latam_edge.quant.method", "latam_edge.quant.library")
CALIBRATION_KEY = "latam_edge.quant.calibration_sha256"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a figure may move between machines: processors sum in different orders."""

    relative: float
    """Share of the stated value."""
    absolute: float = 0.0
    """Added to that."""

    def holds(self, stated: float, found: float) -> bool:
        return abs(found - stated) <= self.relative * abs(stated) + self.absolute


TOLERANCES = {
    "tokens": Tolerance(0.0),
    "perplexity": Tolerance(0.005),
    "bits_per_byte": Tolerance(0.005),
    "kl_mean": Tolerance(0.05, 0.0005),
    "kl_p99": Tolerance(0.10, 0.005),
    "top1_agreement": Tolerance(0.0, 0.005),
}
"""Figures that a check compares."""
AGAINST_REFERENCE = frozenset({"kl_mean", "kl_p99", "top1_agreement"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """One stated figure, measured again."""

    place: passports.Place
    """(engine, text, language)."""
    figure: str
    """A name of TOLERANCES."""
    stated: float
    found: float
    holds: bool
    """Whether they agree within the tolerance."""


@dataclass(frozen=True, slots=True)
class Check:
    """What became of a passport."""

    verdicts: tuple[Verdict, ...]
    unchecked: tuple[str, ...]
    """Why some of its figures were not measured again, in the user's language."""
    altered: bool = False
    """Whether something in it was changed after it was written, be it within the tolerances."""

    @property
    def holds(self) -> bool:
        return bool(self.verdicts) and not self.altered and all(verdict.holds for verdict in self.verdicts)


def measure(
    model: Path,
    reference: Path | None = None,
    *,
    sets: Sequence[str] = ("prose",),
    n_ctx: int | None = None,
    engine: str | None = None,
    n_threads: int | None = None,
    progress: Progress = silent,
) -> Passport:
    """Measure the figures of a passport on the evaluation set's texts.

    reference: the model before quantization; without it there are no divergences.
    n_ctx: tokens of a window; None: as the passport that the model has already, whose other
    figures then stay, else N_CTX.
    Raises what `evaluate` raises.
    """
    if n_ctx is None:
        before = passports.of_file(model)
        n_ctx = before.n_ctx if before is not None and before.figures else N_CTX
    texts: dict[tuple[str, str], Text] = {
        (name, lang): evaluation_set.load(name, lang) for name in sets for lang in evaluation_set.LANGUAGES
    }
    reports = evaluate(
        model,
        list(texts.values()),
        reference,
        progress,
        n_ctx=n_ctx,
        engine=engine,
        n_threads=n_threads,
    )
    return of_reports(model, reference, texts, reports)


def of_reports(
    model: Path,
    reference: Path | None,
    texts: Mapping[tuple[str, str], Text],
    reports: Sequence[TextReport],
) -> Passport:
    """The passport that figures make which were measured already.

    texts: by (name in the evaluation set, language), in the order of `reports`, at least one.
    """
    header = read_model(model)
    method = next((value for key in METHOD_KEYS if isinstance(value := header.metadata.get(key), str)), "")
    calibration = header.metadata.get(CALIBRATION_KEY)
    return Passport(
        figures={
            (report.engine, name, lang): _figures(report)
            for (name, lang), report in zip(texts, reports, strict=True)
        },
        text_sha256={place: evaluation_set.sha256(text) for place, text in texts.items()},
        weights_sha256=passports.weights_digest(model),
        method=method or header.quantization.lower(),
        calibration_sha256=calibration if isinstance(calibration, str) else "",
        reference=Path(reference).name if reference is not None else "",
        reference_sha256=_file_digest(reference) if reference is not None else "",
        n_ctx=reports[0].n_ctx,
        windows=reports[0].windows,
        program=f"latam-edge {__version__}",
    )


def check(
    model: Path,
    reference: Path | None = None,
    *,
    engine: str | None = None,
    n_threads: int | None = None,
    progress: Progress = silent,
) -> Check:
    """Measure again what the model's passport states for this engine.

    Without `reference` the divergences are left unchecked, which the result says. Raises
    BadFile for a model without a passport, with other weights than it speaks of, or of
    which nothing can be measured; UsageError for another reference than the one it names.
    """
    metadata = read_model(model).metadata
    stated = passports.read(metadata)
    if stated is None or not stated.figures:
        raise BadFile(path=model, reason=t("evaluate.no_passport", path=model))
    if stated.weights_sha256 != passports.weights_digest(model):
        raise BadFile(path=model, reason=t("evaluate.passport_other_weights"))
    if reference is not None and stated.reference_sha256 not in ("", _file_digest(reference)):
        raise UsageError(detail=t("evaluate.passport_other_reference", expected=stated.reference))
    running = engine or engine_of(model)
    unchecked: list[str] = []
    places: dict[passports.Place, Text] = {}
    for place in sorted(stated.figures):
        if place[0] != running:
            unchecked.append(t("evaluate.unchecked_engine", engine=place[0]))
        elif (text := _same_text(stated, place)) is None:
            unchecked.append(t("evaluate.unchecked_text", name=f"{place[1]}.{place[2]}"))
        else:
            places[place] = text
    if not places:
        raise BadFile(path=model, reason=" ".join(dict.fromkeys(unchecked)))
    reports = evaluate(
        model,
        list(places.values()),
        reference,
        progress,
        n_ctx=stated.n_ctx,
        windows=stated.windows,
        engine=engine,
        n_threads=n_threads,
    )
    if reference is None and any(stated.figures[place].kl_mean is not None for place in places):
        unchecked.append(t("evaluate.unchecked_divergence", reference=stated.reference or "?"))
    verdicts = [
        verdict
        for place, report in zip(places, reports, strict=True)
        for verdict in _compare(place, stated.figures[place], _figures(report))
    ]
    altered = passports.altered(metadata)
    return Check(tuple(verdicts), tuple(dict.fromkeys(unchecked)), altered)


def _compare(place: passports.Place, stated: Figures, found: Figures) -> list[Verdict]:
    verdicts = []
    for name, tolerance in TOLERANCES.items():
        before, now = getattr(stated, name), getattr(found, name)
        if before is not None and now is not None:
            verdicts.append(Verdict(place, name, before, now, tolerance.holds(before, now)))
    return verdicts


def _same_text(stated: Passport, place: passports.Place) -> Text | None:
    """The text that a figure was measured on, if this version of the program has the very same."""
    _, name, language = place
    try:
        text = evaluation_set.load(name, language)
    except UsageError:
        return None
    same = stated.text_sha256.get((name, language)) == evaluation_set.sha256(text)
    return text if same else None


def _figures(report: TextReport) -> Figures:
    """What a passport keeps of a report, to six significant digits."""

    def short(value: float | None) -> float | None:
        return None if value is None else float(f"{value:.6g}")

    return Figures(
        tokens=report.tokens,
        perplexity=float(f"{report.perplexity:.6g}"),
        perplexity_stderr=short(report.perplexity_stderr),
        bits_per_byte=short(report.bits_per_byte),
        kl_mean=short(report.kl_mean),
        kl_p99=short(report.kl_p99),
        top1_agreement=short(report.top1_agreement),
        reference_perplexity=short(report.reference_perplexity),
    )


def _file_digest(path: Path) -> str:
    """sha256 of a file, or of a folder's weights."""
    if Path(path).is_dir():
        return passports.weights_digest(Path(path))
    digest = hashlib.sha256()
    with open_regular(Path(path)) as (file, _):
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
