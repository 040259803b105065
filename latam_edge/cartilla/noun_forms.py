"""Spanish and Portuguese nouns and their plurals, regular by rule, irregular from data/words.toml."""

from __future__ import annotations

from functools import cache

from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.phrasing import read

_PLAIN = str.maketrans("áéíóúâêô", "aeiouaeo")
_ACUTE = str.maketrans("aeiou", "áéíóú")
_ACCENTED = "áéíóúâêôãõ"
_VOWELS = "aeiou" + _ACCENTED


def _syllables(word: str) -> int:
    """Groups of vowels: enough to tell one syllable from more."""
    return sum(
        1 for i, letter in enumerate(word) if letter in _VOWELS and (i == 0 or word[i - 1] not in _VOWELS)
    )


def _bare_last(word: str) -> str:
    """The word without the accent before its last consonant, which stays where it marks a hiatus ("país")."""
    if word[-2] in "íú" and word[-3] in "aeo":
        return word
    return word[:-2] + word[-2].translate(_PLAIN) + word[-1]


def plural_es(word: str) -> str:
    """Plural of a regular Spanish noun."""
    last, before = word[-1], word[-2]
    if last in "aeiouáéó":
        return word + "s"
    if last == "z":
        return word[:-1] + "ces"
    if last in "sx":
        stressed = before in _ACCENTED or _syllables(word) == 1
        return _bare_last(word) + "es" if stressed else word
    if last == "n" and before in _ACCENTED:
        return _bare_last(word) + "es"
    if last == "n" and _syllables(word) > 1 and not set(word) & set(_ACCENTED):
        at = max(i for i, letter in enumerate(word[:-2]) if letter in _VOWELS)  # joven -> jóvenes
        return word[:at] + word[at].translate(_ACUTE) + word[at + 1 :] + "es"
    return word + "es"


def plural_pt(word: str) -> str:
    """Plural of a regular Portuguese noun; those in -ão are listed, not derived."""
    last, before = word[-1], word[-2:-1]
    if last == "m":
        return word[:-1] + "ns"
    if last == "l":
        marked = bool(set(word) & set(_ACCENTED))  # móvel, réptil: stressed before the ending
        if before == "i":
            return word[:-2] + ("eis" if marked else "is")
        if before in "eo" and not marked:
            return word[:-2] + before.translate(_ACUTE) + "is"
        return word[:-1] + "is"
    if word.endswith(("aiz", "uiz")):  # juiz -> juízes
        return word[:-2] + "ízes"
    if last in "rz":
        return word + "es"
    if last == "s":
        stressed = before in _ACCENTED or _syllables(word) == 1
        return _bare_last(word) + "es" if stressed else word
    return word + "s"


@cache
def nouns(lang: Lang) -> tuple[tuple[str, str, str], ...]:
    """(word, gender "m" or "f", plural) of the nouns with a regular plural, each once."""
    make = plural_es if lang == "es" else plural_pt
    table = read("words.toml")["plural"][lang]
    seen: dict[str, tuple[str, str, str]] = {}
    for gender in ("m", "f"):
        for word in table[gender].split():
            seen.setdefault(word, (word, gender, make(word)))
    return tuple(seen.values())


@cache
def irregular_plurals(lang: Lang) -> dict[str, str]:
    """Singular to plural of the nouns learned by heart."""
    return dict(read("words.toml")["plural"][f"{lang}_irregular"])


def cut_plural(word: str, many: str) -> str:
    """The plural with a hyphen where it leaves the singular, accents aside: "cancion-es", "lápi-ces"."""
    plain, end = word.translate(_PLAIN), 0
    while end < len(word) and many[end].translate(_PLAIN) == plain[end]:
        end += 1
    return f"{many[:end]}-{many[end:]}"
