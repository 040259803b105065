"""What is held out of training: operand pairs, words and verbs of rules, phrasings of facts.

Nothing here is random: CRC-32 of a name decides, so that the same question is
on the same side in every run and on every machine.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from latam_edge.cartilla.model import Item, Lang
from latam_edge.cartilla.normalize import question_key

RULE_PERCENT = 8
"""Share of a rule's instances that is held out."""

TEMPLATES_IN_15 = 2
"""Of 15 templates of a category, how many are held out; at least one of every item with four."""

MIN_TRAINED = 2
"""Every fact keeps at least this many phrasings to train on."""

_LANGS = ("es", "pt")

HeldOutTemplates = dict[tuple[str, Lang], frozenset[str]]
"""Names of held-out templates by (category, lang)."""


def rule_is_held_out(key: str) -> bool:
    """By the key without its language part: both languages of an instance are on the same side.

    A key with a language part is about a word ("conj:es:amar:todo:presente",
    "plural:es:casa:singular"): all that is asked about the word goes together,
    because one form of it gives the others away.
    """
    parts = key.split(":")
    bare = [part for part in parts if part not in _LANGS]
    if len(bare) < len(parts):
        bare = bare[:2]
    return zlib.crc32(":".join(bare).encode()) % 100 < RULE_PERCENT


def held_out_templates(items: Iterable[Item]) -> HeldOutTemplates:
    """Choose the held-out templates of all facts: whole templates, per category and language.

    Every item with at least four templates loses at least one, and none is left
    with fewer than two; an item with three or fewer may lose none. The first
    phrasing of an item is the lesson's own and always trains: it is what
    people ask most, and the exam should not be about it.
    """
    facts: dict[tuple[str, Lang], list[Item]] = defaultdict(list)
    for item in items:
        if item.kind == "fact":
            facts[item.category, item.lang].append(item)
    held_out: HeldOutTemplates = {}
    for (category, lang), group in facts.items():
        twin = _twins(group)
        plain = frozenset(twin[item.questions[0][0]] for item in group if item.questions)
        chosen = _choose(
            category, [frozenset(twin[name] for name, _ in item.questions) for item in group], plain
        )
        held_out[category, lang] = frozenset(name for name, first in twin.items() if first in chosen)
    return held_out


def _twins(items: Iterable[Item]) -> dict[str, str]:
    """Template names onto one of those that ask the same, politeness aside ("Hola, ¿{q}?", "¿{q}?").

    Twins are held out together: apart, one would train what the other examines.
    Items that share all of their templates share their twins: looking at three is enough.
    """
    first_of: dict[str, str] = {}
    looked_at: dict[tuple[str, ...], int] = defaultdict(int)

    def root(name: str) -> str:
        while first_of.setdefault(name, name) != name:
            name = first_of[name]
        return name

    for item in items:
        names = tuple(name for name, _ in item.questions)
        looked_at[names] += 1
        if looked_at[names] > 3:
            continue
        asks: dict[str, str] = {}
        for name, text in item.questions:
            one, other = sorted((root(name), root(asks.setdefault(question_key(text), name))))
            first_of[other] = one
    return {name: root(name) for name in list(first_of)}


def _choose(category: str, names_of: Sequence[frozenset[str]], plain: frozenset[str]) -> frozenset[str]:
    distinct = sorted(set(names_of), key=sorted)
    users: dict[str, list[int]] = defaultdict(list)
    for index, names in enumerate(distinct):
        for name in names:
            users[name].append(index)
    trained = [len(names) for names in distinct]
    covered = [False] * len(distinct)
    order = sorted(users, key=lambda name: (zlib.crc32(f"{category}:{name}".encode()), name))
    chosen: set[str] = set()

    def hold_out(name: str) -> None:
        if name in chosen or name in plain or any(trained[index] <= MIN_TRAINED for index in users[name]):
            return
        chosen.add(name)
        for index in users[name]:
            trained[index] -= 1
            covered[index] = True

    quota = round(len(order) * TEMPLATES_IN_15 / 15)
    for name in order:
        if len(chosen) >= quota:
            break
        hold_out(name)
    for index, names in enumerate(distinct):
        for name in order:
            if covered[index] or len(names) < 4:
                break
            if name in names:
                hold_out(name)
    return frozenset(chosen)


def divide(item: Item, held_out: HeldOutTemplates) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The item's question texts: (to train on, to examine)."""
    if item.kind == "rule":
        texts = tuple(text for _, text in item.questions)
        return ((), texts) if rule_is_held_out(item.key) else (texts, ())
    away = held_out.get((item.category, item.lang), frozenset())
    return (
        tuple(text for name, text in item.questions if name not in away),
        tuple(text for name, text in item.questions if name in away),
    )
