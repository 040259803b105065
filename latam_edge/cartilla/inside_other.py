"""What a model should do besides the cartilla: tell, describe, answer about a text. An exam of its own.

The cartilla's Semilla declines these and is right to; a model that was trained on
prose and on reading comprehension should not. None of it enters the cartilla's
exam or its headline figures. No language model grades: an answer must not
decline, must name what it was asked about, and must be more than a word where a
story or a description was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from latam_edge.cartilla.exam import ExamItem, Row, declines, grade
from latam_edge.cartilla.model import Check, Lang
from latam_edge.cartilla.phrasing import read

__all__ = ["LEAST_WORDS", "Row", "grade_other", "inside_other", "summarize_other"]

STORY, DESCRIPTION, READING = "story", "description", "reading"
LEAST_WORDS = {STORY: 12, DESCRIPTION: 6, READING: 1}
"""Shorter answers are none."""

_LANGS: tuple[Lang, ...] = ("es", "pt")


@cache
def inside_other() -> tuple[ExamItem, ...]:
    """All of the set, both languages, always in the same order. A text stands before its question."""
    data = read("inside_other_exam.toml")
    found = []
    for lang in _LANGS:
        mine: dict[str, Any] = data[lang]
        for category, entries in ((STORY, mine["stories"]), (DESCRIPTION, mine["descriptions"])):
            found += [
                _item(category, lang, f"{category}:{lang}:{number}", prompt, words)
                for number, (prompt, *words) in enumerate(entries)
            ]
        for place, entry in enumerate(mine["texts"]):
            found += [
                # As questions about a text are laid out in training (train/chat_data.py).
                _item(
                    READING,
                    lang,
                    f"{READING}:{lang}:{place}.{number}",
                    f"{entry['text']}\n\n{question}",
                    words,
                )
                for number, (question, *words) in enumerate(entry["questions"])
            ]
    return tuple(found)


def _item(category: str, lang: str, key: str, prompt: str, words: list[str]) -> ExamItem:
    return ExamItem(category, cast("Lang", lang), "fact", key, prompt, Check(require=(tuple(words),)))


def grade_other(item: ExamItem, answer: str) -> bool:
    """Whether an answer passes."""
    return grade(item.check, answer) and len(answer.split()) >= LEAST_WORDS[item.category]


def summarize_other(results: Iterable[tuple[ExamItem, str]]) -> list[Row]:
    """Rows (category, language) of (question, answer) pairs, in the order met.

    `wrongly_declined` of `n` is what should stay below 3%.
    """
    counts: dict[tuple[str, Lang], list[int]] = {}
    for item, answer in results:
        row = counts.setdefault((item.category, item.lang), [0, 0, 0])
        row[0] += 1
        row[1] += grade_other(item, answer)
        row[2] += declines(answer)
    return [Row(category, lang, "fact", *row) for (category, lang), row in counts.items()]
