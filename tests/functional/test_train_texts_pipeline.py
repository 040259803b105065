"""Pretraining, distillation and fine-tuning on a corpus folder, at toy size, every way of distilling."""

from __future__ import annotations

import json
import lzma
import random
from pathlib import Path

import pytest
import torch

from latam_edge.core.errors import (
    BadCheckpoint,
    EmptyCorpus,
    MissingTeacher,
    NotText,
    VocabularyMismatch,
)
from latam_edge.core.progress import silent
from latam_edge.train import architecture, text_step
from latam_edge.train.pipeline import RUN_STEPS, Run
from latam_edge.train.recipe import load_recipe
from latam_edge.train.tokenizer import load_tokenizer

torch.set_num_threads(1)

RECIPE = """
name = "textos"
compile = false
[data]
corpus = "{corpus}"
texts = ["text/*/*"]
held_out_share = 0.1
instructions = ["instruct/*/*"]
dialogues = 300
finetune_dialogues = 120
context = 64
vocabulary = 420
tokenizer_characters = 20000
[data.sources]
cartilla = 0.5
viejo = 0.25
[teacher]
layers = 2
width = 32
heads = 2
kv_heads = 1
feed_forward = 64
[student]
layers = 1
width = 32
heads = 2
kv_heads = 1
feed_forward = 64
[pretrain]
tokens = 12_288
batch_tokens = 1024
micro_tokens = 512
ema = 0.9
validate_tokens = 4096
late_share = 0.5
late_sources = {{viejo = 0.0}}
[distill]
tokens = 8192
batch_tokens = 1024
{distill}
[finetune]
tokens = 4096
batch_tokens = 1024
[finetune.mix]
cartilla = 0.5
reading = 0.25
instructions = 0.25
"""

NOUNS = {
    "es": ["río", "árbol", "maestro", "maíz", "camino"],
    "pt": ["rio", "árvore", "professor", "milho", "caminho"],
}


