"""Personas: short texts that tell the model who to be, kept as files that a teacher can write.

    personas/tutor.txt     Eres un tutor de matemática de sexto grado. Responde corto.

The file's name without its ending is the persona's. A user's own come before those that
were installed for all users of the machine. The text becomes the system prompt.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from latam_edge.core import paths
from latam_edge.core.errors import BadPersona, UnknownPersona

SUFFIXES = (".txt", ".md")
MAX_BYTES = 16 << 10
"""A system prompt of this length already fills a context of 4096 tokens."""


def folders() -> list[Path]:
    """Where personas lie, the user's own first. The folders need not exist."""
    shared = paths.shared_dir()
    return [paths.data_dir() / "personas", *([shared / "personas"] if shared is not None else [])]


def names() -> list[str]:
    """All there are, sorted, letter case aside."""
    return sorted({path.stem.lower(): path.stem for path in _files()}.values(), key=str.lower)


def read(name: str) -> str:
    """The text of the persona of that name, in whatever letter case. Raises UnknownPersona, BadPersona."""
    for path in _files():
        if path.stem.lower() == name.lower():
            return text_of(path)
    raise UnknownPersona(name=name, known=", ".join(names()) or "-")


def text_of(path: Path) -> str:
    """The text of a persona's file. Raises BadPersona when it is empty, long, or no UTF-8."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        raise BadPersona(path=path) from None
    if not text or len(data) > MAX_BYTES:
        raise BadPersona(path=path)
    return text


def _files() -> Iterator[Path]:
    for folder in folders():
        try:
            found = sorted(folder.iterdir())
        except OSError:
            continue
        yield from (path for path in found if path.suffix.lower() in SUFFIXES and path.is_file())
