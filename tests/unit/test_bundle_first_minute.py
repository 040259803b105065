"""The first minute on a new machine: which language, which words, what stays afterwards."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from bundles import write_bundle, write_wheel

from latam_edge.bundle import install, uninstall
from latam_edge.bundle.install import look
from latam_edge.cli import main as cli
from latam_edge.cli import output
from latam_edge.core import i18n
from latam_edge.core.settings import Settings, load_settings, save_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "stick", [write_wheel(tmp_path / "w", "alfa")])
    return tmp_path / "stick"


def answered(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A person at a terminal who types this."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    monkeypatch.setattr(output, "is_terminal", lambda stream: True)


@pytest.mark.parametrize(
    ("typed", "lang", "said"),
    [("2", "pt", "está instalado"), ("", "es", "Listo"), ("en", "en", "installed"), ("7", "es", "Listo")],
)
def test_a_machine_that_names_no_language_is_asked_once(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    lang: str,
    said: str,
) -> None:
    answered(monkeypatch, f"{typed}\ns\nn\n")
    assert cli.main(["bundle", "install", str(folder)]) == 0
    shown = capsys.readouterr().err
    assert "1 español, 2 português, 3 English" in shown
    assert said in shown
    assert load_settings().language == lang
    i18n.set_language(None)
    answered(monkeypatch, "n\n")  # known now, and so is the signer
    assert cli.main(["bundle", "install", str(folder)]) == 0
    assert "2 português" not in capsys.readouterr().err


def test_a_machine_that_names_its_language_is_not_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANG", "pt_BR.UTF-8")
    answered(monkeypatch, "s\nn\n")
    assert cli.main(["bundle", "install", str(folder)]) == 0
    shown = capsys.readouterr().err
    assert "2 português" not in shown
    assert "Pronto" in shown
    assert load_settings() == Settings()


def test_other_settings_stay_when_the_language_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_settings(Settings(threads=3))
    answered(monkeypatch, "3\ns\nn\n")
    assert cli.main(["bundle", "install", str(folder)]) == 0
    capsys.readouterr()
    assert load_settings() == Settings(threads=3, language="en")


def test_with_yes_nothing_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(monkeypatch, "")
    assert cli.main(["bundle", "install", str(folder), "--yes"]) == 0
    shown = capsys.readouterr().err
    assert "?" not in shown
    assert load_settings() == Settings()


def test_a_python_that_came_along_stays_and_is_named(folder: Path, home: Path) -> None:
    install.install(look(folder))
    python = home / "python" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_bytes(b"#!")
    done = uninstall.uninstall()
    assert {each.what: each.path for each in done.left}["python"] == home / "python"
    assert python.exists()


def test_a_chats_modules_are_compiled_and_rare_ones_are_not(tmp_path: Path) -> None:
    files = {
        "alfa/a.py": b"x = 1\n",
        "alfa/tests/b.py": b"x = 1\n",
        "numpy/c.py": b"x = 1\n",
        "alfa/broken.py": b"x = = 1\n",
    }
    write_bundle(tmp_path / "stick", [write_wheel(tmp_path / "w", "alfa", files)])
    done = install.install(look(tmp_path / "stick"))
    library = next(done.launcher.parents[1].glob("data/app/versions/*/lib"))
    assert {path.name.split(".")[0] for path in library.rglob("*.pyc")} == {"__init__", "a"}
