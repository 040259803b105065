"""What the three sourced subjects share: reading facts with their sources, and ways to ask for them.

A fact of these data files has `sources` (ids of the file's table of sources) and,
per language, a `clause`: an indirect question ("qué es el Inti Raymi") that every
lead-in of CLAUSES takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from latam_edge.cartilla.model import Check, Lang
from latam_edge.cartilla.phrasing import first_upper

LANGS: tuple[Lang, ...] = ("es", "pt")

CLAUSES: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿{C}?",
        "Quiero saber {c}.",
        "¿Me puedes decir {c}?",
        "Dime {c}.",
        "¿Sabes {c}?",
        "Explícame {c}.",
        "Necesito saber {c}.",
        "No sé {c}, ¿me ayudas?",
        "Me gustaría saber {c}.",
        "¿Me explicas {c}?",
        "Me preguntaron {c}.",
        "¿Podrías decirme {c}?",
        "Mi maestra quiere que averigüe {c}.",
    ),
    "pt": (
        "{C}?",
        "Quero saber {c}.",
        "Você pode me dizer {c}?",
        "Me diga {c}.",
        "Você sabe {c}?",
        "Me explique {c}.",
        "Preciso saber {c}.",
        "Não sei {c}, me ajuda?",
        "Gostaria de saber {c}.",
        "Você me explica {c}?",
        "Me perguntaram {c}.",
        "Poderia me dizer {c}?",
        "Minha professora quer que eu descubra {c}.",
    ),
}
"""Lead-ins: {c} is the clause, {C} the clause with a capital. None is a mere greeting, which noise adds."""


def ask_clause(family: str, lang: Lang, clause: str) -> tuple[tuple[str, str], ...]:
    """The clause through every lead-in, as (template name "<family>-<place>", question)."""
    return tuple(
        (f"{family}-{place}", template.format(c=clause, C=first_upper(clause)))
        for place, template in enumerate(CLAUSES[lang], start=1)
    )


def require(groups: Iterable[str], forbid: Iterable[str] = ()) -> Check:
    """A check from the data files' form: every group must occur, "a|b" is met by one of the two."""
    return Check(require=tuple(tuple(group.split("|")) for group in groups), forbid=tuple(forbid))


def source_text(table: dict[str, Any], ids: Iterable[str]) -> str:
    """The named sources in full, joined by "; ". Raises KeyError for an id the table lacks."""
    return "; ".join(str(table[name]) for name in ids)
