"""What a stage may ask for beyond the plain loop: parts, averages, measures, cached teachers, full disks."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from latam_edge.core.errors import DiskFull, MissingExtra, MissingTeacher, VocabularyMismatch
from latam_edge.core.progress import Step, silent
from latam_edge.train import architecture, checkpoints, losses, packing, teacher, trainer
from latam_edge.train.batch import make_batch
from latam_edge.train.documents import Document
from latam_edge.train.optimizer import Optimizers, ShardedMuon, orthogonalized
from latam_edge.train.recipe import Model, Stage
from latam_edge.train.teacher_cache import CachedTargets
from latam_edge.train.text_step import HeldOutRows

torch.set_num_threads(1)

SHAPE = Model(layers=2, width=32, heads=2, kv_heads=1, feed_forward=64)
VOCABULARY = 64
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def rows() -> packing.Rows:
    """Counting upwards from a random start, in documents of many lengths."""
    rng = np.random.default_rng(0)
    documents = []
    for start, size in zip(rng.integers(6, 40, 300), rng.integers(4, 20, 300), strict=True):
        documents.append(Document(np.arange(start, start + size).astype(np.uint16), np.arange(size) > 0))
    return packing.pack(documents, 64)


def run(
    rows: packing.Rows, folder: Path, steps: int = 12, progress=silent, loss=losses.cross_entropy, **extra
):
    options = {k: extra.pop(k) for k in list(extra) if k in Stage.__dataclass_fields__}
    model = architecture.build(SHAPE, VOCABULARY, seed=2)
    report = trainer.train(
        model, rows, Stage(tokens=steps * 512, batch_tokens=512, **options), loss,
        folder=folder, fingerprint="f", seed=1, key="train.step.teacher",
        progress=progress, compile_step=False, **extra,
    )  # fmt: skip
    return model, report


def weights(model) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# --- the loop ------------------------------------------------------------------------------


def test_a_step_in_parts_is_the_same_step(rows, tmp_path) -> None:
    plain = {"precision": "fp32", "optimizer": "adamw"}
    whole, _ = run(rows, tmp_path / "whole", **plain)
    parts, _ = run(rows, tmp_path / "parts", micro_tokens=128, **plain)
    torch.testing.assert_close(weights(parts), weights(whole), rtol=1e-3, atol=1e-4)


def test_the_average_is_what_a_stage_ends_with_and_survives_a_kill(rows, tmp_path) -> None:
    last, _ = run(rows, tmp_path / "last")
    averaged, _ = run(rows, tmp_path / "whole", ema=0.9)
    assert not torch.equal(weights(averaged), weights(last))

    def killed(step: Step) -> None:
        if step.done == 7 * 512:
            raise MemoryError

    with pytest.raises(MemoryError):
        run(rows, tmp_path / "broken", ema=0.9, progress=killed, checkpoint_s=0.0)
    resumed, _ = run(rows, tmp_path / "broken", ema=0.9)
    assert torch.equal(weights(resumed), weights(averaged))


def test_the_average_is_the_textbook_one() -> None:
    from latam_edge.train.averaging import Average

    model = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(1.0)
    average = Average(model, 0.5)
    expected = 1.0
    for step, value in enumerate((3.0, -1.0, 2.0)):
        with torch.no_grad():
            model.weight.fill_(value)
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    with average.applied():
        assert model.weight.item() == pytest.approx(expected)
    assert model.weight.item() == 2.0


def test_bits_per_byte_are_written_while_it_trains_and_to_tensorboard(rows, tmp_path) -> None:
    held_out = HeldOutRows(packing.Rows(rows.tokens[:8], rows.segment[:8], rows.learn[:8]), 1000)
    _, report = run(rows, tmp_path, validation={"es": held_out}, validate_tokens=5 * 512, tensorboard=True)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    measured = [line for line in lines if "bits_per_byte" in line]
    assert [line["step"] for line in measured] == [5, 10, 12]
    assert measured[0]["bits_per_byte"]["es"] > measured[-1]["bits_per_byte"]["es"]
    assert report["bits_per_byte/es"] == measured[-1]["bits_per_byte"]["es"]
    assert list((tmp_path / "tensorboard").iterdir())


def test_without_tensorboard_the_extra_is_named(rows, tmp_path, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtra, match="tensorboard"):
        run(rows, tmp_path, tensorboard=True)


def test_muon_for_sharded_weights_takes_the_steps_of_pytorchs() -> None:
    torch.manual_seed(0)
    pair = [torch.nn.Parameter(torch.randn(12, 5)), torch.nn.Parameter(torch.randn(4, 9))]
    same = [torch.nn.Parameter(p.detach().clone()) for p in pair]
    kinds = torch.optim.Muon(pair, lr=0.02, weight_decay=0.1), ShardedMuon(same, lr=0.02, weight_decay=0.1)
    for _ in range(4):
        for one, other in zip(pair, same, strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        for kind in kinds:
            kind.step()
    for one, other in zip(pair, same, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_an_orthogonalized_matrix_has_singular_values_near_one() -> None:
    values = torch.linalg.svdvals(orthogonalized(torch.randn(20, 7), 5, 1e-7).float())
    assert values.min() > 0.5
    assert values.max() < 1.5


def test_adamw_alone_leaves_no_matrix_to_muon() -> None:
    model = architecture.build(SHAPE, VOCABULARY, seed=2)
    (only,) = Optimizers(model, Stage(optimizer="adamw", weight_decay=0.3)).parts
    assert isinstance(only, torch.optim.AdamW)
    assert sum(len(g["params"]) for g in only.param_groups) == len(list(model.parameters()))
    assert {g["weight_decay"] for g in only.param_groups} == {0.3, 0.0}


# --- full disks ----------------------------------------------------------------------------


class Full:
    """A file on a disk with room for so many bytes."""

    def __init__(self, file, room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: bytes) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data)

    def __getattr__(self, name: str):
        return getattr(self._file, name)


def test_a_disk_that_fills_is_said_and_the_last_checkpoint_stays(rows, tmp_path, monkeypatch) -> None:
    from contextlib import contextmanager

    before = tmp_path / "checkpoint.pt"
    checkpoints.save_checkpoint(before, {"fingerprint": "f", "step": 1})
    content = before.read_bytes()
    whole = checkpoints.atomic_write

    @contextmanager
    def narrow(path: Path):
        with whole(path) as file:
            yield Full(file, 20_000)

    monkeypatch.setattr(checkpoints, "atomic_write", narrow)
    with pytest.raises(DiskFull, match=r"checkpoint\.pt"):
        checkpoints.save_checkpoint(before, {"fingerprint": "f", "weights": torch.zeros(100_000)})
    assert before.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]
    with pytest.raises(DiskFull):
        run(rows, tmp_path / "run", checkpoint_s=0.0)


def test_a_disk_that_fills_under_the_finished_model_is_said_and_the_old_one_stays(
    tmp_path, monkeypatch
) -> None:
    model = architecture.build(SHAPE, VOCABULARY, seed=2)
    (tmp_path / "tokenizer").mkdir()
    architecture.save(model, tmp_path / "model", tmp_path / "tokenizer")
    content = (tmp_path / "model/model.safetensors").read_bytes()

    def full(folder: Path) -> None:
        raise RuntimeError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(model, "save_pretrained", full)
    with pytest.raises(DiskFull):
        architecture.save(model, tmp_path / "model", tmp_path / "tokenizer")
    assert (tmp_path / "model/model.safetensors").read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model", "tokenizer"]


# --- teachers ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def taught(rows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher's folder without a tokenizer, so that only sizes are compared."""
    folder = tmp_path_factory.mktemp("teacher")
    model, _ = run(rows, folder / "train", steps=40)
    (folder / "none").mkdir()
    architecture.save(model, folder / "model", folder / "none")
    return folder / "model"


