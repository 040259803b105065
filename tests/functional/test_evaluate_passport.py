"""A passport measured, written, measured again: with the model it speaks of, and with another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from convert.passport import write
from convert.to_gguf.rewrite import replace_metadata
from latam_edge.cli.main import main
from latam_edge.core.errors import BadFile, UsageError
from latam_edge.core.progress import silent
from latam_edge.evaluate import evaluation_set, passport
from latam_edge.evaluate.texts import Text
from latam_edge.formats import passport as passports
from latam_edge.formats.passport import PREFIX

SHORT = {
    "es": "La niña dice hola y el niño también dice hola; 12 y 7 son 19.\n" * 3,
    "pt": "O menino não vai à escola com a irmã; ele fica em casa e lê um livro.\n" * 3,
}


@pytest.fixture(autouse=True)
def _short_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines instead of 60 kB, the same for measuring and checking."""
    monkeypatch.setattr(
        evaluation_set, "load", lambda name, lang: Text(f"{name}.{lang}", lang, f"{SHORT[lang]}{name}")
    )


@pytest.fixture
def model(make_tiny_model: Callable[..., Path]) -> Path:
    return make_tiny_model(seed=2)


@pytest.fixture
def reference(make_tiny_model: Callable[..., Path]) -> Path:
    return make_tiny_model(seed=3)


def test_a_passport_that_was_just_measured_holds(model: Path, reference: Path) -> None:
    measured = passport.measure(model, reference, sets=("prose", "cartilla"))
    write(model, measured)
    assert passports.of_file(model) == measured
    assert set(measured.figures) == {
        ("llama", name, lang) for name in ("prose", "cartilla") for lang in ("es", "pt")
    }
    found = passport.check(model, reference)
    assert found.holds
    assert found.unchecked == ()
    assert len(found.verdicts) == 4 * len(passport.TOLERANCES)


def test_without_the_reference_the_rest_is_checked_and_that_is_said(model: Path, reference: Path) -> None:
    write(model, passport.measure(model, reference))
    found = passport.check(model)
    assert found.holds
    assert {verdict.figure for verdict in found.verdicts} == {"tokens", "perplexity", "bits_per_byte"}
    assert len(found.unchecked) == 1
    assert reference.name in found.unchecked[0]


@pytest.mark.parametrize("figure", ["perplexity", "kl_mean", "top1_agreement"])
def test_a_figure_that_was_made_up_does_not_hold(model: Path, reference: Path, figure: str) -> None:
    write(model, passport.measure(model, reference))
    stated = passports.of_file(model)
    assert stated is not None
    flattered = getattr(stated.figures["llama", "prose", "es"], figure) * 1.1 + 0.01
    replace_metadata(model, {f"{PREFIX}llama.prose.es.{figure}": flattered})
    found = passport.check(model, reference)
    assert not found.holds
    assert [(v.place, v.figure) for v in found.verdicts if not v.holds] == [
        (("llama", "prose", "es"), figure)
    ]


def test_a_passport_on_other_weights_is_refused_before_anything_is_measured(
    model: Path, reference: Path
) -> None:
    metadata = passport.measure(model).to_metadata()
    replace_metadata(reference, metadata)
    with pytest.raises(BadFile):
        passport.check(reference)


def test_a_model_without_a_passport_and_another_reference_are_told(
    model: Path, reference: Path, tiny_model: Path
) -> None:
    with pytest.raises(BadFile):
        passport.check(model)
    write(model, passport.measure(model, reference))
    with pytest.raises(UsageError, match=re.escape(reference.name)):
        passport.check(model, tiny_model)


def test_other_texts_and_other_engines_are_named_and_left_out(model: Path) -> None:
    measured = passport.measure(model)
    place = ("llama", "prose", "es")
    figures = {place: measured.figures[place], ("onnx", "prose", "es"): measured.figures[place]}
    write(model, replace(measured, figures=figures))
    found = passport.check(model)
    assert found.holds
    assert len(found.unchecked) == 1
    assert "onnx" in found.unchecked[0]
    replace_metadata(model, {f"{PREFIX}text.prose.es.sha256": "00" * 32})
    with pytest.raises(BadFile, match=r"prose\.es"):
        passport.check(model)


