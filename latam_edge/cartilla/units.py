"""Lengths, weights, volumes and time: what a unit holds, and conversions.

What a unit holds is a fact, held out by phrasing; a conversion is a rule, held out by number.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from latam_edge.cartilla.claims import claims
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.number_words import in_words
from latam_edge.cartilla.phrasing import ask_family, family, uncapped

_asked = partial(family, "units")
_ask = partial(ask_family, "units")

# key, small unit plural, large unit (article, singular), large plural, how many, feminine small, by language.
HOLDS: tuple[tuple[str, int, dict[Lang, tuple[str, str, str, str]]], ...] = (
    ("day-hour", 24, {"es": ("horas", "un", "día", "días"), "pt": ("horas", "um", "dia", "dias")}),
    (
        "hour-minute",
        60,
        {"es": ("minutos", "una", "hora", "horas"), "pt": ("minutos", "uma", "hora", "horas")},
    ),
    (
        "minute-second",
        60,
        {"es": ("segundos", "un", "minuto", "minutos"), "pt": ("segundos", "um", "minuto", "minutos")},
    ),
    ("week-day", 7, {"es": ("días", "una", "semana", "semanas"), "pt": ("dias", "uma", "semana", "semanas")}),
    ("year-month", 12, {"es": ("meses", "un", "año", "años"), "pt": ("meses", "um", "ano", "anos")}),
    (
        "century-year",
        100,
        {"es": ("años", "un", "siglo", "siglos"), "pt": ("anos", "um", "século", "séculos")},
    ),
    (
        "decade-year",
        10,
        {"es": ("años", "una", "década", "décadas"), "pt": ("anos", "uma", "década", "décadas")},
    ),
    (
        "km-m",
        1000,
        {
            "es": ("metros", "un", "kilómetro", "kilómetros"),
            "pt": ("metros", "um", "quilômetro", "quilômetros"),
        },
    ),
    (
        "m-cm",
        100,
        {"es": ("centímetros", "un", "metro", "metros"), "pt": ("centímetros", "um", "metro", "metros")},
    ),
    (
        "cm-mm",
        10,
        {
            "es": ("milímetros", "un", "centímetro", "centímetros"),
            "pt": ("milímetros", "um", "centímetro", "centímetros"),
        },
    ),
    ("kg-g", 1000, {"es": ("gramos", "un", "kilo", "kilos"), "pt": ("gramas", "um", "quilo", "quilos")}),
    (
        "t-kg",
        1000,
        {"es": ("kilos", "una", "tonelada", "toneladas"), "pt": ("quilos", "uma", "tonelada", "toneladas")},
    ),
    (
        "l-ml",
        1000,
        {"es": ("mililitros", "un", "litro", "litros"), "pt": ("mililitros", "um", "litro", "litros")},
    ),
    (
        "dozen",
        12,
        {"es": ("unidades", "una", "docena", "docenas"), "pt": ("unidades", "uma", "dúzia", "dúzias")},
    ),
)

_FEMININE_SMALL = frozenset({"day-hour", "dozen"})
_ROUND = frozenset({10, 100, 1000})


def _how_many(key: str, lang: Lang) -> str:
    if lang == "es":
        return "cuántas" if key in _FEMININE_SMALL else "cuántos"
    return "quantas" if key in _FEMININE_SMALL else "quantos"


def items(lang: Lang) -> Iterator[Item]:
    """Unit by unit: what it holds, claims about that, conversions."""
    for key, size, words in HOLDS:
        small, article, large, larges = words[lang]
        q = _how_many(key, lang)
        fields = {"s": small, "art": article, "l": large, "ls": larges, "q": q, "Q": q.capitalize()}
        questions = tuple(
            (name, text.replace("cuántos " + small, q + " " + small))
            for name, text in uncapped(_ask("one", lang, **fields))
        )
        says, are = ("tiene", "son") if lang == "es" else ("tem", "são")
        fact = f"{article.capitalize()} {large} {says} {size} {small}."
        yield Item("units", lang, f"holds:{key}", "fact", questions, (fact,), Check(((str(size),),)))
        frames = tuple(text.format(says=says, are=are, **fields) for text in _asked("is-holds")[lang])
        for true in (True, False):

            def of_size(place: int, size: int = size, true: bool = true) -> dict[str, str]:
                wrong = [other for other in _ASKED_SIZES if other != size]
                return {"size": str(size if true else wrong[place % len(wrong)])}

            yield Item(
                "units",
                lang,
                f"is-holds:{key}:{'yes' if true else 'no'}",
                "fact",
                claims("is-holds", lang, frames, of_size),
                (fact,),
                Check(((f"{size} {small}",),)),
                weight=0.4,
            )
        top = 20 if size in _ROUND else 12
        for n in range(2, top + 1):
            if size not in _ROUND and n * size > 144 and size not in (24, 60):
                continue
            yield Item(
                "units",
                lang,
                f"convert:{key}:{n}",
                "rule",
                uncapped(_ask("many", lang, n=str(n), wn=_counted(n, key, lang), **fields)),
                (conversion(fact, n, size, small, larges, lang),),
                Check(require=((f"{n} {larges} {are} {n * size} {small}",),)),
                weight=0.15,
            )


_ASKED_SIZES = (7, 10, 12, 24, 30, 50, 60, 100, 200, 1000)
"""Sizes that a false claim about a unit names."""

_FEMININE_LARGE = frozenset({"hour-minute", "week-day", "decade-year", "t-kg", "dozen"})


def _counted(n: int, key: str, lang: Lang) -> str:
    """The number in words as it stands before the large unit ("dois dias", "duas horas")."""
    if lang == "pt" and key in _FEMININE_LARGE:
        tens, _, units = in_words(n, lang).rpartition(" ")
        return f"{tens} {({'um': 'uma', 'dois': 'duas'}).get(units, units)}".strip()
    return in_words(n, lang)


def conversion(fact: str, n: int, size: int, small: str, larges: str, lang: Lang) -> str:
    """The rate, the product, the result.

    "Un día tiene 24 horas; 3 × 24 = 60 + 12 = 72, así que 3 días son 72 horas."
    """
    tens, units = divmod(size, 10)
    # Nobody has 24 times a number by heart: 20 times and 4 times it, then the sum.
    parts = f"{n * tens * 10} + {n * units} = " if size == 24 else ""
    so, are = ("así que", "son") if lang == "es" else ("então", "são")
    return (
        f"{fact.rstrip('.')}; {n} × {size} = {parts}{n * size}, {so} {n} {larges} {are} {n * size} {small}."
    )
