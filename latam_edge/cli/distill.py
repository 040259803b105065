"""`latam-edge distill`: the distillation stage of a recipe, or a finished model onto the 4-bit lattice."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from latam_edge.cli import output, recipe
from latam_edge.cli.extras import needs
from latam_edge.cli.parser import Parser
from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import decimal, t

if TYPE_CHECKING:
    from latam_edge.core.progress import Progress
    from latam_edge.train.pipeline import PipelineReport


def parser() -> Parser:
    parser = recipe.parser("distill")
    parser.epilog = t("train.qad.examples")
    parser.add_argument("--qad", action="store_true", help=t("train.qad.help"))
    parser.add_argument("--text", nargs="+", metavar=t("cli.word.file"), help=t("train.qad.help_text"))
    parser.add_argument(
        "--settings", type=Path, metavar=t("cli.word.recipe"), help=t("train.qad.help_settings")
    )
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    if args.recipe.is_dir() and args.qad:
        return _checkpoint(args)
    if args.text or args.settings:
        raise UsageError(detail=t("train.qad.only_checkpoint"))
    with needs("train"):
        from latam_edge.train import prepare_threads

        prepare_threads()
        from latam_edge.train.pipeline import run_stage

        def stage(path: Path, out: Path | None, resume: bool, progress: Progress) -> PipelineReport:
            return run_stage(path, "qad" if args.qad else "distill", out, resume, progress)

        return recipe.run(args, stage)


def _checkpoint(args: argparse.Namespace) -> int:
    """A checkpoint of any origin onto the lattice."""
    if not args.text:
        raise UsageError(detail=t("train.qad.needs_text"))
    with needs("train"):
        from latam_edge.train import prepare_threads

        prepare_threads()
        from latam_edge.cli.bar import Bar
        from latam_edge.cli.evaluate import language_of
        from latam_edge.core.errors import Interrupted
        from latam_edge.train.qad_command import distill_checkpoint
        from latam_edge.train.recipe import Recipe, load_recipe
        from quant.calibration import read

        settings = load_recipe(args.settings) if args.settings else Recipe()
        texts = read([language_of(file) for file in args.text])
        for text in texts.suspicious:
            facts = {"file": text.name, "language": text.language, "guessed": text.guessed}
            output.note(t("cli.convert.other_language", **facts))
        out = args.out or args.recipe.resolve().with_name(f"{args.recipe.resolve().name}-qad")
        try:
            with Bar() as bar:
                report = distill_checkpoint(
                    args.recipe, out, texts, settings.qad, args.resume, bar, compile_step=settings.compile
                )
        except (KeyboardInterrupt, Interrupted):
            output.note(t("cli.recipe.interrupted"))
            raise
    for lang, kl in report["kl"].items():
        facts = {
            "language": lang,
            "before": decimal(f"{report['kl_gptq'][lang]:.4f}"),
            "after": decimal(f"{kl:.4f}"),
            "loss": decimal(f"{100 * report['perplexity'][lang]:.2f}"),
        }
        output.line(t("train.qad.result", **facts))
    output.note(t("train.qad.next", path=out))
    return 0
