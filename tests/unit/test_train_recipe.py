"""Recipes: what they accept, and what they name when they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from latam_edge.core.errors import BadRecipe, FileMissing
from latam_edge.train.recipe import Recipe, load_recipe

RECIPES = sorted(
    path
    for path in (Path(__file__).parents[2] / "recipes").glob("*.toml")
    if path.name != "sources.toml"  # what the others read
)


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
        ("[data]\ntext = ['a']", "data.texts"),
        ("[pretrain]\nqqqq = 1", "→ pretrain."),
        ("[distill]\nmode = 'onlin'", "'online'"),
        ("[distill]\nmode = 'text'\nteacher = 'x'", "distill.prompts"),
        ("[distill]\nmode = 'text'\nprompts = ['¿Qué es?']", "distill.teacher"),
        ("[distill]\nsamples = 0", "distill.samples"),
        ("[pretrain]\noptimizer = 'moun'", "'muon'"),
        ("[pretrain]\nprecision = 'fp16'", "fp32"),
        ("[pretrain]\nmicro_tokens = 100", "pretrain.micro_tokens"),
        ("[pretrain]\nbatch_tokens = 1024\nmicro_tokens = 768", "pretrain.micro_tokens"),
        ("[pretrain]\nema = 1.0", "pretrain.ema"),
        ("[pretrain]\nlate_share = 2", "pretrain.late_share"),
        ("[data]\nheld_out_share = 1.0", "data.held_out_share"),
        ("[export]\nmethod = 'gptk'", "'gptq'"),
        ("[export]\nmethod = 'qad'", "qad.tokens"),
        ("[export]\ncalibration_tokens = 8", "export.calibration_tokens"),
        ("[qad]\nbatch_tokens = 700", "qad.batch_tokens"),
        ("[qad]\ncontext = 16", "qad.context"),
        ("[qad]\ntokens = 512", "qad.tokens"),
        ("[qad]\nactivations_from = 1.5", "qad.activations_from"),
        ("[qad]\nevaluations = 0", "qad.evaluations"),
        ("[finetune.mix]\nchat = 1.0", "'cartilla'"),
        ("[finetune.mix]\nreading = 1.0", "data.instructions"),
        ("[finetune.mix]\ncartilla = 0", "finetune.mix"),
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


def test_how_codes_are_chosen_follows_from_the_parts_unless_it_is_said(tmp_path: Path) -> None:
    for text, method in (
        ("", "gptq"),
        ("[qad]\ntokens = 100_000", "qad"),
        ("[qad]\ntokens = 100_000\n[export]\nmethod = 'gptq'", "gptq"),
        ("[export]\nmethod = 'rtn'", "rtn"),
    ):
        assert load_recipe(write(tmp_path, text)).method == method


def test_category_weights_are_numbers(tmp_path: Path) -> None:
    assert load_recipe(write(tmp_path, "[data.weights]\ncapitals = 9")).data.weights == {"capitals": 9.0}
    with pytest.raises(BadRecipe):
        load_recipe(write(tmp_path, "[data.weights]\ncapitals = 'many'"))


def test_new_keys_left_at_their_defaults_change_no_fingerprint(tmp_path: Path) -> None:
    """Runs that were begun before a key existed go on: these are the digests of the first release."""
    plain = load_recipe(RECIPES[0].with_name("cartilla.toml"))
    assert plain.fingerprint("distill") == "ba7997605a64a434"
    assert plain.fingerprint("pretrain") == "86944ea052ba1f56"
    spelled = write(tmp_path, "[distill]\nmode = 'online'\nema = 0.0\n[data]\ntexts = []")
    assert load_recipe(spelled).fingerprint("data", "distill") == Recipe().fingerprint("data", "distill")