def write(path: Path, records: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("corpus")
    rng = random.Random(0)
    for lang, nouns in NOUNS.items():
        for stem in ("nuevo", "viejo"):
            texts = [
                {
                    "text": " ".join(f"{rng.choice(nouns)} {rng.randrange(100)}." for _ in range(60)),
                    "source": f"{n}",
                }
                for n in range(40)
            ]
            write(base / f"text/{lang}/{stem}.jsonl.xz", [*texts, {"no": "text"}])
        asked = [
            {"context": f"Hay {n} ríos.", "question": "¿Cuántos?", "answer": f"{n}", "lang": lang}
            for n in range(40)
        ]
        told = [
            {"messages": [{"role": "user", "content": f"Di {n}"}, {"role": "assistant", "content": f"{n}"}]}
            for n in range(40)
        ]
        write(base / f"instruct/{lang}/a.jsonl.xz", [*asked, *told, {"messages": "?"}])
    return base


def recipe_file(folder: Path, corpus: Path, distill: str = "") -> Path:
    path = folder / "textos.toml"
    path.write_text(RECIPE.format(corpus=corpus, distill=distill), encoding="utf-8")
    return path


def walk(recipe: Path, out: Path, until: str = "finetune") -> Run:
    run = Run(load_recipe(recipe), out, resume=True, progress=silent)
    names = tuple(RUN_STEPS)
    run.walk(names[: names.index(until) + 1])
    return run


@pytest.fixture(scope="module")
def trained(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    patch = pytest.MonkeyPatch()
    patch.setenv("LATAM_EDGE_HOME", str(tmp_path_factory.mktemp("home")))
    out = tmp_path_factory.mktemp("run")
    run = walk(recipe_file(out, corpus), out / "out")
    yield run
    patch.undo()


def test_every_step_reports_what_it_read(trained: Run) -> None:
    steps = trained.report.steps
    packed = steps["pack"]
    assert packed["texts"] == 160
    assert packed["broken_by_file"] == {"nuevo": 1, "viejo": 1}
    assert 4 < packed["held_out"] < 40
    assert set(packed["text_tokens_by_language"]) == {"es", "pt"}
    assert steps["finetune"]["data"]["reading"] == 30
    assert steps["finetune"]["data"]["instructions"] == 30
    assert steps["finetune"]["data"]["broken"] == 2
    assert "bits_per_byte/es" in steps["teacher"]


def test_bits_per_byte_are_measured_while_it_trains_and_fall(trained: Run) -> None:
    lines = [
        json.loads(x) for x in (trained.paths.run / "train-teacher/metrics.jsonl").read_text().splitlines()
    ]
    bits = [line["bits_per_byte"] for line in lines if "bits_per_byte" in line]
    assert [line["step"] for line in lines if "bits_per_byte" in line] == [4, 8, 12]
    assert set(bits[0]) == {"es", "pt"}
    assert bits[0]["es"] > bits[-1]["es"]


def test_no_held_out_text_is_among_the_rows(trained: Run) -> None:
    from latam_edge.train import token_cache

    held = {text.text for text in text_step.read_held_out(trained.paths)}
    tokenizer = load_tokenizer(trained.paths.tokenizer)
    seen = set()
    for entry in json.loads((trained.paths.data / "texts.json").read_text()):
        file = token_cache.open_entry(Path(entry))
        begins = [0, *file.ends[:-1].tolist()]
        seen |= {
            tokenizer.decode(file.tokens[b:e].tolist())
            for b, e in zip(begins, file.ends.tolist(), strict=True)
        }
    assert held
    assert len(seen) == 160 - len(held)
    assert not held & seen


def test_a_changed_corpus_is_read_anew(trained: Run, corpus: Path) -> None:
    again = Run(trained.recipe, trained.paths.run, resume=True, progress=silent)
    assert again.fingerprint("pack") == trained.fingerprint("pack")
    extra = corpus / "text/es/extra.txt"
    extra.write_text("Un texto más.", encoding="utf-8")
    try:
        changed = Run(trained.recipe, trained.paths.run, resume=True, progress=silent)
        assert changed.fingerprint("pack") != trained.fingerprint("pack")
    finally:
        extra.unlink()


@pytest.mark.parametrize("mode", ["cached", "none"])
def test_a_teacher_from_elsewhere_or_none_makes_a_student(trained: Run, corpus, tmp_path, mode) -> None:
    teacher = trained.paths.teacher
    more = f'mode = "{mode}"\nteacher = "{teacher}"'
    path = recipe_file(tmp_path, corpus, more)
    path.write_text(
        path.read_text().replace("[data]\n", f'[data]\ntokenizer = "{teacher}"\n'), encoding="utf-8"
    )
    run = walk(path, tmp_path / "out", "distill")
    assert "teacher" not in run.report.steps
    report = run.report.steps["distill"]
    assert architecture.load(run.paths.student).config.num_hidden_layers == 1
    if mode == "cached":
        assert 0 < report["bytes_per_position"] <= 40
        assert not (run.paths.run / "teacher").exists()


def test_a_student_goes_on_from_a_checkpoint(trained: Run, corpus, tmp_path) -> None:
    """With a rate of zero it ends as it began; one of another shape is refused by the number that differs."""
    teacher = trained.paths.teacher
    more = f'mode = "continue"\nteacher = "{teacher}"\nlr_matrix = 0.0\nlr_other = 0.0'
    path = recipe_file(tmp_path, corpus, more)
    path.write_text(
        path.read_text().replace("[data]\n", f'[data]\ntokenizer = "{teacher}"\n'), encoding="utf-8"
    )
    run = walk(path, tmp_path / "out", "distill")
    student, old = architecture.load(run.paths.student), architecture.load(teacher)
    assert torch.equal(student.model.embed_tokens.weight, old.model.embed_tokens.weight)
    for name, weight in student.model.layers[0].state_dict().items():
        assert torch.equal(weight, old.model.layers[0].state_dict()[name])
    width = old.config.hidden_size
    path.write_text(path.read_text().replace(f"width = {width}", f"width = {2 * width}"), encoding="utf-8")
    with pytest.raises(BadCheckpoint, match=f"hidden_size: {2 * width} ≠ {width}"):
        walk(path, tmp_path / "wide", "distill")


def test_a_teacher_with_another_tokenizer_writes_the_students_lessons(trained: Run, corpus, tmp_path) -> None:
    """A toy teacher writes noise; the filters are told to take it, and the road is what is tested."""
    from latam_edge.train import teacher_text

    more = f'''mode = "text"
teacher = "{trained.paths.chat if trained.paths.chat.exists() else trained.paths.round(0)}"
prompts = ["¿Cómo crece el maíz en la sierra?", "Como cresce o milho na sua terra?"]
texts_per_prompt = 20
max_new_tokens = 30
min_characters = 1
learn_questions = true'''
    run = walk(recipe_file(tmp_path, corpus, more), tmp_path / "out", "distill")
    report = run.report.steps["distill"]
    assert report["asked"] == 40
    assert report["texts"] + sum(report["left_out"].values()) == 40
    assert report["texts"] > 0
    path = run.paths.data / "teacher-text.jsonl"
    before = path.read_bytes()
    path.write_bytes(before[:-7])  # a power cut in the last batch
    again = teacher_text.write_texts(
        run.recipe.distill, trained.paths.round(0), "", run.recipe.seed, path, silent
    )
    assert path.read_bytes() == before
    assert again["texts"] == report["texts"]


def test_what_is_missing_or_does_not_fit_is_said_before_anything_is_trained(
    trained, corpus, tmp_path
) -> None:
    with pytest.raises(MissingTeacher, match="nadie"):
        walk(recipe_file(tmp_path, corpus, 'teacher = "/nadie"'), tmp_path / "a")
    (tmp_path / "vacía").mkdir()
    with pytest.raises(EmptyCorpus, match="vacía"):
        walk(recipe_file(tmp_path, tmp_path / "vacía"), tmp_path / "b")
    # The student's own tokenizer is smaller than the teacher's.
    path = recipe_file(tmp_path, corpus, f'teacher = "{trained.paths.teacher}"')
    path.write_text(path.read_text().replace("vocabulary = 420", "vocabulary = 400"), encoding="utf-8")
    with pytest.raises(VocabularyMismatch, match="420"):
        walk(path, tmp_path / "c", "distill")


def test_a_corpus_of_broken_lines_and_one_of_pictures_are_refused(tmp_path) -> None:
    (tmp_path / "text/es").mkdir(parents=True)
    (tmp_path / "text/es/a.jsonl").write_text('{"texto": 1}\n' * 50, encoding="utf-8")
    with pytest.raises(EmptyCorpus):
        walk(recipe_file(tmp_path, tmp_path), tmp_path / "out", "pack")
    (tmp_path / "text/es/foto.txt").write_bytes(b"\x89PNG\0\0")
    with pytest.raises(NotText, match=r"foto\.txt"):
        walk(recipe_file(tmp_path, tmp_path), tmp_path / "out", "pack")


def test_the_command_line_says_what_is_wrong_and_where(corpus, tmp_path, capsys) -> None:
    from latam_edge.cli.main import main

    empty = tmp_path / "vacía"
    empty.mkdir()
    recipe = str(recipe_file(tmp_path, corpus))
    before = ["train", recipe, "-o", str(tmp_path / "out"), "--lang", "es"]
    patch = pytest.MonkeyPatch()
    patch.setenv("LATAM_EDGE_CORPUS", str(corpus))  # --corpus wins over it
    try:
        assert main([*before, "--corpus", str(empty)]) == 3
        said = capsys.readouterr().err
        assert "LE-115" in said
        assert "vacía" in said
        wrong = tmp_path / "mal.toml"
        wrong.write_text("[pretrain]\ntoken = 5", encoding="utf-8")
        assert main(["train", str(wrong)]) == 2
        assert "pretrain.tokens" in capsys.readouterr().err
    finally:
        patch.undo()
