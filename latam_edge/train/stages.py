"""The training stages of a recipe: teacher, distillation, fine-tuning, and the lattice."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaForCausalLM

from latam_edge.core.errors import BadCheckpoint
from latam_edge.core.hardware import usable_cores
from latam_edge.core.progress import Progress
from latam_edge.train import architecture, corpus_step, packing, qad_text, teacher_text, text_step
from latam_edge.train.corpus_step import Paths
from latam_edge.train.losses import Loss, cross_entropy, distillation, sampled_distillation
from latam_edge.train.qad import Job, distill_on_lattice
from latam_edge.train.recipe import Recipe
from latam_edge.train.teacher import cached_targets, open_teacher, teacher_folder
from latam_edge.train.teacher_cache import CachedTargets
from latam_edge.train.tokenizer import load_tokenizer
from latam_edge.train.trainer import train
from latam_edge.train.world import SINGLE, World


def train_teacher(
    recipe: Recipe, paths: Paths, fingerprint: str, progress: Progress, world: World = SINGLE
) -> dict[str, Any]:
    """Pretrain the teacher on every token of dialogues, prose and texts. Writes an HF checkpoint."""
    rows = packing.load_rows(paths.rows("dialogues"))
    rows = packing.Rows(rows.tokens, rows.segment, rows.segment != 0)
    mixture = text_step.mixture(recipe, paths, recipe.pretrain, rows, recipe.seed)
    vocabulary = load_tokenizer(paths.tokenizer).get_vocab_size()
    model = architecture.build(
        recipe.teacher, vocabulary, recipe.seed, architecture.positions(recipe.data.context)
    )
    report = train(
        model, mixture.rows, recipe.pretrain, cross_entropy,
        folder=paths.run / "train-teacher", fingerprint=fingerprint, seed=recipe.seed,
        key="train.step.teacher", progress=progress,
        compile_step=recipe.compile, checkpoint_s=recipe.checkpoint_s,
        order=mixture.order, validation=mixture.validation, tensorboard=recipe.tensorboard, world=world,
    )  # fmt: skip
    return _saved(model, report, paths.teacher, paths, "train-teacher", world)


def distill_student(
    recipe: Recipe, paths: Paths, fingerprint: str, progress: Progress, world: World = SINGLE
) -> dict[str, Any]:
    """Teach the student as `distill.mode` says and save its checkpoint.

    Raises MissingTeacher, VocabularyMismatch, BadCheckpoint.
    """
    stage = recipe.distill
    named = world.on_main(lambda: corpus_step.write_distill(recipe, paths, progress))
    rows = packing.load_rows(paths.rows(named))
    written: dict[str, Any] = {}
    if stage.mode == "text":
        written = world.on_main(lambda: _write_texts(recipe, paths, progress))
        rows = _with_texts(recipe, paths, rows)
    if stage.learn_questions:
        rows = packing.Rows(rows.tokens, rows.segment, rows.segment != 0)
    mixture = text_step.mixture(recipe, paths, stage, rows, recipe.seed + 1)
    student, loss, targets = _lesson(recipe, paths, mixture, named, progress, world)
    report = train(
        student, mixture.rows, stage, loss,
        folder=paths.run / "train-distill", fingerprint=fingerprint, seed=recipe.seed + 1,
        key="train.step.distill", progress=progress,
        compile_step=recipe.compile, checkpoint_s=recipe.checkpoint_s,
        order=mixture.order, validation=mixture.validation, targets=targets,
        tensorboard=recipe.tensorboard, world=world,
    )  # fmt: skip
    if targets is not None:
        written = {"draws": targets.draws, "bytes_per_position": targets.bytes_per_position}
    return {**_saved(student, report, paths.student, paths, "train-distill", world), **written}


def _lesson(
    recipe: Recipe,
    paths: Paths,
    mixture: text_step.Mixture,
    named: str,
    progress: Progress,
    world: World,
) -> tuple[LlamaForCausalLM, Loss, CachedTargets | None]:
    """The student before it learns, its loss, and the teacher's cached probabilities in mode "cached"."""
    stage = recipe.distill
    vocabulary = load_tokenizer(paths.tokenizer).get_vocab_size()
    if stage.mode in ("text", "none"):
        context = architecture.positions(recipe.data.context)
        return architecture.build(recipe.student, vocabulary, recipe.seed + 1, context), cross_entropy, None
    folder = teacher_folder(stage.teacher, paths.teacher)
    teacher = open_teacher(folder, paths.tokenizer)
    student = architecture.thin_out(teacher, recipe.student, vocabulary, recipe.seed + 1)
    if stage.mode == "continue":
        if reason := architecture.misfit(student, teacher):
            raise BadCheckpoint(path=folder, detail=f"[student] {reason}")
        if student.config.num_hidden_layers == teacher.config.num_hidden_layers:
            student = architecture.load(folder)  # with what its config says besides the shape
        return student, cross_entropy, None
    if stage.mode == "online":
        return student, distillation(teacher.to(world.device), stage.kl_weight), None
    del teacher
    cache = paths.run / "targets"
    rows_key = _rows_key(paths, named, stage.learn_questions)

    def fill() -> None:
        cached_targets(
            folder, paths.tokenizer, mixture.rows, rows_key, cache,
            samples=stage.samples, seed=recipe.seed, progress=progress,
        )  # fmt: skip

    world.on_main(fill)
    return student, sampled_distillation(stage.kl_weight), CachedTargets(cache)


