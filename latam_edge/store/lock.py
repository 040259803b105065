"""One writer at a time in a model library.

The operating system holds the lock and frees it when the process ends, however
it ends: there is no stale lock to detect after a power cut.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from latam_edge.core.atomic import disk_errors
from latam_edge.core.errors import LibraryBusy

if sys.platform == "win32":
    import msvcrt

    def _take(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

    def _free(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _free(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


@contextmanager
def exclusive(path: Path, wait_s: float = 5.0) -> Iterator[None]:
    """Hold the lock file `path` inside the block.

    Raises LibraryBusy when another process still holds it after `wait_s` seconds, and
    DiskFull or ReadOnlyPlace when the file can't be made."""
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+b")  # noqa: SIM115 - closed by the block below
    with file:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                _take(file.fileno())
                break
            except OSError as error:
                if time.monotonic() >= deadline:
                    raise LibraryBusy(path=path.parent) from error
                time.sleep(0.1)
        try:
            yield
        finally:
            with suppress(OSError):
                file.seek(0)
                _free(file.fileno())
