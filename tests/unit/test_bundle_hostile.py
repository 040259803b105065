"""Bundles made to do harm, each signed as it should be: refused, with nothing installed."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bundles import digest, edit_manifest, noise, tree, write_bundle, write_wheel

from latam_edge.bundle import install, layout, manifest, stick
from latam_edge.bundle.manifest import Item, Manifest, Model, ModelFile, Packages
from latam_edge.bundle.offer import look
from latam_edge.bundle.verify import verify
from latam_edge.bundle.wheel import Wheel
from latam_edge.core.errors import (
    BadBundle,
    BundleAltered,
    BundleBomb,
    BundleEscape,
    BundleLink,
    BundleWheel,
    LatamEdgeError,
)

Refused = type[LatamEdgeError]


def attack(tmp_path: Path, home: Path, wheel: Path, expected: Refused) -> str:
    """Install a well-signed bundle of a good wheel and this one; what is said when it is refused.

    The wheel goes onto the stick as it is: a hostile maker does not use our `make`."""
    good = write_wheel(tmp_path / "good", "alfa")
    stand_in = write_wheel(tmp_path / "stand-in", "zeta")
    folder = tmp_path / "stick"
    write_bundle(folder, [good, stand_in])
    name = f"latam-edge/wheels/{stand_in.name}"
    data = wheel.read_bytes()
    (folder / name).write_bytes(data)
    listed = stick.open_bundle(folder)[0]
    from hashlib import sha256

    fake = replace(
        listed.item(name),
        sha256=sha256(data).hexdigest(),
        size=len(data),
        unpacked=min(100 * len(data), 10**6),
    )
    edit_manifest(folder, files=tuple(fake if item.path == name else item for item in listed.files))
    before = tree(tmp_path)
    with pytest.raises(expected) as caught:
        install.install(look(folder))
    assert caught.type is expected
    assert not (home / "data" / "app" / "current.json").exists()
    assert not list((home / "data" / "app" / "versions").glob("[!.]*"))
    assert tree(tmp_path) == before
    return str(caught.value)


def rewrite(path: Path, change: Callable[[zipfile.ZipInfo, bytes], tuple[str, bytes]]) -> Path:
    """The wheel again, with entries as `change` wants them and a RECORD that says so."""
    with zipfile.ZipFile(path) as archive:
        entries = [(entry, archive.read(entry)) for entry in archive.infolist()]
    record = next(entry.filename for entry, _ in entries if entry.filename.endswith("/RECORD"))
    changed = [(change(entry, data), entry) for entry, data in entries if entry.filename != record]
    lines = [f"{name},sha256={digest(data)},{len(data)}\n" for (name, data), _ in changed]
    with zipfile.ZipFile(path, "w") as archive:
        for (name, data), entry in changed:
            info = zipfile.ZipInfo(name)
            info.external_attr = entry.external_attr
            archive.writestr(info, data)
        archive.writestr(record, "".join([*lines, f"{record},,\n"]))
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../../../evil.py",
        "/tmp/evil.py",
        "alfa/../../evil.py",
        "C:/evil.py",
        "..\\evil.py",
        "a//b.py",
        "./a.py",
    ],
)
def test_a_wheel_that_writes_outside_its_folder_is_refused(tmp_path: Path, home: Path, name: str) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta", {"zeta/evil.py": b"print('evil')"})
    rewrite(wheel, lambda entry, data: (name if entry.filename == "zeta/evil.py" else entry.filename, data))
    assert "LE-155" in attack(tmp_path, home, wheel, BundleEscape)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_a_wheel_with_a_link_or_a_device_is_refused(tmp_path: Path, home: Path, kind: int) -> None:
    wheel = write_wheel(
        tmp_path / "w", "zeta", {"zeta/data": b"/etc/passwd"}, modes={"zeta/data": kind | 0o777}
    )
    assert "zeta/data" in attack(tmp_path, home, wheel, BundleLink)


def test_a_wheel_whose_file_is_not_what_its_record_says_is_refused(tmp_path: Path, home: Path) -> None:
    wheel = write_wheel(
        tmp_path / "w", "zeta", {"zeta/code.py": b"evil()"}, record={"zeta/code.py": b"good()"}
    )
    assert "zeta/code.py" in attack(tmp_path, home, wheel, BundleWheel)


def test_a_wheel_with_a_file_that_its_record_does_not_list_is_refused(tmp_path: Path, home: Path) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("sitecustomize.py", "evil()")
    assert "sitecustomize.py" in attack(tmp_path, home, wheel, BundleWheel)


def test_a_wheel_whose_record_lists_a_file_that_is_not_there_is_refused(tmp_path: Path, home: Path) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta", record={"zeta/more.py": b"x"})
    assert "zeta/more.py" in attack(tmp_path, home, wheel, BundleWheel)


def test_a_record_with_a_weak_hash_is_refused(tmp_path: Path, home: Path) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta")
    with zipfile.ZipFile(wheel) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    record = "zeta-1.0.dist-info/RECORD"
    files[record] = files[record].replace(b"sha256=", b"md5=")
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    attack(tmp_path, home, wheel, BundleWheel)


def test_two_entries_that_are_one_file_on_fat32_are_refused(tmp_path: Path, home: Path) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta", {"zeta/a.py": b"1", "zeta/A.py": b"2"})
    assert "2x" in attack(tmp_path, home, wheel, BundleWheel)


def test_a_wheel_that_overwrites_another_ones_file_is_refused(tmp_path: Path, home: Path) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta", {"alfa/__init__.py": b"evil()"})
    assert "alfa/__init__.py" in attack(tmp_path, home, wheel, BundleWheel)


def test_a_decompression_bomb_is_refused_before_it_is_written(tmp_path: Path, home: Path) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta", {"zeta/zeros": bytes(50_000_000)})
    assert wheel.stat().st_size < 60_000
    assert "LE-157" in attack(tmp_path, home, wheel, BundleBomb)


def test_a_bomb_that_lies_about_its_size_is_stopped(tmp_path: Path, home: Path) -> None:
    """The zip's directory says 10 bytes; what is packed is two million."""
    wheel = write_wheel(tmp_path / "w", "zeta", {"zeta/zeros": bytes(2_000_000)})
    data = bytearray(wheel.read_bytes())
    real = struct.pack("<I", 2_000_000)
    assert data.count(real) == 2
    wheel.write_bytes(bytes(data).replace(real, struct.pack("<I", 10)))
    attack(tmp_path, home, wheel, BundleWheel)


