"""What hurried hands do to a question: no accents, no capitals, a typo, a polite word."""

from __future__ import annotations

import random
import re
import unicodedata

from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.normalize import PREFIXES, SUFFIXES
from latam_edge.cartilla.number_words import ALL_WORDS

P_CLEAN = 0.4
"""Share of questions left as they are written."""
P_PREFIX = 0.10
P_SUFFIX = 0.06
P_NO_ACCENTS = 0.45
P_NO_OPENING = 0.6
P_NO_PUNCTUATION = 0.4
P_LOWER = 0.5
P_UPPER = 0.03
P_TYPO = 0.14
P_NAME_TYPO = 0.1
"""Share of typos that may also fall on a word with a capital inside the sentence."""

_WORD = re.compile(r"[^\W\d_]{4,}")
_KEEP_TILDE = {"ñ", "Ñ"}


def without_accents(text: str, *, keep_enye: bool = False) -> str:
    """ "canción" -> "cancion". With keep_enye, "ñ" stays: it is a letter, not an accent."""
    if keep_enye:
        return "".join(c if c in _KEEP_TILDE else without_accents(c) for c in text)
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def typo(rng: random.Random, text: str) -> str:
    """One swapped, dropped or doubled letter inside a word; digits and number words are spared."""
    spare_names = rng.random() >= P_NAME_TYPO
    words = [
        m
        for m in _WORD.finditer(text)
        if m.group().lower() not in ALL_WORDS
        and not (spare_names and m.start() > 1 and m.group()[0].isupper())
    ]
    if not words:
        return text
    match = rng.choice(words)
    word = match.group()
    i = rng.randrange(1, len(word) - 1)
    how = rng.randrange(3)
    if how == 0:
        word = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    elif how == 1:
        word = word[:i] + word[i + 1 :]
    else:
        word = word[: i + 1] + word[i:]
    return text[: match.start()] + word + text[match.end() :]


def _lower_first(text: str) -> str:
    for i, c in enumerate(text):
        if c.isalpha():
            following = text[i + 1 : i + 2]
            return text if following.isupper() else text[:i] + c.lower() + text[i + 1 :]
        if c not in "¿¡":
            return text
    return text


def add_noise(rng: random.Random, question: str, lang: Lang, *, polite: bool = True) -> str:
    """The question as somebody might type it. Never changes a digit, a sign or the order of words.

    polite: whether words such as "profe" or "por favor" may be added; a greeting takes none.
    """
    if rng.random() < P_CLEAN:
        return question
    text = question
    if rng.random() < P_TYPO:
        text = typo(rng, text)
    if polite and rng.random() < P_PREFIX:
        text = rng.choice(PREFIXES[lang]) + _lower_first(text)
        if not text.startswith("¿"):
            text = text[0].upper() + text[1:]
    if polite and rng.random() < P_SUFFIX:
        end = text[-1] if text[-1] in "?.!" else ""
        text = text[: len(text) - len(end)] + rng.choice(SUFFIXES[lang]) + end
    if rng.random() < P_NO_ACCENTS:
        text = without_accents(text, keep_enye=rng.random() < 0.5)
    if rng.random() < P_NO_OPENING:
        text = text.replace("¿", "").replace("¡", "")
    if rng.random() < P_NO_PUNCTUATION:
        text = text.rstrip("?!. ")
    if rng.random() < P_LOWER:
        text = text.lower()
    elif rng.random() < P_UPPER:
        text = text.upper()
    return text.strip() or question
