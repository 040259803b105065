"""Days, months, the clock, lengths, weights and volumes.

Days, months and what a unit holds are facts (held out by phrasing).
Conversions and the clock are rules (held out by number or by time).
"""

from __future__ import annotations

from collections.abc import Iterator

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.number_words import in_words

LANGS: tuple[Lang, ...] = ("es", "pt")

_DAYS: dict[Lang, tuple[str, ...]] = {
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
_MONTHS: dict[Lang, tuple[str, ...]] = {
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

_Templates = dict[Lang, tuple[str, ...]]
_DAY_AFTER: _Templates = {
    "es": (
        "¿Qué día viene después del {d}?",
        "¿Qué día sigue al {d}?",
        "¿Cuál es el día después del {d}?",
        "después del {d}, ¿qué día es?",
        "Si hoy es {d}, ¿qué día es mañana?",
        "hoy es {d}, mañana es",
        "día siguiente al {d}",
        "Dime el día que sigue al {d}.",
        "¿Qué viene después del {d}?",
        "Si hoy es {d}, mañana será...",
        "¿Cuál día va después del {d}?",
        "¿Sabes qué día sigue al {d}?",
    ),
    "pt": (
        "Que dia vem depois {of}?",
        "Qual é o dia depois {of}?",
        "depois {of}, que dia é?",
        "Se hoje é {d}, que dia é amanhã?",
        "hoje é {d}, amanhã é",
        "dia seguinte {to}",
        "Me diga o dia que vem depois {of}.",
        "O que vem depois {of}?",
        "Se hoje é {d}, amanhã será...",
        "Qual dia vem logo depois {of}?",
        "Você sabe que dia vem depois {of}?",
        "Que dia da semana vem após {d}?",
    ),
}
_DAY_BEFORE: _Templates = {
    "es": (
        "¿Qué día viene antes del {d}?",
        "¿Qué día está antes del {d}?",
        "¿Cuál es el día antes del {d}?",
        "antes del {d}, ¿qué día es?",
        "Si hoy es {d}, ¿qué día fue ayer?",
        "hoy es {d}, ayer fue",
        "día anterior al {d}",
        "Dime el día anterior al {d}.",
        "¿Qué va antes del {d}?",
        "Si hoy es {d}, ayer fue...",
        "¿Cuál día va antes del {d}?",
    ),
    "pt": (
        "Que dia vem antes {of}?",
        "Qual é o dia antes {of}?",
        "antes {of}, que dia é?",
        "Se hoje é {d}, que dia foi ontem?",
        "hoje é {d}, ontem foi",
        "dia anterior {to}",
        "Me diga o dia anterior {to}.",
        "O que vem antes {of}?",
        "Se hoje é {d}, ontem foi...",
        "Qual dia vem logo antes {of}?",
    ),
}
_MONTH_AFTER: _Templates = {
    "es": (
        "¿Qué mes viene después de {m}?",
        "¿Qué mes sigue a {m}?",
        "¿Cuál es el mes después de {m}?",
        "después de {m}, ¿qué mes es?",
        "mes siguiente a {m}",
        "Si estamos en {m}, ¿cuál es el próximo mes?",
        "Dime el mes que sigue a {m}.",
        "¿Qué viene después de {m}?",
        "¿Cuál mes va después de {m}?",
    ),
    "pt": (
        "Que mês vem depois de {m}?",
        "Que mês segue {m}?",
        "Qual é o mês depois de {m}?",
        "depois de {m}, que mês é?",
        "mês seguinte a {m}",
        "Se estamos em {m}, qual é o próximo mês?",
        "Me diga o mês que vem depois de {m}.",
        "O que vem depois de {m}?",
        "Qual mês vem logo depois de {m}?",
    ),
}
_MONTH_BEFORE: _Templates = {
    "es": (
        "¿Qué mes viene antes de {m}?",
        "¿Qué mes está antes de {m}?",
        "¿Cuál es el mes antes de {m}?",
        "antes de {m}, ¿qué mes es?",
        "mes anterior a {m}",
        "Si estamos en {m}, ¿cuál fue el mes pasado?",
        "Dime el mes anterior a {m}.",
        "¿Qué viene antes de {m}?",
    ),
    "pt": (
        "Que mês vem antes de {m}?",
        "Que mês fica antes de {m}?",
        "Qual é o mês antes de {m}?",
        "antes de {m}, que mês é?",
        "mês anterior a {m}",
        "Se estamos em {m}, qual foi o mês passado?",
        "Me diga o mês anterior a {m}.",
        "O que vem antes de {m}?",
    ),
}
_MONTH_DAYS: _Templates = {
    "es": (
        "¿Cuántos días tiene {m}?",
        "¿Cuántos días tiene el mes de {m}?",
        "días de {m}",
        "¿Cuántos días hay en {m}?",
        "¿Cuántos días trae {m}?",
        "{m} cuántos días tiene",
        "Dime cuántos días tiene {m}.",
        "¿{m} tiene 30 o 31 días?",
        "¿Sabes cuántos días tiene {m}?",
        "¿En {m} cuántos días hay?",
    ),
    "pt": (
        "Quantos dias tem {m}?",
        "Quantos dias tem o mês de {m}?",
        "dias de {m}",
        "Quantos dias há em {m}?",
        "Quantos dias são em {m}?",
        "{m} tem quantos dias",
        "Me diga quantos dias tem {m}.",
        "{m} tem 30 ou 31 dias?",
        "Você sabe quantos dias tem {m}?",
        "Em {m} há quantos dias?",
    ),
}
_MONTH_NUMBER: _Templates = {
    "es": (
        "¿Cuál es el mes número {n}?",
        "¿Qué mes es el {n}?",
        "mes {n} del año",
        "¿Cuál es el {o} mes del año?",
        "Dime el {o} mes.",
        "¿Qué mes es el {o} del año?",
        "¿Cómo se llama el mes {n}?",
        "{o} mes del año",
    ),
    "pt": (
        "Qual é o mês número {n}?",
        "Que mês é o {n}?",
        "mês {n} do ano",
        "Qual é o {o} mês do ano?",
        "Me diga o {o} mês.",
        "Que mês é o {o} do ano?",
        "Como se chama o mês {n}?",
        "{o} mês do ano",
    ),
}


def _pairs(family: str, templates: tuple[str, ...], **fields: str) -> tuple[tuple[str, str], ...]:
    made = []
    for place, template in enumerate(templates, start=1):
        text = template.format(**fields)
        if text.endswith(("?", ".")) and text[0] != "¿":
            text = text[0].upper() + text[1:]
        if text.startswith("¿"):
            text = "¿" + text[1].upper() + text[2:]
        made.append((f"{family}-{place}", text))
    return tuple(made)


def _fact(
    key: str, lang: Lang, questions: tuple[tuple[str, str], ...], answer: str, check: Check, category: str
) -> Item:
    return Item(category, lang, key, "fact", questions, (answer,), check)


def _preposed(day: str) -> tuple[str, str]:
    """Portuguese (do sábado, ao sábado) or (da segunda-feira, à segunda-feira)."""
    return ("da " + day, "à " + day) if day.endswith("feira") else ("do " + day, "ao " + day)


def _days(lang: Lang) -> Iterator[Item]:
    days = _DAYS[lang]
    for i, day in enumerate(days):
        of, to = _preposed(day)
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
            _pairs("day-after", _DAY_AFTER[lang], **fields),
            said_after,
            Check(require=((after,),)),
            "calendar",
        )
        yield _fact(
            f"day-before:{i}",
            lang,
            _pairs("day-before", _DAY_BEFORE[lang], **fields),
            said_before,
            Check(require=((before,),)),
            "calendar",
        )


def _months(lang: Lang) -> Iterator[Item]:
    months = _MONTHS[lang]
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
            _pairs("month-after", _MONTH_AFTER[lang], m=month),
            f"{said[0]} {month} {said[1]} {after}.",
            Check(require=((after,),)),
            "calendar",
        )
        yield _fact(
            f"month-before:{i}",
            lang,
            _pairs("month-before", _MONTH_BEFORE[lang], m=month),
            f"{said[2]} {month} {said[3]} {before}.",
            Check(require=((before,),)),
            "calendar",
        )
        length = _MONTH_LENGTH[i]
        if i == 1:
            answer = (
                "Febrero tiene 28 días, y 29 en año bisiesto."
                if lang == "es"
                else "Fevereiro tem 28 dias, e 29 em ano bissexto."
            )
            check = Check(require=(("28",), ("29",)))
        else:
            answer = f"{month.capitalize()} {'tiene' if lang == 'es' else 'tem'} {length} {'días' if lang == 'es' else 'dias'}."
            check = Check(number=str(length))
        yield _fact(
            f"month-days:{i}",
            lang,
            _pairs("month-days", _MONTH_DAYS[lang], m=month),
            answer,
            check,
            "calendar",
        )
        answer = f"El mes {i + 1} es {month}." if lang == "es" else f"O mês {i + 1} é {month}."
        yield _fact(
            f"month-number:{i}",
            lang,
            _pairs("month-number", _MONTH_NUMBER[lang], n=str(i + 1), o=_ORDINALS[lang][i]),
            answer,
            Check(require=((month,),)),
            "calendar",
        )


