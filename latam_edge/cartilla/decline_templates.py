"""Templates of the questions that the cartilla does not answer: which there are, and which are held out.

They stand in data/phrasings/outside.toml, by kind.
"""

from __future__ import annotations

import random
import zlib
from functools import cache
from itertools import accumulate

from latam_edge.cartilla.decline_fill import variety
from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.normalize import question_key
from latam_edge.cartilla.phrasing import family, first_upper
from latam_edge.cartilla.split import TEMPLATES_IN_15


def template_is_held_out(template: str) -> bool:
    """Two of fifteen templates, by their normalized text, never train."""
    return zlib.crc32(question_key(template).encode()) % 15 < TEMPLATES_IN_15


def draw(rng: random.Random, lang: Lang, kind: str, *, held_out: bool) -> str | None:
    """A template of this kind from the side asked for, by its variety; None where that side is empty."""
    side = _side(lang, kind, held_out)
    return rng.choices(side, cum_weights=_bounds(lang, kind, held_out))[0] if side else None


@cache
def _templates(lang: Lang, kind: str) -> tuple[str, ...]:
    texts = family("outside", kind)[lang]
    if kind == "claim":
        leads = family("lead_ins", "claim")[lang]
        return tuple(lead.format(c=claim, C=first_upper(claim)) for lead in leads for claim in texts)
    return texts


@cache
def _side(lang: Lang, kind: str, held_out: bool) -> tuple[str, ...]:
    return tuple(t for t in _templates(lang, kind) if template_is_held_out(t) == held_out)


@cache
def _bounds(lang: Lang, kind: str, held_out: bool) -> tuple[float, ...]:
    return tuple(accumulate(variety(template, lang) for template in _side(lang, kind, held_out)))
