"""Saying "I don't know": near misses of what the cartilla teaches, and everything else people ask.

Questions come from templates (decline_templates) times word lists (decline_fill),
so that the model meets far more of the outside world than it could learn by heart.
Template names decide what is held out. Answers open with the same words
always; medicines and diagnoses send the person to a health worker.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from latam_edge.cartilla import health
from latam_edge.cartilla.decline_fill import fill
from latam_edge.cartilla.decline_gibberish import gibberish
from latam_edge.cartilla.decline_templates import draw
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import family

CATEGORY = "decline"
OPENING: dict[Lang, str] = {"es": "No lo sé.", "pt": "Não sei."}
"""The first words of every answer that declines."""

ANSWERS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "No lo sé. Pregúntale a tu maestra o maestro.",
        "No lo sé. Búscalo en la biblioteca.",
        "No lo sé. Eso no está en mi cartilla.",
    ),
    "pt": (
        "Não sei. Pergunte à sua professora ou ao seu professor.",
        "Não sei. Procure na biblioteca.",
        "Não sei. Isso não está na minha cartilha.",
    ),
}

HEALTH_ANSWERS: dict[Lang, tuple[str, ...]] = {lang: (text,) for lang, text in health.SAFE_ANSWER.items()}
"""Doses, medicines, diagnoses: the same words as for health items that were taken out."""

CHECK = Check(declines=True)
_P_INDIRECT = 0.15
_HELD_OUT_PER_LANG = 400

_KINDS = {
    "near": 0.27,
    "claim": 0.06,
    "number": 0.11,
    "health": 0.17,
    "wide": 0.21,
    "daily": 0.17,
    "foreign": 0.03,
    "gibberish": 0.02,
    "rude": 0.02,
}
"""Kind of question, a family of data/phrasings/outside.toml, to its share of the training questions."""

_OPENS_INDIRECT: dict[Lang, re.Pattern[str]] = {
    "es": re.compile(r"^¿(?:Cuál|Qué|Quién|Cómo|Dónde|Cuándo|Cuánt|Por qué|De qué|Para qué|A qué|Con qué)"),
    "pt": re.compile(r"^(?:Qual|Que|Quem|Como|Onde|Quando|Quant|Por que|De que|Para que|O que|Com quais)"),
}


def sample(rng: random.Random, lang: Lang, *, held_out: bool = False) -> Item:
    """A random question outside the cartilla, with the answer that declines it."""
    kind = rng.choices(tuple(_KINDS), weights=tuple(_KINDS.values()))[0]
    if kind == "gibberish":
        if held_out:
            return sample(rng, lang, held_out=True)
        name, text = "gibberish", gibberish(rng)
    else:
        drawn = draw(rng, lang, kind, held_out=held_out)
        if drawn is None:
            return sample(rng, lang, held_out=held_out)
        name, text = drawn, fill(rng, drawn, lang)
        if kind != "foreign" and rng.random() < _P_INDIRECT and _OPENS_INDIRECT[lang].match(text):
            inner = text.strip("¿?")
            text = rng.choice(family("outside", "indirect")[lang]).format(inner[0].lower() + inner[1:])
    answers = HEALTH_ANSWERS[lang] if kind == "health" else ANSWERS[lang]
    return Item(CATEGORY, lang, f"decline:{name}", "fact", ((name, text),), answers, CHECK)


def country_follow_up(rng: random.Random, lang: Lang) -> tuple[Item, str]:
    """After a capital or a currency: the same question about a country that the cartilla leaves out."""
    text = fill(rng, rng.choice(family("outside", "next")[lang]), lang)
    return Item(CATEGORY, lang, "decline:follow_up", "fact", (), ANSWERS[lang], CHECK), text


def items() -> Iterator[Item]:
    """A fixed sample of questions from held-out templates; training draws with `sample`."""
    langs: tuple[Lang, ...] = ("es", "pt")
    for lang in langs:
        rng = random.Random(f"held out {CATEGORY} {lang}")
        for _ in range(_HELD_OUT_PER_LANG):
            yield sample(rng, lang, held_out=True)
