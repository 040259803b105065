"""Stories, descriptions and short pieces of writing, and reading, as what a recipe may turn on.

The categories of CATEGORIES are no part of the primer unless a recipe gives them weight ([data.weights]): with
no weight nothing that is drawn changes. A text is put together of sentences that agree (agreement.py), from
data/<category>.toml; what is asked for is worded as data/phrasings/open_text.toml has it. Some wordings are
for the exam alone, and so is one subject in twelve. Spanish addresses people as tú; as vos or usted where
the system line, the one that the chat's setting writes, asks for it.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from latam_edge.cartilla import reading
from latam_edge.cartilla.agreement import TREATMENTS, Word, fill
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.normalize import normalize
from latam_edge.cartilla.phrasing import family, read
from latam_edge.cartilla.text_slots import draw
from latam_edge.core.variant import LINES

STORIES, DESCRIPTIONS, WRITING = "stories", "descriptions", "writing"
CATEGORIES = (reading.CATEGORY, STORIES, DESCRIPTIONS, WRITING)

P_TREATMENT = 0.24
"""Spanish: how often the system line says how to address the person; tú, vos and usted are equally likely."""
SUBJECTS_IN_12 = 1
"""Of twelve subjects (of a story or a description) so many are for the exam alone."""

_WORKS = re.compile(
    r"\b(cuento|conto|aviso|invitacion|convite|carta|historinha|consejos?|conselhos?|mensaje|recado)\b"
)
"""What a question from outside must not ask for when these categories are on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what goes before and after it."""

    item: Item
    system: str = ""
    more: tuple[Item, ...] = ()
    """Questions about the same text."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One entry of data/<category>.toml; the fields are the file's."""

    name: str
    slots: Mapping[str, Any]
    say: Mapping[str, Any]
    topic: tuple[str, ...]
    about: tuple[str, ...]
    ask: tuple[str, ...]
    ask_exam: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    person: bool
    """What is described is a person, whom Spanish describes with a personal "a"."""


@cache
def outlines(category: str, lang: Lang) -> tuple[Outline, ...]:
    """What texts of a category are made of."""
    found = []
    for place, raw in enumerate(read(f"{category}.toml")[lang]):
        topic, about, ask, ask_exam = (
            tuple(raw.get(name, ())) for name in ("topic", "about", "ask", "ask_exam")
        )
        found.append(
            Outline(
                name=f"{category}.{place}",
                slots=raw["slots"],
                say=raw.get("say", {}),
                topic=topic,
                about=about,
                ask=ask,
                ask_exam=ask_exam,
                parts=tuple(map(tuple, raw["parts"])),
                person=raw.get("person", False),
            )
        )
    return tuple(found)


def sample(rng: random.Random, category: str, lang: Lang, *, held_out: bool = False) -> Asked:
    """A question of the training side or the exam's. Raises KeyError for a category that is none of ours."""
    if category == reading.CATEGORY:
        first, *more = reading.sample(rng, lang, held_out=held_out)
        return Asked(first, more=tuple(more))
    while True:  # an entry with few subjects may have none on the exam's side: then another one is taken
        outline = rng.choice(outlines(category, lang))
        words = draw(rng, lang, outline.slots, outline.say)
        if not outline.about or _subject_is_held_out(outline, words) == held_out:
            break
    treatment, system = TREATMENTS[0], ""
    if lang == "es" and rng.random() < P_TREATMENT:
        treatment = rng.choice(TREATMENTS)
        system = LINES[treatment]
    request = rng.choice(_requests(category, outline, lang, held_out))
    if outline.about:
        about = rng.choice(outline.about)
        personal = "a " if outline.person and lang == "es" else ""
        request = request.replace("{about}", about).replace("{whom}", personal + about)
    question = fill(request, words, lang, rng, treatment)
    answer = fill(_joined(rng, outline), words, lang, rng, treatment)
    subject = ".".join(words[slot].text for slot in outline.topic)
    key = f"{outline.name}:{lang}:{subject}"
    check = Check(require=tuple((words[slot].text,) for slot in outline.topic))
    return Asked(Item(category, lang, key, "fact", ((outline.name, question),), (answer,), check), system)


def _joined(rng: random.Random, outline: Outline) -> str:
    text = " ".join(rng.choice(alternatives) for alternatives in outline.parts)
    return text.replace(" \n", "\n").replace("\n ", "\n")


def _requests(category: str, outline: Outline, lang: Lang, held_out: bool) -> tuple[str, ...]:
    if outline.ask:
        return outline.ask_exam if held_out else outline.ask
    return family("open_text", f"{category}_exam" if held_out else category)[lang]


def _subject_is_held_out(outline: Outline, words: Mapping[str, Word]) -> bool:
    subject = " ".join(words[slot].text for slot in outline.topic)
    return zlib.crc32(subject.encode()) % 12 < SUBJECTS_IN_12


def touches(question: str) -> bool:
    """Whether a question from outside asks for what these categories teach."""
    return _WORKS.search(normalize(question)) is not None


def held_out(seed: int, per_category: int, lang: Lang, category: str) -> Iterator[Asked]:
    """`per_category` different questions of the exam's side, always the same for a seed."""
    rng = random.Random(f"open text {seed} {category} {lang}")
    seen: set[str] = set()
    for _ in range(50 * per_category):
        asked = sample(rng, category, lang, held_out=True)
        question = asked.item.questions[0][1]
        if len(seen) < per_category and question not in seen:
            seen.add(question)
            yield asked
