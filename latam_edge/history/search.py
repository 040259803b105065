"""Search as people type it: "oracion" finds "Oración"."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Without case and accents, so that folded texts can be compared."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
