"""Where things lie on the stick, and what a name there may look like.

    DIR/instalar.sh  instalar.bat            what a teacher starts
        LEEME.txt  LEIAME.txt  README.txt    how to use it
        latam-edge/manifest.json             every file: sha256, size, licence, platform
                   manifest.sig              the signature of those bytes, and the key
                   start.py                  checks what it is about to run, then runs the installer
                   wheels/  models/  docs/  personas/  python/

FAT32 sets the limits: no file of 4 GiB or more, no links, no difference between
upper and lower case. Windows adds names that it keeps for devices.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

DATA = "latam-edge"
"""The folder inside the bundle that holds everything but the start files."""
MANIFEST = f"{DATA}/manifest.json"
SIGNATURE = f"{DATA}/manifest.sig"
PREVIOUS = f"{DATA}/manifest.old"
"""The list of what an interrupted `make` found, so that its files can be cleared away later."""
START = f"{DATA}/start.py"

PART_BYTES = 1 << 30
"""A model is cut into parts of this size: far below FAT32's limit, and little to copy again."""
MAX_FILE_BYTES = (1 << 32) - 1
"""FAT32's largest file. Microsoft, "FAT32 File System Specification" (2000)."""
MAX_PATH_CHARACTERS = 150
"""Windows allows 260 with the drive and the folders above."""

_COMPONENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!-]*")
_DEVICES = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}

LITTER = frozenset(
    {
        "system volume information",
        "$recycle.bin",
        "lost.dir",
        "found.000",
        ".fseventsd",
        ".spotlight-v100",
        ".trashes",
        ".ds_store",
        "thumbs.db",
        "desktop.ini",
    }
)
"""What operating systems leave on sticks, in lower case. Never read, never installed."""


def is_litter(name: str) -> bool:
    """Whether an operating system, not a person, put a file or folder of this name there."""
    low = name.lower()
    return low in LITTER or low.startswith((".trash-", "._"))


def problem_with(path: str) -> str | None:
    """Why `path` can't be the name of a file in a bundle; None when it can.

    A name that is fine is relative, uses "/", stays inside, and is the same file on every system."""
    if not path or len(path) > MAX_PATH_CHARACTERS:
        return "length"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "escape"
        if not _COMPONENT.fullmatch(part):
            return "escape" if re.search(r"[\\:\0]", part) else "characters"
        if part.endswith(".") or part.split(".")[0].lower() in _DEVICES:
            return "device"
    return None


def parents(path: str) -> list[str]:
    """The folders that `path` lies in, outermost first, the bundle's own left out."""
    return [str(parent) for parent in reversed(PurePosixPath(path).parents)][1:]
