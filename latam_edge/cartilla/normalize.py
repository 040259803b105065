"""The form in which questions are compared: what noise may change is gone from it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from latam_edge.cartilla.model import Lang

PREFIXES: dict[Lang, tuple[str, ...]] = {
    "es": (
        "profe, ", "oye, ", "por favor, ", "por favor ", "hola, ", "hola ",
        "buenas, ", "disculpa, ", "una pregunta: ", "pregunta: ", "tengo una duda: ", "a ver, ", "ayuda: ",
        "porfa, ", "perdón, ", "hola Semilla, ",
    ),
    "pt": (
        "profe, ", "por favor, ", "por favor ", "oi, ", "oi ", "olá, ", "uma pergunta: ",
        "pergunta: ", "tenho uma dúvida: ", "ei, ", "com licença, ", "desculpa, ", "ajuda: ", "me ajuda: ",
        "então, ", "oi Semilla, ",
    ),
}
"""Words that people put before a question; `strip_affixes` takes them off again."""

SUFFIXES: dict[Lang, tuple[str, ...]] = {
    "es": (" por favor", ", por favor", " gracias", ", gracias", " porfa", ", profe"),
    "pt": (" por favor", ", por favor", " obrigado", ", obrigada", " por gentileza", ", profe"),
}
"""Words that people put after a question."""

_SYMBOLS = str.maketrans({"×": "x", "*": "x", "÷": "/", "−": "-", "–": "-", "·": "x"})
_TOKEN = re.compile(r"\d+|[^\W\d_]+|[+\-/:](?=\s*\d)")


@lru_cache(maxsize=200_000)
def normalize(text: str) -> str:
    """Case, accents, punctuation and spacing removed; signs between numbers stay, one token each.

    normalize("¿Cuánto es 7×8?") == normalize("cuanto es 7 x 8") == "cuanto es 7 x 8"
    """
    plain = unicodedata.normalize("NFD", text.translate(_SYMBOLS).casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(_TOKEN.findall(plain))


def _affixes(table: dict[Lang, tuple[str, ...]]) -> tuple[str, ...]:
    found = {normalize(affix) for affixes in table.values() for affix in affixes}
    return tuple(sorted(found, key=lambda affix: (-len(affix), affix)))


_PREFIXES = _affixes(PREFIXES)
_SUFFIXES = _affixes(SUFFIXES)


def question_key(text: str) -> str:
    """What makes two questions the same: `normalize`, polite words before and after taken off.

    A question that consists of polite words alone ("hola", "gracias") keeps one of them.
    """
    key = normalize(text)
    changed = True
    while changed:
        changed = False
        for prefix in _PREFIXES:
            if key.startswith(prefix + " "):
                key, changed = key[len(prefix) + 1 :], True
        for suffix in _SUFFIXES:
            if key.endswith(" " + suffix):
                key, changed = key[: -len(suffix) - 1], True
    return key
