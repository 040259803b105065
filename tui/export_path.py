"""Where an exported conversation is proposed to go."""

from __future__ import annotations

from pathlib import Path

from latam_edge.history.export import file_stem

DOCUMENTS = ("Documentos", "Documents")


def proposed(title: str) -> Path:
    """A free name in the user's documents folder, or at home where there is none."""
    home = Path.home()
    folder = next((home / name for name in DOCUMENTS if (home / name).is_dir()), home)
    stem = file_stem(title)
    path = folder / f"{stem}.md"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.md"
    return path