def test_the_command_writes_checks_and_ends_in_three_when_it_does_not_hold(
    model: Path, reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(model), "--reference", str(reference), "--passport", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["llama"]["prose"].keys() == {"es", "pt"}
    assert main(["evaluate", str(model), "--check"]) == 0
    assert reference.name in capsys.readouterr().err
    assert main(["evaluate", str(model), "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True
    replace_metadata(model, {f"{PREFIX}llama.prose.pt.perplexity": 1.5})
    assert main(["evaluate", str(model), "--check"]) == 3
    shown = capsys.readouterr()
    assert "LE-100" in shown.err
    assert "1,5" in shown.out


def test_the_command_says_when_there_is_no_passport(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(model), "--check"]) == 3
    assert "--passport" in capsys.readouterr().err
    assert main(["evaluate", str(model), "--check", "--passport"]) == 2


def test_a_registered_model_is_not_rewritten(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "add", str(model), "--name", "mia"]) == 0
    assert main(["evaluate", "mia", "--passport"]) == 2
    assert main(["models", "verify", "mia"]) == 0


def test_models_info_shows_what_the_passport_states(
    model: Path, reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(model, passport.measure(model, reference))
    assert main(["models", "info", str(model), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["passport"]["llama"]["prose"]["es"]["kl_mean"] > 0
    assert main(["models", "info", str(model)]) == 0
    shown = capsys.readouterr()
    assert "es · prose · llama" in shown.out
    assert "--check" in shown.err


def test_without_texts_the_projects_own_are_measured(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(model), "--set", "cartilla", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["file"] for row in rows] == ["cartilla.es", "cartilla.pt"]
    assert all(row["engine"] == "llama" and row["windows"] == "overlapping" for row in rows)


def test_windows_are_those_of_the_passport_and_a_later_measurement_keeps_them(
    model: Path, reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", str(model), "--passport", "--json"]
    assert main([*command, "--reference", str(reference), "--set", "cartilla", "--context", "32"]) == 0
    assert json.loads(capsys.readouterr().out)["n_ctx"] == 32
    assert main(command) == 0  # prose, beside it
    both = json.loads(capsys.readouterr().out)
    assert both["n_ctx"] == 32
    assert both["llama"].keys() == {"cartilla", "prose"}
    assert both["reference"] == reference.name  # whose divergences are still stated
    found = passport.check(model, reference)
    assert found.holds
    assert len(found.verdicts) == 2 * len(passport.TOLERANCES) + 2 * len(passport.TOLERANCES) - 6
    plain = passport.measure(model, n_ctx=512).figures["llama", "prose", "es"]
    assert plain.perplexity != both["llama"]["prose"]["es"]["perplexity"]


def test_other_windows_drop_the_figures_that_were_measured_on_others(model: Path) -> None:
    write(model, passport.measure(model, sets=("cartilla",), n_ctx=32))
    write(model, passport.measure(model, sets=("prose",), n_ctx=64))
    stated = passports.of_file(model)
    assert stated is not None
    assert {place[1] for place in stated.figures} == {"prose"}
    assert passport.check(model).holds


def test_a_digit_that_moves_a_figure_within_its_tolerance_does_not_hold(
    model: Path, reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(model, passport.measure(model, reference))
    stated = passports.of_file(model)
    assert stated is not None
    figures = stated.figures["llama", "prose", "es"]
    replace_metadata(model, {f"{PREFIX}llama.prose.es.perplexity": figures.perplexity * 1.0001})
    found = passport.check(model)
    assert all(verdict.holds for verdict in found.verdicts)
    assert found.altered
    assert not found.holds
    assert main(["evaluate", str(model), "--check"]) == 3
    assert "pasaporte" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["llama.prose.pt.perplexity_stderr", "llama.prose.es.reference_perplexity"])
def test_a_digit_in_a_figure_that_nobody_measures_again_does_not_hold(
    model: Path, reference: Path, key: str
) -> None:
    write(model, passport.measure(model, reference))
    replace_metadata(model, {f"{PREFIX}{key}": 1.25})
    assert passport.check(model).altered


def test_a_file_that_was_renamed_keeps_a_passport_that_holds(model: Path) -> None:
    write(model, passport.measure(model))
    assert passport.check(model.rename(model.with_name("otro nombre ñ.gguf"))).holds


def test_one_bit_of_the_weights_is_enough_to_refuse_the_passport(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(model, passport.measure(model))
    data = bytearray(model.read_bytes())
    data[-7] ^= 1
    model.write_bytes(data)
    assert main(["evaluate", str(model), "--check"]) == 3
    assert "otros pesos" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--check", "--context", "64"],
        ["--check", "--windows", "overlapping"],
        ["--passport", "--windows", "llama-perplexity"],
        ["--set", "prose", "--text", "x.txt"],
        ["--check", "--set", "prose"],
        ["--context", "7"],
        ["--engine", "onnx"],
    ],
)
def test_options_that_would_be_passed_over_are_refused(model: Path, options: list[str]) -> None:
    before = model.read_bytes()
    assert main(["evaluate", str(model), *options]) == 2
    assert model.read_bytes() == before


@pytest.mark.parametrize(("rows", "windows"), [(64, 64), (1024, 512)])
def test_the_pipeline_measures_on_windows_no_longer_than_the_rows_it_trained_on(
    make_tiny_model: Callable[..., Path], tmp_path: Path, rows: int, windows: int
) -> None:
    from latam_edge.train import measure
    from latam_edge.train.corpus_step import Paths
    from latam_edge.train.recipe import Data, Exam, Recipe

    paths = Paths(tmp_path)
    paths.data.mkdir()
    recipe = Recipe(name="toy", data=Data(context=rows), exam=Exam(per_category=1))
    model = make_tiny_model(seed=2).rename(paths.gguf("toy", "int4"))
    make_tiny_model(seed=3).rename(paths.gguf("toy", "f16"))
    report = measure.compare(recipe, paths, silent)
    assert {row["n_ctx"] for row in report["int4"]} == {windows}
    stated = passports.of_file(model)
    assert stated is not None
    assert stated.n_ctx == windows
    assert passport.check(model, paths.gguf("toy", "f16")).holds
