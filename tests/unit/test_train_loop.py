"""The loop: it learns, it distills, and a run that was broken off ends as an unbroken one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from latam_edge.core.errors import Interrupted, TrainingFault
from latam_edge.core.progress import Step, silent
from latam_edge.train import architecture, packing, trainer
from latam_edge.train.documents import Document
from latam_edge.train.recipe import Model, Stage

# Two threads that wait for each other on a busy machine take minutes for what one does in a second.
torch.set_num_threads(1)

SHAPE = Model(layers=2, width=32, heads=2, kv_heads=1, feed_forward=64)
VOCABULARY = 64


@pytest.fixture
def rows() -> packing.Rows:
    """Counting upwards from a random start: easy to learn, impossible to guess."""
    rng = np.random.default_rng(0)
    documents = []
    for start in rng.integers(6, 40, 400):
        tokens = np.arange(start, start + 12).astype(np.uint16)
        documents.append(Document(tokens, np.arange(12) > 0))
    return packing.pack(documents, 64)


def run(
    rows: packing.Rows, folder: Path, steps: int = 30, progress=silent, loss=trainer.cross_entropy, **extra
):
    model = architecture.build(SHAPE, VOCABULARY, seed=2)
    report = trainer.train(
        model, rows, Stage(tokens=steps * 512, batch_tokens=512), loss,
        folder=folder, fingerprint="f", seed=1, key="train.step.teacher",
        progress=progress, compile_step=False, **extra,
    )  # fmt: skip
    return model, report


def test_loss_falls_and_is_written_down(rows, tmp_path) -> None:
    _, report = run(rows, tmp_path, steps=60)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines[0]["loss"] > 2 * lines[-1]["loss"]
    assert lines[-1]["step"] == 60
    assert report["tokens"] == 60 * 512


def test_a_run_killed_between_checkpoints_ends_with_the_same_weights(rows, tmp_path) -> None:
    whole, _ = run(rows, tmp_path / "whole")

    def killed(step: Step) -> None:
        if step.done == 17 * 512:
            raise MemoryError

    with pytest.raises(MemoryError):
        run(rows, tmp_path / "broken", progress=killed, checkpoint_s=0.0)
    assert (tmp_path / "broken" / "checkpoint.pt").exists()
    resumed, _ = run(rows, tmp_path / "broken")
    for (name, one), other in zip(whole.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
    assert (tmp_path / "whole" / "metrics.jsonl").read_text().count("\n") == 2
    assert (tmp_path / "broken" / "metrics.jsonl").read_text().count("\n") == 2


def test_ctrl_c_saves_where_it_was(rows, tmp_path) -> None:
    import os
    import signal

    def press(step: Step) -> None:
        if step.done == 5 * 512:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        run(rows, tmp_path, progress=press)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 5


def test_a_checkpoint_of_another_recipe_is_not_continued(rows, tmp_path) -> None:
    torch.save({"fingerprint": "another"}, tmp_path / "checkpoint.pt")
    _, report = run(rows, tmp_path, steps=3)
    assert report["tokens"] == 3 * 512


def test_nothing_to_learn_from_is_refused(tmp_path) -> None:
    with pytest.raises(TrainingFault):
        run(packing.pack([], 64), tmp_path)


def test_distillation_from_itself_is_zero_and_else_the_textbook_sum(rows) -> None:
    teacher = architecture.build(SHAPE, VOCABULARY, seed=2).eval()
    student = architecture.build(SHAPE, VOCABULARY, seed=3)
    with torch.no_grad():
        for model in (teacher, student):
            model.model.embed_tokens.weight.mul_(40)
    batch = trainer.make_batch(rows, np.arange(4), 128, torch.device("cpu"))
    loss = trainer.distillation(teacher, 1.0)
    assert float(loss(teacher, batch).detach()) == pytest.approx(0, abs=1e-6)
    p = F.softmax(trainer.logits_at(teacher, batch), -1)
    q = F.softmax(trainer.logits_at(student, batch), -1)
    expected = (p * (p.log() - q.log())).sum(-1).mean()
    assert float(loss(student, batch).detach()) == pytest.approx(float(expected.detach()), rel=1e-4)


def test_a_thinner_student_starts_from_its_teachers_layers() -> None:
    teacher = architecture.build(Model(6, 32, 2, 1, 64), VOCABULARY, seed=1)
    student = architecture.thin_out(teacher, Model(3, 32, 2, 1, 64), VOCABULARY, seed=9)
    for layer, origin in zip(student.model.layers, (0, 2, 5), strict=True):
        assert torch.equal(layer.mlp.gate_proj.weight, teacher.model.layers[origin].mlp.gate_proj.weight)
    assert torch.equal(student.model.embed_tokens.weight, teacher.model.embed_tokens.weight)


def test_bits_per_byte_of_a_model_that_knows_nothing_is_log_of_the_vocabulary(rows) -> None:
    model = architecture.build(SHAPE, VOCABULARY, seed=2)
    with torch.no_grad():
        model.model.embed_tokens.weight.zero_()
    n_tokens = int((rows.segment != 0).sum()) - int(sum(len(set(s[s != 0])) for s in rows.segment))
    assert trainer.evaluate_rows(model, rows, n_tokens) == pytest.approx(np.log2(VOCABULARY), rel=1e-5)
