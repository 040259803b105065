"""A model's card: what it prints is what was measured, and nobody goes without credit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from latam_edge.core import paths
from latam_edge.core.errors import BadRecipe
from latam_edge.store import card as cards
from latam_edge.train import card, card_regional
from latam_edge.train.recipe import load_recipe
from latam_edge.train.sources import Source

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "recipes" / "semilla.toml"


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    return cards.read(paths.assets_dir() / "semilla.json")


@pytest.fixture
def steps(shipped: dict[str, Any]) -> dict[str, Any]:
    """Reports of a run's steps, as state.json has them: the shipped figures, invented bits per byte."""
    stage = {"parameters": shipped["parameters"], "seconds": 60.0, "tokens": 1_000_000}
    return {
        "teacher": {**stage, "ngram_bits_per_byte": {"es": 0.8, "pt": 0.8}},
        "distill": {**stage, "bits_per_byte": {"es": 0.6, "pt": 0.7}},
        "finetune": stage,
        "health": {"excluded": shipped["health_excluded"], "unsafe": shipped["health_unsafe"]},
        "export": {"int4": {"method": "gptq", "bits_per_weight": 4.52}},
        "evaluate": shipped["evaluation"],
        "exam": shipped["exam"],
    }


def run_of(folder: Path, steps: dict[str, Any], name: str = "semilla") -> Path:
    """A finished run's folder, with a file that is no model."""
    folder.mkdir()
    state = {step: {"fingerprint": "", "report": report} for step, report in steps.items()}
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    (folder / f"{name}-int4.gguf").write_bytes(b"weights")
    return folder


def test_the_shipped_card_prints_what_its_json_holds(shipped: dict[str, Any]) -> None:
    text = (paths.assets_dir() / "semilla.md").read_text(encoding="utf-8")
    assert "\n".join(card_regional.sections(shipped["regional"])) in text
    assert len([row for row in shipped["regional"]["written"] if row["lang"] == "es"]) == 20
    assert shipped["sha256"] in text


def test_publishing_measures_once_and_writes_a_card_with_all_parts(
    tmp_path: Path, steps: dict[str, Any], shipped: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Report:
        def to_json(self) -> dict[str, Any]:
            return dict(shipped["regional"])

    def measure(model: Path, **options: Any) -> Report:
        asked.append((model.read_bytes(), options["excluded"]))
        return Report()

    monkeypatch.setattr("latam_edge.evaluate.regional.measure", measure)
    run, out = run_of(tmp_path / "run", steps), tmp_path / "out"
    out.mkdir()
    model = card.publish(run, RECIPE, out)
    written = model.stat().st_mtime_ns
    card.publish(run, RECIPE, out)
    assert asked == [(b"weights", shipped["health_excluded"])]
    assert model.stat().st_mtime_ns == written
    found = cards.read(out / "semilla.json")
    assert found["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert found["regional"] == shipped["regional"]
    text = (out / "semilla.md").read_text(encoding="utf-8")
    titles = [line for line in text.splitlines() if line.startswith("## ")]
    assert titles == [
        "## What it reaches",
        "## The region's own voice",
        "## What it declines, and in which language it answers",
        "## Twenty open-ended prompts in each language",
        "## Health",
        "## Limits",
    ]


def test_a_model_without_a_teacher_of_its_own_has_a_card_too(
    steps: dict[str, Any], shipped: dict[str, Any]
) -> None:
    del steps["teacher"]
    recipe = load_recipe(RECIPE)
    facts = card.summary(recipe, steps)
    assert facts["training_seconds"] == 120
    text = card.markdown(recipe, steps, facts, "0" * 64, 1000)
    assert "(distillation 1.0 M tokens, fine-tuning 1.0 M)" in text
    assert "5-gram" not in text


def test_a_model_that_tells_stories_says_so_and_counts_every_round_of_fine_tuning(
    steps: dict[str, Any], tmp_path: Path
) -> None:
    recipe = tmp_path / "semilla.toml"
    recipe.write_text('name = "semilla"\n[distill]\nmode = "none"\n', encoding="utf-8")
    del steps["teacher"]
    steps["finetune-1"] = steps["finetune"]
    story = {
        "category": "stories",
        "lang": "es",
        "kind": "fact",
        "n": 10,
        "correct": 9,
        "wrongly_declined": 1,
    }
    before = card.summary(load_recipe(recipe), steps)
    steps["exam"] = {kind: [*steps["exam"][kind], story] for kind in ("f16", "int4")}
    facts = card.summary(load_recipe(recipe), steps)
    assert facts["training_seconds"] == 180
    told = "Stories, descriptions, short pieces of writing, questions about a given text"
    assert facts["headline"][told] == {"f16": 0.9, "int4": 0.9}
    primer = "All held-out questions of the primer"
    assert facts["headline"][primer] == before["headline"][primer]
    text = card.markdown(load_recipe(recipe), steps, facts, "0" * 64, 1000)
    assert "(training 1.0 M tokens, fine-tuning 2.0 M)" in text
    assert "tells short stories" in text
    assert "no text of its own" not in text


def test_every_source_is_credited_once_with_its_licence(steps: dict[str, Any]) -> None:
    recipe = load_recipe(RECIPE)
    page = "https://example.org/licence"
    two = [
        Source(name, "Somebody's text", "CC-BY-4.0", "owner/name", "abc", page) for name in ("a-es", "a-pt")
    ]
    text = card.markdown(recipe, steps, card.summary(recipe, steps), "0" * 64, 1000, two)
    line = "- Somebody's text: CC BY 4.0, [owner/name](https://github.com/owner/name) at abc"
    assert text.count(line) == 1
    assert "no outside text" not in text


def test_no_card_is_written_for_a_recipe_that_reads_what_may_not_be_given_away(
    tmp_path: Path, steps: dict[str, Any]
) -> None:
    recipe = tmp_path / "semilla.toml"
    recipe.write_text('name = "semilla"\n[data]\ntexts = ["text/es/novela.*"]\n', encoding="utf-8")
    (tmp_path / "sources.toml").write_text(
        '[read.novela]\ncredit = "x"\nlicence = "CC-BY-SA-4.0"\nrepository = "a/b"\ncommit = "c"\n',
        encoding="utf-8",
    )
    with pytest.raises(BadRecipe, match="CC-BY-SA"):
        card.publish(run_of(tmp_path / "run", steps), recipe, tmp_path)
    assert not (tmp_path / "semilla.json").exists()
