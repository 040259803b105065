"""What the three sourced subjects share: reading facts with their sources, and ways to ask for them.

A fact of these data files has `sources` (ids of the file's table of sources) and,
per language, a `clause`: an indirect question ("qué es el Inti Raymi") that every
lead-in of [clause] in data/phrasings/lead_ins.toml takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from latam_edge.cartilla.model import Check, Lang
from latam_edge.cartilla.phrasing import family, first_upper

LANGS: tuple[Lang, ...] = ("es", "pt")


def lead_ins(lang: Lang) -> tuple[str, ...]:
    """What a clause is asked through."""
    return family("lead_ins", "clause")[lang]


def ask_clause(prefix: str, lang: Lang, clause: str) -> tuple[tuple[str, str], ...]:
    """The clause through every lead-in, as (template name "<prefix>-<place>", question)."""
    return tuple(
        (f"{prefix}-{place}", template.format(c=clause, C=first_upper(clause)))
        for place, template in enumerate(lead_ins(lang), start=1)
    )


def require(groups: Iterable[str], forbid: Iterable[str] = ()) -> Check:
    """A check from the data files' form: every group must occur, "a|b" is met by one of the two."""
    return Check(require=tuple(tuple(group.split("|")) for group in groups), forbid=tuple(forbid))


def source_text(table: dict[str, Any], ids: Iterable[str]) -> str:
    """The named sources in full, joined by "; ". Raises KeyError for an id the table lacks."""
    return "; ".join(str(table[name]) for name in ids)
