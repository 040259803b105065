"""Personas: files that a teacher writes, found by name, bounded, told to the model."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from latam_edge.cli import main as cli
from latam_edge.cli import options
from latam_edge.core import personas
from latam_edge.core.errors import BadPersona, UnknownPersona
from latam_edge.core.settings import Settings


def write(folder: Path, name: str, text: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LATAM_EDGE_SHARED", str(tmp_path / "all"))
    return tmp_path / "all" / "personas"


def given(*words: str) -> argparse.Namespace:
    parser = options.Parser("test", "")
    options.add_system(parser)
    return parser.parse_args(list(words))


def test_a_users_own_persona_wins_over_the_machines(home: Path, shared: Path) -> None:
    write(shared, "Tutor.txt", "De todos.")
    write(shared, "cuentos.md", "Cuenta cuentos.\n")
    write(home / "data" / "personas", "tutor.txt", "\ufeffMío. \n")
    write(home / "data" / "personas", "foto.png", b"\x89PNG")
    assert personas.read("TUTOR") == "Mío."
    assert personas.read("cuentos") == "Cuenta cuentos."
    assert personas.names() == ["cuentos", "Tutor"]


def test_an_unknown_one_is_told_with_those_there_are(home: Path) -> None:
    write(home / "data" / "personas", "tutor.txt", "Mío.")
    with pytest.raises(UnknownPersona) as caught:
        personas.read("tutro")
    assert "tutor" in str(caught.value)


def test_a_name_is_never_a_path(home: Path) -> None:
    write(home / "data", "secreto.txt", "x")
    write(home / "data" / "personas", "tutor.txt", "Mío.")
    for name in ("../secreto", "..", "", str(home / "data" / "secreto")):
        with pytest.raises(UnknownPersona):
            personas.read(name)


@pytest.mark.parametrize("data", [b"", b" \n", b"\xff\xfe", b"x" * (personas.MAX_BYTES + 1)])
def test_what_is_no_short_text_is_refused_by_name(home: Path, data: bytes) -> None:
    path = write(home / "data" / "personas", "tutor.txt", data)
    with pytest.raises(BadPersona) as caught:
        personas.read("tutor")
    assert str(path) in str(caught.value)


def test_the_option_wins_over_the_settings_and_both_become_the_system_prompt(home: Path) -> None:
    write(home / "data" / "personas", "tutor.txt", "Tutor.")
    write(home / "data" / "personas", "poeta.txt", "Poeta.")
    settings = Settings(persona="poeta", system="Otro.")
    assert options.system_prompt(given(), settings) == "Poeta."
    assert options.system_prompt(given("--persona", "tutor"), settings) == "Tutor."
    assert options.system_prompt(given("--system", "Dicho."), settings) == "Dicho."
    assert options.system_prompt(given(), Settings(system="Otro.")) == "Otro."


def test_the_command_line_names_the_mistake(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--engine", "echo", "--persona", "nadie", "hola"]) == 3
    assert "LE-164" in capsys.readouterr().err
