"""Completion scripts: made from the parsers, understood by the shells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from latam_edge.cli import completion
from latam_edge.cli.main import COMMANDS, main

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_every_script_knows_every_command_and_option(shell: str, capsys: Capture) -> None:
    assert main(["completion", shell]) == 0
    said = capsys.readouterr()
    for command in COMMANDS:
        assert command in said.out
    for option in ("temperature", "no-history", "gpu-layers", "sha256"):
        assert option in said.out
    assert shell in said.err


@pytest.fixture
def complete(tmp_path: Path) -> object:
    """What bash offers after the given words; a stand-in for the program answers `models list --names`."""
    program = tmp_path / "latam-edge"
    program.write_text(f"#!{sys.executable}\nprint('escuela')\nprint('semilla')\n", encoding="utf-8")
    program.chmod(0o755)
    script = tmp_path / "completion.bash"
    script.write_text(completion.script("bash"), encoding="utf-8")

    def ask(*words: str) -> list[str]:
        quoted = " ".join(f"'{word}'" for word in ("latam-edge", *words))
        code = (
            f'PATH="{tmp_path}:$PATH"; cd "{tmp_path}"; source "{script}"\n'
            f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _latam_edge\n"
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True, timeout=30)
        assert done.stderr == ""
        return done.stdout.split()

    return ask


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["mo"], ["models"]),
        (["models", "a"], ["add"]),
        (["--lang", "pt", "models", "in"], ["info"]),
        (["run", "hola", "--tem"], ["--temperature"]),
        (["run", "--lang", ""], ["es", "pt", "en"]),
        (["convert", "--to", ""], ["gguf", "onnx"]),
        (["run", "--model", "esc"], ["escuela"]),
        (["models", "info", ""], ["escuela", "semilla"]),
        (["bench", "se"], ["semilla"]),
        (["bench", "--json", "comp"], ["completion.bash"]),
        (["run", "--json", "--top"], ["--top-k", "--top-p"]),
    ],
)
def test_bash_completes(words: list[str], expected: list[str], complete: object) -> None:
    assert complete(*words) == expected  # type: ignore[operator]
