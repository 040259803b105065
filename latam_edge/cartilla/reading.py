"""Reading: a short text that stands in the question, and questions whose answers stand in the text.

What data/reading.toml holds are scenes of two to four sentences. A sentence that is left out takes its
answers with it: what is then asked about it has none, and the right answer says that the text does not
tell. Whole scenes are held out for the exam.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from latam_edge.cartilla.agreement import Word, fill, sentences
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import family, read
from latam_edge.cartilla.text_slots import draw, kinds

CATEGORY = "reading"
ABSENT_SHARE = 1 / 8
"""Share of questions whose answer the text does not give."""
ABSENT: dict[Lang, str] = {"es": "El texto no lo dice.", "pt": "O texto não diz isso."}
_ABSENT_CHECK: dict[Lang, Check] = {
    "es": Check(require=(("el texto no lo dice", "no lo dice", "no dice"),)),
    "pt": Check(require=(("o texto não diz", "não diz"),)),
}
P_LINE = 0.72
"""How often a sentence after the first one is kept."""
P_NAMELESS = 0.5
"""How often such a line leaves out the name that the line before began with."""
P_DIGITS = 0.3
"""How often numbers are written in digits."""
_SHORT_IN = 4
"""One answer in so many is its core alone."""
_CORE = re.compile(r"\*(.+?)\*")


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene of data/reading.toml; the fields are the file's."""

    name: str
    slots: Mapping[str, Any]
    say: Mapping[str, Any]
    lines: tuple[tuple[str, ...], ...]
    absent: tuple[str, ...]
    exam: bool
    pick: tuple[int, int] | None
    """How many lines are taken, in any order; None: the first one and most of the others, as they stand."""


@cache
def scenes(lang: Lang, held_out: bool) -> tuple[Scene, ...]:
    """The scenes of one side."""
    found = []
    for place, raw in enumerate(read("reading.toml")[lang]):
        slots = {**raw["slots"], **raw.get("fixed", {})}
        lines = tuple(map(tuple, raw["lines"]))
        absent, exam = tuple(raw["absent"]), raw.get("exam", False)
        pick = tuple(raw["pick"]) if "pick" in raw else None
        found.append(Scene(f"{lang}{place}", slots, raw.get("say", {}), lines, absent, exam, pick))
    return tuple(scene for scene in found if scene.exam == held_out)


@cache
def _digits(lang: Lang) -> dict[str, str]:
    """Number words of the texts to digits."""
    values = {"dos": 2, "dois": 2, "tres": 3, "três": 3, "cuatro": 4, "quatro": 4, "cinco": 5, "seis": 6}
    values |= {"siete": 7, "sete": 7, "ocho": 8, "oito": 8, "nueve": 9, "nove": 9, "diez": 10, "dez": 10}
    values |= {"once": 11, "onze": 11, "doce": 12, "doze": 12, "quince": 15, "quinze": 15}
    values |= {"veinte": 20, "vinte": 20, "treinta": 30, "trinta": 30, "cuarenta": 40, "quarenta": 40}
    return {word.text: str(values[word.text]) for word in (*kinds(lang)["number"], *kinds(lang)["few"])}


def sample(rng: random.Random, lang: Lang, *, held_out: bool = False) -> tuple[Item, ...]:
    """One text with one to three questions: the text stands before the first question alone."""
    scene = rng.choice(scenes(lang, held_out))
    words = draw(rng, lang, scene.slots, scene.say)
    spelled = dict(words)
    if rng.random() < P_DIGITS:
        for slot, kind in scene.slots.items():
            if kind in ("number", "few"):
                words[slot] = Word(_digits(lang)[words[slot].text])
    kept = _kept(rng, scene)
    left_out = [line for line in scene.lines if line not in kept]
    text = fill(_told(rng, scene, kept), words, lang, rng)
    asked: list[Item] = []
    pool = [pair for line in kept for pair in line[1:]]
    answers: tuple[str, ...]
    absent = [pair.split(" = ")[0] for line in left_out for pair in line[1:]] + list(scene.absent)
    for number in range(rng.choice((1, 1, 2, 3))):
        if not pool:
            break
        if rng.random() < ABSENT_SHARE:
            template = absent.pop(rng.randrange(len(absent)))
            question, answers, check = fill(template, words, lang, rng), (ABSENT[lang],), _ABSENT_CHECK[lang]
        else:
            template, answer = pool.pop(rng.randrange(len(pool))).split(" = ")
            question = fill(template, words, lang, rng)
            answers = _answers(fill(answer, words, lang, rng))
            check = _check(fill(answer, words, lang, rng), fill(answer, spelled, lang, rng))
        if number == 0:
            layout = rng.choice(family("open_text", "reading")[lang])
            question = layout.format(text=text, question=question)
        key = f"{CATEGORY}:{scene.name}:{template}"
        asked.append(Item(CATEGORY, lang, key, "fact", ((scene.name, question),), answers, check))
    return tuple(asked)


def _kept(rng: random.Random, scene: Scene) -> list[tuple[str, ...]]:
    if scene.pick:
        return rng.sample(scene.lines, rng.randint(*scene.pick))
    first, *others = scene.lines
    return [first] + [line for line in others if line[0][0] == "!" or rng.random() < P_LINE]


def _told(rng: random.Random, scene: Scene, kept: list[tuple[str, ...]]) -> str:
    """The sentences in a row; one about whom the last one was about may do without the name."""
    told: list[str] = []
    for sentence, *_ in kept:
        subject = sentence[: sentence.find("}") + 2]
        again = bool(told) and kept[len(told) - 1][0].startswith(subject)
        drops = scene.pick is not None and again and sentence.count("{q}") == 0 and rng.random() < P_NAMELESS
        told.append(sentence[len(subject) :] if drops else sentence.lstrip("!"))
    return " ".join(told)


def _answers(marked: str) -> tuple[str, ...]:
    """The whole sentence, and once in _SHORT_IN its core alone."""
    found = _CORE.search(marked)
    if found is None:
        raise ValueError(f"{marked!r}: no core between asterisks")
    whole = sentences(_CORE.sub(r"\1", marked))
    return (whole,) * (_SHORT_IN - 1) + (sentences(found.group(1)) + ".",)


def _check(*marked: str) -> Check:
    return Check(require=(tuple(dict.fromkeys(_CORE.findall(text)[0] for text in marked)),))
