"""The library: files enter whole or not at all, and the list survives what happens to it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import textwrap
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from latam_edge.core.errors import (
    BadFile,
    BadName,
    ChecksumMismatch,
    CorruptModel,
    DiskFull,
    EmbeddedModel,
    FileMissing,
    LatamEdgeError,
    LibraryBusy,
    ModelExists,
    NotAFile,
    NotGGUF,
    ReadOnlyPlace,
    TruncatedModel,
    UnknownModel,
)
from latam_edge.core.progress import Step
from latam_edge.store import copying
from latam_edge.store.library import Library
from latam_edge.store.lock import exclusive


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library", assets=tmp_path / "no-assets")


@pytest.fixture
def other_model(make_tiny_model: Callable[..., Path]) -> Path:
    return make_tiny_model(seed=1)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files(library: Library) -> set[str]:
    """What the folder holds beside its list and its lock."""
    found = {entry.name for entry in library.folder.iterdir()} if library.folder.exists() else set()
    return found - {"manifest.json", ".lock"}


# --- adding -----------------------------------------------------------------------------


def test_an_added_model_is_a_whole_copy_with_its_facts(library: Library, tiny_model: Path) -> None:
    steps: list[Step] = []
    entry = library.add(tiny_model, progress=steps.append)
    assert entry.name == "tiny"
    assert entry.path.read_bytes() == tiny_model.read_bytes()
    assert entry.sha256 == sha256(tiny_model)
    assert entry.file_bytes == tiny_model.stat().st_size
    assert (entry.architecture, entry.quantization) == ("llama", "F16")
    assert entry.parameters > 20_000
    assert library.list() == [entry]
    assert steps[-1].done == steps[-1].total == entry.file_bytes


def test_the_same_content_again_is_the_same_model(library: Library, tiny_model: Path, tmp_path: Path) -> None:
    first = library.add(tiny_model)
    again = shutil.copy(tiny_model, tmp_path / "another-name.gguf")
    assert library.add(Path(again), "otro") == first
    assert files(library) == {"tiny.gguf"}


def test_another_model_of_the_same_file_name_gets_a_number(
    library: Library, tiny_model: Path, other_model: Path
) -> None:
    library.add(tiny_model)
    assert library.add(other_model).name == "tiny-2"
    assert [entry.name for entry in library.list()] == ["tiny", "tiny-2"]


def test_an_explicit_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(
    library: Library, tiny_model: Path, other_model: Path
) -> None:
    library.add(tiny_model, "escuela")
    with pytest.raises(ModelExists):
        library.add(other_model, "Escuela")
    assert library.resolve("escuela").sha256 == sha256(tiny_model)
    entry = library.add(other_model, "escuela", replace=True)
    assert entry.sha256 == sha256(entry.path) == sha256(other_model)
    assert len(files(library)) == 1


@pytest.mark.parametrize("name", ["../fuera", "a/b", "", ".x", "x" * 65, "mi modelo"])
def test_a_name_that_is_no_safe_file_name_is_refused(library: Library, tiny_model: Path, name: str) -> None:
    with pytest.raises(BadName):
        library.add(tiny_model, name)
    assert files(library) == set()


def test_a_linked_model_stays_where_it_is(library: Library, tiny_model: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(tiny_model, tmp_path / "usb.gguf"))
    entry = library.add(path, link=True)
    assert entry.linked
    assert entry.path == path
    assert files(library) == set()
    library.remove("usb")
    assert path.exists()


def test_a_moved_file_leaves_its_old_place(library: Library, tiny_model: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(tiny_model, tmp_path / "downloaded.gguf"))
    entry = library.add(path, move=True)
    assert not path.exists()
    assert sha256(entry.path) == entry.sha256


def test_a_file_that_is_not_what_it_must_be_is_refused(library: Library, tiny_model: Path) -> None:
    with pytest.raises(ChecksumMismatch):
        library.add(tiny_model, sha256="0" * 64)
    assert library.list() == []
    assert files(library) == set()


def test_a_file_put_into_the_folder_by_hand_is_not_overwritten(
    library: Library, tiny_model: Path, other_model: Path
) -> None:
    library.folder.mkdir(parents=True)
    by_hand = library.folder / "tiny.gguf"
    shutil.copy(other_model, by_hand)
    entry = library.add(tiny_model)
    assert entry.path != by_hand
    assert sha256(by_hand) == sha256(other_model)


def test_names_that_are_not_utf_8_are_no_obstacle(library: Library, tiny_model: Path, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/ni\xf1o.gguf"))
    shutil.copy(tiny_model, path)
    entry = library.add(path, link=True)
    assert entry.name == "ni-o"
    assert library.resolve("ni-o").path == path


def test_a_library_that_can_not_be_is_told(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReadOnlyPlace) as caught:
        Library(tmp_path / "file" / "models").add(tiny_model)
    assert caught.value.exit_code == 4


# --- bad files --------------------------------------------------------------------------


def two_million_tensors(path: Path) -> Path:
    """A 115-byte file that declares two million tensors."""
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2_000_000, 0) + bytes(91))
    return path


BAD: dict[str, tuple[Callable[[Path, Path], Any], type[LatamEdgeError]]] = {
    "text": (lambda path, _: path.write_text("Hola, soy un modelo."), NotGGUF),
    "empty": (lambda path, _: path.write_bytes(b""), NotGGUF),
    "truncated": (lambda path, good: path.write_bytes(good.read_bytes()[:-1000]), TruncatedModel),
    "two million": (lambda path, _: two_million_tensors(path), CorruptModel),
    "missing": (lambda path, _: None, FileMissing),
    "directory": (lambda path, _: path.mkdir(), NotAFile),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_with_its_own_error(
    kind: str, library: Library, tiny_model: Path, tmp_path: Path
) -> None:
    make, expected = BAD[kind]
    path = tmp_path / "bad.gguf"
    make(path, tiny_model)
    with pytest.raises(expected) as caught:
        library.add(path)
    assert caught.value.exit_code == 3
    with pytest.raises(expected):
        library.resolve(str(path))
    assert files(library) == set()


def test_the_errors_of_bad_files_all_have_codes_of_their_own() -> None:
    assert len({error.code for _, error in BAD.values()}) == 5


def test_a_header_declaring_two_million_tensors_costs_neither_time_nor_memory(
    library: Library, tmp_path: Path
) -> None:
    path = two_million_tensors(tmp_path / "huge.gguf")
    tracemalloc.start()
    begin = time.perf_counter()
    with pytest.raises(BadFile):
        library.add(path)
    seconds = time.perf_counter() - begin
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 0.1
    assert peak < 1_000_000


# --- breaking off -----------------------------------------------------------------------


def test_a_disk_that_fills_while_copying_leaves_nothing(
    library: Library, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(copying.os, "fsync", full)
    with pytest.raises(DiskFull) as caught:
        library.add(tiny_model)
    assert caught.value.exit_code == 4
    monkeypatch.undo()
    assert files(library) == set()
    assert library.list() == []


def test_a_disk_without_room_is_seen_before_anything_is_written(
    library: Library, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tiny_model.parent)
    monkeypatch.setattr(copying.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(DiskFull):
        library.add(tiny_model)
    assert files(library) == set()


def test_an_interrupted_add_leaves_nothing(library: Library, tiny_model: Path) -> None:
    def interrupt(_: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add(tiny_model, progress=interrupt)
    assert files(library) == set()
    assert library.list() == []


def test_what_a_killed_add_left_is_cleared_away_by_the_next(library: Library, tiny_model: Path) -> None:
    library.folder.mkdir(parents=True)
    (library.folder / ".12345.part").write_bytes(bytes(1000))
    library.add(tiny_model)
    assert files(library) == {"tiny.gguf"}


def test_a_second_writer_is_told_that_the_library_is_busy(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    code = textwrap.dedent(f"""
        from pathlib import Path
        from latam_edge.store.lock import exclusive
        with exclusive(Path({str(lock)!r})):
            print("held", flush=True)
            input()
        """)
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(LibraryBusy), exclusive(lock, wait_s=0.2):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()
    # Killed in the middle: the lock is free all the same.
    with exclusive(lock, wait_s=2):
        pass


# --- finding ----------------------------------------------------------------------------


def test_a_name_a_path_and_nothing_are_resolved(library: Library, tiny_model: Path) -> None:
    entry = library.add(tiny_model, "escuela")
    assert library.resolve("ESCUELA") == entry
    path = library.resolve(str(tiny_model))
    assert not path.registered
    assert path.path == tiny_model
    assert path.sha256 == ""
    assert library.sha256(path) == sha256(tiny_model)
    library.set_default("escuela")
    assert library.resolve(None) == entry


def test_a_name_nobody_has_is_unknown_and_a_path_nobody_has_is_missing(library: Library) -> None:
    with pytest.raises(UnknownModel):
        library.resolve("nada")
    with pytest.raises(FileMissing):
        library.resolve("nada.gguf")
    with pytest.raises(FileMissing):
        library.resolve("carpeta/nada")


def test_a_registered_model_that_was_damaged_is_refused_before_anybody_loads_it(
    library: Library, tiny_model: Path
) -> None:
    entry = library.add(tiny_model)
    os.truncate(entry.path, entry.file_bytes - 100)
    with pytest.raises(TruncatedModel):
        library.resolve("tiny")
    assert [found.name for found in library.list()] == ["tiny"]


def test_verify_reads_the_whole_file(library: Library, tiny_model: Path) -> None:
    entry = library.add(tiny_model)
    assert library.verify("tiny").sha256 == entry.sha256
    data = bytearray(entry.path.read_bytes())
    data[-1] ^= 1
    entry.path.write_bytes(data)
    library.resolve("tiny")  # its header is as it was
    with pytest.raises(ChecksumMismatch):
        library.verify("tiny")


def test_a_removed_model_is_gone_and_no_longer_the_default(library: Library, tiny_model: Path) -> None:
    library.add(tiny_model)
    library.set_default("tiny")
    library.remove("tiny")
    assert files(library) == set()
    assert library.list() == []
    assert library.default() == "semilla"
    with pytest.raises(UnknownModel):
        library.remove("tiny")


def test_info_gives_the_headers_figures(library: Library, tiny_model: Path) -> None:
    library.add(tiny_model)
    facts = library.info("tiny")
    assert facts["vocabulary"] == 260
    assert facts["context_length"] == 512
    assert facts["layers"] == 1
    assert facts["chat_template"] is True
    assert facts["source"] == str(tiny_model)
    json.dumps(facts)


# --- the embedded model -----------------------------------------------------------------


@pytest.fixture
def with_assets(tmp_path: Path, tiny_model: Path) -> Library:
    """A library beside an embedded model with its card."""
    assets = tmp_path / "assets"
    assets.mkdir()
    shutil.copy(tiny_model, assets / "semilla.gguf")
    card = {"sha256": sha256(tiny_model), "description": {"es": "Un modelo pequeño."}}
    (assets / "semilla.json").write_text(json.dumps(card), encoding="utf-8")
    return Library(tmp_path / "library", assets=assets)


def test_the_embedded_model_is_always_there(with_assets: Library, tiny_model: Path) -> None:
    assert [entry.name for entry in with_assets.list()] == ["semilla"]
    entry = with_assets.resolve(None)
    assert entry == with_assets.resolve("Semilla")
    assert entry.embedded
    assert with_assets.verify("semilla").sha256 == sha256(tiny_model)
    assert with_assets.info("semilla")["card"]["description"]["es"] == "Un modelo pequeño."
    assert not with_assets.folder.exists(), "looking writes nothing"


def test_the_embedded_model_can_neither_be_removed_nor_have_its_name_taken(
    with_assets: Library, other_model: Path
) -> None:
    with pytest.raises(EmbeddedModel):
        with_assets.remove("semilla")
    with pytest.raises(EmbeddedModel):
        with_assets.add(other_model, "semilla")
    with_assets.add(other_model)
    with_assets.set_default("tiny")
    with_assets.set_default("semilla")
    assert with_assets.default() == "semilla"


def test_a_damaged_embedded_model_does_not_pass_verification(with_assets: Library) -> None:
    path = with_assets.resolve("semilla").path
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ChecksumMismatch):
        with_assets.verify("semilla")


def test_without_the_embedded_file_asking_for_it_says_which_file_is_missing(library: Library) -> None:
    with pytest.raises(FileMissing, match=r"semilla\.gguf"):
        library.resolve(None)


# --- the list itself --------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"schema": 1}',
        b'{"schema": 1, "default": null, "models": {"tiny": {"file": 3}}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_list_is_made_again_from_the_folder(
    damage: bytes, library: Library, tiny_model: Path, other_model: Path
) -> None:
    entry = library.add(tiny_model)
    (library.folder / "manifest.json").write_bytes(damage)
    assert library.was_rebuilt
    (found,) = library.list()
    assert (found.name, found.path, found.parameters) == (entry.name, entry.path, entry.parameters)
    assert found.sha256 == ""
    library.add(other_model)
    assert not library.was_rebuilt
    assert [entry.name for entry in library.list()] == ["tiny", "tiny-2"]
    assert (library.folder / "manifest.json.damaged").read_bytes() == damage
    assert library.verify("tiny").sha256 == entry.sha256
    assert library.resolve("tiny").sha256 == entry.sha256, "computed once, then remembered"


def test_a_list_of_a_newer_version_is_left_alone(library: Library, tiny_model: Path) -> None:
    library.add(tiny_model)
    path = library.folder / "manifest.json"
    newer = json.dumps({"schema": 2, "something": "else"})
    path.write_text(newer, encoding="utf-8")
    with pytest.raises(BadFile):
        library.list()
    with pytest.raises(BadFile):
        library.add(tiny_model)
    assert path.read_text(encoding="utf-8") == newer
    assert files(library) == {"tiny.gguf"}


def test_a_manifest_can_not_point_the_library_at_a_file_to_delete(
    library: Library, tiny_model: Path, tmp_path: Path
) -> None:
    library.add(tiny_model)
    victim = tmp_path / "thesis.gguf"
    shutil.copy(tiny_model, victim)
    path = library.folder / "manifest.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["models"]["tiny"]["file"] = "../thesis.gguf"
    path.write_text(json.dumps(data), encoding="utf-8")
    library.remove("tiny")
    assert victim.exists()
