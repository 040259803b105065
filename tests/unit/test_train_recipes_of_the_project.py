"""The recipes that come with the project: they load, and what their comments work out is what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file

from latam_edge.cartilla.subjects import all_items
from latam_edge.train.recipe import Model, Recipe, load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
ALL = sorted(RECIPES.rglob("*.toml"))


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
    categories = {item.category for item in all_items()} | {"decline"}
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
def test_sources_that_are_left_out_stay_out_to_the_end(name: str) -> None:
    recipe = read(name)
    out = {pattern for pattern, weight in recipe.data.sources.items() if weight == 0}
    assert {"mac-morpho", "py-elotl", "pira"} <= out
    for stage in (recipe.pretrain, recipe.distill):
        assert all(stage.late_sources[pattern] == 0 for pattern in out)
        assert list(stage.late_sources) == list(recipe.data.sources)
        old = ("conha19-*", "eltec-*", "textbox-*", "machado-de-assis")
        assert all(stage.late_sources[pattern] < recipe.data.sources[pattern] for pattern in old)


@pytest.mark.parametrize("path", sorted((RECIPES / "accelerate").glob("*.yaml")), ids=lambda path: path.stem)
def test_accelerate_reads_its_configuration_files(path: Path) -> None:
    config = load_config_from_file(str(path))
    assert config.num_processes >= 2
    assert config.mixed_precision == "no"
