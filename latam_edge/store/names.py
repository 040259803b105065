"""Names for models: safe as file names on every system, pleasant to type.

Letters and digits of any script, "-", "_" and "."; everything else becomes "-".
Windows' device names, leading dots and path separators can't get through.
"""

from __future__ import annotations

import re
import unicodedata

from latam_edge.core.errors import BadName

MAX_CHARACTERS = 64
MAX_BYTES = 180
"""Leaves room for ".gguf" and a temporary suffix in a 255-byte file name."""

_OTHER = re.compile(r"[^\w.\-]+")
_DEVICES = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}
"""Names that Windows keeps for devices, with any extension.
https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""


def key(name: str) -> str:
    """What makes two names the same: Unicode composition and letter case do not count."""
    return unicodedata.normalize("NFC", name).casefold()


def sanitize(text: str) -> str:
    """A name made of `text`; "" when nothing usable is left."""
    name = _OTHER.sub("-", unicodedata.normalize("NFC", text))[:MAX_CHARACTERS]
    name = re.sub(r"-{2,}", "-", name).strip("-. ")
    while len(name.encode()) > MAX_BYTES:
        name = name[:-1]
    name = name.rstrip("-. ")
    return f"model-{name}" if name.split(".")[0].casefold() in _DEVICES else name


def check(name: str) -> str:
    """`name` in its composed form. Raises BadName, with a good one to use, when it would have to change."""
    composed = unicodedata.normalize("NFC", name)
    good = sanitize(composed)
    if good != composed or not good:
        raise BadName(name=name, suggestion=good or "model")
    return composed


def unique(wanted: str, taken: set[str]) -> str:
    """`wanted`, or it with "-2", "-3", ...; `taken` holds `key`s."""
    name, count = wanted, 1
    while key(name) in taken:
        count += 1
        suffix = f"-{count}"
        name = wanted[: MAX_CHARACTERS - len(suffix)] + suffix
    return name
