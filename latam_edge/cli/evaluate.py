"""`latam-edge evaluate`: how well a model predicts texts, and how far it is from a reference."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from latam_edge.cli import options, output, regional
from latam_edge.cli.extras import needs
from latam_edge.cli.parser import Parser, number
from latam_edge.core.errors import BadFile, UsageError
from latam_edge.core.i18n import decimal, t

UNDETERMINED = "und"
"""ISO 639-2's code for a language that nobody named."""

_NAMED = re.compile(r"(?P<lang>[a-z]{2,3})[:=](?P<path>.+)")
_IN_NAME = re.compile(r"(?:^|[._\-])(es|pt|en|qu|gn|ay|nah|arn)(?:[._\-]|$)")


MAX_N_CTX = 1 << 15
"""Tokens of a window, at most: `formats.passport` reads no longer one."""
SETS = ("prose", "cartilla")
WINDOWS = ("overlapping", "llama-perplexity")


def parser() -> Parser:
    parser = Parser("latam-edge evaluate", t("cli.help.evaluate"), epilog=t("cli.evaluate.examples"))
    parser.add_argument("model", metavar=t("cli.word.model"), help=t("cli.evaluate.model"))
    parser.add_argument("--reference", metavar=t("cli.word.model"), help=t("cli.evaluate.reference"))
    parser.add_argument("--text", nargs="+", metavar=t("cli.word.file"), help=t("cli.evaluate.text"))
    parser.add_argument("--set", nargs="+", choices=SETS, help=t("cli.evaluate.set"))
    parser.add_argument("--check", action="store_true", help=t("cli.evaluate.check"))
    parser.add_argument("--passport", action="store_true", help=t("cli.evaluate.passport"))
    parser.add_argument("--engine", choices=("llama", "onnx"), help=t("cli.opt.engine"))
    parser.add_argument("--windows", choices=WINDOWS, help=t("cli.evaluate.windows"))
    parser.add_argument(
        "--context", type=number(int, 16, MAX_N_CTX), metavar="N", help=t("cli.evaluate.context")
    )
    parser.add_argument("--threads", type=number(int, 1, 1024), metavar="N", help=t("cli.opt.threads"))
    regional.add_option(parser)
    parser.add_argument("--json", action="store_true", help=t("cli.opt.json"))
    options.add_language(parser)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    if args.check + args.passport + bool(args.text) > 1 or (args.set and (args.check or args.text)):
        raise UsageError(detail=t("cli.evaluate.one_of"))
    if (args.check and (args.windows or args.context)) or (args.passport and args.windows):
        raise UsageError(detail=t("cli.evaluate.fixed_windows"))
    if args.regional is not None and (args.check or args.passport or args.text or args.set or args.reference):
        raise UsageError(detail=t("regional.alone"))

    from latam_edge.runtime.engine import engine_of
    from latam_edge.store.library import Library

    library = Library()
    entry = library.resolve(args.model)
    if args.regional is not None:
        return regional.run(entry.path, args)
    reference = library.resolve(args.reference).path if args.reference else None
    if args.engine is not None and (made_for := engine_of(entry.path)) != args.engine:
        raise UsageError(detail=t("evaluate.other_engine", model=args.model, engine=made_for))
    with needs("convert"):
        if args.check:
            return _check(entry.path, reference, args)
        if args.passport:
            if entry.registered:
                raise UsageError(detail=t("evaluate.passport_registered", name=entry.name))
            return _passport(entry.path, reference, args)
        rows = _measure(entry.path, reference, args)
    if args.json:
        output.json(rows)
    else:
        _show(rows)
    return 0


def _measure(model: Path, reference: Path | None, args: argparse.Namespace) -> list[dict[str, Any]]:
    """The figures of the texts given, or of the project's own."""
    from latam_edge.cli.bar import Bar
    from latam_edge.evaluate import evaluate, evaluation_set
    from latam_edge.evaluate.texts import N_CTX

    texts: list[Any] = [language_of(text) for text in args.text or ()]
    texts = texts or [
        evaluation_set.load(name, lang) for name in args.set or SETS[:1] for lang in evaluation_set.LANGUAGES
    ]
    with Bar() as bar:
        reports = evaluate(
            model,
            texts,
            reference,
            bar,
            n_threads=args.threads,
            engine=args.engine,
            n_ctx=args.context or N_CTX,
            windows=args.windows or WINDOWS[0],
        )
    return [report.to_json() for report in reports]