def _lists(lang: Lang) -> Iterator[Item]:
    days, months = ", ".join(_DAYS[lang][:-1]), ", ".join(_MONTHS[lang][:-1])
    joint = "y" if lang == "es" else "e"
    asked: dict[str, _Templates] = {
        "week": {
            "es": (
                "¿Cuáles son los días de la semana?",
                "días de la semana",
                "Dime los días de la semana.",
                "¿Qué días tiene la semana?",
                "Nombra los días de la semana.",
                "¿Cómo se llaman los días de la semana?",
                "Enséñame los días de la semana.",
                "Lista de los días de la semana",
            ),
            "pt": (
                "Quais são os dias da semana?",
                "dias da semana",
                "Me diga os dias da semana.",
                "Que dias tem a semana?",
                "Cite os dias da semana.",
                "Como se chamam os dias da semana?",
                "Me ensine os dias da semana.",
                "Lista dos dias da semana",
            ),
        },
        "year": {
            "es": (
                "¿Cuáles son los meses del año?",
                "meses del año",
                "Dime los meses del año.",
                "¿Qué meses tiene el año?",
                "Nombra los meses del año.",
                "¿Cómo se llaman los meses del año?",
                "Enséñame los meses del año.",
                "Lista de los meses del año",
            ),
            "pt": (
                "Quais são os meses do ano?",
                "meses do ano",
                "Me diga os meses do ano.",
                "Que meses tem o ano?",
                "Cite os meses do ano.",
                "Como se chamam os meses do ano?",
                "Me ensine os meses do ano.",
                "Lista dos meses do ano",
            ),
        },
    }
    week = f"{days.capitalize()} {joint} {_DAYS[lang][-1]}."
    year = f"{months.capitalize()} {joint} {_MONTHS[lang][-1]}."
    yield _fact(
        "week",
        lang,
        _pairs("week", asked["week"][lang]),
        week,
        Check(require=tuple((d,) for d in _DAYS[lang])),
        "calendar",
    )
    yield _fact(
        "year",
        lang,
        _pairs("year", asked["year"][lang]),
        year,
        Check(require=tuple((m,) for m in _MONTHS[lang])),
        "calendar",
    )


