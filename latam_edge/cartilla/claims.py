"""Questions to be answered by yes or no. They are answered with the fact, as a direct question would be:

    ¿Es cierto que la capital de Jamaica es Nassau?
    La capital de Jamaica es Kingston.

A model of this size learns facts, not comparisons: it was right about half of the
time when it said "sí" or "no", whether before the fact, after it, or after
repeating what was claimed (docs/decisions/0008). The fact alone says all, and is no lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.phrasing import family, first_upper

Fields = Callable[[int], Mapping[str, str]]
"""The fields of a claim in the template of this number: a false claim names another city in each."""


def claims(
    prefix: str, lang: Lang, frames: Sequence[str], fields: Fields, own: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Every frame through every lead-in, and the whole questions of `own`, as (template name, question).

    frames  claims with fields ("la capital {of} es {city}")
    own     questions with the same fields that are more than a claim and a lead-in
    """
    made = []
    leads = family("lead_ins", "claim")[lang]
    templates = [(lead, frame) for lead in leads for frame in frames] + [("{C}", text) for text in own]
    for place, (lead, frame) in enumerate(templates, start=1):
        claim = frame.format(**fields(place))
        opening = "¿" if claim.startswith("¿") else ""
        capital = opening + first_upper(claim.removeprefix("¿"))
        made.append((f"{prefix}-{place}", lead.format(c=claim, C=capital)))
    return tuple(made)