def cache(taught: Path, rows: packing.Rows, folder: Path, samples: int = 6, seed: int = 0) -> CachedTargets:
    return teacher.cached_targets(
        taught, taught, rows, "rows", folder, samples=samples, seed=seed, progress=silent
    )


def test_a_cache_keeps_what_was_asked_for_within_forty_bytes(taught, rows, tmp_path) -> None:
    found = cache(taught, rows, tmp_path / "c", samples=12)
    assert 6 < found.tokens_per_position <= 12.5
    assert found.bytes_per_position <= 40
    stamp = (tmp_path / "c/entries.npy").stat().st_mtime_ns
    cache(taught, rows, tmp_path / "c", samples=12)
    assert (tmp_path / "c/entries.npy").stat().st_mtime_ns == stamp, "asked once, read for ever"
    cache(taught, rows, tmp_path / "c", samples=4)
    assert (tmp_path / "c/entries.npy").stat().st_mtime_ns != stamp


def test_shares_of_the_draws_are_unbiased(taught, rows, tmp_path) -> None:
    """Over many caches the mean share of every token goes to its probability, rare ones included."""
    few = packing.Rows(rows.tokens[:2], rows.segment[:2], rows.learn[:2])
    model = teacher.open_teacher(taught, taught)
    batch = make_batch(few, np.arange(2), 128, CPU)
    learnt = int(batch.weight.sum())
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        p = F.softmax(losses.logits_at(model, batch)[:learnt], -1)
    times = 40
    mean = torch.zeros_like(p)
    for seed in range(times):
        found = cache(taught, few, tmp_path / str(seed), seed=seed)
        drawn = make_batch(few, np.arange(2), 128, CPU, found)
        mean.scatter_add_(1, drawn.sampled[:learnt], drawn.share[:learnt] / times)
        assert float(drawn.share[:learnt].sum(-1).sub(1).abs().max()) < 1e-5
    spread = (p * (1 - p) / (times * found.draws)).sqrt()
    assert float(((mean - p) / spread.clamp_min(1e-4)).abs().mean()) < 1.1
    rare = p < 0.02
    assert float(mean[rare].sum()) == pytest.approx(float(p[rare].sum()), rel=0.05)
    truth = -(p * p.log()).sum(-1)
    torch.testing.assert_close(drawn.entropy[:learnt], truth, rtol=2e-2, atol=2e-2)


