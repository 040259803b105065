"""The region's peoples, history, festivals, music, food, books and nature.

The facts stand in data/culture.toml, each with sources that were opened and read.
"""

from __future__ import annotations

from collections.abc import Iterator

from latam_edge.cartilla.model import Item
from latam_edge.cartilla.phrasing import read
from latam_edge.cartilla.sourced import LANGS, ask_clause, require, source_text


def items() -> Iterator[Item]:
    """Every fact, both languages of one after the other, in the order of the data file."""
    data = read("culture.toml")
    for fact in data["item"]:
        for lang in LANGS:
            text = fact[lang]
            own = tuple((f"culture-own-{place}", asked) for place, asked in enumerate(text["ask"], start=1))
            yield Item(
                category="culture",
                lang=lang,
                key=f"culture:{fact['key']}",
                kind="fact",
                questions=ask_clause("culture", lang, text["clause"]) + own,
                answers=(text["answer"],),
                check=require(text["require"]),
                source=source_text(data["sources"], fact["sources"]),
            )
