"""Does the machine have what the unpacked packages expect of its operating system?

Asked before a version is put in force: an installation that ends well and whose chat
then dies of a missing library helps nobody. Every library of the version is read (not
loaded): what it needs, and the newest GNU C library that it asks for. Linux only; on
Windows and macOS the wheels bring what they need.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from latam_edge.bundle import elf
from latam_edge.core import system_libraries
from latam_edge.core.errors import BundleLibrary, BundleSystem

_GLIBC = re.compile(rb"\0GLIBC_(\d+)\.(\d+)(?=[.\0])")
_IS_LIBRARY = re.compile(r".+\.so(?:\.\d+)*")


def require(folder: Path, platform: str = sys.platform) -> None:
    """Raises BundleSystem or BundleLibrary when a library below `folder` could not be loaded here."""
    if platform != "linux":
        return
    needed, asked, own = set[str](), (0, 0), set[str]()
    for path in folder.rglob("*.so*"):
        if not _IS_LIBRARY.fullmatch(path.name) or not path.is_file():
            continue
        own.add(path.name)
        data = path.read_bytes()
        if (facts := elf.read(data)) is None:
            continue
        own.add(facts.soname)
        needed.update(facts.needed)
        for match in _GLIBC.finditer(data):
            asked = max(asked, (int(match[1]), int(match[2])))
    if asked == (0, 0):
        return
    found = system_libraries.glibc()
    if found is None or found < asked:
        raise BundleSystem(found=_text(found) if found else "-", needed=_text(asked))
    if gone := system_libraries.missing(needed - own):
        raise BundleLibrary(libraries=", ".join(gone), packages=system_libraries.packages(gone))


def _text(version: tuple[int, ...]) -> str:
    return "glibc " + ".".join(map(str, version))
