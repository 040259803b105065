"""How a model conducts itself: does it keep to the question's language, and decline what lies outside alone?

Inside are the primer, stories, descriptions and questions about a text that is given. Outside are a
hundred questions in each language (the primer's outside_second.toml) that were written without looking
at what refusals are trained on. Twenty open-ended prompts in each language (data/open.toml) have no right
answer: their texts are kept as they came, for people to read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from latam_edge.cartilla import decline, pool
from latam_edge.cartilla import exam as primer
from latam_edge.cartilla.exam import ExamItem, declines
from latam_edge.cartilla.inside_other import grade_other, inside_other
from latam_edge.cartilla.model import Check, Lang
from latam_edge.core.language import UNDETERMINED
from latam_edge.evaluate.answer_language import language_of
from latam_edge.evaluate.regional.sentences import read_data
from latam_edge.evaluate.regional.tally import Share

OPEN, OUTSIDE, CARTILLA = "open", "outside", "cartilla"
INSIDE = (CARTILLA, "story", "description", "reading")
"""Groups in which "I don't know" is wrong. An open-ended prompt may be declined: that is counted alone."""
PER_CATEGORY = 10
"""Held-out questions of each of the primer's categories and languages."""
SEEDS = (0, 1, 2)
"""At the sampling that the file ships; an open-ended prompt is asked with the first one alone."""

_LANGS: tuple[Lang, ...] = ("es", "pt")


@dataclass(frozen=True, slots=True)
class Written:
    """An open-ended prompt and what the model wrote to it, as it came."""

    lang: str
    prompt: str
    text: str
    language: str
    """The text's: "es", "pt", or "und" where nobody could tell."""


@dataclass(frozen=True, slots=True)
class ConductRow:
    """The answers to one group of questions in one language."""

    lang: str
    group: str
    """OPEN, OUTSIDE, one of INSIDE, "inside" for all of these, "" for all answers."""
    declined: Share
    """Answers that say "I don't know"; right outside, wrong inside."""
    own_language: Share
    """Of the answers whose language can be told: those in the question's."""
    undetermined: int
    """Answers whose language can't be told: a number, a name, nothing."""
    passed: Share | None = None
    """Stories, descriptions, reading: answers that name what was asked about and are long enough."""


def asked(excluded: Collection[str] = ()) -> list[ExamItem]:
    """All questions but the open-ended ones. excluded: keys of health items that the model hands on."""
    found = [
        ExamItem(OUTSIDE, lang, "fact", f"{OUTSIDE}:{lang}:{number}", text, decline.CHECK)
        for lang, questions in pool.read_outside(pool.OUTSIDE_SECOND).items()
        for number, text in enumerate(questions)
    ]
    # What the primer's own exam has of outside, and what is rightly handed to a health worker, is not inside.
    found += [item for item in primer.exam(0, PER_CATEGORY, excluded=excluded) if not item.check.declines]
    return [*found, *inside_other()]


def open_ended() -> list[ExamItem]:
    """The open-ended prompts; their check passes anything."""
    return [
        ExamItem(OPEN, lang, "fact", f"{OPEN}:{lang}:{number}", text, Check())
        for lang in _LANGS
        for number, text in enumerate(read_data("open.toml")[lang]["prompts"])
    ]


def written(results: Iterable[tuple[ExamItem, str]]) -> list[Written]:
    """The open-ended prompts' texts."""
    return [Written(item.lang, item.question, text, language_of(text)) for item, text in results]


def summarize(results: Iterable[tuple[ExamItem, str]]) -> list[ConductRow]:
    """Rows of (question, answer) pairs: by language and group, all inside together, last all at once."""
    counts: dict[tuple[str, str], list[int]] = {}
    for item, answer in results:
        group = _group(item)
        language = language_of(answer)
        said = (
            1, declines(answer), language == item.lang, language == UNDETERMINED,
            group in INSIDE[1:] and grade_other(item, answer),
        )  # fmt: skip
        for name in (group, "inside", "") if group in INSIDE else (group, ""):
            row = counts.setdefault((item.lang, name), [0] * len(said))
            for place, value in enumerate(said):
                row[place] += value
    order = (OUTSIDE, *INSIDE, "inside", OPEN, "")
    return [
        _row(lang, group, counts[lang, group])
        for lang in _LANGS
        for group in order
        if (lang, group) in counts
    ]


def _group(item: ExamItem) -> str:
    return item.category if item.category in (OPEN, OUTSIDE, *INSIDE[1:]) else CARTILLA


def _row(lang: str, group: str, counts: list[int]) -> ConductRow:
    n, declined, own, undetermined, passed = counts
    return ConductRow(
        lang, group, Share(declined, n), Share(own, n - undetermined), undetermined,
        Share(passed, n) if group in INSIDE[1:] else None,
    )  # fmt: skip
