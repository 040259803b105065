"""Days and months counted on and back: what day is three days after Tuesday? A rule: the answer counts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from latam_edge.cartilla.dates import DAYS, MONTHS, preposed
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.number_words import in_words
from latam_edge.cartilla.phrasing import ask, family, uncapped

_asked = partial(family, "dates")

_MAX_STEPS = 5


def count_steps(names: tuple[str, ...], start: int, steps: int, lang: Lang) -> str:
    """Counting on (or back, with steps below zero) one by one, and where that leads.

    count_steps(DAYS["es"], 1, 3, "es") is "Desde martes: 1 miércoles, 2 jueves, 3 viernes. Es viernes."
    """
    way = 1 if steps > 0 else -1
    reached = [names[(start + way * step) % len(names)] for step in range(1, abs(steps) + 1)]
    counted = ", ".join(f"{step} {name}" for step, name in enumerate(reached, start=1))
    if lang == "es":
        return f"Desde {names[start]}: {counted}. Es {reached[-1]}."
    return f"Desde {names[start]}: {counted}. É {reached[-1]}."


def items(lang: Lang) -> Iterator[Item]:
    """What day is three days after Tuesday? A rule: the answer counts, one name at a time."""
    days, months = DAYS[lang], MONTHS[lang]
    for name, names, way in (("days-on", days, 1), ("days-back", days, -1), ("months-on", months, 1)):
        for start, first in enumerate(names):
            for n in range(2, _MAX_STEPS + 1):
                fields = {"d": first, "of": preposed(first)[0], "n": str(n), "w": in_words(n, lang)}
                templates = _asked(name)[lang]
                if n == 2 and names is days:
                    templates += _asked(f"two-{name}")[lang]
                answer = count_steps(names, start, way * n, lang)
                reached = names[(start + way * n) % len(names)]
                yield Item(
                    "calendar",
                    lang,
                    f"{name}:{start}:{n}",
                    "rule",
                    uncapped(ask(name, templates, lang, 0, **fields)),
                    (answer,),
                    Check(require=((f"{'es' if lang == 'es' else 'é'} {reached}",),)),
                    weight=0.25,
                )
