"""Compile a new version's modules once, while it is installed.

Otherwise the first chat does it: seconds on a slow processor, and hundreds of small writes
to an SD card. Where several users share the program they could not write it at all, and
each start would compile anew: there every module is compiled.
"""

from __future__ import annotations

import py_compile
import sys
from pathlib import Path

from latam_edge.core.atomic import disk_errors
from latam_edge.core.progress import Progress, Step

ROOM_SHARE = 0.4
"""Bytes of bytecode per byte that the wheels unpack to, at most: measured 0.3 when all is compiled."""

_RARE = ("numpy/", "pygments/lexers/", "pygments/styles/")
"""Modules that a chat does not load: half of all."""


def compile_all(folder: Path, final: Path, python: str, progress: Progress, *, rare: bool) -> None:
    """Compile the modules below `folder`, which will be called `final`.

    rare: also those that a chat does not load. python: the version that the packages are for; any other
    running here compiles nothing. A module that is not valid Python (a template) is passed over.
    Raises DiskFull."""
    if python != f"{sys.version_info[0]}.{sys.version_info[1]}":
        return
    modules = [path for path in sorted(folder.rglob("*.py")) if rare or not _is_rare(path, folder)]
    for done, path in enumerate(modules):
        progress(Step("bundle.compiling", done, len(modules)))
        with disk_errors(path):
            py_compile.compile(str(path), dfile=str(final / path.relative_to(folder)), quiet=2)
    progress(Step("bundle.compiling", len(modules), len(modules)))


def _is_rare(path: Path, folder: Path) -> bool:
    name = path.relative_to(folder).as_posix()
    return name.startswith(_RARE) or "/tests/" in name
