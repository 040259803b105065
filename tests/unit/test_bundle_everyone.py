"""One installation for all users of a machine: readable by all, writable by none, conversations apart."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import HERE, tree, write_wheel

from latam_edge.bundle import install, make, places, uninstall
from latam_edge.bundle.offer import look
from latam_edge.bundle.places import Places
from latam_edge.cli import main as cli
from latam_edge.core.errors import EmbeddedModel
from latam_edge.store.library import Library

PROGRAM = {
    "latam_edge/__init__.py": b"",
    "latam_edge/cli/__init__.py": b"",
    "latam_edge/cli/main.py": b"""
import os
def main(argv):
    print("shared", os.environ.get("LATAM_EDGE_SHARED"))
    return 0
""",
}


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path) -> Path:
    """A stick with a program, a model and a persona."""
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas" / "tutor.txt").write_text("Eres un tutor.", encoding="utf-8")
    planner = make._Planner(lambda step: None)
    planner.packages(HERE, [write_wheel(tmp_path / "w", "latam_edge", PROGRAM)])
    planner.model(Library(), str(tiny_model))
    planner.texts(tmp_path / "personas", None)
    make.write(tmp_path / "stick", planner.plan())
    return tmp_path / "stick"


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A machine of the test's own; the command line takes it for the real one."""
    found = places.system_places(tmp_path / "machine")
    monkeypatch.setattr(places, "system_places", lambda: found)
    monkeypatch.setattr(places, "open_to_all", lambda program: True)
    return found


def test_everything_can_be_read_by_everyone_whatever_the_umask(folder: Path, where: Places) -> None:
    before = os.umask(0o077)
    try:
        install.install(look(folder, where=where), where=where)
        assert os.umask(0o077) == 0o077  # as it was
    finally:
        os.umask(before)
    top = where.app.parents[3]
    for path in top.rglob("*"):
        mode = path.stat().st_mode
        wanted = 0o555 if path.is_dir() or path == where.bin / "latam-edge" else 0o444
        if path.name != ".lock":
            assert mode & wanted == wanted, path
        assert not mode & (stat.S_IWGRP | stat.S_IWOTH), path


def test_models_and_personas_lie_with_the_program_and_every_user_has_them(
    folder: Path, where: Places, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install.install(look(folder, where=where), where=where)
    assert not (home / "data").exists()
    monkeypatch.setenv("LATAM_EDGE_SHARED", str(where.app))
    library = Library()
    entry = library.resolve("TINY")
    assert entry.shared
    assert entry.path.parent == where.app / "models"
    assert "tiny" in [each.name for each in library.list()]
    assert library.verify("tiny").sha256 == entry.sha256
    from latam_edge.core import personas

    assert personas.read("tutor") == "Eres un tutor."
    library.set_default("tiny")
    assert Library().resolve(None).path == entry.path
    with pytest.raises(EmbeddedModel):
        library.remove("tiny")
    assert entry.path.exists()


def test_a_users_own_model_of_the_same_name_wins(
    folder: Path, where: Places, monkeypatch: pytest.MonkeyPatch, make_tiny_model: Callable[..., Path]
) -> None:
    install.install(look(folder, where=where), where=where)
    monkeypatch.setenv("LATAM_EDGE_SHARED", str(where.app))
    own = Library().add(make_tiny_model(seed=9), "Tiny")
    assert Library().resolve("tiny").path == own.path
    assert [each.name.lower() for each in Library().list()].count("tiny") == 1


def test_the_launcher_tells_the_program_where_the_shared_models_are(folder: Path, where: Places) -> None:
    install.install(look(folder, where=where), where=where)
    environment = {"PATH": os.environ["PATH"], "LATAM_EDGE_SHARED": "/elsewhere"}
    done = subprocess.run([str(where.bin / "latam-edge")], capture_output=True, text=True, env=environment)
    assert done.stdout == f"shared {where.app}\n", done.stderr
    entry = (where.share / "applications" / "latam-edge.desktop").read_text(encoding="utf-8")
    assert f'Exec="{where.bin}/latam-edge" chat' in entry


def test_modules_are_compiled_for_those_who_may_not_write(folder: Path, where: Places) -> None:
    state = install.install(look(folder, where=where), where=where).state
    library = where.versions / state.folder / "lib"
    modules = {path.relative_to(library).with_suffix("") for path in library.rglob("*.py")}
    compiled = {
        path.relative_to(library).parent.parent / path.name.split(".")[0] for path in library.rglob("*.pyc")
    }
    assert modules == compiled
    before = tree(where.app)
    subprocess.run([str(where.bin / "latam-edge")], check=True, capture_output=True)
    assert tree(where.app) == before


def test_uninstalling_keeps_the_models_and_says_whose_files_stay(folder: Path, where: Places) -> None:
    install.install(look(folder, where=where), where=where)
    done = uninstall.uninstall(where=where)
    assert {each.what for each in done.left} == {"models", "personas", "shared"}
    assert {path.name for path in where.app.iterdir()} == {"models", "personas"}
    assert not (where.bin / "latam-edge").exists()
    assert not (where.share / "applications" / "latam-edge.desktop").exists()


def test_uninstalling_with_the_models_takes_only_those_that_came_along(
    folder: Path, where: Places, make_tiny_model: Callable[..., Path]
) -> None:
    install.install(look(folder, where=where), where=where)
    mine = Library(where.app / "models").add(make_tiny_model(seed=9), "mine")
    done = uninstall.uninstall(where=where, models=True)
    assert done.models == ("tiny",)
    assert mine.path.exists()


def test_the_command_installs_and_uninstalls(
    folder: Path, where: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bundle", "install", str(folder), "--yes", "--all-users"]) == 0
    said = capsys.readouterr().err
    assert "todos los usuarios" in said
    assert "--persona tutor" in said
    assert places.load_state(where) == replace(places.load_state(where), shared=True)  # type: ignore[type-var]
    assert cli.main(["bundle", "uninstall", "--yes", "--all-users", "--models"]) == 0
    assert "cada usuario" in capsys.readouterr().out


def test_without_the_rights_the_command_to_type_is_said(
    folder: Path, where: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(places, "may_write", lambda found: False)
    assert cli.main(["bundle", "install", str(folder), "--yes", "--all-users"]) == 2
    assert "sudo sh instalar.sh --all-users" in capsys.readouterr().err
    assert cli.main(["bundle", "uninstall", "--yes", "--all-users"]) == 2
    assert "sudo sh instalar.sh uninstall --all-users" in capsys.readouterr().err


def test_a_python_that_others_can_not_reach_is_refused(
    folder: Path, where: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    python = hidden / "python3"
    python.write_bytes(b"")
    python.chmod(0o755)
    assert not places.open_to_all(str(python))
    assert not places.open_to_all(str(hidden / "nothing"))
    assert places.open_to_all("/bin/sh")
    assert isinstance(places.open_to_all(sys.executable), bool)


def test_a_place_that_is_closed_is_seen_without_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = places.system_places(tmp_path)
    (tmp_path / "usr" / "local" / "bin").mkdir(parents=True)
    assert places.may_write(found)
    assert [path.name for path in tmp_path.iterdir()] == ["usr"]
    closed = tmp_path / "usr" / "local" / "bin"
    monkeypatch.setattr(os, "access", lambda path, mode: path != closed)
    assert not places.may_write(found)
