"""What reaches the terminal."""

from __future__ import annotations

import io
import sys
import time

import pytest

from latam_edge.cli import output

Capture = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_a_model_says_can_not_command_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    output.write("hola\x1b[2J\x07 mañana\n\tsí\x9b")
    assert screen.getvalue() == "hola\ufffd[2J\ufffd mañana\n\tsí\ufffd"


def test_a_pipe_gets_every_byte_as_it_is(capsys: Capture) -> None:
    output.write("a\x1bb")
    assert capsys.readouterr().out == "a\x1bb"


def test_nothing_is_emphasized_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output.bold("x", screen) != "x"
    assert output.bold("x", io.StringIO()) == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.bold("x", screen) == "x"


def test_columns_line_up_whatever_the_letters(capsys: Capture) -> None:
    output.table(("A", "B"), [("ñandú", "1"), ("n\u0303andu\u0301", "22"), ("日本", "333")], right=(1,))
    lines = capsys.readouterr().out.splitlines()
    assert {output.width(line) for line in lines} == {10}


def test_a_table_too_wide_for_the_terminal_becomes_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(output, "columns", lambda stream: 25)
    monkeypatch.setenv("NO_COLOR", "1")
    output.table(("Nombre", "Tamaño"), [("x" * 20, "1 MB"), ("y", "22 MB")])
    assert screen.getvalue().splitlines() == [
        "Nombre: " + "x" * 20,
        "Tamaño: 1 MB",
        "",
        "Nombre: y",
        "Tamaño: 22 MB",
    ]


@pytest.mark.parametrize(("seconds", "seen"), [(0.0, False), (0.3, True)])
def test_a_long_silence_is_explained_and_the_explanation_wiped_away(
    seconds: float, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(output, "PATIENCE_S", 0.05)
    with output.patience("Cargando…"):
        time.sleep(seconds)
    said = screen.getvalue()
    assert ("Cargando" in said) is seen
    assert said == "" or said.endswith("\r" + " " * len("Cargando…") + "\r")


def test_a_pipe_is_told_nothing_of_the_silence(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "PATIENCE_S", 0.0)
    with output.patience("Cargando…"):
        time.sleep(0.05)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("s\n", True),
        ("SI\n", True),
        ("sí\n", True),
        ("y\n", True),
        ("n\n", False),
        ("\n", False),
        ("", False),
    ],
)
def test_only_a_clear_yes_is_a_yes(typed: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert output.confirm("¿Seguro?") is expected
