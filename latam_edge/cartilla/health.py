"""Health facts from WHO, PAHO, UNICEF and health ministries: one answer each, to be learnt exactly.

The facts stand in data/health.toml with their sources. Questions that a small
model takes for one another share an answer that holds what is critical for all
of them. An item named in data/health_excluded.toml came out wrong in an exam;
it keeps its questions and answers with SAFE_ANSWER, so that the person is sent
to a health worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Any

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import read
from latam_edge.cartilla.sourced import LANGS, ask_clause, lead_ins, require, source_text

SAFE_ANSWER: dict[Lang, str] = {
    "es": "No lo sé. Ve al centro de salud y pregunta al personal de salud.",
    "pt": "Não sei. Vá ao posto de saúde e pergunte a um profissional de saúde.",
}
"""What an excluded item answers, and any health question that no item covers (`decline`).

One sentence for both: what the model may not answer, it need not tell apart
from what it never knew.
"""

SAFE_CHECK: dict[Lang, Check] = {
    "es": Check(require=(("personal de salud",), ("centro de salud",)), declines=True),
    "pt": Check(require=(("profissional de saúde",), ("posto de saúde",)), declines=True),
}


def items() -> Iterator[Item]:
    """Every health item, both languages of one after the other, in the order of the data file."""
    data = read("health.toml")
    excluded = frozenset(read("health_excluded.toml")["keys"])
    for fact in data["item"]:
        for lang in LANGS:
            yield _item(fact, lang, source_text(data["sources"], fact["sources"]), excluded)


def _item(fact: dict[str, Any], lang: Lang, source: str, excluded: frozenset[str]) -> Item:
    key = f"health:{fact['key']}"
    text = fact[lang]
    own = tuple((f"{key}:{place}", question) for place, question in enumerate(text["ask"], start=1))
    led = tuple(
        pair
        for number, clause in enumerate(text["clauses"], start=1)
        for pair in ask_clause(f"health{number}", lang, clause)
    )
    out = key in excluded
    return Item(
        category="health",
        lang=lang,
        key=key,
        kind="fact",
        questions=own + led,
        answers=(SAFE_ANSWER[lang] if out else text["answer"],),
        check=SAFE_CHECK[lang] if out else require(text["require"], text.get("forbid", ())),
        source=source,
        weight=sqrt(len(text["clauses"]) + len(text["ask"]) / len(lead_ins(lang))),
    )