def _rows_key(paths: Paths, named: str, learn_questions: bool) -> str:
    """Names the rows that a cache of targets belongs to: the packed dialogues, and the entries of texts."""
    digest = hashlib.sha256(paths.rows(named).read_bytes())
    texts = paths.data / "texts.json"
    if texts.exists():
        digest.update(texts.read_bytes())
    return f"{digest.hexdigest()[:32]}-{int(learn_questions)}"


def _texts_path(paths: Paths) -> Path:
    return paths.data / "teacher-text.jsonl"


def _write_texts(recipe: Recipe, paths: Paths, progress: Progress) -> dict[str, Any]:
    folder = teacher_folder(recipe.distill.teacher, paths.teacher)
    path = _texts_path(paths)
    # Texts of another teacher or to other prompts are begun anew.
    stamp = path.with_suffix(".key")
    key = recipe.fingerprint("distill", "data")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != key:
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(key, encoding="utf-8")
    return teacher_text.write_texts(recipe.distill, folder, recipe.data.corpus, recipe.seed, path, progress)


def _with_texts(recipe: Recipe, paths: Paths, rows: packing.Rows) -> packing.Rows:
    """The recipe's rows with the teacher's texts among them, repeated up to `distill.text_share` of all."""
    written = teacher_text.read_texts_written(_texts_path(paths), recipe.distill)
    texts = corpus_step.pack_written(recipe, paths, written)
    share = recipe.distill.text_share
    times = round(share / max(1e-6, 1 - share) * len(rows) / max(1, len(texts))) if share < 1 else 1
    kept = [texts] * max(1, times) + ([rows] if share < 1 else [])
    return packing.joined(kept)


def fine_tune(
    recipe: Recipe,
    paths: Paths,
    fingerprint: str,
    progress: Progress,
    number: int = 0,
    world: World = SINGLE,
) -> dict[str, Any]:
    """Fine-tune the student on dialogues, loss on the answers only: the HF checkpoint of round `number`."""
    rows = packing.load_rows(paths.rows("finetune"))
    # A repetition goes on from the round before, so that what each has unlearned stays unlearned.
    model = architecture.load(paths.round(number - 1) if number else paths.student)
    report = train(
        model, rows, recipe.finetune, cross_entropy,
        folder=paths.run / "train-finetune", fingerprint=fingerprint, seed=recipe.seed + 2,
        key="train.step.finetune", progress=progress,
        compile_step=recipe.compile, checkpoint_s=recipe.checkpoint_s,
        validation=text_step.validation(recipe, paths), tensorboard=recipe.tensorboard, world=world,
    )  # fmt: skip
    return _saved(model, report, paths.round(number), paths, "train-finetune", world)


def train_on_lattice(
    recipe: Recipe,
    paths: Paths,
    checkpoint: Path,
    out: Path,
    fingerprint: str,
    progress: Progress,
    excluded: Collection[str] = (),
) -> dict[str, Any]:
    """Quantization-aware distillation of `checkpoint`: the HF checkpoint `out`, on the lattice.

    excluded: keys of health items that its text leaves out. One process does it.
    """
    job = Job(
        checkpoint, out, paths.run / "train-qad", fingerprint, recipe.qad,
        compile_step=recipe.compile, checkpoint_s=recipe.checkpoint_s,
    )  # fmt: skip
    return distill_on_lattice(job, qad_text.of_recipe(recipe, paths, recipe.seed + 3, excluded), progress)


def _saved(
    model: LlamaForCausalLM,
    report: dict[str, float],
    folder: Path,
    paths: Paths,
    stage: str,
    world: World,
) -> dict[str, Any]:
    """Write the stage's result as an HF checkpoint; what it needed to go on is dropped, the metrics stay."""
    whole = world.plain(model)

    def save() -> None:
        architecture.save(whole, folder, paths.tokenizer)
        (paths.run / stage / "checkpoint.pt").unlink(missing_ok=True)
        shutil.rmtree(paths.run / stage / "cache", ignore_errors=True)

    world.on_main(save)
    return {**report, "parameters": architecture.count_parameters(whole), "device": _device(world)}


def _device(world: World) -> str:
    """What a stage was trained on, as a card says it."""
    if world.device.type == "cuda":
        name = torch.cuda.get_device_name(world.device)
        return name if world.size == 1 else f"{world.size} × {name}"
    return f"{usable_cores()} CPU cores"
