"""Questions to be answered by yes or no, and how they are answered: the fact first, the verdict after it.

A small model that begins with "sí" or "no" has decided before it has looked the
fact up. So the answer states the fact, as a direct question would get it, and
the verdict only has to compare it with the claim:

    ¿Es cierto que la capital de Jamaica es Nassau?
    La capital de Jamaica es Kingston, así que no, no es cierto.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from latam_edge.cartilla.model import Check, Lang
from latam_edge.cartilla.phrasing import first_upper

LEADS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿{C}?",
        "¿Es verdad que {c}?",
        "¿Es cierto que {c}?",
        "{C}, ¿verdad?",
        "{C}, ¿no?",
        "{C}, ¿cierto?",
        "¿Verdadero o falso? {C}.",
        "{C}. ¿Verdadero o falso?",
        "Creo que {c}. ¿Es correcto?",
        "Dime si {c}.",
        "¿Sabes si {c}?",
        "Me dijeron que {c}. ¿Es verdad?",
        "Quiero saber si {c}.",
        "¿Será que {c}?",
        "¿Es correcto que {c}?",
        "{C}, ¿sí o no?",
        "¿Sí o no? {C}.",
        "Mi amigo dice que {c}. ¿Tiene razón?",
    ),
    "pt": (
        "{C}?",
        "É verdade que {c}?",
        "É certo que {c}?",
        "{C}, né?",
        "{C}, não é?",
        "{C}, certo?",
        "Verdadeiro ou falso? {C}.",
        "{C}. Verdadeiro ou falso?",
        "Acho que {c}. Está certo?",
        "Me diga se {c}.",
        "Você sabe se {c}?",
        "Me disseram que {c}. É verdade?",
        "Quero saber se {c}.",
        "Será que {c}?",
        "Está correto que {c}?",
        "{C}, sim ou não?",
        "Sim ou não? {C}.",
        "Meu amigo diz que {c}. Ele tem razão?",
    ),
}
"""Ways to ask whether a claim holds: {c} is the claim, {C} the claim with a capital. Never a negation."""

_SO: dict[Lang, dict[bool, str]] = {
    "es": {True: "así que sí", False: "así que no"},
    "pt": {True: "então sim", False: "então não"},
}
_MORE: dict[Lang, dict[bool, str]] = {
    "es": {True: "es cierto", False: "no es cierto"},
    "pt": {True: "é verdade", False: "não é verdade"},
}

Fields = Callable[[int], Mapping[str, str]]
"""The fields of a claim in the template of this number: a false claim names another city in each."""


def claims(
    family: str, lang: Lang, frames: Sequence[str], fields: Fields, own: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Every frame through every lead-in, and the whole questions of `own`, as (template name, question).

    frames  claims with fields ("la capital {of} es {city}")
    own     questions with the same fields that are more than a claim and a lead-in
    """
    made = []
    templates = [(lead, frame) for lead in LEADS[lang] for frame in frames] + [("{C}", text) for text in own]
    for place, (lead, frame) in enumerate(templates, start=1):
        claim = frame.format(**fields(place))
        opening = "¿" if claim.startswith("¿") else ""
        capital = opening + first_upper(claim.removeprefix("¿"))
        made.append((f"{family}-{place}", lead.format(c=claim, C=capital)))
    return tuple(made)


def verdict(fact: str, true: bool, lang: Lang, *, short: bool = False) -> str:
    """The fact, a sentence with or without its full stop, and the verdict after it.

    short leaves the verdict at one word, for answers that are long already.
    """
    end = "" if short else f", {_MORE[lang][true]}"
    return f"{fact.rstrip('.')}, {_SO[lang][true]}{end}."


def check(require: Sequence[tuple[str, ...]], true: bool, lang: Lang, forbid: Sequence[str] = ()) -> Check:
    """What the fact requires, and the verdict besides; the opposite verdict fails."""
    opposite = (_SO[lang][False], _MORE[lang][False]) if true else (_SO[lang][True],)
    return Check((*require, (_SO[lang][true],)), (*forbid, *opposite))