def test_the_sampled_loss_and_its_gradient_go_to_the_full_ones(taught, rows, tmp_path) -> None:
    few = packing.Rows(rows.tokens[:2], rows.segment[:2], rows.learn[:2])
    model = teacher.open_teacher(taught, taught)
    student = architecture.build(SHAPE, VOCABULARY, seed=8)
    with torch.no_grad():
        student.model.embed_tokens.weight.mul_(20)

    def gradient(loss, batch) -> tuple[float, torch.Tensor]:
        student.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            value = loss(student, batch)
        value.backward()
        return float(value.detach()), student.model.embed_tokens.weight.grad.clone()

    expected, slope = gradient(losses.distillation(model, 1.0), make_batch(few, np.arange(2), 128, CPU))
    values, slopes = [], torch.zeros_like(slope)
    for seed in range(24):
        found = cache(taught, few, tmp_path / str(seed), seed=seed)
        value, one = gradient(
            losses.sampled_distillation(1.0), make_batch(few, np.arange(2), 128, CPU, found)
        )
        values.append(value)
        slopes += one / 24
    assert np.mean(values) == pytest.approx(expected, rel=0.03)
    assert float(F.cosine_similarity(slopes.flatten(), slope.flatten(), dim=0)) > 0.99


def test_a_student_learns_from_a_cache_as_from_the_teacher(taught, rows, tmp_path) -> None:
    found = cache(taught, rows, tmp_path / "c", samples=8)
    model = teacher.open_teacher(taught, taught)
    cached, _ = run(rows, tmp_path / "1", steps=30, loss=losses.sampled_distillation(1.0), targets=found)
    online, _ = run(rows, tmp_path / "2", steps=30, loss=losses.distillation(model, 1.0))
    untaught = architecture.build(SHAPE, VOCABULARY, seed=2)
    batch = make_batch(rows, np.arange(8), 512, CPU)
    loss = losses.distillation(model, 1.0)
    with torch.no_grad():
        far, near, nearest = (float(loss(m.eval(), batch)) for m in (untaught, cached, online))
    assert near < 0.25 * far
    assert near < nearest + 0.15 * far


