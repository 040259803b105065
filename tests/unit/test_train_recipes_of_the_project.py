"""The recipes that come with the project: they load, and what their comments work out is what they say."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from accelerate.commands.config.config_args import load_config_from_file

from latam_edge.cartilla import open_text
from latam_edge.cartilla.subjects import all_items
from latam_edge.core.errors import BadRecipe, FileMissing
from latam_edge.train import sources
from latam_edge.train.recipe import Model, Recipe, load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
ALL = sorted(path for path in RECIPES.rglob("*.toml") if path.name != sources.TABLE)


def parameters(shape: Model, vocabulary: int) -> int:
    """Weights of a Llama model with a tied embedding, norms left out."""
    attention = 2 * shape.width**2 + 2 * shape.width * shape.kv_heads * (shape.width // shape.heads)
    return shape.layers * (attention + 3 * shape.width * shape.feed_forward) + vocabulary * shape.width


def read(name: str) -> Recipe:
    return load_recipe(RECIPES / f"{name}.toml")


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_recipe_loads_explains_itself_and_names_categories_that_exist(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.name
    assert path.read_text(encoding="utf-8").startswith("#")
    categories = {item.category for item in all_items()} | {"decline", *open_text.CATEGORIES}
    for stage in (recipe.data, recipe.distill, recipe.finetune):
        assert set(stage.weights) <= categories


def test_the_larger_semilla_is_a_fair_measure() -> None:
    small, large = read("semilla"), read("semilla-grande")
    sizes = [parameters(recipe.student, recipe.data.vocabulary) for recipe in (small, large)]
    assert 2 <= sizes[1] / sizes[0] <= 4
    assert large.student.width % 256 == large.student.feed_forward % 256 == 0
    assert large.data.vocabulary == small.data.vocabulary
    assert large.method == "qad"
    assert small.qad.batch_tokens == large.qad.batch_tokens
    assert min(small.qad.tokens, large.qad.tokens) >= 500_000
    # The primer in ten minutes has no time for it.
    assert read("cartilla").method == "gptq"


@pytest.mark.parametrize(
    ("name", "teacher", "student"), [("semilla-cpu", 12.6e6, 9.4e6), ("semilla-gpu", 113.2e6, 43.8e6)]
)
def test_sizes_are_those_of_the_comments(name: str, teacher: float, student: float) -> None:
    recipe = read(name)
    assert parameters(recipe.teacher, recipe.data.vocabulary) == pytest.approx(teacher, rel=0.01)
    assert parameters(recipe.student, recipe.data.vocabulary) == pytest.approx(student, rel=0.01)


def test_semilla_for_the_gpu_fits_the_repository_and_half_an_hour() -> None:
    recipe = read("semilla-gpu")
    teacher, student = (parameters(m, recipe.data.vocabulary) for m in (recipe.teacher, recipe.student))
    assert 30e6 <= student <= 60e6
    assert teacher >= 100e6
    assert student * 4.5 / 8 < 40e6
    flops = 6 * teacher * recipe.pretrain.tokens + (6 * student + 2 * teacher) * recipe.distill.tokens
    assert flops / (0.3 * 989e12) < 20 * 60


def test_the_ladder_goes_down_by_steps_and_costs_what_it_says() -> None:
    rungs = {stem: read(f"region-70b/{stem}") for stem in ("1-7b", "2-3b", "3-1b")}
    vocabulary = rungs["1-7b"].data.vocabulary
    sizes = [parameters(rung.student, vocabulary) for rung in rungs.values()]
    assert sizes == pytest.approx([7.1e9, 2.97e9, 0.97e9], rel=0.01)
    assert [rung.distill.mode for rung in rungs.values()] == ["text", "online", "cached"]
    tokens = [rung.distill.tokens for rung in rungs.values()]
    hour = 0.4 * 989e12 * 3600
    hours = [
        6 * sizes[0] * tokens[0] / hour,
        (6 * sizes[1] + 2 * sizes[0]) * tokens[1] / hour,
        6 * sizes[2] * tokens[2] / hour + 2 * sizes[1] * 5e9 / hour,
    ]
    assert hours == pytest.approx([4180, 680, 103], rel=0.02)


def test_a_rung_takes_the_rung_above_for_its_teacher_and_its_tokenizer() -> None:
    above = read("region-70b/1-7b")
    for stem in ("2-3b", "3-1b"):
        rung = read(f"region-70b/{stem}")
        assert rung.distill.teacher == f"runs/{above.name}/student"
        assert rung.data.tokenizer == "runs/region-7b/tokenizer"
        above = rung


@pytest.mark.parametrize("name", ["semilla-cpu", "semilla-gpu"])
def test_old_prose_is_read_less_towards_the_end(name: str) -> None:
    recipe = read(name)
    for stage in (recipe.pretrain, recipe.distill):
        assert list(stage.late_sources) == list(recipe.data.sources)
        old = ("conha19-*", "eltec-*", "textbox-*", "machado-de-assis")
        assert all(stage.late_sources[pattern] < recipe.data.sources[pattern] for pattern in old)


@pytest.mark.parametrize("name", ["semilla-cpu", "semilla-gpu"])
def test_all_that_is_read_may_be_given_away_and_has_a_credit(name: str) -> None:
    found = sources.read_by(read(name), RECIPES / sources.TABLE)
    assert len(found) > 30
    assert all(source.credit and source.licence in sources.GIVEABLE for source in found)
    names = {source.name for source in found}
    assert {"tatoeba-es", "conha19-*", "home-assistant-pt"} <= names
    assert not names & set(table()["left_out"])


def table() -> dict[str, Any]:
    return tomllib.loads((RECIPES / sources.TABLE).read_text(encoding="utf-8"))


def test_every_source_names_the_page_that_states_its_licence() -> None:
    for part in table().values():
        for name, source in part.items():
            assert source["stated"].startswith("https://"), name
            assert source["licence"], name


def test_what_is_left_out_says_why() -> None:
    assert all(source["why"] for source in table()["left_out"].values())


def test_a_source_without_the_page_that_states_its_licence_is_refused(tmp_path: Path) -> None:
    whole = (RECIPES / sources.TABLE).read_text(encoding="utf-8")
    stated = table()["read"]["tatoeba-es"]["stated"]
    changed = tmp_path / sources.TABLE
    changed.write_text(whole.replace(f'stated = "{stated}"', 'stated = ""'), encoding="utf-8")
    with pytest.raises(BadRecipe, match="tatoeba-es"):
        sources.read_by(read("semilla-cpu"), changed)


def test_what_every_stage_passes_over_needs_no_credit() -> None:
    recipe = read("semilla-cpu")
    nothing = {"cartilla": 1.0, "tatoeba-es": 0.0}
    stage = replace(recipe.pretrain, late_sources={})
    distill = replace(recipe.distill, late_sources={})
    changed = replace(
        recipe, data=replace(recipe.data, sources=nothing, instructions=()), pretrain=stage, distill=distill
    )
    names = {source.name for source in sources.read_by(changed, RECIPES / sources.TABLE)}
    assert "tatoeba-es" not in names
    assert "openstax-quimica" in names
    late = replace(changed, distill=replace(distill, late_sources={"tatoeba-es": 0.1}))
    assert "tatoeba-es" in {source.name for source in sources.read_by(late, RECIPES / sources.TABLE)}


def test_a_source_that_may_not_be_given_away_is_refused_by_its_name() -> None:
    recipe = read("semilla-cpu")
    with_more = replace(
        recipe, data=replace(recipe.data, texts=(*recipe.data.texts, "text/pt/wikilivros-pt.*"))
    )
    with pytest.raises(BadRecipe, match="wikilivros-pt"):
        sources.read_by(with_more, RECIPES / sources.TABLE)
    whole = replace(recipe, data=replace(recipe.data, texts=("text/*/*",)))
    with pytest.raises(BadRecipe):
        sources.read_by(whole, RECIPES / sources.TABLE)


def test_the_embedded_model_reads_no_text_of_others(tmp_path: Path) -> None:
    assert sources.read_by(read("semilla"), tmp_path / "absent.toml") == []
    with pytest.raises(FileMissing):
        sources.read_by(read("semilla-gpu"), tmp_path / "absent.toml")


@pytest.mark.parametrize("path", sorted((RECIPES / "accelerate").glob("*.yaml")), ids=lambda path: path.stem)
def test_accelerate_reads_its_configuration_files(path: Path) -> None:
    config = load_config_from_file(str(path))
    assert config.num_processes >= 2
    assert config.mixed_precision == "no"
