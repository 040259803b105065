"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from latam_edge.core.atomic import atomic_write, disk_errors, write_text
from latam_edge.core.errors import DiskFull, ReadOnlyPlace


@pytest.fixture
def small_files() -> Iterator[None]:
    """Inside the test no file may grow over 64 kB, as on a disk that is nearly full."""
    import resource  # Unix only

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    with atomic_write(path, "w", encoding="utf-8") as file:
        file.write("mañana")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "mañana"
    assert [entry.name for entry in path.parent.iterdir()] == ["b.txt"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "antes")

    def half_way() -> None:
        with atomic_write(path, "w", encoding="utf-8") as file:
            file.write("desp")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_way()
    assert path.read_text(encoding="utf-8") == "antes"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, small_files: None) -> None:
    path = tmp_path / "a.bin"

    def too_much() -> None:
        with atomic_write(path) as file:
            file.write(bytes(200_000))

    with pytest.raises(DiskFull) as caught:
        too_much()
    assert caught.value.exit_code == 4
    assert str(path) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, ReadOnlyPlace),
        (errno.EACCES, ReadOnlyPlace),
        (errno.ENOTDIR, ReadOnlyPlace),
        (errno.ENOENT, ReadOnlyPlace),
        (errno.EIO, OSError),
    ],
)
def test_the_systems_reasons_become_ours(number: int, expected: type[Exception]) -> None:
    with pytest.raises(expected), disk_errors(Path("x")):
        raise OSError(number, "said by the system")


def test_a_private_file_is_its_owners_alone_and_another_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_text(tmp_path / "mine", "", private=True)
        write_text(tmp_path / "ours", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == 0o644