def test_a_cache_of_other_rows_is_noticed(taught, rows, tmp_path) -> None:
    found = cache(taught, packing.Rows(rows.tokens[:2], rows.segment[:2], rows.learn[:2]), tmp_path / "c")
    other = packing.Rows(rows.tokens[2:], rows.segment[2:], rows.learn[2:])
    with pytest.raises(ValueError, match="cached"):
        make_batch(other, np.arange(2), 128, CPU, found)


def test_the_packing_of_draws_holds_a_vocabulary_of_any_size() -> None:
    from latam_edge.train.teacher_cache import _packed, _unpacked

    for width, most in ((3, (1 << 17) - 1), (4, (1 << 25) - 1)):
        tokens, counts = np.array([0, 5, most]), np.array([1, 127, 64])
        back = _unpacked(_packed(tokens, counts, width))
        assert back[0].tolist() == tokens.tolist()
        assert back[1].tolist() == counts.tolist()


def test_a_missing_teacher_and_another_vocabulary_are_refused(taught, tmp_path) -> None:
    from latam_edge.train import tokenizer as tok

    with pytest.raises(MissingTeacher, match="nadie"):
        teacher.teacher_folder(str(tmp_path / "nadie"), tmp_path)
    with pytest.raises(MissingTeacher):
        teacher.open_teacher(tmp_path, taught)
    tok.save_tokenizer(tok.train_tokenizer(["hola mundo"] * 5, 300), tmp_path / "mine")
    with pytest.raises(VocabularyMismatch, match="64"):
        teacher.open_teacher(taught, tmp_path / "mine")


# --- what a teacher writes -----------------------------------------------------------------


def test_answers_are_filtered_and_the_reasons_counted() -> None:
    from latam_edge.train.recipe import Distill
    from latam_edge.train.teacher_text import Filter, Prompt

    sieve = Filter(Distill(min_characters=20))
    prompt = Prompt("¿Cómo se siembra el maíz?", "es")
    good = "El maíz se siembra en surcos cuando empiezan las lluvias, con dos semillas por hoyo."
    assert sieve.passes(prompt, good, True)
    assert not sieve.passes(prompt, good.upper().replace(",", ";"), True)
    assert not sieve.passes(prompt, good + " Y luego", False)
    assert not sieve.passes(prompt, "Se siembra.", True)
    assert not sieve.passes(prompt, "el maíz crece bien y " * 12, True)
    assert not sieve.passes(
        prompt, "O milho não é plantado em linha, mas sim em covas, com duas sementes.", True
    )
    reasons = {"duplicate": 1, "cut": 1, "short": 1, "repetition": 1, "language": 1}
    assert dict(sieve.left_out) == reasons


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("¿Dónde está la escuela del pueblo?", "es"),
        ("A escola não fica na praça, mas perto do rio.", "pt"),
        ("Los niños juegan con una pelota en el patio.", "es"),
        ("Você pode me dizer onde fica o posto de saúde?", "pt"),
        ("7 × 8 = 56", None),
    ],
)
def test_spanish_and_portuguese_are_told_apart(text, lang) -> None:
    from latam_edge.train.languages import language_of

    assert language_of(text) == lang


# --- chat data -----------------------------------------------------------------------------


def test_records_become_dialogues_and_what_is_none_is_passed_over() -> None:
    from latam_edge.train.chat_data import to_dialogue

    reading = to_dialogue(
        {"context": "Hay sol.", "question": "¿Qué hay?", "answer": "Sol.", "lang": "es"}, "pt"
    )
    assert (reading.category, reading.lang) == ("reading", "es")
    assert reading.turns == (("Hay sol.\n\n¿Qué hay?", "Sol."),)
    said = [("system", "Breve."), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    chat = to_dialogue({"messages": [{"role": r, "content": c} for r, c in said]}, "pt")
    assert (chat.category, chat.lang, chat.system) == ("instructions", "pt", "Breve.")
    assert chat.turns == (("a", "b"), ("c", "d"))
    for bad in (
        [], {}, {"messages": []}, {"messages": [{"role": "user", "content": "a"}]},
        {"messages": [{"role": "system", "content": "a"}]}, {"context": "a", "question": "b", "answer": " "},
        {"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]},
    ):  # fmt: skip
        assert to_dialogue(bad, "es") is None, bad
