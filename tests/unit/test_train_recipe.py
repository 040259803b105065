"""Recipes: what they accept, and what they name when they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from latam_edge.core.errors import BadRecipe, FileMissing
from latam_edge.train.recipe import Recipe, load_recipe

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_of_the_project_are_valid(path: Path) -> None:
    assert load_recipe(path).name == path.stem


def test_an_empty_recipe_is_the_defaults(tmp_path: Path) -> None:
    assert load_recipe(write(tmp_path, "")) == Recipe()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[data]\ndialoges = 5", "data.dialogues"),
        ("[student]\nlayers = 'many'", "student.layers"),
        ("[student]\nwidth = 250", "student"),
        ("[student]\nheads = 8\nkv_heads = 3", "kv_heads"),
        ("[pretrain]\nbatch_tokens = 1000", "pretrain.batch_tokens"),
        ("[data]\nquestions = 'one.jsonl'", "data.questions"),
        ("data = 3", "data"),
        ("seed = true", "seed"),
        ("\nseed = = 3", "línea 2 ≠ TOML"),
    ],
)
def test_a_wrong_recipe_is_refused_and_the_key_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        load_recipe(write(tmp_path, text))
    assert named in caught.value.facts["detail"]


def test_a_missing_recipe_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        load_recipe(tmp_path / "none.toml")


def test_fingerprint_changes_with_the_parts_named_and_with_no_other() -> None:
    one, other = Recipe(), Recipe(name="other")
    assert one.fingerprint("data", "teacher") == other.fingerprint("data", "teacher")
    assert one.fingerprint("name") != other.fingerprint("name")
    assert Recipe(seed=8).fingerprint("data") != one.fingerprint("data")


def test_spelling_out_a_default_changes_no_fingerprint(tmp_path: Path) -> None:
    plain = load_recipe(write(tmp_path, "[data]\ndialogues = 5"))
    spelled = load_recipe(write(tmp_path, "[data]\ndialogues = 5\ncontext = 256"))
    assert plain.fingerprint("data") == spelled.fingerprint("data")
    other = load_recipe(write(tmp_path, "[data]\ndialogues = 5\ncontext = 128"))
    assert plain.fingerprint("data") != other.fingerprint("data")


def test_category_weights_are_numbers(tmp_path: Path) -> None:
    assert load_recipe(write(tmp_path, "[data.weights]\ncapitals = 9")).data.weights == {"capitals": 9.0}
    with pytest.raises(BadRecipe):
        load_recipe(write(tmp_path, "[data.weights]\ncapitals = 'many'"))
