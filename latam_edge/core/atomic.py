"""Files that appear whole or not at all, also when the power goes.

Write to a temporary neighbour, fsync it, rename it over the name, fsync the
folder: after a power cut the name holds the old bytes or the new ones. Without
the first fsync, ext4 and FAT may keep the rename and lose the data.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from latam_edge.core.errors import DiskFull, ReadOnlyPlace

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOENT)
"""No right to write there, or no such place: a file where a folder should be, a stick that was pulled out."""


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says about a place to write into errors that name `path`.

    Raises DiskFull or ReadOnlyPlace.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(path=path) from error
        if error.errno in _CLOSED:
            raise ReadOnlyPlace(path=path) from error
        raise


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        # Some network and FUSE file systems refuse fsync on folders.
        with suppress(OSError):
            os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def atomic_write(
    path: Path, mode: str = "wb", *, private: bool = False, **open_args: Any
) -> Iterator[IO[Any]]:
    """Open a file for writing that takes `path`'s name only when the block ends well.

    private: readable by its owner alone (0600); otherwise the umask decides.
    Raises DiskFull or ReadOnlyPlace; then nothing is left behind.
    """
    path = Path(path)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            if not private and os.name != "nt":
                umask = os.umask(0)
                os.umask(umask)
                os.fchmod(fd, 0o666 & ~umask)
            with open(fd, mode, **open_args) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
            sync_folder(path.parent)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()
            raise


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Replace `path`'s content by `text` (UTF-8), atomically."""
    with atomic_write(path, "w", encoding="utf-8", newline="\n", private=private) as file:
        file.write(text)
