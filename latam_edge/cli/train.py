"""`latam-edge train`: only the training stage of a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from latam_edge.cli import recipe
from latam_edge.cli.extras import needs
from latam_edge.cli.parser import Parser

if TYPE_CHECKING:
    from latam_edge.core.progress import Progress
    from latam_edge.train.pipeline import PipelineReport


def parser() -> Parser:
    return recipe.parser("train")


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    with needs("train"):
        from latam_edge.train import prepare_threads

        prepare_threads()
        from latam_edge.train.pipeline import run_stage

        def stage(path: Path, out: Path | None, resume: bool, progress: Progress) -> PipelineReport:
            return run_stage(path, "teacher", out, resume, progress)

        return recipe.run(args, stage)
