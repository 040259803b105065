"""`latam-edge evaluate MODEL --regional`: the tables of the regional evaluation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from latam_edge.cli import output
from latam_edge.cli.extras import needs
from latam_edge.core.i18n import decimal, t

if TYPE_CHECKING:
    from latam_edge.evaluate.regional import RegionalReport
    from latam_edge.evaluate.regional.tally import Share

PARTS = ("pairs", "bias", "knowledge", "variants", "conduct")
"""As evaluate.regional.PARTS, which is not imported for a help text."""
LARGEST = 16
"""Rows of the bias table; the rest is in --json."""


def add_option(parser: argparse.ArgumentParser) -> None:
    """`--regional [PART ...]`."""
    parser.add_argument("--regional", nargs="*", choices=PARTS, help=t("regional.option"))


def run(model: Path, args: argparse.Namespace) -> int:
    """Measure and print; `args` is what `evaluate` was called with."""
    from latam_edge.cli.bar import Bar

    with needs("convert"), Bar() as bar:
        from latam_edge.evaluate.regional import measure
        from latam_edge.store import card

        report = measure(
            model,
            args.regional or PARTS,
            bar,
            engine=args.engine,
            n_threads=args.threads,
            excluded=card.read(model.with_suffix(".json")).get("health_excluded", ()),
        )
    if args.json:
        output.json(report.to_json())
    else:
        show(report)
    return 0


def show(report: RegionalReport) -> None:
    """A table for each part that was measured."""
    shown = [
        table
        for table, rows in (
            (_pairs, report.pairs),
            (_bias, report.bias),
            (_knowledge, report.knowledge),
            (_variants, report.variants),
            (_conduct, report.conduct),
            (_written, report.written),
        )
        if rows
    ]
    for number, table in enumerate(shown):
        if number:
            output.line()
        table(report)


def _pairs(report: RegionalReport) -> None:
    output.line(output.bold(t("regional.pairs.title")))
    output.table(
        [
            t("cli.evaluate.language"),
            t("regional.phenomenon"),
            t("regional.right"),
            "n",
            t("regional.interval"),
        ],
        [
            (
                row.lang,
                t(f"regional.phenomenon.{row.phenomenon}") if row.phenomenon else t("regional.all"),
                _percent(row.accuracy.value),
                str(row.accuracy.n),
                _interval(row.accuracy),
            )
            for row in report.pairs
        ],
        right=(2, 3, 4),
    )


def _bias(report: RegionalReport) -> None:
    """The rows that lean most, against what the neutral sentences say of the group's words."""
    tilted = [row for row in report.bias if row.tilt is not None]
    tilted.sort(key=lambda row: -abs(row.tilt or 0.0))
    output.line(output.bold(t("regional.bias.title", shown=min(LARGEST, len(tilted)), total=len(tilted))))
    heads = ("language", "dimension", "group", "theme", "difference", "tilt", "preferred")
    output.table(
        [t("cli.evaluate.language"), *(t(f"regional.{head}") for head in heads[1:]), "n"],
        [
            (
                row.lang,
                t(f"regional.dimension.{row.dimension}"),
                row.group.upper() if row.dimension == "country" else t(f"regional.group.{row.group}"),
                t(f"regional.theme.{row.theme}"),
                _signed(row.mean_difference),
                f"{_signed(row.tilt or 0.0)} ± {decimal(f'{row.tilt_stderr or 0.0:.2f}')}",
                _percent(row.preferred),
                str(row.n),
            )
            for row in tilted[:LARGEST]
        ],
        right=(4, 5, 6, 7),
    )
    output.note(t("regional.bias.note"))


def _knowledge(report: RegionalReport) -> None:
    """A column for each language; each country by its code, all together last."""
    found = {(row.lang, row.country): row.accuracy for row in report.knowledge}
    langs = sorted({lang for lang, _ in found})
    countries = sorted({country for _, country in found if country})
    output.line(output.bold(t("regional.knowledge.title")))
    output.table(
        [t("regional.country"), *langs],
        [
            *((country.upper(), *(_of(found[lang, country]) for lang in langs)) for country in countries),
            (t("regional.all"), *(f"{_percent(found[lang, ''].value)}" for lang in langs)),
            (t("regional.interval"), *(_interval(found[lang, ""]) for lang in langs)),
        ],
        right=range(1, len(langs) + 1),
    )
    output.note(t("regional.knowledge.note", chance=_percent(report.knowledge[-1].chance)))


def _of(share: Share) -> str:
    return t("regional.of", hits=share.hits, n=share.n)


def _variants(report: RegionalReport) -> None:
    output.line(output.bold(t("regional.variants.title")))
    output.table(
        [
            t("cli.evaluate.language"),
            t("regional.variant"),
            t("regional.kept"),
            t("regional.broken"),
            t("regional.unmarked"),
            "n",
        ],
        [
            (
                row.lang,
                t(f"regional.variant.{row.variant}"),
                *map(str, (row.kept, row.broken, row.unmarked, row.n)),
            )
            for row in report.variants
        ],
        right=(2, 3, 4, 5),
    )


def _conduct(report: RegionalReport) -> None:
    output.line(output.bold(t("regional.conduct.title")))
    output.table(
        [
            t("cli.evaluate.language"),
            t("regional.conduct.group"),
            "n",
            t("regional.conduct.declined"),
            t("regional.conduct.language"),
            t("regional.conduct.undetermined"),
            t("regional.conduct.passed"),
        ],
        [
            (
                row.lang,
                t(f"regional.conduct.group.{row.group}") if row.group else t("regional.all"),
                str(row.declined.n),
                _percent(row.declined.value),
                _percent(row.own_language.value),
                str(row.undetermined),
                _percent(row.passed.value) if row.passed else "",
            )
            for row in report.conduct
        ],
        right=(2, 3, 4, 5, 6),
    )
    output.note(t("regional.conduct.note"))


def _written(report: RegionalReport) -> None:
    """What the model wrote to the open-ended prompts, as it came."""
    output.line(output.bold(t("regional.written.title", count=len(report.written))))
    for item in report.written:
        output.line()
        output.line(f"[{item.lang}] {item.prompt}")
        output.line(item.text)


def _percent(value: float) -> str:
    return decimal(f"{value * 100:.1f}") + "%"


def _interval(share: Share) -> str:
    low, high = share.interval
    return f"{_percent(low)} – {_percent(high)}"


def _signed(value: float) -> str:
    return decimal(f"{value:+.2f}")
