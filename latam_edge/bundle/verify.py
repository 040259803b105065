"""Compare a bundle with its signed list, byte by byte, and repair it from another copy."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from latam_edge.bundle import layout, signature, stick
from latam_edge.bundle.manifest import Item, Manifest
from latam_edge.core.atomic import atomic_write
from latam_edge.core.errors import (
    BadBundle,
    BundleAltered,
    BundleEscape,
    BundleLink,
    BundleMissing,
    BundleUnsigned,
    FileMissing,
    LatamEdgeError,
    UnreadableFile,
)
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.store.copying import require_room

MAX_ADDED = 1000
"""Files that nobody listed are named up to this many."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as the list says."""

    kind: str
    """"changed", "missing", "unreadable", "added" or "link"."""
    path: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What was found."""

    manifest: Manifest
    key: bytes | None
    """Who signed the list; None: nobody, or the signature is not valid."""
    problems: tuple[Problem, ...]
    litter: tuple[str, ...]
    """What operating systems left; harmless, and not part of the bundle."""

    @property
    def good(self) -> bool:
        return self.key is not None and all(problem.repaired for problem in self.problems)


def verify(folder: Path, progress: Progress = silent, *, repair: Path | None = None) -> Report:
    """Read every byte of the bundle in `folder`.

    repair: another bundle, or any folder, from which changed and missing files are copied again when
    their sha256 is there. Files that were added are named and left: they may be somebody's.
    Raises BundleMissing, BadBundle, BundleEscape for a list that can't be used and is not repaired,
    FileMissing when `repair` is not there, DiskFull and ReadOnlyPlace while repairing."""
    if repair is not None and not repair.is_dir():
        raise FileMissing(path=repair)
    listed, key, problems = _opened(folder, repair)
    total = sum(item.size for item in listed.files)
    done = 0
    for item in listed.files:
        progress(Step("bundle.verifying", done, total, "bytes", note=item.path))
        kind = _state(folder, item)
        done += item.size
        if kind is not None:
            fixed = repair is not None and _repair(folder, item, repair)
            problems.append(Problem(kind, item.path, fixed))
    progress(Step("bundle.verifying", done, total, "bytes"))
    added, litter = _unlisted(folder, listed)
    return Report(listed, key, (*problems, *added), tuple(litter))


def _opened(folder: Path, repair: Path | None) -> tuple[Manifest, bytes | None, list[Problem]]:
    """The list and its signer; both come from the other copy when they are damaged here."""
    try:
        listed, _, key = stick.open_bundle(folder)
        if key is not None or repair is None:
            return listed, key, []
    except (BundleMissing, BadBundle, BundleEscape, BundleLink, UnreadableFile):
        if repair is None:
            raise
    listed, data, key = stick.open_bundle(repair)
    if key is None:
        raise BundleUnsigned(path=repair)
    # The signature travels as it is: it fits these bytes and no others.
    signed = stick.read(repair, layout.SIGNATURE, signature.MAX_BYTES)
    for name, content in ((layout.SIGNATURE, signed), (layout.MANIFEST, data)):
        with atomic_write(folder / name) as file:
            file.write(content)
    return listed, key, [Problem("changed", layout.MANIFEST, repaired=True)]


def _state(folder: Path, item: Item) -> str | None:
    """What is wrong with a listed file; None: nothing."""
    if not os.path.lexists(folder / item.path):
        return "missing"
    try:
        stick.take(folder, item, lambda piece: None)
    except BundleAltered:
        return "changed"
    except BundleLink:
        return "link"
    except LatamEdgeError:
        return "unreadable"
    # FAT32 finds "A.TXT" when asked for "a.txt"; on another system that file would be missing.
    name = item.path.rpartition("/")[2]
    with suppress(OSError):
        if name not in {each.name for each in (folder / item.path).parent.iterdir()}:
            return "missing"
    return None


def _repair(folder: Path, item: Item, other: Path) -> bool:
    """Copy the file again from `other`; whether that gave the right bytes."""
    for source in _candidates(item, other):
        try:
            with suppress(IsADirectoryError, PermissionError):
                if os.path.lexists(folder / item.path) and not (folder / item.path).is_file():
                    (folder / item.path).unlink()
            require_room(folder, item.size)
            with atomic_write(folder / item.path) as file:
                stick.take(other, _renamed(item, source), file.write)
        except (BundleAltered, BundleLink, FileMissing, UnreadableFile):
            continue
        return True
    return False


def _renamed(item: Item, path: str) -> Item:
    return Item(path, item.sha256, item.size, item.kind, item.licence)


def _candidates(item: Item, other: Path) -> Iterator[str]:
    """Files of `other` that may hold the bytes: the same name first, then any of the same size."""
    yield item.path
    for path, status in _walk(other):
        if path != item.path and stat.S_ISREG(status.st_mode) and status.st_size == item.size:
            yield path


def _unlisted(folder: Path, listed: Manifest) -> tuple[list[Problem], list[str]]:
    """Files that the list does not name, and what operating systems left."""
    known = {item.path for item in listed.files} | {layout.MANIFEST, layout.SIGNATURE}
    added: list[Problem] = []
    litter: list[str] = []
    for path, status in _walk(folder):
        if path in known:
            continue
        if any(layout.is_litter(part) for part in path.split("/")):
            litter.append(path.split("/")[0])
        elif len(added) < MAX_ADDED:
            regular = stat.S_ISREG(status.st_mode)
            added.append(Problem("added" if regular else "link", path))
    return added, sorted(set(litter))


def _walk(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Everything in a folder that is not a folder, by its relative path; links are not followed."""
    pending = [""]
    while pending:
        here = pending.pop()
        try:
            names = sorted(each.name for each in (folder / here).iterdir())
        except OSError:
            continue
        for name in names:
            path = f"{here}/{name}" if here else name
            with suppress(OSError):
                status = (folder / path).lstat()
                if stat.S_ISDIR(status.st_mode):
                    pending.append(path)
                else:
                    yield path, status
