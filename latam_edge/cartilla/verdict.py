"""Questions to be answered by yes or no, and how they are answered: the fact first, the verdict after it.

A small model that begins with "sí" or "no" has decided before it has looked the
fact up. One that states the fact and then says "así que no" has to compare it
with words of the question, many tokens back and at a place that every phrasing
puts elsewhere: it guesses. So the answer states the fact, as a direct question
would get it, repeats what was claimed, and only then decides, between two
things that stand side by side:

    ¿Es cierto que la capital de Jamaica es Nassau?
    La capital de Jamaica es Kingston. ¿Nassau? No, no es cierto.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from latam_edge.cartilla.model import Check, Lang
from latam_edge.cartilla.phrasing import family, first_upper

_VERDICT: dict[Lang, dict[bool, str]] = {
    "es": {True: "Sí, es cierto", False: "No, no es cierto"},
    "pt": {True: "Sim, é verdade", False: "Não, não é verdade"},
}

_SO: dict[Lang, dict[bool, str]] = {
    "es": {True: "así que sí", False: "así que no"},
    "pt": {True: "então sim", False: "então não"},
}

Fields = Callable[[int], Mapping[str, str]]
"""The fields of a claim in the template of this number: a false claim names another city in each."""


def claims(
    prefix: str, lang: Lang, frames: Sequence[str], fields: Fields, own: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Every frame through every lead-in, and the whole questions of `own`, as (template name, question).

    frames  claims with fields ("la capital {of} es {city}")
    own     questions with the same fields that are more than a claim and a lead-in
    """
    return tuple((name, text) for name, text, _ in _claims(prefix, lang, frames, fields, own))


def judged(
    prefix: str,
    lang: Lang,
    frames: Sequence[str],
    fields: Fields,
    fact: str,
    true: bool,
    echo: str,
    own: Sequence[str] = (),
) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """As `claims`, and the answer to every question: (questions, replies).

    fact  a sentence with or without its full stop
    echo  what of the fields the answer repeats before it decides ("{city}")
    """
    made = _claims(prefix, lang, frames, fields, own)
    replies = {text: verdict(fact, echo.format(**given), true, lang) for _, text, given in made}
    return tuple((name, text) for name, text, _ in made), replies


def _claims(
    prefix: str, lang: Lang, frames: Sequence[str], fields: Fields, own: Sequence[str]
) -> list[tuple[str, str, Mapping[str, str]]]:
    made = []
    leads = family("lead_ins", "claim")[lang]
    templates = [(lead, frame) for lead in leads for frame in frames] + [("{C}", text) for text in own]
    for place, (lead, frame) in enumerate(templates, start=1):
        given = fields(place)
        claim = frame.format(**given)
        opening = "¿" if claim.startswith("¿") else ""
        capital = opening + first_upper(claim.removeprefix("¿"))
        made.append((f"{prefix}-{place}", lead.format(c=claim, C=capital), given))
    return made


def verdict(fact: str, claimed: str, true: bool, lang: Lang) -> str:
    """The fact, what was claimed as a question of one's own, and the verdict on it."""
    opening = "¿" if lang == "es" else ""
    return f"{fact.rstrip('.')}. {opening}{first_upper(claimed)}? {_VERDICT[lang][true]}."


def conclusion(fact: str, true: bool, lang: Lang) -> str:
    """A fact that already says of the thing asked whether it holds, and the one word that follows from it."""
    return f"{fact.rstrip('.')}, {_SO[lang][true]}."


def check(require: Sequence[tuple[str, ...]], true: bool, lang: Lang, forbid: Sequence[str] = ()) -> Check:
    """What the fact requires, and the verdict besides; the opposite verdict fails."""
    return Check((*require, (_VERDICT[lang][true],)), (*forbid, _VERDICT[lang][not true]))


def check_conclusion(
    require: Sequence[tuple[str, ...]], true: bool, lang: Lang, forbid: Sequence[str] = ()
) -> Check:
    """As `check`, for an answer that ends in a `conclusion`."""
    return Check((*require, (_SO[lang][true],)), (*forbid, _SO[lang][not true]))
