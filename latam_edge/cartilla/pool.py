"""All items, divided once: what may be trained on, what is examined, and which questions are taboo."""

from __future__ import annotations

import gc
import tomllib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from latam_edge.cartilla import decline, split
from latam_edge.cartilla.model import Item, Lang
from latam_edge.cartilla.normalize import question_key
from latam_edge.cartilla.subjects import all_follow_ups, all_items

FOLLOW_UP_PERCENT = 8
"""Share of follow-up pairs (first item, second item) that is held out."""

OUTSIDE_EXAM = "data/outside_exam.toml"
OUTSIDE_SECOND = "data/outside_second.toml"
"""Questions from outside that no refusal was written for; the exam does not ask them (evaluate.regional)."""

ItemId = tuple[str, Lang, str]


def item_id(item: Item) -> ItemId:
    """What an item is found by: category, language, key."""
    return item.category, item.lang, item.key


@dataclass(frozen=True, slots=True)
class Split:
    """The cartilla, divided."""

    train: Mapping[ItemId, tuple[tuple[Item, tuple[str, ...]], ...]]
    """Items with the question texts to train on; nearly always one item per id."""
    examine: tuple[tuple[Item, tuple[str, ...]], ...]
    """Items with the question texts that are held out."""
    follow_ups: Mapping[ItemId, tuple[tuple[Item, str], ...]]
    """After an item: which item may be asked next, and how. To train on."""
    follow_ups_held_out: tuple[tuple[Item, Item, str], ...]
    """(first, second, how the second is asked) for the exam."""
    outside: Mapping[Lang, tuple[str, ...]]
    """Questions from outside the cartilla, for the exam only."""
    taboo: frozenset[str]
    """`question_key` of every held-out question: none may occur in training."""


def read_outside(name: str = OUTSIDE_EXAM) -> dict[Lang, tuple[str, ...]]:
    """The exam's questions from outside the cartilla, by language, or those of OUTSIDE_SECOND."""
    data = tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return {"es": tuple(data["es"]), "pt": tuple(data["pt"])}


def follow_up_is_held_out(first: Item, second: Item) -> bool:
    return zlib.crc32(f"{first.key}>{second.key}".encode()) % 100 < FOLLOW_UP_PERCENT


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Half a million tuples that all stay: looking for garbage among them costs a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@lru_cache(maxsize=1)
def load() -> Split:
    """Collect and divide every subject. A few seconds the first time."""
    with _no_garbage():
        return _divide()


def _divide() -> Split:
    items = all_items()
    templates = split.held_out_templates(items)
    divided = [(item, *split.divide(item, templates)) for item in items]
    examine = [(item, away) for item, _, away in divided if away]
    examine += [(item, tuple(text for _, text in item.questions)) for item in decline.items()]
    outside = read_outside()
    taboo = {question_key(text) for _, away in examine for text in away}
    for asked in (outside, read_outside(OUTSIDE_SECOND)):
        taboo |= {question_key(text) for texts in asked.values() for text in texts}

    train: dict[ItemId, list[tuple[Item, tuple[str, ...]]]] = {}
    for item, texts, _ in divided:
        kept = tuple(text for text in texts if question_key(text) not in taboo)
        if kept:
            train.setdefault(item_id(item), []).append((item, kept))
    following, held_out = _divide_follow_ups(all_follow_ups())
    return Split(
        train={key: tuple(found) for key, found in train.items()},
        examine=tuple(examine),
        follow_ups={key: tuple(found) for key, found in following.items()},
        follow_ups_held_out=tuple(held_out),
        outside=outside,
        taboo=frozenset(taboo),
    )


def _divide_follow_ups(
    triples: Sequence[tuple[Item, Item, str]],
) -> tuple[dict[ItemId, list[tuple[Item, str]]], list[tuple[Item, Item, str]]]:
    following: dict[ItemId, list[tuple[Item, str]]] = {}
    held_out = []
    for first, second, text in triples:
        if any(item.kind == "rule" and split.rule_is_held_out(item.key) for item in (first, second)):
            continue
        if follow_up_is_held_out(first, second):
            held_out.append((first, second, text))
        else:
            following.setdefault(item_id(first), []).append((second, text))
    return following, held_out
