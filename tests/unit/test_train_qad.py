"""Training on the lattice: what it sees is what is written, it helps, and it survives being killed."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from convert import checkpoint
from convert.to_gguf import convert
from latam_edge.core.errors import BadCheckpoint, Interrupted, TrainingFault
from latam_edge.core.progress import Step, silent
from latam_edge.formats.gguf import read_header
from latam_edge.train import architecture, lattice_model, packing, qad, qad_text, tokenizer, trainer
from latam_edge.train.lattice_model import LatticeModel
from latam_edge.train.order import Shuffled
from latam_edge.train.qad_judge import Verdict
from latam_edge.train.recipe import Model, Qad, Sampling
from quant import lattice
from quant.calibration import Calibration, Text

torch.set_num_threads(1)

pytestmark = pytest.mark.timeout(900)
"""Seconds each on a quiet machine; machines are not always quiet."""

SHAPE = Model(layers=2, width=64, heads=2, kv_heads=1, feed_forward=96)
SETTINGS = Qad(
    tokens=20 * 256, batch_tokens=256, context=64, lr=1e-3, lr_scales=1e-4, evaluations=2, held_out_tokens=300
)
SENTENCE = "El río lleva agua. A menina lê um livro na escola. Tres por cuatro son doce.\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with large, uneven weights, on which four bits cost something, and its tokenizer."""
    words = tmp_path_factory.mktemp("words")
    made = tokenizer.train_tokenizer([SENTENCE * 20], 300)
    tokenizer.save_tokenizer(made, words)
    tokenizer.save_generation_config(made, Sampling(), words)
    model = architecture.build(SHAPE, made.get_vocab_size(), seed=3)
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.normal_(0, 1.5 * weight.shape[1] ** -0.5, generator=generator)
    out = tmp_path_factory.mktemp("model") / "chat"
    architecture.save(model, out, words)
    return out


@pytest.fixture(scope="module")
def text(folder: Path) -> qad_text.QadText:
    given = Calibration(tuple(Text(lang, lang, SENTENCE * 120, lang) for lang in ("es", "pt")))
    return qad_text.of_files(given, folder, replace(SETTINGS, calibration_tokens=1024), seed=1)


def job(folder: Path, out: Path, **changes: object) -> qad.Job:
    settings = replace(SETTINGS, calibration_tokens=1024, **changes)  # type: ignore[arg-type]
    return qad.Job(folder, out / "qad", out / "work", "f", settings, compile_step=False)


def batch(folder: Path) -> trainer.Batch:
    words = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = qad_text.windows(words, SENTENCE * 40, 64)
    return trainer.make_batch(rows, np.arange(4), 4 * 64, torch.device("cpu"))


def test_every_matrix_is_the_exporters_code_by_code_and_logits_are_those_of_the_rounded_model(folder) -> None:
    model = LatticeModel(architecture.load(folder))
    assert len(model.names) == 1 + 2 * 7
    for name, weight in model.weights():
        np.testing.assert_array_equal(weight.detach().numpy(), lattice.dequantize(model.blocks(name)))
    plain = qad.rounded(model)
    assert plain.lm_head.weight is plain.model.embed_tokens.weight
    one = batch(folder)
    with torch.no_grad():
        torch.testing.assert_close(model(one), trainer.logits_at(plain, one), rtol=1e-5, atol=1e-5)


def test_a_tied_embedding_learns_from_both_of_its_uses(folder) -> None:
    model = LatticeModel(architecture.load(folder))
    assert [name for name in model.names if "embed" in name or "lm_head" in name] == [
        "model.embed_tokens.weight"
    ]
    one = batch(folder)
    model(one).square().mean().backward()
    gradient = model.model.model.embed_tokens.weight.grad
    assert gradient is not None
    unseen = sorted(set(range(len(gradient))) - set(one.tokens.flatten().tolist()))
    assert gradient[unseen].abs().sum() > 0  # through the head alone
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.scales.parameters())


