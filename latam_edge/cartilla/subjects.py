"""The table of subjects: who writes the items of the cartilla."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module

from latam_edge.cartilla.model import Item

SUBJECTS = (
    "manners",
    "arithmetic",
    "word_problems",
    "calendar_units",
    "geography",
    "grammar",
    "translation",
    "science",
    "health",
    "indigenous",
    "culture",
)
"""Modules of this package; each has `items()`, and may have `follow_ups()`. `decline` stands apart."""


@lru_cache(maxsize=1)
def all_items() -> tuple[Item, ...]:
    """Every subject's items, in the table's order. Raises ImportError for a missing subject."""
    return tuple(item for name in SUBJECTS for item in import_module(f"{__package__}.{name}").items())


@lru_cache(maxsize=1)
def all_follow_ups() -> tuple[tuple[Item, Item, str], ...]:
    """(item asked first, item asked next, how the next is asked), from the subjects that write them."""
    return tuple(_follow_ups())


def _follow_ups() -> Iterator[tuple[Item, Item, str]]:
    for name in SUBJECTS:
        module = import_module(f"{__package__}.{name}")
        if hasattr(module, "follow_ups"):
            yield from module.follow_ups()
