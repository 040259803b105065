"""Files that only their owner may read: a clinic's PC has many users.

SQLite gives its -wal and -shm files the mode of the database file, so it's
enough to make that one right before SQLite opens it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from latam_edge.core.atomic import disk_errors
from latam_edge.core.errors import ReadOnlyPlace

SUFFIXES = ("", "-wal", "-shm")
"""The files that one SQLite database in WAL mode may consist of."""


def prepare(path: Path) -> None:
    """Make `path`'s folder (0700) and the file itself (0600), or tighten the ones there are.

    FAT and Windows know no such modes; there the folder of the user's account is the guard.
    Raises DiskFull, ReadOnlyPlace.
    """
    try:
        _prepare(path)
    except OSError as error:  # a file where the folder should be, a path too long ...
        raise ReadOnlyPlace(path=path) from error


def _prepare(path: Path) -> None:
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # a folder of somebody else's making: the file's mode still holds
            path.parent.chmod(0o700)
        # Never opened when it's there: closing it would take away the locks that this process's
        # SQLite may have on it (https://sqlite.org/howtocorrupt.html, section 2.2).
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        for suffix in SUFFIXES:
            with suppress(OSError):
                path.with_name(path.name + suffix).chmod(0o600)