def test_training_begins_with_the_codes_it_was_given(folder) -> None:
    plain = architecture.load(folder)
    codes = {
        name: lattice.Int4Blocks(
            np.random.default_rng(1).integers(0, 16, tuple(weight.shape)).astype(np.uint8),
            np.full((weight.shape[0], weight.shape[1] // 32), 0.03, np.float32).astype(np.float16),
        )
        for name, weight in plain.named_parameters()
        if weight.ndim == 2
    }
    model = LatticeModel(plain, codes.get)
    for name in model.names:
        np.testing.assert_array_equal(model.blocks(name).codes, codes[name].codes)


def test_activations_are_rounded_before_every_matrix_while_that_is_wanted(folder, monkeypatch) -> None:
    model, one = LatticeModel(architecture.load(folder)), batch(folder)
    seen: list[int] = []
    real = lattice_model.simulate_q8_0
    monkeypatch.setattr(lattice_model, "simulate_q8_0", lambda x: (seen.append(x.shape[-1]), real(x))[1])
    exact = model(one).detach()
    assert seen == []
    model.simulate_activations(True)
    rough = model(one).detach()
    # QKV, output, gate and up, down in each of two layers; the head.
    assert seen == [64, 64, 64, 96, 64, 64, 64, 96, 64]
    assert 0 < float((rough - exact).std()) < 0.05 * float(exact.std())


def test_the_file_holds_the_very_codes_and_a_model_off_the_lattice_is_refused(folder, tmp_path) -> None:
    model = LatticeModel(architecture.load(folder))
    architecture.save(qad.rounded(model), tmp_path / "on", folder)
    convert(tmp_path / "on", tmp_path / "on.gguf", "int4", method="qad")
    assert read_header(tmp_path / "on.gguf").metadata["latam_edge.quant.method"] == "qad"
    import gguf

    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(tmp_path / "on.gguf").tensors}
    written = tensors["token_embd.weight"]
    decoded = gguf.quants.dequantize(written.data, written.tensor_type)
    source = checkpoint.load(tmp_path / "on")
    np.testing.assert_array_equal(decoded, source.tensors.array("model.embed_tokens.weight"))
    np.testing.assert_array_equal(
        decoded, dict(model.weights())["model.embed_tokens.weight"].detach().numpy()
    )
    with pytest.raises(BadCheckpoint) as caught:
        convert(folder, tmp_path / "off.gguf", "int4", method="qad")
    assert "model.embed_tokens.weight" in str(caught.value)
    assert not (tmp_path / "off.gguf").exists()


def test_learning_on_the_lattice_brings_the_written_weights_nearer_to_full_precision(folder) -> None:
    """Rounded to nearest at first; the figure is that of the rounded weights in a plain model."""
    teacher, one = architecture.load(folder).requires_grad_(False), batch(folder)
    model = LatticeModel(architecture.load(folder))

    def divergence_of_the_rounded() -> float:
        with torch.no_grad():
            wanted = torch.log_softmax(trainer.logits_at(teacher, one), -1)
            have = torch.log_softmax(trainer.logits_at(qad.rounded(model), one), -1)
            return float((wanted.exp() * (wanted - have)).sum(-1).mean())

    before = divergence_of_the_rounded()
    run, optimizer = qad.divergence(model, teacher), qad._optimizer(model, SETTINGS)
    for step in range(60):
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * qad.rate(step, 60, 0.05)
        run(one).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert divergence_of_the_rounded() < 0.7 * before


def test_the_kept_checkpoint_is_the_one_whose_file_is_best(folder, text, tmp_path) -> None:
    report = qad.distill_on_lattice(job(folder, tmp_path), text, silent)
    means = {int(step): float(np.mean(list(kl.values()))) for step, kl in report["evaluations"].items()}
    assert sorted(means) == [0, 10, 20]
    assert report["best_step"] == min(means, key=lambda step: means[step])
    kept = checkpoint.load(tmp_path / "qad")
    assert all(
        lattice.recover(kept.tensors.array(name)) is not None
        for name in kept.tensors
        if len(kept.tensors[name].shape) == 2
    )
    lines = [json.loads(line) for line in (tmp_path / "work" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "kl" in line] == [0, 10, 20]
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["metrics.jsonl"]


def test_a_run_killed_twice_ends_with_the_same_bytes(folder, text, tmp_path) -> None:
    qad.distill_on_lattice(job(folder, tmp_path / "whole"), text, silent)
    for at in (4, 15):

        def killed(step: Step, at: int = at) -> None:
            if step.key == qad.KEY and step.done == at * 256:
                raise MemoryError

        with pytest.raises(MemoryError):
            qad.distill_on_lattice(replace(job(folder, tmp_path / "broken"), checkpoint_s=0.0), text, killed)
    qad.distill_on_lattice(job(folder, tmp_path / "broken"), text, silent)
    one, other = (tmp_path / run / "qad" / "model.safetensors" for run in ("whole", "broken"))
    assert one.read_bytes() == other.read_bytes()


def test_ctrl_c_saves_and_says_so(folder, text, tmp_path) -> None:
    import os

    def press(step: Step) -> None:
        if step.key == qad.KEY and step.done == 3 * 256:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        qad.distill_on_lattice(job(folder, tmp_path), text, press)
    assert torch.load(tmp_path / "work" / "checkpoint.pt", weights_only=True)["step"] == 3


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a judge will say, in order, in place of the engine."""
    said: list[float] = []
    monkeypatch.setattr(qad.Judge, "__call__", lambda self, path: Verdict({"es": said.pop(0)}, {"es": 0.0}))
    return said


def test_gptqs_own_codes_are_kept_when_training_does_harm(folder, text, tmp_path, verdicts) -> None:
    verdicts[:] = [0.1, 0.3, 0.2]
    report = qad.distill_on_lattice(job(folder, tmp_path), text, silent)
    assert report["best_step"] == 0
    kept = checkpoint.load(tmp_path / "qad")
    plain = architecture.load(folder)
    for name, weight in plain.named_parameters():
        if weight.ndim == 1:
            np.testing.assert_array_equal(kept.tensors.array(name), weight.detach().numpy())


def test_rates_climb_and_fall_and_evaluations_are_spread() -> None:
    rates = [qad.rate(step, 100, 0.1) for step in range(100)]
    assert rates[0] == 0.1
    assert max(rates) <= 1
    assert rates[99] < 0.001
    assert qad.evaluation_steps(10, 4) == {3, 5, 8, 10}
    assert qad.evaluation_steps(2, 5) == {1, 2}


def test_text_that_is_too_short_is_refused_by_its_language(folder) -> None:
    with pytest.raises(TrainingFault) as caught:
        qad_text.of_files(Calibration((Text("a", "pt", "Oi.", "pt"),)), folder, SETTINGS, 1)
    assert "pt" in str(caught.value)


def test_held_out_text_is_in_no_row(folder, text) -> None:
    words = Tokenizer.from_file(str(folder / "tokenizer.json"))
    marks = [f"{number:03d} " for number in range(900)]
    given = Calibration((Text("a", "es", "".join(marks), "es"),))
    found = qad_text.of_files(given, folder, replace(SETTINGS, held_out_tokens=100), 1)
    read = words.decode(found.rows.take(np.arange(len(found.rows))).tokens.flatten().tolist())
    assert found.held_out[0].content in "".join(marks)
    assert found.held_out[0].content[-8:-1] not in read
    assert found.held_out[0].content not in found.calibration.texts[0].content


def test_a_step_smaller_than_a_row_is_refused(folder, tmp_path, text) -> None:
    tokens = np.zeros((6, 32), np.uint16)
    rows = packing.Rows(tokens, np.ones((6, 32), np.uint8), np.ones((6, 32), np.bool_))
    with pytest.raises(TrainingFault):
        qad.distill_on_lattice(
            job(folder, tmp_path, batch_tokens=16), replace(text, rows=rows, order=Shuffled(6, 1)), silent
        )
