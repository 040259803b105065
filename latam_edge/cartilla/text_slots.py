"""Draws the words that fill a text: names, places, numbers, of data/text_words.toml or of the text itself."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache

from latam_edge.cartilla.agreement import Word, noun
from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.phrasing import read

_NOUNS = frozenset({"place", "food", "crop", "thing", "animal", "relative", "worker", "day", "woman", "man"})
_NAMES = ("woman", "man")


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
        choices = kinds(lang)[source] if isinstance(source, str) else tuple(map(noun, source))
        free = [word for word in choices if word not in words.values()] or list(choices)
        words[name] = rng.choice(free)
    for name, phrases in said.items():
        words[name] = Word(rng.choice(phrases))
    return words
