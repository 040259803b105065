"""Days, months, the clock, lengths, weights and volumes.

Days, months and what a unit holds are facts (held out by phrasing).
Conversions and the clock are rules (held out by number or by time).
"""

from __future__ import annotations

from collections.abc import Iterator

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.number_words import in_words
from latam_edge.cartilla.phrasing import ask
from latam_edge.cartilla.verdict import Fields, check, judged

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

_ALONE = {"primer": "primero", "tercer": "tercero"}
"""Spanish ordinals that are shortened before a noun, as they stand alone."""

_Templates = dict[Lang, tuple[str, ...]]
_DAY_AFTER_WRAP = 4
_DAY_AFTER: _Templates = {
    "es": (
        "¿Qué día viene después del {d}?",
        "¿Qué día sigue al {d}?",
        "¿Cuál es el día después del {d}?",
        "¿Cuál es el día que sigue al {d}?",
        "después del {d}, ¿qué día es?",
        "después del {d}, ¿qué día viene?",
        "Si hoy es {d}, ¿qué día es mañana?",
        "Hoy es {d}. ¿Qué día es mañana?",
        "¿Qué día es mañana si hoy es {d}?",
        "hoy es {d}, mañana es",
        "hoy {d}, mañana...",
        "Si hoy es {d}, mañana será...",
        "Si hoy es {d}, mañana es...",
        "día siguiente al {d}",
        "el día siguiente al {d}",
        "día después del {d}",
        "Dime el día que sigue al {d}.",
        "Dime el día siguiente al {d}.",
        "Dime el día que viene después del {d}.",
        "¿Qué viene después del {d}?",
        "¿Qué sigue después del {d}?",
        "¿Cuál día va después del {d}?",
        "¿Cuál día viene después del {d}?",
        "¿Qué día va después del {d}?",
        "Completa: después del {d} viene el ___.",
        "Nombra el día que sigue al {d}.",
        "¿Sabes el día que sigue al {d}?",
        "Ayer fue {d}. ¿Qué día es hoy?",
        "Si ayer fue {d}, ¿qué día es hoy?",
    ),
    "pt": (
        "Que dia vem depois {of}?",
        "Qual é o dia depois {of}?",
        "Que dia da semana vem depois {of}?",
        "Qual é o dia que vem depois {of}?",
        "depois {of}, que dia é?",
        "depois {of}, que dia vem?",
        "Se hoje é {d}, que dia é amanhã?",
        "Hoje é {d}. Que dia é amanhã?",
        "Que dia é amanhã se hoje é {d}?",
        "hoje é {d}, amanhã é",
        "hoje {d}, amanhã...",
        "Se hoje é {d}, amanhã será...",
        "Se hoje é {d}, amanhã é...",
        "dia seguinte {to}",
        "o dia seguinte {to}",
        "dia depois {of}",
        "Me diga o dia que vem depois {of}.",
        "Me diga o dia seguinte {to}.",
        "Me diga o dia depois {of}.",
        "O que vem depois {of}?",
        "O que vem logo depois {of}?",
        "Qual dia vem logo depois {of}?",
        "Qual dia vem depois {of}?",
        "Que dia vem logo após {d}?",
        "Complete: depois {of} vem ___.",
        "Cite o dia que vem depois {of}.",
        "Você sabe o dia que vem depois {of}?",
        "Ontem foi {d}. Que dia é hoje?",
        "Se ontem foi {d}, que dia é hoje?",
    ),
}
_DAY_BEFORE_WRAP = 4
_DAY_BEFORE: _Templates = {
    "es": (
        "¿Qué día viene antes del {d}?",
        "¿Qué día está antes del {d}?",
        "¿Cuál es el día antes del {d}?",
        "¿Cuál es el día anterior al {d}?",
        "antes del {d}, ¿qué día es?",
        "antes del {d}, ¿qué día va?",
        "Si hoy es {d}, ¿qué día fue ayer?",
        "Hoy es {d}. ¿Qué día fue ayer?",
        "¿Qué día fue ayer si hoy es {d}?",
        "hoy es {d}, ayer fue",
        "hoy {d}, ayer...",
        "Si hoy es {d}, ayer fue...",
        "Si hoy es {d}, ¿ayer qué día fue?",
        "día anterior al {d}",
        "el día anterior al {d}",
        "día antes del {d}",
        "Dime el día anterior al {d}.",
        "Dime el día que va antes del {d}.",
        "¿Qué va antes del {d}?",
        "¿Qué viene antes del {d}?",
        "¿Cuál día va antes del {d}?",
        "¿Qué día va antes del {d}?",
        "Completa: antes del {d} va el ___.",
        "Nombra el día anterior al {d}.",
        "¿Sabes el día que va antes del {d}?",
        "Mañana es {d}. ¿Qué día es hoy?",
        "Si mañana es {d}, ¿qué día es hoy?",
    ),
    "pt": (
        "Que dia vem antes {of}?",
        "Qual é o dia antes {of}?",
        "Que dia da semana vem antes {of}?",
        "Qual é o dia que vem antes {of}?",
        "antes {of}, que dia é?",
        "antes {of}, que dia vem?",
        "Se hoje é {d}, que dia foi ontem?",
        "Hoje é {d}. Que dia foi ontem?",
        "Que dia foi ontem se hoje é {d}?",
        "hoje é {d}, ontem foi",
        "hoje {d}, ontem...",
        "Se hoje é {d}, ontem foi...",
        "Se hoje é {d}, ontem que dia foi?",
        "dia anterior {to}",
        "o dia anterior {to}",
        "dia antes {of}",
        "Me diga o dia anterior {to}.",
        "Me diga o dia que vem antes {of}.",
        "O que vem antes {of}?",
        "O que vem logo antes {of}?",
        "Qual dia vem logo antes {of}?",
        "Qual dia vem antes {of}?",
        "Complete: antes {of} vem ___.",
        "Cite o dia anterior {to}.",
        "Você sabe o dia que vem antes {of}?",
        "Amanhã é {d}. Que dia é hoje?",
        "Se amanhã é {d}, que dia é hoje?",
    ),
}
_MONTH_AFTER_WRAP = 5
_MONTH_AFTER: _Templates = {
    "es": (
        "¿Qué mes viene después de {m}?",
        "¿Qué mes sigue a {m}?",
        "¿Cuál es el mes después de {m}?",
        "¿Cuál es el mes que sigue a {m}?",
        "¿Cuál es el próximo mes después de {m}?",
        "después de {m}, ¿qué mes es?",
        "después de {m}, ¿qué mes viene?",
        "mes siguiente a {m}",
        "mes después de {m}",
        "el mes siguiente a {m}",
        "el próximo mes después de {m}",
        "Si estamos en {m}, ¿cuál es el próximo mes?",
        "Si estamos en {m}, ¿qué mes viene?",
        "Estamos en {m}. ¿Cuál es el próximo mes?",
        "Estamos en {m}. ¿Qué mes sigue?",
        "¿Cuál es el próximo mes si estamos en {m}?",
        "Si este mes es {m}, ¿cuál es el mes que viene?",
        "Dime el mes que sigue a {m}.",
        "Dime el mes siguiente a {m}.",
        "¿Qué viene después de {m}?",
        "¿Qué sigue después de {m}?",
        "¿Cuál mes va después de {m}?",
        "¿Cuál mes viene después de {m}?",
        "¿Qué mes va después de {m}?",
        "Completa: después de {m} viene ___.",
        "Nombra el mes que sigue a {m}.",
        "¿Sabes el mes que sigue a {m}?",
    ),
    "pt": (
        "Que mês vem depois de {m}?",
        "Qual é o mês depois de {m}?",
        "Que mês vem a seguir a {m}?",
        "Qual é o mês que vem depois de {m}?",
        "Qual é o próximo mês depois de {m}?",
        "depois de {m}, que mês é?",
        "depois de {m}, que mês vem?",
        "mês seguinte a {m}",
        "mês depois de {m}",
        "o mês seguinte a {m}",
        "o próximo mês depois de {m}",
        "Se estamos em {m}, qual é o próximo mês?",
        "Se estamos em {m}, que mês vem?",
        "Estamos em {m}. Qual é o próximo mês?",
        "Estamos em {m}. Que mês vem depois?",
        "Qual é o próximo mês se estamos em {m}?",
        "Se este mês é {m}, qual é o mês que vem?",
        "Me diga o mês que vem depois de {m}.",
        "Me diga o mês seguinte a {m}.",
        "O que vem depois de {m}?",
        "O que vem logo depois de {m}?",
        "Qual mês vem logo depois de {m}?",
        "Qual mês vem depois de {m}?",
        "Que mês vem logo após {m}?",
        "Complete: depois de {m} vem ___.",
        "Cite o mês que vem depois de {m}.",
        "Você sabe o mês que vem depois de {m}?",
    ),
}
_MONTH_BEFORE_WRAP = 4
_MONTH_BEFORE: _Templates = {
    "es": (
        "¿Qué mes viene antes de {m}?",
        "¿Qué mes está antes de {m}?",
        "¿Cuál es el mes antes de {m}?",
        "¿Cuál es el mes anterior a {m}?",
        "antes de {m}, ¿qué mes es?",
        "antes de {m}, ¿qué mes va?",
        "mes anterior a {m}",
        "mes antes de {m}",
        "el mes anterior a {m}",
        "Si estamos en {m}, ¿cuál fue el mes pasado?",
        "Si estamos en {m}, ¿qué mes fue el anterior?",
        "Estamos en {m}. ¿Cuál fue el mes pasado?",
        "Estamos en {m}. ¿Cuál es el mes anterior?",
        "¿Cuál fue el mes pasado si estamos en {m}?",
        "Si este mes es {m}, ¿cuál fue el mes pasado?",
        "Dime el mes anterior a {m}.",
        "Dime el mes que va antes de {m}.",
        "¿Qué viene antes de {m}?",
        "¿Qué va antes de {m}?",
        "¿Cuál mes va antes de {m}?",
        "¿Qué mes va antes de {m}?",
        "Completa: antes de {m} viene ___.",
        "Nombra el mes anterior a {m}.",
        "¿Sabes el mes anterior a {m}?",
    ),
    "pt": (
        "Que mês vem antes de {m}?",
        "Que mês fica antes de {m}?",
        "Qual é o mês antes de {m}?",
        "Qual é o mês anterior a {m}?",
        "antes de {m}, que mês é?",
        "antes de {m}, que mês vem?",
        "mês anterior a {m}",
        "mês antes de {m}",
        "o mês anterior a {m}",
        "Se estamos em {m}, qual foi o mês passado?",
        "Se estamos em {m}, que mês foi o anterior?",
        "Estamos em {m}. Qual foi o mês passado?",
        "Estamos em {m}. Qual é o mês anterior?",
        "Qual foi o mês passado se estamos em {m}?",
        "Se este mês é {m}, qual foi o mês passado?",
        "Me diga o mês anterior a {m}.",
        "Me diga o mês que vem antes de {m}.",
        "O que vem antes de {m}?",
        "O que vem logo antes de {m}?",
        "Qual mês vem logo antes de {m}?",
        "Qual mês vem antes de {m}?",
        "Complete: antes de {m} vem ___.",
        "Cite o mês anterior a {m}.",
        "Você sabe o mês anterior a {m}?",
    ),
}
_MONTH_DAYS_WRAP = 6
_MONTH_DAYS: _Templates = {
    "es": (
        "¿Cuántos días tiene {m}?",
        "¿Cuántos días tiene el mes de {m}?",
        "¿Cuántos días hay en {m}?",
        "¿Cuántos días trae {m}?",
        "¿Cuántos días trae el mes de {m}?",
        "¿Cuántos días dura {m}?",
        "días de {m}",
        "días que tiene {m}",
        "número de días de {m}",
        "cuántos días {m}",
        "{m} cuántos días tiene",
        "{m} cuántos días trae",
        "¿{m} tiene 30 o 31 días?",
        "¿{m} trae 30 o 31 días?",
        "¿Son 30 o 31 los días de {m}?",
        "¿En {m} cuántos días hay?",
        "¿El mes de {m} cuántos días tiene?",
        "Dime los días de {m}.",
        "Completa: {m} tiene ___ días.",
        "¿De cuántos días es {m}?",
    ),
    "pt": (
        "Quantos dias tem {m}?",
        "Quantos dias tem o mês de {m}?",
        "Quantos dias há em {m}?",
        "Quantos dias são em {m}?",
        "Quantos dias são no mês de {m}?",
        "Quantos dias dura {m}?",
        "dias de {m}",
        "dias que tem {m}",
        "número de dias de {m}",
        "quantos dias {m}",
        "{m} tem quantos dias",
        "{m} são quantos dias",
        "{m} tem 30 ou 31 dias?",
        "{m} dura 30 ou 31 dias?",
        "São 30 ou 31 os dias de {m}?",
        "Em {m} há quantos dias?",
        "O mês de {m} tem quantos dias?",
        "Me diga os dias de {m}.",
        "Complete: {m} tem ___ dias.",
        "De quantos dias é {m}?",
    ),
}
_MONTH_NUMBER_WRAP = 8
_MONTH_NUMBER: _Templates = {
    "es": (
        "¿Cuál es el mes número {n}?",
        "¿Qué mes es el {n}?",
        "¿Cómo se llama el mes {n}?",
        "¿Cuál es el mes {n} del año?",
        "¿Cuál es el {o} mes del año?",
        "¿Qué mes es el {o} del año?",
        "¿Cuál es el {o} mes?",
        "¿Cómo se llama el {o} mes del año?",
        "mes {n} del año",
        "mes {n}",
        "mes número {n}",
        "el mes {n}",
        "{o} mes del año",
        "{o} mes",
        "el {o} mes del año",
        "Dime el {o} mes.",
        "Dime el {o} mes del año.",
        "Dime el mes {n}.",
        "Dime el mes número {n}.",
        "Nombra el {o} mes del año.",
        "Completa: el {o} mes del año es ___.",
        "¿El mes {n} cuál es?",
    ),
    "pt": (
        "Qual é o mês número {n}?",
        "Que mês é o {n}?",
        "Como se chama o mês {n}?",
        "Qual é o mês {n} do ano?",
        "Qual é o {o} mês do ano?",
        "Que mês é o {o} do ano?",
        "Qual é o {o} mês?",
        "Como se chama o {o} mês do ano?",
        "mês {n} do ano",
        "mês {n}",
        "mês número {n}",
        "o mês {n}",
        "{o} mês do ano",
        "{o} mês",
        "o {o} mês do ano",
        "Me diga o {o} mês.",
        "Me diga o {o} mês do ano.",
        "Me diga o mês {n}.",
        "Me diga o mês número {n}.",
        "Cite o {o} mês do ano.",
        "Complete: o {o} mês do ano é ___.",
        "O mês {n} é qual?",
    ),
}


