"""`latam-edge evaluate`: how well a model predicts texts, and how far it is from a reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from latam_edge.cli import options, output
from latam_edge.cli.extras import needs
from latam_edge.cli.parser import Parser
from latam_edge.core.i18n import decimal, t

UNDETERMINED = "und"
"""ISO 639-2's code for a language that nobody named."""

_NAMED = re.compile(r"(?P<lang>[a-z]{2,3})[:=](?P<path>.+)")
_IN_NAME = re.compile(r"(?:^|[._\-])(es|pt|en|qu|gn|ay|nah|arn)(?:[._\-]|$)")


def parser() -> Parser:
    parser = Parser("latam-edge evaluate", t("cli.help.evaluate"))
    parser.add_argument("model", metavar=t("cli.word.model"), help=t("cli.evaluate.model"))
    parser.add_argument("--reference", metavar=t("cli.word.model"), help=t("cli.evaluate.reference"))
    parser.add_argument(
        "--text", nargs="+", required=True, metavar=t("cli.word.file"), help=t("cli.evaluate.text")
    )
    parser.add_argument("--json", action="store_true", help=t("cli.opt.json"))
    options.add_language(parser)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)

    from latam_edge.cli.bar import Bar
    from latam_edge.store.library import Library

    library = Library()
    model = library.resolve(args.model).path
    reference = library.resolve(args.reference).path if args.reference else None
    texts = [language_of(text) for text in args.text]
    with needs("convert"), Bar() as bar:
        from latam_edge.evaluate import evaluate

        rows = [result.to_json() for result in evaluate(model, texts, reference, bar)]
    if args.json:
        output.json(rows)
    else:
        _show(rows)
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

    def say(name: str, value: Any) -> str:
        if value is None:
            return "-"
        if name == "top1_agreement":
            return decimal(f"{value * 100:.1f}") + "%"
        if not isinstance(value, float):
            return str(value)
        return decimal(f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}")

    output.table(
        [t(f"cli.evaluate.{name}") for name in columns],
        [[say(name, row.get(name)) for name in columns] for row in rows],
        right=range(1, len(columns)),
    )
