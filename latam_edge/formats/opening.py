"""Open a file that a stranger named, or say plainly why it can't be opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from latam_edge.core.errors import FileMissing, NotAFile, UnreadableFile


@contextmanager
def open_regular(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """Open `path` for reading; gives the file, unbuffered, and its size in bytes.

    Anything that is not a regular file is refused before it is opened: opening a
    pipe would wait for its other end for ever.
    Raises FileMissing, NotAFile, UnreadableFile (also for a read that fails inside the block).
    """
    try:
        status = path.stat()
    except PermissionError as error:
        raise UnreadableFile(path=path) from error
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte in it
        raise FileMissing(path=path) from error
    if not stat.S_ISREG(status.st_mode):
        raise NotAFile(path=path)
    try:
        with open(path, "rb", buffering=0) as file:
            # The size of what was opened, which may have been replaced since the first look.
            yield file, os.fstat(file.fileno()).st_size
    except OSError as error:
        raise UnreadableFile(path=path) from error
