"""Models that are folders (ONNX): every file of one is copied, hashed and compared.

The folder's own sha256 is that of the list "<sha256>  <name>\\n" of its files, sorted by
name: what `sha256sum` prints for them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from latam_edge.core.atomic import disk_errors, sync_folder
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.onnx import OnnxHeader
from latam_edge.store import copying

Hashes = Mapping[str, str]
"""sha256 by file name."""


def digest(hashes: Hashes) -> str:
    """The sha256 of a whole folder."""
    from hashlib import sha256

    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def hash_files(header: OnnxHeader, progress: Progress = silent) -> Hashes:
    """Read every file of the model. Raises FileMissing, NotAFile, UnreadableFile."""
    return _each(header, lambda path, report: copying.hash_file(path, report), progress)


def copy_files(header: OnnxHeader, part: Path, progress: Progress = silent) -> Hashes:
    """Copy the model's files into the new folder `part`, synced to the disk.

    On any failure, Ctrl-C included, `part` is gone again. Raises DiskFull, ReadOnlyPlace,
    and what opening a file raises."""
    copying.require_room(part.parent, header.file_bytes)
    with disk_errors(part.parent):
        part.mkdir()
    try:
        found = _each(
            header, lambda path, report: copying.copy_hashed(path, part / path.name, report), progress
        )
        sync_folder(part)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return found


def _each(header: OnnxHeader, work: Callable[[Path, Progress], str], progress: Progress) -> Hashes:
    """Do it file by file, reporting the bytes of all of them."""
    found: dict[str, str] = {}
    before = 0
    for name in header.files:

        def report(step: Step, before: int = before) -> None:
            done = before + step.done
            progress(Step(step.key, done, max(header.file_bytes, done), step.unit))

        path = header.path / name
        found[name] = work(path, report)
        before += path.stat().st_size
    return found


def difference(known: Hashes, found: Hashes) -> str | None:
    """The first file, by name, that is not what it was, is missing, or was not there; None when all agree."""
    return next((name for name in sorted({*known, *found}) if known.get(name) != found.get(name)), None)


def discard(path: Path) -> None:
    """Delete a file or a folder of the library, if it is there. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def discard_quietly(path: Path) -> None:
    """The same; what can't be deleted stays."""
    with suppress(OSError):
        discard(path)
