"""Is an answer Spanish or Portuguese? Also of five words, where counting the most common words says nothing.

A word is a mark of a language when the project's own text (the primer's questions and answers, the
evaluation's prose) has it in that language and never in the other one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from latam_edge.core.language import UNDETERMINED

LANGUAGES = ("es", "pt")
BILINGUAL = ("translation", "indigenous")
"""Categories of the primer that quote words of another language in their answers."""

_WORD = re.compile(r"[^\W\d_]+")


def words(text: str) -> list[str]:
    """Its words, in lower case with their accents."""
    return [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFC", text))]


@cache
def marks() -> dict[str, frozenset[str]]:
    """By language: the words that the other one's text never has. A few seconds the first time."""
    from latam_edge.cartilla.subjects import all_items
    from latam_edge.evaluate import evaluation_set

    seen: dict[str, set[str]] = {lang: set() for lang in LANGUAGES}
    for item in all_items():
        if item.category not in BILINGUAL:
            for text in (*item.answers, *(question for _, question in item.questions)):
                seen[item.lang].update(words(text))
    for lang in LANGUAGES:
        seen[lang].update(words(evaluation_set.load("prose", lang).content))
    es, pt = (frozenset(seen[lang]) for lang in LANGUAGES)
    return {"es": es - pt, "pt": pt - es}


def language_of(text: str) -> str:
    """ "es", "pt", or "und" where neither has more marks: a number, a name, nothing at all."""
    found = words(text)
    es, pt = (sum(word in marks()[lang] for word in found) for lang in LANGUAGES)
    if es == pt:
        return UNDETERMINED
    return "es" if es > pt else "pt"
