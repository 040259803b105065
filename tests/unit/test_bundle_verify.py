"""Checking a bundle: every changed, missing or added byte is found and named, and repaired from a copy."""

from __future__ import annotations

import os
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from bundles import edit_manifest, noise, tree, write_bundle, write_wheel

from latam_edge.bundle import layout
from latam_edge.bundle.verify import Problem, verify
from latam_edge.cli import main as cli
from latam_edge.core.errors import BadBundle, BundleEscape, BundleMissing, FileMissing, LatamEdgeError

CHANGES = 1000


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path) -> Path:
    wheels = [
        write_wheel(tmp_path / "w", "alfa", {"alfa/a.py": noise(9000)}),
        write_wheel(tmp_path / "w", "beta"),
    ]
    write_bundle(tmp_path / "stick", wheels, models=[tiny_model])
    return tmp_path / "stick"


def problems(folder: Path, repair: Path | None = None) -> list[tuple[str, str]]:
    return [(each.kind, each.path) for each in verify(folder, repair=repair).problems]


def test_a_fresh_bundle_is_good(folder: Path) -> None:
    report = verify(folder)
    assert report.good
    assert report.problems == report.litter == ()
    assert cli.main(["bundle", "verify", str(folder)]) == 0


def test_every_change_of_a_single_byte_is_found_and_its_file_named(folder: Path) -> None:
    """A thousand random places over all files, the list and the signature included."""
    draw = random.Random(7)
    files = tree(folder)
    names = sorted(files)
    sizes = [len(files[name]) for name in names]
    for name in (
        draw.choices(names, weights=sizes, k=CHANGES - 2 * 100) + [layout.MANIFEST, layout.SIGNATURE] * 100
    ):
        place, bit = draw.randrange(len(files[name])), draw.randrange(1, 256)
        with open(folder / name, "r+b") as file:
            file.seek(place)
            file.write(bytes([files[name][place] ^ bit]))
        report = None
        with suppress(BadBundle, BundleEscape):  # a list that says what can't be true
            report = verify(folder)
        if report is None:
            assert name == layout.MANIFEST, (place, bit)
        else:
            assert not report.good, (name, place, bit)
            if name in (layout.MANIFEST, layout.SIGNATURE):
                assert report.key is None
            else:
                assert report.problems == (Problem("changed", name),)
        (folder / name).write_bytes(files[name])
    assert verify(folder).good


def test_a_missing_a_longer_a_shorter_and_an_added_file_are_named(folder: Path) -> None:
    (folder / "LEEME.txt").unlink()
    with open(folder / "LEIAME.txt", "ab") as file:
        file.write(b"\0")
    os.truncate(folder / "README.txt", 10)
    (folder / "latam-edge" / "wheels" / "evil.whl").write_bytes(b"")
    assert problems(folder) == [
        ("missing", "LEEME.txt"),
        ("changed", "LEIAME.txt"),
        ("changed", "README.txt"),
        ("added", "latam-edge/wheels/evil.whl"),
    ]


def test_what_an_operating_system_leaves_is_told_apart(folder: Path) -> None:
    (folder / "System Volume Information").mkdir()
    (folder / "System Volume Information" / "IndexerVolumeGuid").write_bytes(b"x")
    (folder / "._LEEME.txt").write_bytes(b"x")
    report = verify(folder)
    assert report.good
    assert report.litter == ("._LEEME.txt", "System Volume Information")


def test_links_and_pipes_are_not_followed(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "same"
    shutil.copy(folder / "LEEME.txt", copy)
    (folder / "LEEME.txt").unlink()
    (folder / "LEEME.txt").symlink_to(copy)
    (folder / "README.txt").unlink()
    os.mkfifo(folder / "README.txt")
    (folder / "extra").symlink_to("/")
    assert problems(folder) == [("link", "LEEME.txt"), ("link", "README.txt"), ("link", "extra")]


def test_a_folder_that_is_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "latam-edge" / "wheels").rename(tmp_path / "elsewhere")
    (folder / "latam-edge" / "wheels").symlink_to(tmp_path / "elsewhere")
    found = problems(folder)
    assert ("link", "latam-edge/wheels/beta-1.0-py3-none-any.whl") in found
    assert ("link", "latam-edge/wheels") in found


