"""Installing a bundle: whole or not at all, without pip, and away again without a trace of the program."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundles import HERE, edit_manifest, noise, places_in, tree, write_bundle, write_wheel

from latam_edge.bundle import install, launcher, layout, places, stick, uninstall
from latam_edge.bundle.offer import look
from latam_edge.bundle.targets import Target
from latam_edge.cli import main as cli
from latam_edge.core import paths
from latam_edge.core.errors import (
    BundleAltered,
    BundleDowngrade,
    BundleMissing,
    BundleOtherKey,
    BundleTarget,
    BundleUnsigned,
    DiskFull,
    LatamEdgeError,
    ReadOnlyPlace,
)
from latam_edge.history.history import History
from latam_edge.store.library import Library

Capture = pytest.CaptureFixture[str]

PROGRAM = {
    "latam_edge/__init__.py": b"",
    "latam_edge/cli/__init__.py": b"",
    "latam_edge/cli/main.py": b"""
import os, subprocess, sys
def main(argv):
    import beta
    child = [sys.executable, "-c", "import beta; print('child', beta.VALUE)"]
    print("program", beta.VALUE, argv, flush=True)
    return subprocess.run(child).returncode or 7
""",
}
"""Stands for latam-edge: says what it imports, lets a child process import it too, and exits with 7."""


def stick_of(tmp_path: Path, value: int = 1, name: str = "stick", **options: object) -> Path:
    """A bundle whose program prints `value`."""
    wheels = [
        write_wheel(tmp_path / f"w{value}", "latam_edge", PROGRAM, version=f"{value}"),
        write_wheel(
            tmp_path / f"w{value}",
            "beta",
            {"beta/__init__.py": f"VALUE = {value}\n".encode(), "beta/data.bin": noise(30_000, value)},
            version=f"{value}",
        ),
    ]
    write_bundle(tmp_path / name, wheels, **options)  # type: ignore[arg-type]
    return tmp_path / name


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path) -> Path:
    return stick_of(tmp_path, models=[tiny_model])


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed launcher, with nothing of this process's Python environment."""
    return subprocess.run(
        [str(home / "bin" / "latam-edge"), *words],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        cwd=home,
    )


def program_of(home: Path) -> str:
    """What the installed program says."""
    done = run(home, "hola")
    assert done.returncode == 7, done.stderr
    return done.stdout


# --- the way it should go --------------------------------------------------------------


def test_installed_it_runs_and_its_child_processes_find_the_packages(folder: Path, home: Path) -> None:
    done = install.install(look(folder))
    assert done.updated_from is None
    assert done.models == ("tiny",)
    assert program_of(home) == "program 1 ['hola']\nchild 1\n"
    assert Library().resolve("tiny").sha256 == Library().sha256(Library().resolve("tiny"))
    assert sorted(tree(home / "data" / "app").keys() & {"current.json", "start.py", "latam-edge.svg"})


def test_the_stick_is_only_read(folder: Path) -> None:
    before = tree(folder)
    install.install(look(folder))
    assert tree(folder) == before


def test_a_second_time_changes_nothing(folder: Path, home: Path) -> None:
    install.install(look(folder))
    before = tree(home / "data")
    install.install(look(folder))
    assert tree(home / "data") == before


def test_the_desktop_entry_has_names_in_three_languages_and_starts_the_chat(folder: Path, home: Path) -> None:
    install.install(look(folder))
    entry = (home / "share" / "applications" / "latam-edge.desktop").read_text(encoding="utf-8")
    assert f'Exec="{home}/bin/latam-edge" chat' in entry
    assert "Terminal=true" in entry
    assert "Comment[es]=" in entry
    assert "Comment[pt]=" in entry
    icon = home / "share" / "icons" / "hicolor" / "scalable" / "apps" / "latam-edge.svg"
    assert icon.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize("name", ["con espacio", "año'nuevo", 'co"milla$x', "100%"])
