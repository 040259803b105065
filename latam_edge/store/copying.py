"""Copy and hash in one pass, in bounded memory, with reports."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

from latam_edge.core.atomic import disk_errors, sync_folder
from latam_edge.core.errors import DiskFull, UnreadableFile
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.opening import open_regular

PIECE_BYTES = 1 << 20
RESERVE_BYTES = 1 << 20
"""Left free on the disk beside the copy, for the manifest and the file system's own needs."""


def hash_file(path: Path, progress: Progress = silent, key: str = "models.hashing") -> str:
    """sha256 of `path` in hexadecimal. Raises FileMissing, NotAFile, UnreadableFile."""
    from hashlib import sha256  # OpenSSL takes milliseconds to load, and most commands hash nothing

    digest = sha256()
    done = 0
    with open_regular(path) as (file, size):
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            done += len(piece)
            progress(Step(key, done, max(size, done), "bytes"))
    return digest.hexdigest()


def require_room(folder: Path, need_bytes: int) -> None:
    """Raises DiskFull before anything is written when `folder`'s disk can't take `need_bytes`."""
    with suppress(OSError):  # an exotic file system that can't say: the copy itself will tell
        if shutil.disk_usage(folder).free < need_bytes + RESERVE_BYTES:
            raise DiskFull(path=folder)


def copy_hashed(source: Path, part: Path, progress: Progress = silent) -> str:
    """Copy `source` to the new file `part`, synced to the disk, and return its sha256.

    On any failure, Ctrl-C included, `part` is gone again. Raises DiskFull,
    ReadOnlyPlace, and what `open_regular` raises."""
    from hashlib import sha256  # OpenSSL takes milliseconds to load, and most commands hash nothing

    digest = sha256()
    done = 0
    try:
        with open_regular(source) as (file, size):
            require_room(part.parent, size)
            # The folder is what the user knows; the part's name says nothing to anybody.
            with disk_errors(part.parent), open(part, "xb", buffering=0) as copy:
                while piece := _read(file, source):
                    digest.update(piece)
                    view = memoryview(piece)
                    while view:  # an unbuffered write may take less than it was given
                        view = view[copy.write(view) :]
                    done += len(piece)
                    progress(Step("models.copying", done, max(size, done), "bytes"))
                os.fsync(copy.fileno())
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    return digest.hexdigest()


def _read(file: IO[bytes], source: Path) -> bytes:
    """The next piece; a failing USB stick is the source's fault, not the disk's."""
    try:
        return file.read(PIECE_BYTES)
    except OSError as error:
        raise UnreadableFile(path=source) from error


def publish(part: Path, path: Path) -> None:
    """Give the finished `part` its name, durably."""
    with disk_errors(path):
        part.replace(path)
        sync_folder(path.parent)
