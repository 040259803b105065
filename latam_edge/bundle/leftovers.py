"""What interrupted installations and earlier versions leave behind, and how it goes away."""

from __future__ import annotations

import glob
from contextlib import suppress

from latam_edge.bundle import launcher, places
from latam_edge.bundle.places import Places, State


def clear(where: Places, state: State | None) -> None:
    """Remove what an interrupted installation left, and versions that are no longer in force.

    On Windows a running program holds its files; they go the next time."""
    keep = state.folder if state is not None else None
    with suppress(OSError):
        for folder in where.versions.iterdir():
            # Without a state, a whole version is one whose installation was cut short just before the end.
            if folder.name.startswith(".") or (keep is not None and folder.name != keep):
                places.remove_quietly(folder)
    launched = [where.app / "start.py", where.app / launcher.ICON, *launcher.planned(where)]
    for path in (where.current, where.replaced, *launched):
        for stale in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            places.remove_quietly(stale)


def give_back(where: Places, state: State | None) -> None:
    """Remove also what the next run could have used: models half put together, a version never in force."""
    places.remove_quietly(where.incoming)
    if state is None:
        places.remove_quietly(where.versions)