def test_entries_that_share_the_same_packed_bytes_count_every_time(tmp_path: Path) -> None:
    """An overlapping zip: many names for one compressed file. Every one counts towards the limit."""
    wheel = write_wheel(tmp_path / "w", "zeta", {f"zeta/{n:04}": bytes(100_000) for n in range(50)})
    with Wheel(wheel) as opened, pytest.raises(BundleBomb):
        opened.extract(tmp_path / "out", 1_000_000)
    assert not (tmp_path / "out").exists()


def test_more_entries_than_any_wheel_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta", {f"zeta/{n}": b"" for n in range(50)})
    monkeypatch.setattr("latam_edge.bundle.wheel.MAX_ENTRIES", 20)
    with pytest.raises(BundleBomb):
        Wheel(wheel)


@pytest.mark.parametrize("cut", [0, 10, 1000])
def test_what_is_no_zip_is_no_wheel(tmp_path: Path, home: Path, cut: int) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta", {"zeta/a": noise(4000)})
    os.truncate(wheel, cut)
    attack(tmp_path, home, wheel, BundleWheel)


def test_an_encrypted_entry_is_refused(tmp_path: Path, home: Path) -> None:
    wheel = write_wheel(tmp_path / "w", "zeta")
    data = bytearray(wheel.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    wheel.write_bytes(data)
    attack(tmp_path, home, wheel, BundleWheel)


# --- lists that lie, signed ------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path) -> Path:
    write_bundle(tmp_path / "stick", [write_wheel(tmp_path / "w", "alfa")], models=[tiny_model])
    return tmp_path / "stick"


def with_first(listed: Manifest, **changes: Any) -> tuple[Item, ...]:
    return (replace(listed.files[0], **changes), *listed.files[1:])


LIES: dict[str, tuple[Callable[[Manifest], dict[str, Any]], Refused]] = {
    "a path upwards": (lambda m: {"files": with_first(m, path="../evil.txt")}, BundleEscape),
    "an absolute path": (lambda m: {"files": with_first(m, path="/evil.txt")}, BundleEscape),
    "a drive": (lambda m: {"files": with_first(m, path="C:/evil.txt")}, BundleEscape),
    "a backslash": (lambda m: {"files": with_first(m, path="a\\..\\evil.txt")}, BundleEscape),
    "a device's name": (lambda m: {"files": with_first(m, path="latam-edge/NUL.txt")}, BadBundle),
    "a very long name": (lambda m: {"files": with_first(m, path="a/" * 200 + "b")}, BadBundle),
    "itself": (lambda m: {"files": with_first(m, path=layout.MANIFEST)}, BadBundle),
    "the same file twice": (lambda m: {"files": (*m.files, m.files[0])}, BadBundle),
    "twice but for case": (
        lambda m: {"files": (*m.files, replace(m.files[0], path=m.files[0].path.swapcase()))},
        BadBundle,
    ),
    "a file that is a folder": (
        lambda m: {"files": (*m.files, replace(m.files[0], path="LEEME.txt/x"))},
        BadBundle,
    ),
    "a negative size": (lambda m: {"files": with_first(m, size=-1)}, BadBundle),
    "a file over 4 GB": (lambda m: {"files": with_first(m, size=1 << 32)}, BadBundle),
    "a sha256 that is none": (lambda m: {"files": with_first(m, sha256="00")}, BadBundle),
    "an unknown kind": (lambda m: {"files": with_first(m, kind="driver")}, BadBundle),
    "more unpacked than can be": (lambda m: {"files": with_first(m, unpacked=1 << 50)}, BadBundle),
    "wheels that are not there": (
        lambda m: {"packages": (replace(m.packages[0], wheels=("latam-edge/wheels/no.whl",)),)},
        BadBundle,
    ),
    "a document as a wheel": (
        lambda m: {"packages": (Packages(m.packages[0].platform, m.packages[0].python, ("LEEME.txt",)),)},
        BadBundle,
    ),
    "a model that is bigger than its parts": (
        lambda m: {
            "models": (
                replace(m.models[0], files=(replace(m.models[0].files[0], size=m.models[0].size + 1),)),
            )
        },
        BadBundle,
    ),
    "a model's name upwards": (lambda m: {"models": (replace(m.models[0], name=".."),)}, BundleEscape),
    "a model's file elsewhere": (
        lambda m: {
            "models": (Model("x", False, "MIT", (replace(m.models[0].files[0], name="../../.bashrc"),)),)
        },
        BundleEscape,
    ),
    "a model without files": (lambda m: {"models": (Model("x", False, "MIT", ()),)}, BadBundle),
    "a version that is none": (lambda m: {"version": "../../x"}, BadBundle),
    "a date before all dates": (lambda m: {"serial": 0}, BadBundle),
    "a date after all dates": (lambda m: {"serial": 1 << 62}, BadBundle),
    "an installer from elsewhere": (lambda m: {"bootstrap": ("../x.whl",)}, BadBundle),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_signed_list_that_lies_is_refused_by_every_command(folder: Path, lie: str) -> None:
    change, expected = LIES[lie]
    edit_manifest(folder, **change(stick.open_bundle(folder)[0]))
    for work in (look, verify):
        with pytest.raises(expected) as caught:
            work(folder)
        assert caught.type is expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schema": 2}',
        b'{"schema": 1, "version": 3}',
        b"9" * 5000,
    ],
    ids=lambda data: data[:20].decode("latin-1"),
)
def test_what_is_no_list_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadBundle):
        manifest.decode(data, tmp_path)


