"""The three training stages of a recipe: teacher, distillation, fine-tuning."""

from __future__ import annotations

import shutil
from pathlib import Path

from latam_edge.core.progress import Progress
from latam_edge.train import architecture, corpus_step, packing
from latam_edge.train.corpus_step import Paths
from latam_edge.train.recipe import Recipe
from latam_edge.train.tokenizer import load_tokenizer
from latam_edge.train.trainer import cross_entropy, distillation, train


def train_teacher(recipe: Recipe, paths: Paths, fingerprint: str, progress: Progress) -> dict[str, float]:
    """Pretrain the teacher on every token of dialogues and prose. Writes an HF checkpoint."""
    rows = packing.load_rows(paths.rows("dialogues"))
    rows = packing.Rows(rows.tokens, rows.segment, rows.segment != 0)
    vocabulary = load_tokenizer(paths.tokenizer).get_vocab_size()
    model = architecture.build(recipe.teacher, vocabulary, recipe.seed)
    report = train(
        model, rows, recipe.pretrain, cross_entropy,
        folder=paths.run / "train-teacher", fingerprint=fingerprint, seed=recipe.seed,
        key="train.step.teacher", progress=progress,
        compile_step=recipe.compile, checkpoint_s=recipe.checkpoint_s,
    )  # fmt: skip
    architecture.save(model, paths.teacher, paths.tokenizer)
    _drop_checkpoint(paths.run / "train-teacher")
    return {**report, "parameters": architecture.count_parameters(model)}


def distill_student(recipe: Recipe, paths: Paths, fingerprint: str, progress: Progress) -> dict[str, float]:
    """Distill the teacher into the student (full-vocabulary forward KL on answers); saves a checkpoint."""
    rows = packing.load_rows(paths.rows(corpus_step.write_distill(recipe, paths, progress)))
    if recipe.distill.learn_questions:
        rows = packing.Rows(rows.tokens, rows.segment, rows.segment != 0)
    teacher = architecture.load(paths.teacher).eval().requires_grad_(False)
    student = architecture.thin_out(teacher, recipe.student, teacher.config.vocab_size, recipe.seed + 1)
    report = train(
        student, rows, recipe.distill, distillation(teacher, recipe.distill.kl_weight),
        folder=paths.run / "train-distill", fingerprint=fingerprint, seed=recipe.seed + 1,
        key="train.step.distill", progress=progress,
        compile_step=recipe.compile, checkpoint_s=recipe.checkpoint_s,
    )  # fmt: skip
    architecture.save(student, paths.student, paths.tokenizer)
    _drop_checkpoint(paths.run / "train-distill")
    return {**report, "parameters": architecture.count_parameters(student)}


def fine_tune(
    recipe: Recipe, paths: Paths, fingerprint: str, progress: Progress, number: int = 0
) -> dict[str, float]:
    """Fine-tune the student on dialogues, loss on the answers only: the HF checkpoint of round `number`."""
    rows = packing.load_rows(paths.rows("finetune"))
    model = architecture.load(paths.student)
    report = train(
        model, rows, recipe.finetune, cross_entropy,
        folder=paths.run / "train-finetune", fingerprint=fingerprint, seed=recipe.seed + 2,
        key="train.step.finetune", progress=progress,
        compile_step=recipe.compile, checkpoint_s=recipe.checkpoint_s,
    )  # fmt: skip
    architecture.save(model, paths.round(number), paths.tokenizer)
    _drop_checkpoint(paths.run / "train-finetune")
    return {**report, "parameters": architecture.count_parameters(model)}


def _drop_checkpoint(folder: Path) -> None:
    """The stage's result is saved: its checkpoint has served. The metrics stay."""
    (folder / "checkpoint.pt").unlink(missing_ok=True)
    shutil.rmtree(folder / "cache", ignore_errors=True)
