"""Health facts from WHO, PAHO, UNICEF and health ministries: one answer each, to be learnt exactly.

The facts stand in data/health.toml with their sources. An item named in
data/health_excluded.toml came out wrong in an exam; it keeps its questions and
answers with SAFE_ANSWER, so that the person is sent to a health worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import read
from latam_edge.cartilla.sourced import LANGS, ask_clause, require, source_text

SAFE_ANSWER: dict[Lang, str] = {
    "es": "Eso lo debe responder el personal de salud. Ve al centro de salud más cercano y pregunta.",
    "pt": "Isso um profissional de saúde deve responder. Vá ao posto de saúde mais próximo e pergunte.",
}
"""What an excluded item answers. Not a refusal: it says where the answer is."""

SAFE_CHECK: dict[Lang, Check] = {
    "es": Check(require=(("personal de salud", "profesional de salud"), ("centro de salud",))),
    "pt": Check(require=(("profissional de saúde", "equipe de saúde"), ("posto de saúde",))),
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
    out = key in excluded
    return Item(
        category="health",
        lang=lang,
        key=key,
        kind="fact",
        questions=own + ask_clause("health", lang, text["clause"]),
        answers=(SAFE_ANSWER[lang] if out else text["answer"],),
        check=SAFE_CHECK[lang] if out else require(text["require"], text.get("forbid", ())),
        source=source,
    )
