"""Draws the words that fill a text: names, places, numbers, of data/text_words.toml or of the text itself."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache

from latam_edge.cartilla.agreement import Word, noun
from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.phrasing import read

_NOUNS = frozenset(
    {
        "place",
        "food",
        "crop",
        "thing",
        "animal",
        "creature",
        "object",
        "relative",
        "worker",
        "day",
        "woman",
        "man",
    }
)
_NAMES = ("woman", "man")
_MADE = {"person": 0.35, "woman": 0.35, "man": 0.35, "town": 0.35, "made_town": 1.0}
"""How often a name is one that nobody has, put together of two parts: what is in no list can't be learnt by
heart, only read where it stands. Of a "made_town" anything may be told; what is told of a town must be true."""


@cache
def kinds(lang: Lang) -> Mapping[str, tuple[Word, ...]]:
    """Every kind of word; "person" is a woman's or a man's name."""
    table: dict[str, list[str]] = read("text_words.toml")[lang]
    found: dict[str, tuple[Word, ...]] = {}
    for kind, entries in table.items():
        if kind in _NAMES:
            found[kind] = tuple(Word(entry, kind == "woman") for entry in entries)
        elif kind in _NOUNS:
            found[kind] = tuple(map(noun, entries))
        else:
            found[kind] = tuple(_plain(entry) for entry in entries)
    found["person"] = found["woman"] + found["man"]
    return found


def _made(rng: random.Random, lang: Lang, kind: str) -> Word:
    """A name or a town of two parts."""
    parts = kinds(lang)
    woman = kind == "woman" or (kind != "man" and rng.random() < 0.5)
    name = rng.choice(parts["name_begin"]).text + rng.choice(parts["name_end"]).text + ("a" if woman else "o")
    if not kind.endswith("town"):
        return Word(name, woman)
    before = rng.choice(parts["town_begin"])
    return Word(f"{before.other if woman and before.other else before.text} {name}")


def _plain(entry: str) -> Word:
    text, _, other = entry.partition("/")
    return Word(text, other=other)


def draw(
    rng: random.Random,
    lang: Lang,
    slots: Mapping[str, str | Sequence[str]],
    said: Mapping[str, Sequence[str]],
) -> dict[str, Word]:
    """A word for every slot, no word twice.

    slots: slot to a kind of word, or to nouns with their articles. said: slot to phrases, one of which is
    taken as it stands; it may hold slots itself.
    """
    words: dict[str, Word] = {}
    for name, source in slots.items():
        if isinstance(source, str) and source in _MADE and rng.random() < _MADE[source]:
            words[name] = _made(rng, lang, source)
            continue
        choices = kinds(lang)[source] if isinstance(source, str) else tuple(map(noun, source))
        free = [word for word in choices if word not in words.values()] or list(choices)
        words[name] = rng.choice(free)
    for name, phrases in said.items():
        words[name] = Word(rng.choice(phrases))
    return words
