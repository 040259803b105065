"""Words and numbers for the templates of questions that the cartilla does not answer."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from functools import cache

from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.phrasing import Family, families

_COUNTED_AS_NUMBERS = frozenset({"job", "greeting", "city_out", "money_out", "e_noun"})
"""Lists that weigh like a number, which counts as thirty words: counted anew, every draw would change."""


@cache
def _words() -> Mapping[str, Family]:
    """The word lists of data/outside_words.toml, by field."""
    return families("outside_words.toml")


_FRACTIONS = (
    "1/2",
    "1/3",
    "2/3",
    "1/4",
    "3/4",
    "2/5",
    "3/5",
    "5/8",
    "7/8",
    "1/6",
    "5/6",
    "1/10",
    "3/10",
    "9/10",
)


def _inexact(rng: random.Random) -> str:
    """A division that leaves a rest, both numbers of the size that the tables have."""
    while True:
        a, b = rng.randrange(3, 145), rng.randrange(2, 13)
        if a % b:
            return rng.choice((f"{a} / {b}", f"{a} ÷ {b}", f"{a}/{b}"))


_NUMBERS: dict[str, Callable[[random.Random], str]] = {
    "big": lambda rng: str(rng.randrange(1000, rng.choice((10_000, 10_000, 100_000, 10_000_000)))),
    "small": lambda rng: str(rng.randrange(2, 13)),
    "one": lambda rng: str(rng.randrange(1, 10)),
    "inexact": _inexact,
    "two": lambda rng: str(rng.randrange(13, 100)),
    "small3": lambda rng: str(rng.randrange(101, 1000)),
    "dec": lambda rng: f"{rng.randrange(100)}{rng.choice('.,')}{rng.randrange(1, 100)}",
    "frac": lambda rng: rng.choice(_FRACTIONS),
    "year": lambda rng: str(rng.randrange(1200, 2060)),
}

_CONTRACTIONS: dict[Lang, tuple[tuple[re.Pattern[str], str], ...]] = {
    "es": ((re.compile(r"\b(de) el (?!Salvador)"), "del "), (re.compile(r"\ba el (?!Salvador)"), "al ")),
    "pt": (
        (re.compile(r"\b([Dd])e ([oa]s?) "), r"\1\2 "),
        (re.compile(r"\b[Ee]m ([oa]s?) "), r"n\1 "),
        (re.compile(r"\bpor ([oa]s?) "), r"pel\1 "),
        (re.compile(r"\ba (os?) "), r"a\1 "),
        (re.compile(r"\b(Como chego|respeito) a a(s?) "), r"\1 à\2 "),
    ),
}

_FIELD = re.compile(r"\{(\w+?)(2?)\}")
_ARTICLE = re.compile(r"^(?:el|la|los|las|o|a|os|as) ")


def _contract(text: str, lang: Lang) -> str:
    for pattern, instead in _CONTRACTIONS[lang]:
        text = pattern.sub(instead, text)
    return text


def _value(rng: random.Random, field: str, lang: Lang) -> str:
    if field in _NUMBERS:
        return _NUMBERS[field](rng)
    words = _words()[field.removeprefix("bare_")][lang]
    return _ARTICLE.sub("", rng.choice(words)) if field.startswith("bare_") else rng.choice(words)


def variety(template: str, lang: Lang) -> float:
    """How many questions a template can make, roughly, for its weight: the fourth root, at most 2000."""
    combinations = 1
    for match in _FIELD.finditer(template):
        field = match.group(1)
        counted = field in _words() and field not in _COUNTED_AS_NUMBERS
        combinations *= len(_words()[field][lang]) if counted else 30
    return math.pow(min(combinations, 2000), 0.25)


def fill(rng: random.Random, template: str, lang: Lang) -> str:
    """The template with words and numbers drawn for its fields; a field met again gets another word."""
    values: dict[str, str] = {}

    def put(match: re.Match[str]) -> str:
        field = match.group(1)
        value = _value(rng, field, lang)
        while field not in _NUMBERS and value == values.get(field):
            value = _value(rng, field, lang)
        values[field] = value
        return value

    text = _contract(_FIELD.sub(put, template), lang)
    start = 1 if text.startswith("¿") else 0
    if template[start : start + 1].isupper() or (template[start] == "{" and text[-1] in "?."):
        text = text[:start] + text[start].upper() + text[start + 1 :]
    return text
