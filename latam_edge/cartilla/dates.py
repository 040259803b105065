"""Days and months: what comes before and after, how long a month is, which number it has.

All facts, held out by phrasing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from latam_edge.cartilla.claims import Fields, claims
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask_family, family, uncapped

_asked = partial(family, "dates")
_ask = partial(ask_family, "dates")

DAYS: dict[Lang, tuple[str, ...]] = {
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "pt": (
        "segunda-feira",
        "terça-feira",
        "quarta-feira",
        "quinta-feira",
        "sexta-feira",
        "sábado",
        "domingo",
    ),
}

MONTHS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    "pt": (
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ),
}

_MONTH_LENGTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ORDINALS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "primer",
        "segundo",
        "tercer",
        "cuarto",
        "quinto",
        "sexto",
        "séptimo",
        "octavo",
        "noveno",
        "décimo",
        "undécimo",
        "duodécimo",
    ),
    "pt": (
        "primeiro",
        "segundo",
        "terceiro",
        "quarto",
        "quinto",
        "sexto",
        "sétimo",
        "oitavo",
        "nono",
        "décimo",
        "décimo primeiro",
        "décimo segundo",
    ),
}

_ALONE = {"primer": "primero", "tercer": "tercero"}
"""Spanish ordinals that are shortened before a noun, as they stand alone."""


def _fact(key: str, lang: Lang, questions: tuple[tuple[str, str], ...], answer: str, right: Check) -> Item:
    return Item("calendar", lang, key, "fact", questions, (answer,), right)


def preposed(day: str) -> tuple[str, str]:
    """Portuguese (do sábado, ao sábado) or (da segunda-feira, à segunda-feira)."""
    return ("da " + day, "à " + day) if day.endswith("feira") else ("do " + day, "ao " + day)


def _days(lang: Lang) -> Iterator[Item]:
    days = DAYS[lang]
    for i, day in enumerate(days):
        of, to = preposed(day)
        fields = {"d": day, "of": of, "to": to}
        after, before = days[(i + 1) % 7], days[(i - 1) % 7]
        if lang == "es":
            said_after, said_before = (
                f"Después del {day} viene el {after}.",
                f"Antes del {day} va el {before}.",
            )
        else:
            said_after = f"Depois {of} vem {'a' if after.endswith('feira') else 'o'} {after}."
            said_before = f"Antes {of} vem {'a' if before.endswith('feira') else 'o'} {before}."
        yield _fact(
            f"day-after:{i}",
            lang,
            uncapped(_ask("day-after", lang, **fields)),
            said_after,
            Check(require=((after,),)),
        )
        yield _fact(
            f"day-before:{i}",
            lang,
            uncapped(_ask("day-before", lang, **fields)),
            said_before,
            Check(require=((before,),)),
        )


def _months(lang: Lang) -> Iterator[Item]:
    months = MONTHS[lang]
    for i, month in enumerate(months):
        after, before = months[(i + 1) % 12], months[(i - 1) % 12]
        said = (
            ("Después de", "viene", "Antes de", "viene")
            if lang == "es"
            else ("Depois de", "vem", "Antes de", "vem")
        )
        yield _fact(
            f"month-after:{i}",
            lang,
            uncapped(_ask("month-after", lang, m=month)),
            f"{said[0]} {month} {said[1]} {after}.",
            Check(require=((after,),)),
        )
        yield _fact(
            f"month-before:{i}",
            lang,
            uncapped(_ask("month-before", lang, m=month)),
            f"{said[2]} {month} {said[3]} {before}.",
            Check(require=((before,),)),
        )
        length = _MONTH_LENGTH[i]
        if i == 1:
            answer = (
                "Febrero tiene 28 días, y 29 en año bisiesto."
                if lang == "es"
                else "Fevereiro tem 28 dias, e 29 em ano bissexto."
            )
            right = Check(require=(("28",), ("29",)))
        else:
            answer = f"{month.capitalize()} {'tiene' if lang == 'es' else 'tem'} {length} {'días' if lang == 'es' else 'dias'}."
            right = Check(number=str(length))
        yield _fact(f"month-days:{i}", lang, uncapped(_ask("month-days", lang, m=month)), answer, right)
        nth = _ORDINALS[lang][i]
        if lang == "es":
            answer = f"El mes {i + 1}, el {_ALONE.get(nth, nth)} del año, es {month}."
        else:
            answer = f"O mês {i + 1}, o {nth} do ano, é {month}."
        yield _fact(
            f"month-number:{i}",
            lang,
            uncapped(_ask("month-number", lang, n=str(i + 1), o=nth)),
            answer,
            Check(require=((month,),)),
        )


def _lists(lang: Lang) -> Iterator[Item]:
    days, months = ", ".join(DAYS[lang][:-1]), ", ".join(MONTHS[lang][:-1])
    joint = "y" if lang == "es" else "e"
    week = f"{days.capitalize()} {joint} {DAYS[lang][-1]}."
    year = f"{months.capitalize()} {joint} {MONTHS[lang][-1]}."
    yield _fact(
        "week", lang, uncapped(_ask("week", lang)), week, Check(require=tuple((d,) for d in DAYS[lang]))
    )
    yield _fact(
        "year", lang, uncapped(_ask("year", lang)), year, Check(require=tuple((m,) for m in MONTHS[lang]))
    )


def _with_article(day: str) -> str:
    """Portuguese: "o sábado", "a segunda-feira"."""
    return f"{'a' if day.endswith('feira') else 'o'} {day}"


def _claims(lang: Lang) -> Iterator[Item]:
    """Is Tuesday the day after Monday? Has May 30 days? The answer is the fact."""
    facts = {item.key: item for item in (*_days(lang), *_months(lang))}
    days, months = DAYS[lang], MONTHS[lang]

    def about(key: str, frames: tuple[str, ...], true: bool, fields: Fields) -> Item:
        fact = facts[key]
        family = f"is-{key.split(':')[0]}"
        return Item(
            "calendar",
            lang,
            f"is-{key}:{'yes' if true else 'no'}",
            "fact",
            claims(family, lang, frames, fields),
            fact.answers,
            fact.check,
            weight=0.4,
        )

    for true in (True, False):
        for i, day in enumerate(days):

            def of_day(place: int, i: int = i, day: str = day, true: bool = true) -> dict[str, str]:
                named = days[(i + (1 if true else 2 + place % 5)) % 7]
                spoken = named if lang == "es" else _with_article(named)
                return {"d": day, "of": preposed(day)[0], "e": spoken}

            yield about(f"day-after:{i}", _asked("is-day-after")[lang], true, of_day)
        for i, month in enumerate(months):

            def of_month(place: int, i: int = i, month: str = month, true: bool = true) -> dict[str, str]:
                return {"m": month, "e": months[(i + (1 if true else 2 + place % 10)) % 12]}

            def of_length(place: int, i: int = i, month: str = month, true: bool = true) -> dict[str, str]:
                right = _MONTH_LENGTH[i]
                wrong = 61 - right if right >= 30 else (30, 31)[place % 2]
                return {"m": month, "n": str(right if true else wrong)}

            yield about(f"month-after:{i}", _asked("is-month-after")[lang], true, of_month)
            yield about(f"month-days:{i}", _asked("is-month-days")[lang], true, of_length)


def items(lang: Lang) -> Iterator[Item]:
    """Facts about single days and months, all of them listed, and claims about them."""
    yield from _days(lang)
    yield from _months(lang)
    yield from _lists(lang)
    yield from _claims(lang)
