"""The form in which questions are compared: what noise may change is gone from it."""

from __future__ import annotations

import re
import unicodedata

from latam_edge.cartilla.model import Lang

PREFIXES: dict[Lang, tuple[str, ...]] = {
    "es": (
        "profe, ",
        "oye, ",
        "por favor, ",
        "por favor ",
        "hola, ",
        "hola ",
        "buenas, ",
        "disculpa, ",
        "una pregunta: ",
        "pregunta: ",
        "tengo una duda: ",
        "a ver, ",
        "ayuda: ",
        "porfa, ",
        "perdón, ",
        "hola Semilla, ",
    ),
    "pt": (
        "profe, ",
        "por favor, ",
        "por favor ",
        "oi, ",
        "oi ",
        "olá, ",
        "uma pergunta: ",
        "pergunta: ",
        "tenho uma dúvida: ",
        "ei, ",
        "com licença, ",
        "desculpa, ",
        "ajuda: ",
        "me ajuda: ",
        "então, ",
        "oi Semilla, ",
    ),
}
"""Words that people put before a question; `strip_affixes` takes them off again."""

SUFFIXES: dict[Lang, tuple[str, ...]] = {
    "es": (" por favor", ", por favor", " gracias", ", gracias", " porfa", ", profe"),
    "pt": (" por favor", ", por favor", " obrigado", ", obrigada", " por gentileza", ", profe"),
}
"""Words that people put after a question."""

_TOKEN = re.compile(r"\d+|[^\W\d_]+|[+\-/:](?=\s*\d)")


class _Plain(dict[int, str]):
    """A str.translate table that learns: each character onto itself without case and accents."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFD", chr(code).casefold())
        self[code] = "".join(c for c in plain if not unicodedata.combining(c))
        return self[code]


class _Spaced(dict[int, str]):
    """The same table, but what is neither a word's nor a sign that may count becomes a space."""

    def __missing__(self, code: int) -> str:
        self[code] = "".join(c if c.isalnum() or c in "+-/:" else " " for c in chr(code).translate(_PLAIN))
        return self[code]


_PLAIN = _Plain((ord(sign), instead) for sign, instead in zip("×*÷−–·", "xx/--x", strict=True))
_SPACED = _Spaced()


def _bytes_table() -> bytes:
    """`_SPACED` for Latin-1, a byte for a byte: most questions are written in it, and bytes go sooner.

    What does not become one letter of Latin-1 ("ß", "µ") becomes 0, which is no letter.
    """
    plain = (chr(code).translate(_SPACED) for code in range(256))
    return bytes(ord(sign) if len(sign) == 1 and ord(sign) < 256 else 0 for sign in plain)


_LATIN_1 = _bytes_table()


def normalize(text: str) -> str:
    """Case, accents, punctuation and spacing removed; signs between numbers stay, one token each.

    normalize("¿Cuánto es 7×8?") == normalize("cuanto es 7 x 8") == "cuanto es 7 x 8"
    """
    try:
        spaced = text.encode("latin-1").translate(_LATIN_1).decode("latin-1")
    except UnicodeEncodeError:
        spaced = text.translate(_SPACED)
    words = spaced.split()
    if "".join(words).isalpha():
        return " ".join(words)  # what `_TOKEN` would find where there is neither number nor sign, sooner
    return " ".join(_TOKEN.findall(text.translate(_PLAIN)))


def _any_of(table: dict[Lang, tuple[str, ...]]) -> str:
    found = {normalize(affix) for affixes in table.values() for affix in affixes}
    return "|".join(sorted(found, key=lambda affix: (-len(affix), affix)))


_POLITE = re.compile(rf"^(?:(?:{_any_of(PREFIXES)}) )+(?=.)|(?<=.)(?: (?:{_any_of(SUFFIXES)}))+$")
_FIRST = frozenset(normalize(prefix).split()[0] for table in PREFIXES.values() for prefix in table)
_LAST = frozenset(normalize(suffix).split()[-1] for table in SUFFIXES.values() for suffix in table)


def question_key(text: str) -> str:
    """What makes two questions the same: `normalize`, polite words before and after taken off.

    A question that consists of polite words alone ("hola", "gracias") keeps one of them.
    """
    plain = normalize(text)
    if plain.partition(" ")[0] in _FIRST or plain.rpartition(" ")[2] in _LAST:
        return _POLITE.sub("", plain)
    return plain  # the search is dear, and most questions go without
