"""Files of a bundle, opened with the distrust that a stick from somebody deserves.

Nothing is followed: a link, a pipe or a device where a file should be is refused
before it is opened. What is read is hashed while it is read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO

from latam_edge.bundle import layout, manifest, signature
from latam_edge.bundle.manifest import Item, Manifest
from latam_edge.core.errors import (
    BundleAltered,
    BundleLink,
    BundleMissing,
    BundleUnsigned,
    FileMissing,
    UnreadableFile,
)

PIECE_BYTES = 1 << 20


@contextmanager
def open_file(folder: Path, path: str) -> Iterator[tuple[IO[bytes], int]]:
    """Open the regular file `path` of the bundle in `folder`; gives it and its size in bytes.

    What fails inside the block is the block's. Raises BundleLink, FileMissing, UnreadableFile."""
    full = folder / path
    try:
        for parent in layout.parents(path):
            if not stat.S_ISDIR((folder / parent).lstat().st_mode):
                raise BundleLink(name=parent)
        before = full.lstat()
        if not stat.S_ISREG(before.st_mode):
            raise BundleLink(name=path)
    except PermissionError as error:
        raise UnreadableFile(path=full) from error
    except OSError as error:
        raise FileMissing(path=full) from error
    try:
        fd = os.open(full, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise UnreadableFile(path=full) from error
    with open(fd, "rb", buffering=0) as file:
        yield file, os.fstat(fd).st_size


def _piece(file: IO[bytes], size: int, path: Path) -> bytes:
    """At most `size` bytes; a stick that fails is the stick's fault, not the disk's that is written to."""
    try:
        return file.read(size)
    except OSError as error:
        raise UnreadableFile(path=path) from error


def read(folder: Path, path: str, limit: int) -> bytes:
    """At most `limit` + 1 bytes of a file of the bundle. Raises what `open_file` raises."""
    data = bytearray()
    with open_file(folder, path) as (file, _):
        while len(data) <= limit and (piece := _piece(file, limit + 1 - len(data), folder / path)):
            data += piece
    return bytes(data)


def take(folder: Path, item: Item, sink: Callable[[bytes], object]) -> None:
    """Hand the listed file to `sink`, piece by piece, and compare it with the list.

    The comparison comes after the last piece: until this returns, what was handed out is not to be used.
    Raises BundleAltered, what `open_file` raises, and what `sink` raises."""
    digest, size = sha256(), 0
    try:
        with open_file(folder, item.path) as (file, found):
            if found != item.size:
                raise BundleAltered(name=item.path, path=folder)
            while piece := _piece(file, PIECE_BYTES, folder / item.path):
                size += len(piece)
                if size > item.size:
                    raise BundleAltered(name=item.path, path=folder)
                digest.update(piece)
                sink(piece)
    except FileMissing:
        raise BundleAltered(name=item.path, path=folder) from None
    if size != item.size or digest.hexdigest() != item.sha256:
        raise BundleAltered(name=item.path, path=folder)


def open_bundle(folder: Path) -> tuple[Manifest, bytes, bytes | None]:
    """The manifest, its bytes, and the key that signed it; None: no valid signature.

    Raises BundleMissing, BadBundle, BundleEscape, BundleLink, UnreadableFile."""
    try:
        data = read(folder, layout.MANIFEST, manifest.MAX_BYTES)
    except FileMissing:
        raise BundleMissing(path=folder) from None
    try:
        signed = read(folder, layout.SIGNATURE, signature.MAX_BYTES)
        key: bytes | None = signature.check(data, signed, folder)
    except (FileMissing, BundleUnsigned):
        key = None
    return manifest.decode(data, folder / layout.MANIFEST), data, key
