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
