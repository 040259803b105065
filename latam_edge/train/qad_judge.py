"""Which checkpoint is best is decided by its file: exported, run, held against full precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latam_edge.core.progress import Progress, Step
from latam_edge.evaluate import Text, evaluate


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one exported file is worth."""

    kl: dict[str, float]
    """Mean KL(full precision || file) in nats per token, by language."""
    perplexity: dict[str, float]
    """The file's perplexity over that of full precision, less one, by language."""

    @property
    def mean(self) -> float:
        """The figure that files are compared by: the languages' mean divergence."""
        return float(np.mean(list(self.kl.values())))


class Judge:
    """Measures checkpoints that are on the lattice against the model that they come from."""

    def __init__(
        self, checkpoint: Path, folder: Path, texts: Sequence[Text], n_ctx: int, progress: Progress
    ) -> None:
        """checkpoint: the full-precision model; folder: for the files, a candidate's and the reference's.

        n_ctx: tokens of a window.
        """
        from convert.to_gguf import convert

        self._texts, self._n_ctx, self._progress = list(texts), n_ctx, progress
        self._reference, self._candidate = folder / "reference.gguf", folder / "candidate.gguf"
        convert(checkpoint, self._reference, "f32")

    def __call__(self, checkpoint: Path) -> Verdict:
        """Export a checkpoint as it would be shipped, and measure the file."""
        from convert.to_gguf import convert

        convert(checkpoint, self._candidate, "int4", method="qad")

        def told(step: Step) -> None:
            self._progress(Step("train.step.qad_judge", step.done, step.total, step.unit))

        reports = evaluate(self._candidate, self._texts, self._reference, told, n_ctx=self._n_ctx)
        kl: dict[str, float] = {}
        perplexity: dict[str, float] = {}
        for report in reports:
            assert report.kl_mean is not None
            assert report.reference_perplexity is not None
            kl[report.language] = round(report.kl_mean, 6)
            perplexity[report.language] = round(report.perplexity / report.reference_perplexity - 1, 6)
        return Verdict(kl, perplexity)

    def close(self) -> None:
        """Remove the files."""
        for path in (self._reference, self._candidate):
            path.unlink(missing_ok=True)