def test_a_name_in_other_letter_case_is_another_file(folder: Path) -> None:
    """A stick that was copied by an old system may have names in capitals."""
    (folder / "LEEME.txt").rename(folder / "leeme.TXT")
    assert problems(folder) == [("missing", "LEEME.txt"), ("added", "leeme.TXT")]


def test_a_second_copy_repairs_changed_and_missing_files(folder: Path, tmp_path: Path) -> None:
    good = tree(folder)
    shutil.copytree(folder, tmp_path / "other")
    (folder / "LEEME.txt").unlink()
    with open(folder / "latam-edge" / "models" / "m01.001", "r+b") as file:
        file.write(b"XXXX")
    report = verify(folder, repair=tmp_path / "other")
    assert report.good
    assert {each.path for each in report.problems} == {"LEEME.txt", "latam-edge/models/m01.001"}
    assert tree(folder) == good


def test_any_folder_that_holds_the_bytes_repairs_under_any_name(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "deep"
    other.mkdir(parents=True)
    shutil.copy(folder / "latam-edge" / "wheels" / "beta-1.0-py3-none-any.whl", other / "copy of beta")
    (folder / "latam-edge" / "wheels" / "beta-1.0-py3-none-any.whl").write_bytes(b"x")
    assert verify(folder, repair=tmp_path / "other").good


def test_a_copy_that_is_bad_too_repairs_nothing_and_changes_nothing(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    (folder / "LEEME.txt").write_bytes(b"bad")
    (tmp_path / "other" / "LEEME.txt").write_bytes(b"worse")
    report = verify(folder, repair=tmp_path / "other")
    assert report.problems == (Problem("changed", "LEEME.txt"),)
    assert not report.good
    assert (folder / "LEEME.txt").read_bytes() == b"bad"


def test_a_copy_that_is_not_there_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="nowhere"):
        verify(folder, repair=tmp_path / "nowhere")


@pytest.mark.parametrize("damage", [b"", b"{", b"\0" * 100], ids=["empty", "cut", "zeros"])
@pytest.mark.parametrize("name", [layout.MANIFEST, layout.SIGNATURE])
def test_the_list_and_the_signature_are_repaired_too(
    folder: Path, tmp_path: Path, name: str, damage: bytes
) -> None:
    good = tree(folder)
    shutil.copytree(folder, tmp_path / "other")
    (folder / name).write_bytes(damage)
    assert verify(folder, repair=tmp_path / "other").good
    assert tree(folder) == good


def test_an_unsigned_copy_repairs_no_list(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    (folder / layout.MANIFEST).unlink()
    (tmp_path / "other" / layout.SIGNATURE).unlink()
    with pytest.raises(LatamEdgeError):
        verify(folder, repair=tmp_path / "other")


def test_added_files_are_named_and_left(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    (folder / "tarea.txt").write_bytes(b"mine")
    report = verify(folder, repair=tmp_path / "other")
    assert not report.good
    assert (folder / "tarea.txt").read_bytes() == b"mine"


def test_a_folder_without_a_bundle_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleMissing):
        verify(tmp_path)
    assert cli.main(["bundle", "verify", str(tmp_path / "nowhere")]) == 3


def test_the_command_names_the_file_and_exits_3(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "LEEME.txt").write_bytes(b"")
    assert cli.main(["bundle", "verify", str(folder)]) == 3
    assert capsys.readouterr().out == "Cambió: LEEME.txt\n"
    (folder / layout.SIGNATURE).unlink()
    assert cli.main(["bundle", "verify", str(folder)]) == 3
    assert "LE-152" in capsys.readouterr().err


def test_signed_by_another_key_is_still_a_signature_and_other_words(folder: Path, tmp_path: Path) -> None:
    before = verify(folder).key
    edit_manifest(folder, tmp_path / "other-key")
    after = verify(folder)
    assert after.good
    assert after.key != before
