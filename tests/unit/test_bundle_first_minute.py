"""The first minute on a new machine: which language, which words, what stays afterwards."""

from __future__ import annotations

import io
import os
import pty
import sys
from pathlib import Path

import pytest
from bundles import write_bundle, write_wheel

from latam_edge.bundle import install, layout, own_wheel, uninstall
from latam_edge.bundle.offer import look
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


def test_told_once_and_then_no_installs_nothing(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / layout.SIGNATURE).unlink()
    monkeypatch.setenv("LANG", "es_AR.UTF-8")
    answered(monkeypatch, "n\n")
    assert cli.main(["bundle", "install", str(folder), "--accept-unverified"]) == 3
    shown = capsys.readouterr().err
    assert "LE-152" in shown
    assert "No se instaló nada" in shown
    assert "dos veces" not in shown
    assert not (home / "data" / "app").exists()


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


def test_a_stick_that_is_pulled_out_does_not_take_along_the_words_that_say_so(
    tmp_path: Path, home: Path
) -> None:
    """The installer runs from a copy; while it waits for an answer, the stick goes."""
    own = own_wheel.pack(tmp_path / "own")
    write_bundle(tmp_path / "stick", [own, write_wheel(tmp_path / "w", "platformdirs")])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {"LATAM_EDGE_HOME": str(home), "TMPDIR": str(scratch), "LANG": "es_AR.UTF-8"}
    child, terminal = pty.fork()
    if child == 0:
        command = [sys.executable, "-I", "-S", str(tmp_path / "stick" / layout.START)]
        os.execve(sys.executable, command, environment)
    said = b""
    while b"[s/N] " not in said:
        said += os.read(terminal, 4096)
    assert [path.name for path in scratch.glob("*/*.whl")] != []
    (tmp_path / "stick").rename(tmp_path / "pulled")
    os.write(terminal, b"s\n")
    try:
        while piece := os.read(terminal, 4096):
            said += piece
    except OSError:  # Linux's way of saying that the other side is gone
        pass
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    text = said.decode("utf-8", "replace")
    assert "Traceback" not in text
    assert "LE-151" in text
    assert code == 3
    assert list(scratch.iterdir()) == []
    assert not (home / "bin").exists()
