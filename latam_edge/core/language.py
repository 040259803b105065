"""A guess at a text's language from its most common short words. Spanish, Portuguese, English."""

from __future__ import annotations

import re

UNDETERMINED = "und"
"""ISO 639-2's code for a language that nobody could tell."""

# Frequent words that the other languages here lack or use rarely.
_WORDS = {
    "es": {"el", "los", "las", "y", "del", "una", "con", "por", "es", "su", "al", "más", "pero", "está"},
    "pt": {
        "o",
        "os",
        "e",
        "do",
        "da",
        "dos",
        "das",
        "uma",
        "um",
        "com",
        "não",
        "em",
        "na",
        "no",
        "ao",
        "é",
        "mais",
    },
    "en": {"the", "and", "of", "to", "in", "is", "that", "it", "was", "for", "with", "are", "this"},
}
_MIN_HITS = 3
_SAMPLE_CHARACTERS = 20_000


def guess(text: str) -> str:
    """ "es", "pt", "en" or "und".

    Counts in the beginning of the text; a tie or fewer than three hits is "und".
    """
    words = re.findall(r"[^\W\d_]+", text[:_SAMPLE_CHARACTERS].lower())
    hits = {language: sum(word in known for word in words) for language, known in _WORDS.items()}
    (best, most), (_, second), *_ = sorted(hits.items(), key=lambda item: -item[1])
    return best if most >= _MIN_HITS and most > second else UNDETERMINED
