"""Greetings, thanks, goodbyes, and what the model says of itself.

Facts, held out by phrasing: every phrasing is a template of its own. What is
easily taken for one another ("¿Quién eres?", "¿Eres maestra?", "¿Cuántos años
tienes?") shares one answer that holds the facts of all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import read

_LANGS: tuple[Lang, ...] = ("es", "pt")


def items() -> Iterator[Item]:
    """Greetings first, identity after, as data/manners.toml has them."""
    for category, table in read("manners.toml").items():
        for name, by_lang in table.items():
            for lang in _LANGS:
                yield _item(category, name, lang, by_lang[lang])


def _item(category: str, name: str, lang: Lang, entry: dict[str, Any]) -> Item:
    texts = entry["ask"]
    return Item(
        category,
        lang,
        f"{category}:{name}",
        "fact",
        tuple((f"{name}-{place}", text) for place, text in enumerate(texts, start=1)),
        (entry["answer"],),
        Check(require=tuple(tuple(group) for group in entry["require"])),
        weight=len(texts) ** 0.5,
    )
