"""The calendar, units and the clock: modules of their own, one subject in the table, since they take turns."""

from __future__ import annotations

from collections.abc import Iterator

from latam_edge.cartilla import clock, counting, dates, units
from latam_edge.cartilla.model import Item, Lang

_LANGS: tuple[Lang, ...] = ("es", "pt")


def items() -> Iterator[Item]:
    """Days and months, units and times in Spanish, then all of it in Portuguese."""
    for lang in _LANGS:
        yield from dates.items(lang)
        yield from counting.items(lang)
        yield from units.items(lang)
        yield from clock.items(lang)
