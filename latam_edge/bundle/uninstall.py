"""Take the program away again, and say what stays: the user's conversations, models and settings."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from latam_edge.bundle import launcher, places
from latam_edge.bundle.places import Places
from latam_edge.core import paths
from latam_edge.core.errors import LatamEdgeError
from latam_edge.store.library import Library
from latam_edge.store.lock import exclusive


@dataclass(frozen=True, slots=True)
class Left:
    """Something that uninstalling does not remove."""

    what: str
    """"history", "models", "settings", "personas", "python", "cache", "locked": the program's own, still
    in use; "shared": what each user of the machine keeps, in folders that are not looked into."""
    path: Path
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What was done."""

    version: str | None
    """What was installed; None: nothing was, and remains were cleared away."""
    models: tuple[str, ...]
    """Models that were removed from the library."""
    left: tuple[Left, ...]


def uninstall(
    *, where: Places | None = None, models: bool = False, library: Library | None = None
) -> Removed:
    """Remove the program, its launcher and its desktop entry.

    models: also those that a bundle brought and that are still as they came.
    Cut short, the same command again completes it. Raises LibraryBusy, ReadOnlyPlace."""
    where = where or places.user_places()
    library = library or where.library()
    kept = {where.current, where.python}  # the latter may be running this
    if where.shared:
        kept |= {library.folder, where.personas}
    state = places.load_state(where)
    gone = []
    if where.app.exists():
        with exclusive(where.app / ".lock"):
            if models and state is not None:
                gone = _remove_models(state.models, library)
                if where.shared and all(entry.embedded for entry in library.list()):
                    places.remove_quietly(library.folder)
            # What the user can click goes first, current.json last: it knows what else there is.
            launcher.remove(where)
            for path in sorted(where.app.iterdir()):
                if path not in kept and path.name != ".lock":
                    places.remove_quietly(path)
            places.remove_quietly(where.current)
        places.remove_quietly(where.app / ".lock")
        with suppress(OSError):
            where.app.rmdir()  # not when there is something in it that stays
    for folder in {path.parent for path in launcher.planned(where)}:
        if where.home is not None:
            with suppress(OSError):
                folder.rmdir()  # an empty one below LATAM_EDGE_HOME was made by us
    return Removed(state.version if state is not None else None, tuple(gone), _left(where))


def _remove_models(ours: dict[str, str], library: Library) -> list[str]:
    gone = []
    for entry in library.list():
        if ours.get(entry.name) == entry.sha256 and not entry.embedded:
            with suppress(LatamEdgeError):
                library.remove(entry.name)
                gone.append(entry.name)
    return gone


def _left(where: Places) -> tuple[Left, ...]:
    if where.shared:
        inside = (
            ("locked", where.versions),
            ("models", where.app / "models"),
            ("personas", where.personas),
            ("python", where.python),
        )
        found = [Left(what, path, _size(path)) for what, path in inside if path.exists()]
        return (*found, Left("shared", where.app, 0))
    kept = (
        ("locked", where.app),
        ("history", paths.history_file().parent),
        ("models", paths.models_dir()),
        ("personas", where.personas),
        ("python", where.python),
        ("settings", paths.config_dir()),
        ("cache", paths.cache_dir()),
    )
    return tuple(Left(what, path, _size(path)) for what, path in kept if path.exists())


def _size(folder: Path) -> int:
    """Bytes of all files below a folder; what can't be seen counts nothing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(root) / name).lstat().st_size
    return total
