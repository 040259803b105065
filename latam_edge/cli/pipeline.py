"""`latam-edge pipeline`: the whole road of a recipe, from text to a registered 4-bit model."""

from __future__ import annotations

from latam_edge.cli import recipe
from latam_edge.cli.extras import needs
from latam_edge.cli.parser import Parser


def parser() -> Parser:
    return recipe.parser("pipeline")


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    with needs("train"):
        from latam_edge.train import prepare_threads

        prepare_threads()
        from latam_edge.train.pipeline import run_pipeline

        return recipe.run(args, run_pipeline)
