"""The exam of the cartilla: held-out questions, and how their answers are graded.

No language model grades: whole words, the last number, and whether the answer
says that it does not know.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice, zip_longest

from latam_edge.cartilla import decline, open_text, pool
from latam_edge.cartilla.corpus import withdrawn
from latam_edge.cartilla.model import Check, Item, Kind, Lang
from latam_edge.cartilla.normalize import normalize

__all__ = ["ExamItem", "Row", "declines", "exam", "grade", "normalize", "open_questions", "summarize"]

OUTSIDE = "outside"
FOLLOW_UPS = "follow_ups"
N_OUTSIDE = 200
"""Questions from outside the cartilla, both languages together."""

_LANGS: tuple[Lang, ...] = ("es", "pt")
_MARKERS = tuple(normalize(opening) for opening in decline.OPENING.values())


@dataclass(frozen=True, slots=True)
class ExamItem:
    """One question to ask."""

    category: str
    lang: Lang
    kind: Kind
    key: str
    question: str
    check: Check
    history: tuple[tuple[str, str], ...] = ()
    """Turns (question, right answer) that come before."""
    answer: str = ""
    """A right answer as the cartilla words it; "" for what lies outside."""
    system: str = ""
    """A system line that belongs to the question."""


@dataclass(frozen=True, slots=True)
class Row:
    """Results of one category in one language."""

    category: str
    lang: Lang
    kind: Kind
    n: int
    correct: int
    wrongly_declined: int
    """Questions inside the cartilla to which the answer was "I don't know"."""


def declines(answer: str) -> bool:
    """Whether the answer says that it does not know."""
    text = f" {normalize(answer)} "
    return any(f" {marker} " in text for marker in _MARKERS)


def grade(check: Check, answer: str) -> bool:
    """Whether an answer passes."""
    text = f" {normalize(answer)} "

    def has(words: str) -> bool:
        return f" {normalize(words)} " in text

    if declines(answer) != check.declines or any(has(words) for words in check.forbid):
        return False
    if check.number is not None:
        numbers = [token for token in text.split() if token.isdigit()]
        if not numbers or numbers[-1] != check.number:
            return False
    return bool(text.strip()) and all(any(has(words) for words in group) for group in check.require)


def exam(seed: int = 0, per_category: int = 60, *, excluded: Collection[str] = ()) -> list[ExamItem]:
    """Up to `per_category` held-out questions of each category and language, and N_OUTSIDE from outside.

    excluded: keys of health items that are no longer answered; right is then the referral.
    """
    division = pool.load()
    by_group: dict[tuple[str, Lang], list[tuple[Item, tuple[str, ...]]]] = {}
    for item, texts in division.examine:
        item = withdrawn(item) if item.key in excluded else item
        by_group.setdefault((item.category, item.lang), []).append((item, texts))
    asked: list[ExamItem] = []
    for (category, lang), entries in by_group.items():
        rng = random.Random(f"exam {seed} {category} {lang}")
        seen: set[str] = set()
        for item, text in _spread(rng, entries, per_category):
            if text not in seen:
                seen.add(text)
                answer = item.answers[0]
                asked.append(ExamItem(category, lang, item.kind, item.key, text, item.check, answer=answer))
    asked += _follow_ups(seed, per_category, division, frozenset(excluded))
    for lang in _LANGS:
        rng = random.Random(f"exam {seed} {OUTSIDE} {lang}")
        pond = sorted(division.outside[lang])
        for number, text in enumerate(rng.sample(pond, min(len(pond), N_OUTSIDE // len(_LANGS)))):
            asked.append(ExamItem(OUTSIDE, lang, "fact", f"{OUTSIDE}:{lang}:{number}", text, decline.CHECK))
    return asked


def open_questions(seed: int, per_category: int, categories: Collection[str]) -> list[ExamItem]:
    """`per_category` held-out requests of each of open_text's `categories` and language, with what hangs on them.

    No part of `exam`: only a model that was trained on them should answer.
    """
    found = []
    for category in categories:
        for lang in _LANGS:
            for asked in open_text.held_out(seed, per_category, lang, category):
                history: tuple[tuple[str, str], ...] = ()
                for item in (asked.item, *asked.more):
                    question, answer = item.questions[0][1], item.answers[0]
                    key = item.key if not history else f"{asked.item.key}>{len(history)}"
                    found.append(
                        ExamItem(
                            category,
                            lang,
                            item.kind,
                            key,
                            question,
                            item.check,
                            history,
                            answer,
                            asked.system,
                        )
                    )
                    history += ((question, answer),)
    return found


def _spread(
    rng: random.Random, entries: list[tuple[Item, tuple[str, ...]]], count: int
) -> list[tuple[Item, str]]:
    """`count` questions over as many items as there are; every item once before any comes twice."""
    rounds = [(item, rng.sample(texts, len(texts))) for item, texts in rng.sample(entries, len(entries))]
    picked: list[tuple[Item, str]] = []
    depth = 0
    while len(picked) < count:
        layer = [(item, order[depth]) for item, order in rounds if depth < len(order)]
        if not layer:
            break
        picked += layer[: count - len(picked)]
        depth += 1
    return picked


def _follow_ups(
    seed: int, per_category: int, division: pool.Split, excluded: frozenset[str]
) -> list[ExamItem]:
    asked = []
    for lang in _LANGS:
        rng = random.Random(f"exam {seed} {FOLLOW_UPS} {lang}")
        usable: dict[str, list[tuple[Item, Item, str]]] = {}
        for first, second, text in division.follow_ups_held_out:
            known = pool.item_id(first) in division.train and not {first.key, second.key} & excluded
            if first.lang == lang and known:
                usable.setdefault(first.category, []).append((first, second, text))
        shuffled = [rng.sample(found, len(found)) for found in usable.values()]
        rows = (row for layer in zip_longest(*shuffled) for row in layer if row is not None)
        for first, second, text in islice(rows, per_category):
            before = division.train[pool.item_id(first)][0]
            history = ((rng.choice(before[1]), before[0].answers[0]),)
            key = f"{first.key}>{second.key}"
            answer = second.answers[0]
            asked.append(ExamItem(FOLLOW_UPS, lang, "fact", key, text, second.check, history, answer))
    return asked


def summarize(results: Iterable[tuple[ExamItem, str]]) -> list[Row]:
    """Graded rows (category, language) of (question, the model's answer) pairs, in the order met."""
    counts: dict[tuple[str, Lang, Kind], list[int]] = {}
    for item, answer in results:
        row = counts.setdefault((item.category, item.lang, item.kind), [0, 0, 0])
        row[0] += 1
        row[1] += grade(item.check, answer)
        row[2] += not item.check.declines and declines(answer)
    return [Row(*group, *row) for group, row in counts.items()]