def test_a_list_without_end_is_not_read_to_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "MAX_BYTES", 1000)
    with pytest.raises(BadBundle):
        verify(folder)


def test_a_model_whose_parts_are_right_and_whose_whole_is_not_is_refused(folder: Path, home: Path) -> None:
    listed = stick.open_bundle(folder)[0]
    (file,) = listed.models[0].files
    lie = ModelFile(file.name, "0" * 64, file.size, file.parts)
    edit_manifest(folder, models=(replace(listed.models[0], files=(lie,)),))
    with pytest.raises(BundleAltered):
        install.install(look(folder))
    assert not list((home / "data" / "models").glob("*.gguf"))


def test_a_model_that_is_no_model_is_refused_by_the_library(folder: Path, home: Path) -> None:
    from hashlib import sha256

    junk = noise(5000)
    (folder / "latam-edge" / "models" / "m01.001").write_bytes(junk)
    listed = stick.open_bundle(folder)[0]
    name = sha256(junk).hexdigest()
    (file,) = listed.models[0].files
    items = tuple(
        replace(item, sha256=name, size=len(junk)) if item.kind == "model" else item for item in listed.files
    )
    model = replace(listed.models[0], files=(replace(file, sha256=name, size=len(junk)),))
    edit_manifest(folder, files=items, models=(model,))
    with pytest.raises(LatamEdgeError):
        install.install(look(folder))
    assert not (home / "data" / "app" / "current.json").exists()


def test_a_stick_that_gives_other_bytes_the_second_time_does_not_get_them_installed(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is unpacked is the copy that was hashed."""
    evil = write_wheel(folder.parent / "evil", "alfa", {"alfa/__init__.py": b"evil()"}).read_bytes()
    real = stick.take

    def switch(place: Path, item: Item, sink: Callable[[bytes], object]) -> None:
        real(place, item, sink)
        if item.kind == "wheel":
            (place / item.path).write_bytes(evil)

    monkeypatch.setattr(stick, "take", switch)
    install.install(look(folder))
    (library,) = (home / "data" / "app" / "versions").glob("*/lib")
    assert (library / "alfa" / "__init__.py").read_bytes() == b""


@pytest.mark.parametrize(
    "name", [layout.MANIFEST, layout.SIGNATURE, "LEEME.txt", "latam-edge/models/m01.001"]
)
def test_a_link_or_a_pipe_on_the_stick_is_refused_without_being_opened(
    folder: Path, tmp_path: Path, name: str
) -> None:
    path = folder / name
    path.rename(tmp_path / "real")
    path.symlink_to(tmp_path / "real")
    with pytest.raises(BundleLink):
        install.install(look(folder))
    path.unlink()
    os.mkfifo(path)  # to open it would wait for ever
    with pytest.raises(BundleLink):
        install.install(look(folder))


def test_every_refusal_has_words_of_its_own() -> None:
    kinds = (BadBundle, BundleAltered, BundleBomb, BundleEscape, BundleLink, BundleWheel)
    facts = {name: name for name in ("path", "detail", "name", "inside")}
    assert len({str(kind(**facts)) for kind in kinds}) == len(kinds)