def _passport(model: Path, reference: Path | None, args: argparse.Namespace) -> int:
    """Measure, and write the figures into the model."""
    from convert.passport import write
    from latam_edge.cli.bar import Bar
    from latam_edge.evaluate.passport import measure

    with Bar() as bar:
        found = measure(
            model,
            reference,
            sets=args.set or SETS[:1],
            n_ctx=args.context,
            engine=args.engine,
            n_threads=args.threads,
            progress=bar,
        )
        written = write(model, found)
    if args.json:
        output.json(written.to_json())
    else:
        for line in written.lines():
            output.line(line)
        output.note(t("evaluate.passport_written", path=model, count=len(found.figures)))
    return 0


def _check(model: Path, reference: Path | None, args: argparse.Namespace) -> int:
    """Measure again what the passport states. Raises BadFile (exit code 3) when it does not hold."""
    from dataclasses import asdict

    from latam_edge.cli.bar import Bar
    from latam_edge.evaluate.passport import check

    with Bar() as bar:
        result = check(model, reference, engine=args.engine, n_threads=args.threads, progress=bar)
    if args.json:
        verdicts = [asdict(verdict) for verdict in result.verdicts]
        output.json(
            {
                "holds": result.holds,
                "altered": result.altered,
                "verdicts": verdicts,
                "unchecked": list(result.unchecked),
            }
        )
    else:
        output.table(
            [t("cli.evaluate.figure"), t("cli.evaluate.stated"), t("cli.evaluate.found"), ""],
            [
                (
                    f"{' · '.join(verdict.place)} · {t(f'cli.evaluate.{verdict.figure}')}",
                    _say(verdict.figure, verdict.stated),
                    _say(verdict.figure, verdict.found),
                    t("cli.yes") if verdict.holds else t("cli.no"),
                )
                for verdict in result.verdicts
            ],
            right=(1, 2),
        )
        for remark in result.unchecked:
            output.note(remark)
    failed = sum(not verdict.holds for verdict in result.verdicts)
    if failed:
        reason = t("evaluate.passport_fails", count=failed, total=len(result.verdicts))
        raise BadFile(path=model, reason=reason)
    if not result.holds:
        raise BadFile(path=model, reason=t("evaluate.passport_altered"))
    if not args.json:
        output.note(t("evaluate.passport_holds", count=len(result.verdicts)))
    return 0


def language_of(text: str) -> tuple[Path, str]:
    """(path, language) of "es:notes.txt", or of a name that says it, as "heldout.es.txt" does."""
    # One letter and a colon is a drive on Windows, never a language.
    if (named := _NAMED.fullmatch(text)) and not Path(text).exists():
        return Path(named["path"]), named["lang"]
    path = Path(text)
    found = _IN_NAME.search(path.stem.lower())
    return path, found[1] if found else UNDETERMINED


_COLUMNS = ("language", "tokens", "perplexity", "bits_per_byte", "kl_mean", "kl_p99", "top1_agreement")


def _show(rows: list[dict[str, Any]]) -> None:
    columns = [name for name in _COLUMNS if any(row.get(name) is not None for row in rows)]
    output.table(
        [t(f"cli.evaluate.{name}") for name in columns],
        [[_say(name, row.get(name)) for name in columns] for row in rows],
        right=range(1, len(columns)),
    )


def _say(name: str, value: Any) -> str:
    """A figure for people."""
    if value is None:
        return "-"
    if name == "top1_agreement":
        return decimal(f"{value * 100:.1f}") + "%"
    if name == "tokens" or not isinstance(value, float):
        return f"{value:.0f}" if isinstance(value, float) else str(value)
    return decimal(f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}")
