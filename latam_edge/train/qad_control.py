"""What QAD's extra tokens alone would have done: the same rows and rates, without a lattice or a teacher.

A model that has gone on learning may be better than the one it came from, whatever its
weights are stored in. A table that compares QAD with the full-precision model it began
from needs this one beside it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from latam_edge.core.progress import Progress
from latam_edge.train import architecture
from latam_edge.train.losses import cross_entropy
from latam_edge.train.qad import KEY, Job
from latam_edge.train.qad_text import QadText
from latam_edge.train.recipe import Stage
from latam_edge.train.trainer import train


def train_control(
    checkpoint: Path, out: Path, text: QadText, job: Job, progress: Progress
) -> dict[str, float]:
    """Train `checkpoint` on QAD's tokens in float32, by cross-entropy, and write it to `out`.

    job: QAD's own, for its settings. Returns `trainer.train`'s report.
    """
    settings = job.settings
    stage = Stage(
        tokens=settings.tokens,
        batch_tokens=settings.batch_tokens,
        lr_other=settings.lr,
        weight_decay=0.0,
        warmup=settings.warmup,
        decay=1 - settings.warmup,
        clip=settings.clip,
        optimizer="adamw",
        precision="fp32",
    )
    model = architecture.load(checkpoint)
    job = replace(job, folder=job.folder.with_name("train-control"))
    report = train(
        model, text.rows, stage, cross_entropy,
        folder=job.folder, fingerprint=f"control-{job.fingerprint}", seed=0, key=KEY, progress=progress,
        compile_step=job.compile_step, checkpoint_s=job.checkpoint_s, order=text.order,
    )  # fmt: skip
    architecture.save(model, out, checkpoint)
    (job.folder / "checkpoint.pt").unlink(missing_ok=True)
    return report
