"""What `pipeline`, `train` and `distill` share: a recipe, a folder, a bar, a table at the end."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from latam_edge.cli import options, output
from latam_edge.cli.parser import Parser
from latam_edge.core.i18n import language, t

if TYPE_CHECKING:
    from latam_edge.core.progress import Progress
    from latam_edge.train.pipeline import PipelineReport


def parser(name: str) -> Parser:
    parser = Parser(f"latam-edge {name}", t(f"cli.help.{name}"))
    parser.add_argument("recipe", type=Path, metavar=t("cli.word.recipe"), help=t("cli.recipe.recipe"))
    parser.add_argument("-o", "--out", type=Path, metavar=t("cli.word.folder"), help=t("cli.recipe.out"))
    parser.add_argument("--corpus", metavar=t("cli.word.folder"), help=t("cli.recipe.corpus"))
    parser.add_argument("--resume", action="store_true", help=t("cli.recipe.resume"))
    options.add_language(parser)
    return parser


def run(args: argparse.Namespace, work: Callable[[Path, Path | None, bool, Progress], PipelineReport]) -> int:
    """Do `work` under a bar and print its table; an interrupted run says how to go on."""
    from latam_edge.cli.bar import Bar
    from latam_edge.core.errors import Interrupted

    if args.corpus:
        # As if it had been set before: what a launcher starts, and what the recipe names, follow it.
        os.environ["LATAM_EDGE_CORPUS"] = args.corpus
    try:
        with Bar() as bar:
            report = work(args.recipe, args.out, args.resume, bar)
    except (KeyboardInterrupt, Interrupted):
        output.note(t("cli.recipe.interrupted"))
        raise
    if os.environ.get("RANK", "0") == "0":
        # Of several processes that train together, one speaks.
        output.line(report.table(language()))
    return 0
