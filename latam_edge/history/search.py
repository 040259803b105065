"""Search as people type it: "oracion" finds "Oración"."""

from __future__ import annotations

import re
import unicodedata

_COMBINING = re.compile("[\u0300-\u036f]+")


def fold(text: str) -> str:
    """Without case and accents, so that folded texts can be compared. Ñ becomes n, too."""
    if text.isascii():
        return text.lower()
    return _COMBINING.sub("", unicodedata.normalize("NFD", text.casefold()))