def test_a_home_with_any_name_works(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / name
    monkeypatch.setenv("LATAM_EDGE_HOME", str(home))
    install.install(look(stick_of(tmp_path)))
    assert program_of(home).startswith("program 1")
    uninstall.uninstall()
    assert {path.name for path in home.iterdir()} <= {"data", "config", "cache", "share"}
    assert not [path for path in tree(home) if not path.startswith("config")]


def test_another_version_of_python_is_told_to_install_again(folder: Path, home: Path) -> None:
    install.install(look(folder))
    state = json.loads((home / "data" / "app" / "current.json").read_text(encoding="utf-8"))
    (home / "data" / "app" / "current.json").write_text(
        json.dumps({**state, "python": "3.1"}), encoding="utf-8"
    )
    done = run(home)
    assert done.returncode == 3
    assert "3.1" in done.stderr
    assert "memoria USB" in done.stderr


def test_the_start_file_of_the_stick_installs_without_anything_installed(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program's own wheel runs from the stick, with Python in isolated mode."""
    from latam_edge.bundle import own_wheel

    own = own_wheel.pack(tmp_path / "own")
    write_bundle(tmp_path / "stick", [own, write_wheel(tmp_path / "w", "platformdirs")])
    script = [sys.executable, "-I", "-S", str(tmp_path / "stick" / layout.START)]
    environment = {"PATH": os.environ["PATH"], "LATAM_EDGE_HOME": str(home)}
    done = subprocess.run([*script, "--yes"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "está instalado" in done.stderr
    said = run(home, "--version")
    assert said.stdout.startswith("latam-edge ")
    done = subprocess.run([*script, "verify"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr  # nothing was written to the stick, no bytecode either
    done = run(home, "bundle", "uninstall", "--yes")  # the program deletes itself while it runs
    assert done.returncode == 0, done.stderr
    assert str(home) in done.stdout
    done = subprocess.run([*script, "uninstall", "--yes"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "No había nada" in done.stderr
    assert not (home / "data" / "app").exists()


def test_the_shell_script_finds_python_and_a_damaged_installer_is_not_run(tmp_path: Path, home: Path) -> None:
    from latam_edge.bundle import own_wheel

    own = own_wheel.pack(tmp_path / "own")
    write_bundle(tmp_path / "stick", [own])
    command = ["sh", str(tmp_path / "stick" / "instalar.sh"), "verify"]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LATAM_EDGE_HOME": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    wheel = tmp_path / "stick" / "latam-edge" / "wheels" / own.name
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 1
    wheel.write_bytes(data)
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 3
    assert own.name in done.stderr
    assert "dañado" in done.stderr


def test_a_machine_without_python_uses_the_one_on_the_stick(tmp_path: Path, home: Path) -> None:
    """The archive holds a Python as relocatable builds do: one folder with bin/python3."""
    from latam_edge.bundle import make, own_wheel

    python = tmp_path / "python" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    archive = tmp_path / "python.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(tmp_path / "python", "python")
    planner = make._Planner(lambda step: None)
    planner.packages(HERE, [own_wheel.pack(tmp_path / "own")])
    planner.python(HERE.platform, archive)
    make.write(tmp_path / "stick", planner.plan())

    tools = tmp_path / "tools"  # a system with a shell's tools and no Python
    tools.mkdir()
    for name in (
        "sh",
        "uname",
        "dirname",
        "sha256sum",
        "cut",
        "grep",
        "tar",
        "gzip",
        "mkdir",
        "mv",
        "rm",
        "sync",
    ):
        (tools / name).symlink_to(str(shutil.which(name)))
    environment = {"PATH": str(tools), "LATAM_EDGE_HOME": str(home)}
    command = ["sh", str(tmp_path / "stick" / "instalar.sh"), "verify"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert (home / "python" / "bin" / "python3").exists()

    shutil.rmtree(home / "python")
    packed = tmp_path / "stick" / "latam-edge" / "python" / f"{HERE.platform}.tgz"
    with open(packed, "r+b") as damaged:
        damaged.write(b"\0")
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 3
    assert "LE-153" in done.stderr
    assert not (home / "python").exists()


# --- updates ---------------------------------------------------------------------------


def test_an_update_replaces_the_program_and_leaves_conversations_and_models(
    tmp_path: Path, folder: Path, home: Path, make_tiny_model: Callable[..., Path]
) -> None:
    install.install(look(folder))
    with History.open(paths.history_file()) as history:
        chat = history.create("recuerdo")
        history.add_message(chat.id, "user", "¿Te acuerdas?")
    mine = Library().add(make_tiny_model(seed=5), "mio")
    kept = tree(home / "data" / "history")
    old = places.load_state(places.user_places())
    assert old is not None

    done = install.install(look(stick_of(tmp_path, 2, "newer", version="0.2.0")))
    assert done.updated_from == old.version
    assert program_of(home).startswith("program 2")
    assert tree(home / "data" / "history") == kept
    with History.open(paths.history_file()) as history:
        assert [message.content for message in history.messages(chat.id)] == ["¿Te acuerdas?"]
    assert {entry.name for entry in Library().list()} >= {"tiny", mine.name}
    assert [path.name for path in places.user_places().versions.iterdir()] == [done.state.folder]


def test_a_newer_model_takes_the_place_of_the_one_that_a_bundle_brought(
    tmp_path: Path, home: Path, make_tiny_model: Callable[..., Path]
) -> None:
    first, second = make_tiny_model(seed=1), make_tiny_model(seed=2)
    install.install(look(stick_of(tmp_path, 1, "a", models=[first])))
    before = Library().resolve("tiny").sha256
    done = install.install(look(stick_of(tmp_path, 2, "b", models=[second])))
    assert done.models == ("tiny",)
    assert Library().resolve("tiny").sha256 not in ("", before)


def test_the_users_own_model_of_the_same_name_stays(
    tmp_path: Path, make_tiny_model: Callable[..., Path]
) -> None:
    mine = Library().add(make_tiny_model(seed=9), "tiny")
    done = install.install(look(stick_of(tmp_path, models=[make_tiny_model(seed=1)])))
    assert done.models == ("tiny-2",)
    assert Library().resolve("tiny").sha256 == mine.sha256


def test_going_back_to_an_older_bundle_is_refused(tmp_path: Path, home: Path) -> None:
    old = stick_of(tmp_path, 1, "old", version="0.9.0")
    new = stick_of(tmp_path, 2, "new", version="0.10.0")
    install.install(look(new))
    with pytest.raises(BundleDowngrade, match=r"0\.10\.0.*0\.9\.0"):
        look(old)
    with pytest.raises(BundleDowngrade):
        look(old, accepted=True)
    assert program_of(home).startswith("program 2")


def test_an_older_bundle_of_the_same_version_is_refused_by_its_date(tmp_path: Path) -> None:
    old, new = stick_of(tmp_path, 1, "old"), stick_of(tmp_path, 2, "new")
    edit_manifest(old, serial=1_700_000_000)
    install.install(look(new))
    with pytest.raises(BundleDowngrade, match="2023-11-14"):
        look(old)


def test_after_uninstalling_an_older_one_may_be_installed(tmp_path: Path, home: Path) -> None:
    old = stick_of(tmp_path, 1, "old")
    edit_manifest(old, serial=1_700_000_000)
    install.install(look(stick_of(tmp_path, 2, "new")))
    uninstall.uninstall()
    install.install(look(old))
    assert program_of(home).startswith("program 1")


# --- who signed ------------------------------------------------------------------------


def test_an_unsigned_bundle_has_to_be_accepted_twice(folder: Path, home: Path, capsys: Capture) -> None:
    (folder / layout.SIGNATURE).unlink()
    with pytest.raises(BundleUnsigned):
        look(folder)
    command = ["bundle", "install", str(folder), "--yes"]
    assert cli.main(command) == 3
    assert "LE-152" in capsys.readouterr().err
    assert cli.main([*command, "--accept-unverified"]) == 2
    said = capsys.readouterr().err
    assert "LE-152" in said
    assert "dos veces" in said
    assert not (home / "data" / "app" / "current.json").exists()
    assert cli.main([*command, "--accept-unverified", "--accept-unverified"]) == 0
    assert "Nadie responde" in capsys.readouterr().err
    assert program_of(home).startswith("program 1")


def test_a_list_that_was_changed_after_signing_is_unsigned(folder: Path) -> None:
    path = folder / layout.MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"version": "', b'"version": "9', 1))
    with pytest.raises(BundleUnsigned):
        look(folder)


def test_accepted_twice_a_changed_document_does_not_stop_it_but_a_changed_program_does(
    folder: Path, home: Path
) -> None:
    (folder / "LEEME.txt").write_bytes(b"notes of mine")
    with pytest.raises(BundleAltered):
        install.install(look(folder))
    install.install(look(folder, accepted=True), accepted=True)
    assert program_of(home).startswith("program 1")
    uninstall.uninstall()
    (folder / "latam-edge" / "wheels" / "beta-1-py3-none-any.whl").write_bytes(b"x")
    with pytest.raises(BundleAltered):
        install.install(look(folder, accepted=True), accepted=True)


def test_another_signer_than_before_is_told_with_words(tmp_path: Path, folder: Path, capsys: Capture) -> None:
    from latam_edge.bundle import fingerprint

    install.install(look(folder))
    other = stick_of(tmp_path, 2, "other", key=tmp_path / "other-key")
    with pytest.raises(BundleOtherKey):
        look(other)
    assert cli.main(["bundle", "install", str(other), "--yes"]) == 3
    _, _, key = stick.open_bundle(other)
    assert key is not None
    assert fingerprint.words(key) in capsys.readouterr().err
    assert look(other, accepted=True).key == key


def test_a_stranger_is_shown_by_words_and_a_known_signer_is_not_asked_about(
    tmp_path: Path, folder: Path, capsys: Capture
) -> None:
    assert cli.main(["bundle", "install", str(folder)]) == 2
    assert "--yes" in capsys.readouterr().err
    assert cli.main(["bundle", "install", str(folder), "--yes"]) == 0
    assert cli.main(["bundle", "install", str(stick_of(tmp_path, 2, "newer"))]) == 0


def test_a_bundle_for_other_machines_says_for_which(tmp_path: Path, capsys: Capture) -> None:
    folder = stick_of(tmp_path, target=Target("windows-x86_64", "3.12"))
    with pytest.raises(BundleTarget, match=r"windows-x86_64, Python 3\.12"):
        look(folder)
    assert look(folder, target=Target("windows-x86_64", "3.12")).packages.python == "3.12"


@pytest.mark.parametrize(
    "name", ["LEEME.txt", "latam-edge/wheels/beta-1-py3-none-any.whl", "latam-edge/models/m01.001"]
)
@pytest.mark.parametrize("how", ["change", "remove"])
def test_an_altered_file_is_refused_by_name_and_nothing_changes(
    folder: Path, home: Path, name: str, how: str
) -> None:
    if how == "remove":
        (folder / name).unlink()
    else:
        with open(folder / name, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last[0] ^ 1]))
    with pytest.raises(BundleAltered) as caught:
        install.install(look(folder))
    assert name in str(caught.value)
    assert places.load_state(places.user_places()) is None
    assert not (home / "bin" / "latam-edge").exists()


# --- cut short -------------------------------------------------------------------------

KILLS = 100


@pytest.fixture
def killed(tmp_path: Path, make_tiny_model: Callable[..., Path]) -> Callable[[str, int], list[Any]]:
    """Runs tests/unit/bundle_cut.py on an update with a new program and a new model."""
    models = [make_tiny_model(seed=1), make_tiny_model(seed=2)]
    old = stick_of(tmp_path, 1, "old", models=models[:1])
    new = stick_of(tmp_path, 2, "new", models=models[1:])

    def run(mode: str, count: int) -> list[Any]:
        script = Path(__file__).with_name("bundle_cut.py")
        words = [str(old), str(new), str(tmp_path / "cut"), mode, str(count)]
        done = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_killed_before_file_operations_it_completes_the_next_time(killed: Callable[..., list[Any]]) -> None:
    """A hundred file operations from the first to the last, in turn."""
    *wrong, count = killed("operations", KILLS)
    assert wrong == []
    assert count > KILLS / 2


def test_killed_at_random_moments_it_completes_the_next_time(killed: Callable[..., list[Any]]) -> None:
    *wrong, count = killed("moments", KILLS)
    assert wrong == []
    assert count == KILLS


def test_killed_again_and_again_it_still_completes(killed: Callable[..., list[Any]]) -> None:
    *wrong, count = killed("again", 25)
    assert wrong == []
    assert count >= 5


# --- bad places ------------------------------------------------------------------------


def test_a_full_disk_is_told_before_anything_is_written(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 0))  # type: ignore[attr-defined]
    with pytest.raises(DiskFull):
        install.install(look(folder))
    assert not (home / "data" / "app" / "versions").exists()


@pytest.mark.parametrize("limit", [0, 500, 4000, 20_000, 35_000])
def test_a_disk_that_fills_up_while_writing_is_the_disks_fault_and_nothing_is_left(
    folder: Path, home: Path, limit: int
) -> None:
    """The system itself refuses every write beyond `limit` bytes of a file."""
    offer = look(folder)
    (home / "data" / "app").mkdir(parents=True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(DiskFull):
            install.install(offer)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert {path.name for path in (home / "data" / "app").iterdir()} <= {
        ".lock",
        "versions",
        "latam-edge.svg",
    }
    assert not list((home / "data" / "app").glob("versions/*"))
    assert not [path for path in tree(home) if path.startswith(("bin", "share"))]
    install.install(look(folder))
    assert program_of(home).startswith("program 1")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_in_the_middle_leaves_the_old_one_running(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    install.install(look(stick_of(tmp_path, 1, "old")))
    new = stick_of(tmp_path, 2, "new")
    offer = look(new)
    real = install.places.save_state

    def fail(where: places.Places, state: places.State) -> None:
        raise OSError(code, "no")

    for name in ("save_state",):
        monkeypatch.setattr(install.places, name, fail)
    with pytest.raises((LatamEdgeError, OSError)):
        install.install(offer)
    assert program_of(home).startswith("program 1")
    monkeypatch.setattr(install.places, "save_state", real)
    install.install(look(new))
    assert program_of(home).startswith("program 2")


def test_a_stick_that_is_pulled_out_in_the_middle_is_the_sticks_fault(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = look(folder)
    real = stick.take

    def pulled(place: Path, item: stick.Item, sink: Callable[[bytes], object]) -> None:
        if "beta" in item.path:
            shutil.move(folder, folder.with_name("gone"))
        real(place, item, sink)

    monkeypatch.setattr(stick, "take", pulled)
    with pytest.raises(BundleMissing):
        install.install(offer)
    assert places.load_state(places.user_places()) is None
    monkeypatch.setattr(stick, "take", real)
    shutil.move(folder.with_name("gone"), folder)
    install.install(look(folder))
    assert program_of(home).startswith("program 1")


def test_a_place_that_can_not_be_written_is_named(folder: Path, home: Path) -> None:
    (home / "data").write_bytes(b"a file where a folder should be")
    with pytest.raises(ReadOnlyPlace):
        install.install(look(folder))


def test_half_a_bundle_is_no_bundle(folder: Path) -> None:
    (folder / layout.MANIFEST).rename(folder / layout.PREVIOUS)
    with pytest.raises(BundleMissing):
        look(folder)


# --- away again ------------------------------------------------------------------------


def test_uninstalling_leaves_conversations_models_and_settings_and_says_so(
    folder: Path, home: Path, capsys: Capture
) -> None:
    assert cli.main(["bundle", "install", str(folder), "--yes"]) == 0
    (home / "data" / "history").mkdir()
    (home / "data" / "history" / "history.db").write_bytes(b"12345")
    (home / "config").mkdir(exist_ok=True)
    capsys.readouterr()
    assert cli.main(["bundle", "uninstall", "--yes"]) == 0
    said = capsys.readouterr()
    assert "Se quitó latam-edge" in said.err
    assert str(home / "data" / "history") in said.out
    assert str(home / "data" / "models") in said.out
    kept = tree(home)
    assert not [path for path in kept if path.startswith(("data/app", "bin", "share"))]
    assert kept["data/history/history.db"] == b"12345"
    assert Library().resolve("tiny")


def test_uninstalling_can_take_the_models_that_came_along_but_not_the_users(
    folder: Path, make_tiny_model: Callable[..., Path]
) -> None:
    install.install(look(folder))
    Library().add(make_tiny_model(seed=8), "mio")
    assert uninstall.uninstall(models=True).models == ("tiny",)
    assert {entry.name for entry in Library().list()} == {"semilla", "mio"}


def test_uninstalling_twice_is_no_fault(folder: Path) -> None:
    install.install(look(folder))
    assert uninstall.uninstall().version is not None
    assert uninstall.uninstall().version is None


def test_somebody_elses_launcher_of_the_same_name_stays(folder: Path, home: Path) -> None:
    install.install(look(folder))
    launch = home / "bin" / "latam-edge"
    launch.write_text("#!/bin/sh\nexec /elsewhere/latam-edge\n", encoding="utf-8")
    uninstall.uninstall()
    assert launch.exists()


def test_without_a_terminal_uninstalling_asks_for_yes(capsys: Capture) -> None:
    assert cli.main(["bundle", "uninstall"]) == 2
    assert "--yes" in capsys.readouterr().err


def test_the_files_of_other_systems_are_planned_in_their_places(tmp_path: Path) -> None:
    where = places_in(tmp_path)
    assert launcher.planned(where, "win32")[1].name == "latam-edge.cmd"
    made = launcher.write(where, r"C:\Python\100%\python.exe", "win32")
    text = made[0].read_bytes().decode()
    assert '"C:\\Python\\100%%\\python.exe" -I' in text
    assert text.count("\n") == text.count("\r\n")
    made = launcher.write(where, "/usr/bin/python3", "darwin")
    assert os.access(made[1], os.X_OK)