# key, small unit plural, large unit (article, singular), large plural, how many, feminine small, by language.
_HOLDS: tuple[tuple[str, int, dict[Lang, tuple[str, str, str, str]]], ...] = (
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
_ONE: _Templates = {
    "es": (
        "¿{Q} {s} tiene {art} {l}?",
        "¿{Q} {s} hay en {art} {l}?",
        "¿{art} {l} tiene {q} {s}?",
        "{s} en {art} {l}",
        "¿{Q} {s} son {art} {l}?",
        "{art} {l} cuántos {s} son",
        "Dime {q} {s} tiene {art} {l}.",
        "¿A {q} {s} equivale {art} {l}?",
        "¿{Q} {s} caben en {art} {l}?",
        "¿Sabes {q} {s} hay en {art} {l}?",
        "1 {l} en {s}",
        "¿{Q} {s} forman {art} {l}?",
    ),
    "pt": (
        "{Q} {s} tem {art} {l}?",
        "{Q} {s} há em {art} {l}?",
        "{art} {l} tem {q} {s}?",
        "{s} em {art} {l}",
        "{Q} {s} são {art} {l}?",
        "{art} {l} são {q} {s}",
        "Me diga {q} {s} tem {art} {l}.",
        "A {q} {s} equivale {art} {l}?",
        "{Q} {s} cabem em {art} {l}?",
        "Você sabe {q} {s} há em {art} {l}?",
        "1 {l} em {s}",
        "{Q} {s} formam {art} {l}?",
    ),
}
_MANY: _Templates = {
    "es": (
        "¿{Q} {s} son {n} {ls}?",
        "¿{Q} {s} hay en {n} {ls}?",
        "{n} {ls} en {s}",
        "Convierte {n} {ls} a {s}.",
        "¿A {q} {s} equivalen {n} {ls}?",
        "pasa {n} {ls} a {s}",
        "¿{Q} {s} tienen {n} {ls}?",
        "{n} {ls} a {s}",
    ),
    "pt": (
        "{Q} {s} são {n} {ls}?",
        "{Q} {s} há em {n} {ls}?",
        "{n} {ls} em {s}",
        "Converta {n} {ls} em {s}.",
        "A {q} {s} equivalem {n} {ls}?",
        "passe {n} {ls} para {s}",
        "{Q} {s} têm {n} {ls}?",
        "{n} {ls} para {s}",
    ),
}
_ROUND = frozenset({10, 100, 1000})


def _how_many(key: str, lang: Lang) -> str:
    if lang == "es":
        return "cuántas" if key in _FEMININE_SMALL else "cuántos"
    return "quantas" if key in _FEMININE_SMALL else "quantos"


def _units(lang: Lang) -> Iterator[Item]:
    for key, size, words in _HOLDS:
        small, article, large, larges = words[lang]
        q = _how_many(key, lang)
        fields = {"s": small, "art": article, "l": large, "ls": larges, "q": q, "Q": q.capitalize()}
        questions = tuple(
            (name, text.replace("cuántos " + small, q + " " + small))
            for name, text in _pairs("one", _ONE[lang], **fields)
        )
        says = "tiene" if lang == "es" else "tem"
        answer = f"{article.capitalize()} {large} {says} {size} {small}."
        yield _fact(f"holds:{key}", lang, questions, answer, Check(require=((str(size),),)), "units")
        top = 20 if size in _ROUND else 12
        for n in range(2, top + 1):
            if size not in _ROUND and n * size > 144 and size not in (24, 60):
                continue
            yield Item(
                "units",
                lang,
                f"convert:{key}:{n}",
                "rule",
                _pairs("many", _MANY[lang], n=str(n), **fields),
                (f"{n} {larges} {'son' if lang == 'es' else 'são'} {n * size} {small}.",),
                Check(require=((f"{n * size} {small}",),)),
                weight=0.15,
            )


_CLOCK: _Templates = {
    "es": (
        "El reloj marca {the} {t}. ¿Qué hora es?",
        "¿Cómo se dice la hora {t}?",
        "¿Cómo se lee {t}?",
        "Lee la hora {t}.",
        "¿Qué hora es cuando el reloj dice {t}?",
        "Escribe la hora {t} en palabras.",
        "hora {t} en palabras",
        "¿Cómo digo {t}?",
        "Mi reloj dice {t}, ¿qué hora es?",
    ),
    "pt": (
        "O relógio marca {t}. Que horas são?",
        "Como se diz a hora {t}?",
        "Como se lê {t}?",
        "Leia a hora {t}.",
        "Que horas são quando o relógio mostra {t}?",
        "Escreva a hora {t} por extenso.",
        "hora {t} por extenso",
        "Como digo {t}?",
        "Meu relógio mostra {t}, que horas são?",
    ),
}


def say_time(hour: int, minute: int, lang: Lang) -> str:
    """The time as it is said, 1..12 hours and 0..59 minutes: (3, 30) is "Son las tres y media."."""
    if lang == "es":
        spoken = "la una" if hour == 1 else "las " + in_words(hour, "es")
        verb = "Es" if hour == 1 else "Son"
        tail = {0: " en punto", 15: " y cuarto", 30: " y media"}.get(minute, f" y {in_words(minute, 'es')}")
        return f"{verb} {spoken}{tail}."
    feminine = {1: "uma", 2: "duas"}.get(hour, in_words(hour, "pt"))
    verb = "É" if hour == 1 else "São"
    tail = {0: f" {'hora' if hour == 1 else 'horas'}", 30: " e meia"}.get(
        minute, f" e {in_words(minute, 'pt')}"
    )
    return f"{verb} {feminine}{tail}."


def _clock(lang: Lang) -> Iterator[Item]:
    for hour in range(1, 13):
        for minute in range(0, 60, 5):
            answer = say_time(hour, minute, lang)
            yield Item(
                "clock",
                lang,
                f"time:{hour}:{minute:02d}",
                "rule",
                _pairs("clock", _CLOCK[lang], t=f"{hour}:{minute:02d}", the="la" if hour == 1 else "las"),
                (answer,),
                Check(require=((answer,),)),
                weight=2.0 if minute in (0, 15, 30) else 1.0,
            )


def items() -> Iterator[Item]:
    """Calendar and units (facts), conversions and the clock (rules)."""
    for lang in LANGS:
        yield from _days(lang)
        yield from _months(lang)
        yield from _lists(lang)
        yield from _units(lang)
        yield from _clock(lang)