def _pairs(
    family: str, templates: tuple[str, ...], lang: Lang, wrap: int = 0, **fields: str
) -> tuple[tuple[str, str], ...]:
    """As `phrasing.ask`, but what is no sentence keeps its small first letter ("dias de maio")."""
    made = []
    for name, text in ask(family, templates, lang, wrap, **fields):
        sentence = text.endswith(("?", "."))
        made.append((name, text if sentence else text[0].lower() + text[1:]))
    return tuple(made)


def _fact(
    key: str, lang: Lang, questions: tuple[tuple[str, str], ...], answer: str, right: Check, category: str
) -> Item:
    return Item(category, lang, key, "fact", questions, (answer,), right)


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
            _pairs("day-after", _DAY_AFTER[lang], lang, _DAY_AFTER_WRAP, **fields),
            said_after,
            Check(require=((after,),)),
            "calendar",
        )
        yield _fact(
            f"day-before:{i}",
            lang,
            _pairs("day-before", _DAY_BEFORE[lang], lang, _DAY_BEFORE_WRAP, **fields),
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
            _pairs("month-after", _MONTH_AFTER[lang], lang, _MONTH_AFTER_WRAP, m=month),
            f"{said[0]} {month} {said[1]} {after}.",
            Check(require=((after,),)),
            "calendar",
        )
        yield _fact(
            f"month-before:{i}",
            lang,
            _pairs("month-before", _MONTH_BEFORE[lang], lang, _MONTH_BEFORE_WRAP, m=month),
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
            right = Check(require=(("28",), ("29",)))
        else:
            answer = f"{month.capitalize()} {'tiene' if lang == 'es' else 'tem'} {length} {'días' if lang == 'es' else 'dias'}."
            right = Check(number=str(length))
        yield _fact(
            f"month-days:{i}",
            lang,
            _pairs("month-days", _MONTH_DAYS[lang], lang, _MONTH_DAYS_WRAP, m=month),
            answer,
            right,
            "calendar",
        )
        nth = _ORDINALS[lang][i]
        if lang == "es":
            answer = f"El mes {i + 1}, el {_ALONE.get(nth, nth)} del año, es {month}."
        else:
            answer = f"O mês {i + 1}, o {nth} do ano, é {month}."
        yield _fact(
            f"month-number:{i}",
            lang,
            _pairs("month-number", _MONTH_NUMBER[lang], lang, _MONTH_NUMBER_WRAP, n=str(i + 1), o=nth),
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
                "¿Cómo se llaman los días de la semana?",
                "¿Qué días tiene la semana?",
                "días de la semana",
                "los días de la semana",
                "nombres de los días de la semana",
                "los 7 días de la semana",
                "Dime los días de la semana.",
                "Nombra los días de la semana.",
                "Escribe los días de la semana.",
                "Enséñame los días de la semana.",
                "Lista de los días de la semana",
            ),
            "pt": (
                "Quais são os dias da semana?",
                "Como se chamam os dias da semana?",
                "Que dias tem a semana?",
                "dias da semana",
                "os dias da semana",
                "nomes dos dias da semana",
                "os 7 dias da semana",
                "Me diga os dias da semana.",
                "Cite os dias da semana.",
                "Escreva os dias da semana.",
                "Me ensine os dias da semana.",
                "Lista dos dias da semana",
            ),
        },
        "year": {
            "es": (
                "¿Cuáles son los meses del año?",
                "¿Cómo se llaman los meses del año?",
                "¿Qué meses tiene el año?",
                "meses del año",
                "los meses del año",
                "nombres de los meses del año",
                "los 12 meses del año",
                "Dime los meses del año.",
                "Nombra los meses del año.",
                "Escribe los meses del año.",
                "Enséñame los meses del año.",
                "Lista de los meses del año",
            ),
            "pt": (
                "Quais são os meses do ano?",
                "Como se chamam os meses do ano?",
                "Que meses tem o ano?",
                "meses do ano",
                "os meses do ano",
                "nomes dos meses do ano",
                "os 12 meses do ano",
                "Me diga os meses do ano.",
                "Cite os meses do ano.",
                "Escreva os meses do ano.",
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
        _pairs("week", asked["week"][lang], lang, 3),
        week,
        Check(require=tuple((d,) for d in _DAYS[lang])),
        "calendar",
    )
    yield _fact(
        "year",
        lang,
        _pairs("year", asked["year"][lang], lang, 3),
        year,
        Check(require=tuple((m,) for m in _MONTHS[lang])),
        "calendar",
    )


_DAY_CLAIM: _Templates = {
    "es": ("después del {d} viene el {e}", "el {e} viene después del {d}"),
    "pt": ("depois {of} vem {e}", "{e} vem depois {of}"),
}
_MONTH_CLAIM: _Templates = {
    "es": ("después de {m} viene {e}", "{e} viene después de {m}"),
    "pt": ("depois de {m} vem {e}", "{e} vem depois de {m}"),
}
_MONTH_DAYS_CLAIM: _Templates = {
    "es": ("{m} tiene {n} días", "el mes de {m} tiene {n} días"),
    "pt": ("{m} tem {n} dias", "o mês de {m} tem {n} dias"),
}


def _with_article(day: str) -> str:
    """Portuguese: "o sábado", "a segunda-feira"."""
    return f"{'a' if day.endswith('feira') else 'o'} {day}"


def _claims(lang: Lang) -> Iterator[Item]:
    """Is Tuesday the day after Monday? Has May 30 days? The fact, then the verdict."""
    facts = {item.key: item for item in (*_days(lang), *_months(lang))}
    days, months = _DAYS[lang], _MONTHS[lang]

    def about(key: str, frames: tuple[str, ...], true: bool, fields: Fields, echo: str) -> Item:
        fact = facts[key]
        require = fact.check.require or ((fact.check.number or "",),)
        family = f"is-{key.split(':')[0]}"
        questions, replies = judged(family, lang, frames, fields, fact.answers[0], true, echo)
        return Item(
            "calendar",
            lang,
            f"is-{key}:{'yes' if true else 'no'}",
            "fact",
            questions,
            tuple(dict.fromkeys(replies.values())),
            check(require, true, lang),
            weight=0.5,
            replies=replies,
        )

    for true in (True, False):
        for i, day in enumerate(days):

            def of_day(place: int, i: int = i, day: str = day, true: bool = true) -> dict[str, str]:
                named = days[(i + (1 if true else 2 + place % 5)) % 7]
                spoken = named if lang == "es" else _with_article(named)
                return {"d": day, "of": _preposed(day)[0], "e": spoken}

            yield about(f"day-after:{i}", _DAY_CLAIM[lang], true, of_day, "el {e}" if lang == "es" else "{e}")
        for i, month in enumerate(months):

            def of_month(place: int, i: int = i, month: str = month, true: bool = true) -> dict[str, str]:
                return {"m": month, "e": months[(i + (1 if true else 2 + place % 10)) % 12]}

            def of_length(place: int, i: int = i, month: str = month, true: bool = true) -> dict[str, str]:
                right = _MONTH_LENGTH[i]
                wrong = 61 - right if right >= 30 else (30, 31)[place % 2]
                return {"m": month, "n": str(right if true else wrong)}

            yield about(f"month-after:{i}", _MONTH_CLAIM[lang], true, of_month, "{e}")
            days_of = "{n} días" if lang == "es" else "{n} dias"
            yield about(f"month-days:{i}", _MONTH_DAYS_CLAIM[lang], true, of_length, days_of)


_MAX_STEPS = 5
_DAYS_ON: _Templates = {
    "es": (
        "Si hoy es {d}, ¿qué día será en {n} días?",
        "¿Qué día será {n} días después del {d}?",
        "¿Qué día viene {n} días después del {d}?",
        "Hoy es {d}. ¿Qué día es dentro de {n} días?",
        "Si hoy es {d}, ¿qué día es dentro de {w} días?",
        "{n} días después del {d}",
        "¿Qué día cae {w} días después del {d}?",
        "Dime qué día es {n} días después del {d}.",
        "Cuenta {n} días desde el {d}.",
    ),
    "pt": (
        "Se hoje é {d}, que dia será em {n} dias?",
        "Que dia será {n} dias depois {of}?",
        "Que dia vem {n} dias depois {of}?",
        "Hoje é {d}. Que dia é daqui a {n} dias?",
        "Se hoje é {d}, que dia é daqui a {w} dias?",
        "{n} dias depois {of}",
        "Que dia cai {w} dias depois {of}?",
        "Me diga que dia é {n} dias depois {of}.",
        "Conte {n} dias desde {d}.",
    ),
}
_DAYS_BACK: _Templates = {
    "es": (
        "Si hoy es {d}, ¿qué día fue hace {n} días?",
        "¿Qué día fue {n} días antes del {d}?",
        "¿Qué día va {n} días antes del {d}?",
        "Hoy es {d}. ¿Qué día fue hace {w} días?",
        "{n} días antes del {d}",
        "¿Qué día cayó {w} días antes del {d}?",
        "Dime qué día es {n} días antes del {d}.",
    ),
    "pt": (
        "Se hoje é {d}, que dia foi há {n} dias?",
        "Que dia foi {n} dias antes {of}?",
        "Que dia vem {n} dias antes {of}?",
        "Hoje é {d}. Que dia foi há {w} dias?",
        "{n} dias antes {of}",
        "Que dia caiu {w} dias antes {of}?",
        "Me diga que dia é {n} dias antes {of}.",
    ),
}
_MONTHS_ON: _Templates = {
    "es": (
        "Si estamos en {d}, ¿qué mes será en {n} meses?",
        "¿Qué mes será {n} meses después de {d}?",
        "¿Qué mes viene {n} meses después de {d}?",
        "Estamos en {d}. ¿Qué mes es dentro de {w} meses?",
        "{n} meses después de {d}",
        "Dime qué mes es {n} meses después de {d}.",
        "Cuenta {n} meses desde {d}.",
    ),
    "pt": (
        "Se estamos em {d}, que mês será em {n} meses?",
        "Que mês será {n} meses depois de {d}?",
        "Que mês vem {n} meses depois de {d}?",
        "Estamos em {d}. Que mês é daqui a {w} meses?",
        "{n} meses depois de {d}",
        "Me diga que mês é {n} meses depois de {d}.",
        "Conte {n} meses desde {d}.",
    ),
}
_TWO_DAYS: dict[int, _Templates] = {
    1: {
        "es": ("Si hoy es {d}, ¿qué día es pasado mañana?", "Hoy es {d}. ¿Qué día es pasado mañana?"),
        "pt": ("Se hoje é {d}, que dia é depois de amanhã?", "Hoje é {d}. Que dia é depois de amanhã?"),
    },
    -1: {
        "es": ("Si hoy es {d}, ¿qué día fue anteayer?", "Hoy es {d}. ¿Qué día fue anteayer?"),
        "pt": ("Se hoje é {d}, que dia foi anteontem?", "Hoje é {d}. Que dia foi anteontem?"),
    },
}
"""Two days on, and two days back, in one word."""


def count_steps(names: tuple[str, ...], start: int, steps: int, lang: Lang) -> str:
    """Counting on (or back, with steps below zero) one by one, and where that leads.

    count_steps(_DAYS["es"], 1, 3, "es") is "Desde martes: 1 miércoles, 2 jueves, 3 viernes. Es viernes."
    """
    way = 1 if steps > 0 else -1
    reached = [names[(start + way * step) % len(names)] for step in range(1, abs(steps) + 1)]
    counted = ", ".join(f"{step} {name}" for step, name in enumerate(reached, start=1))
    if lang == "es":
        return f"Desde {names[start]}: {counted}. Es {reached[-1]}."
    return f"Desde {names[start]}: {counted}. É {reached[-1]}."


def _steps(lang: Lang) -> Iterator[Item]:
    """What day is three days after Tuesday? A rule: the answer counts, one name at a time."""
    days, months = _DAYS[lang], _MONTHS[lang]
    for family, names, templates, way in (
        ("days-on", days, _DAYS_ON, 1),
        ("days-back", days, _DAYS_BACK, -1),
        ("months-on", months, _MONTHS_ON, 1),
    ):
        for start, name in enumerate(names):
            for n in range(2, _MAX_STEPS + 1):
                fields = {"d": name, "of": _preposed(name)[0], "n": str(n), "w": in_words(n, lang)}
                asked = templates[lang]
                if n == 2 and names is days:
                    asked += _TWO_DAYS[way][lang]
                answer = count_steps(names, start, way * n, lang)
                reached = names[(start + way * n) % len(names)]
                yield Item(
                    "calendar",
                    lang,
                    f"{family}:{start}:{n}",
                    "rule",
                    _pairs(family, asked, lang, 0, **fields),
                    (answer,),
                    Check(require=((f"{'es' if lang == 'es' else 'é'} {reached}",),)),
                    weight=0.25,
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
_ONE_WRAP = 6
_ONE: _Templates = {
    "es": (
        "¿{Q} {s} tiene {art} {l}?",
        "¿{Q} {s} hay en {art} {l}?",
        "¿{Q} {s} son {art} {l}?",
        "¿A {q} {s} equivale {art} {l}?",
        "¿{Q} {s} caben en {art} {l}?",
        "¿{Q} {s} forman {art} {l}?",
        "¿{art} {l} tiene {q} {s}?",
        "¿{art} {l} {q} {s} tiene?",
        "{art} {l} {q} {s} son",
        "¿{art} {l} a {q} {s} equivale?",
        "{s} en {art} {l}",
        "{s} por {l}",
        "{s} que tiene {art} {l}",
        "número de {s} en {art} {l}",
        "1 {l} en {s}",
        "{art} {l} en {s}",
        "1 {l} a {s}",
        "pasa {art} {l} a {s}",
        "Convierte {art} {l} a {s}.",
        "Convierte 1 {l} a {s}.",
        "Completa: {art} {l} tiene ___ {s}.",
        "{art} {l} tiene ___ {s}.",
    ),
    "pt": (
        "{Q} {s} tem {art} {l}?",
        "{Q} {s} há em {art} {l}?",
        "{Q} {s} são {art} {l}?",
        "A {q} {s} equivale {art} {l}?",
        "{Q} {s} cabem em {art} {l}?",
        "{Q} {s} formam {art} {l}?",
        "{art} {l} tem {q} {s}?",
        "{art} {l} são {q} {s}?",
        "{art} {l} {q} {s} tem",
        "{art} {l} equivale a {q} {s}?",
        "{s} em {art} {l}",
        "{s} por {l}",
        "{s} que tem {art} {l}",
        "número de {s} em {art} {l}",
        "1 {l} em {s}",
        "{art} {l} em {s}",
        "1 {l} para {s}",
        "passe {art} {l} para {s}",
        "Converta {art} {l} em {s}.",
        "Converta 1 {l} em {s}.",
        "Complete: {art} {l} tem ___ {s}.",
        "{art} {l} tem ___ {s}.",
    ),
}
_MANY: _Templates = {
    "es": (
        "¿{Q} {s} son {n} {ls}?",
        "¿{Q} {s} hay en {n} {ls}?",
        "¿A {q} {s} equivalen {n} {ls}?",
        "¿{Q} {s} tienen {n} {ls}?",
        "{n} {ls} en {s}",
        "Convierte {n} {ls} a {s}.",
        "pasa {n} {ls} a {s}",
        "{n} {ls} a {s}",
        "{n} {ls} {q} {s} son",
        "Dime {q} {s} son {n} {ls}.",
        "¿Sabes {q} {s} hay en {n} {ls}?",
        "¿{Q} {s} son {wn} {ls}?",
    ),
    "pt": (
        "{Q} {s} são {n} {ls}?",
        "{Q} {s} há em {n} {ls}?",
        "A {q} {s} equivalem {n} {ls}?",
        "{Q} {s} têm {n} {ls}?",
        "{n} {ls} em {s}",
        "Converta {n} {ls} em {s}.",
        "passe {n} {ls} para {s}",
        "{n} {ls} para {s}",
        "{n} {ls} são {q} {s}",
        "Me diga {q} {s} são {n} {ls}.",
        "Você sabe {q} {s} há em {n} {ls}?",
        "{Q} {s} são {wn} {ls}?",
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
            for name, text in _pairs("one", _ONE[lang], lang, _ONE_WRAP, **fields)
        )
        says, are = ("tiene", "son") if lang == "es" else ("tem", "são")
        fact = f"{article.capitalize()} {large} {says} {size} {small}."
        yield _fact(f"holds:{key}", lang, questions, fact, Check(require=((str(size),),)), "units")
        frames = tuple(text.format(says=says, are=are, **fields) for text in _HOLDS_CLAIM)
        for true in (True, False):

            def of_size(place: int, size: int = size, true: bool = true) -> dict[str, str]:
                wrong = [other for other in _ASKED_SIZES if other != size]
                return {"size": str(size if true else wrong[place % len(wrong)])}

            echo = f"{{size}} {small}"
            claimed, replies = judged("is-holds", lang, frames, of_size, fact, true, echo)
            yield Item(
                "units",
                lang,
                f"is-holds:{key}:{'yes' if true else 'no'}",
                "fact",
                claimed,
                tuple(dict.fromkeys(replies.values())),
                check(((f"{size} {small}",),), true, lang),
                weight=0.5,
                replies=replies,
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
                _pairs("many", _MANY[lang], lang, 0, n=str(n), wn=_counted(n, key, lang), **fields),
                (conversion(fact, n, size, small, larges, lang),),
                Check(require=((f"{n} {larges} {are} {n * size} {small}",),)),
                weight=0.15,
            )


_HOLDS_CLAIM = ("{art} {l} {says} {{size}} {s}", "{{size}} {s} {are} {art} {l}")
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
                _pairs(
                    "clock", _CLOCK[lang], lang, t=f"{hour}:{minute:02d}", the="la" if hour == 1 else "las"
                ),
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
        yield from _claims(lang)
        yield from _steps(lang)
        yield from _units(lang)
        yield from _clock(lang)
