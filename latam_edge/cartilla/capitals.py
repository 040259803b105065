"""Capitals, both ways: asked by name, by yes or no, and as a choice of two."""

from __future__ import annotations

from functools import partial

from latam_edge.cartilla.claims import claims
from latam_edge.cartilla.countries import SOURCE, Country, agree, fields_of, others_than
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask, ask_family, family, first_upper

_asked = partial(family, "geography")
_ask = partial(ask_family, "geography")


def _capital_answer(country: Country, lang: Lang) -> str:
    of = country.place.of
    if country.id == "bo":  # two cities share the role: say both, whatever was asked
        if lang == "es":
            return "La capital constitucional de Bolivia es Sucre y la sede de gobierno es La Paz."
        return "A capital constitucional da Bolívia é Sucre e a sede do governo é La Paz."
    return f"La capital {of} es {country.capital}." if lang == "es" else f"A capital {of} é {country.city}."


def _accepted(country: Country) -> tuple[str, ...]:
    return (country.capital, *country.capital_or)


def capital(country: Country, lang: Lang) -> Item:
    """What is the capital of X?"""
    fields = fields_of(country.place) | {"The": first_upper(country.place.the)}
    questions = ask(
        "capital",
        [agree(text, country.place.plural) for text in _asked("capital")[lang]],
        lang,
        _asked("capital").indirect,
        **fields,
    )
    if country.place.loose:
        questions += _ask("capital-loose", lang, loose=country.place.loose)
    for alias in country.also:
        templates = _asked("capital")[lang]
        questions += ask("capital-also", (templates[0], *templates[7:9]), lang, of=f"de {alias}")
    require: tuple[tuple[str, ...], ...] = (_accepted(country),)
    if country.id == "bo":
        questions += _ask(
            "seat",
            lang,
        )
        require += (("La Paz",),)
    answer = _capital_answer(country, lang)
    return Item(
        "capitals", lang, f"capital:{country.id}", "fact", questions, (answer,), Check(require), SOURCE, 3.0
    )


def capital_of(country: Country, lang: Lang) -> Item:
    """Which country is Y the capital of?"""
    verb = "es la capital" if lang == "es" else "é a capital"
    answer = f"{first_upper(country.city)} {verb} {country.place.of}."
    templates = _asked("capital-of")[lang]
    if country.capital.startswith(("Ciudad", "Cidade")):  # no "la ciudad de Ciudad de ..."
        templates = tuple(
            text for text in templates if "ciudad de {" not in text and "cidade de {" not in text
        )
    questions = ask("capital-of", templates, lang, _asked("capital-of").indirect, city=country.city)
    key = f"capital-of:{country.id}"
    named = (country.place.name, *country.also)
    return Item("capitals", lang, key, "fact", questions, (answer,), Check((named,)), SOURCE, 1.5)


def is_capital(country: Country, true: bool, lang: Lang) -> Item:
    """Is Y the capital of X? In a false claim every template names the capital of another country.

    Of Bolivia two cities can be claimed with some right.
    """
    others = others_than(country, lang)
    shared = country.id == "bo" and true

    def fields(place: int) -> dict[str, str]:
        if not true:
            city = others[(place * 5 + 2) % len(others)].city
        else:
            city = "La Paz" if shared and place % 2 else country.city
        return {"city": city, "of": country.place.of}

    frames, own = _asked("is-capital")[lang], _asked("is-capital-own")[lang]
    questions = claims("is-capital", lang, frames, fields, own)
    right = Check((_accepted(country), ("La Paz",)) if country.id == "bo" else (_accepted(country),))
    key = f"is-capital:{country.id}:{'yes' if true else 'no'}"
    answers = (_capital_answer(country, lang),)
    return Item("capitals", lang, key, "fact", questions, answers, right, SOURCE, 1.5)


def which_capital(country: Country, lang: Lang) -> Item:
    """Is the capital of X this city or that one? The answer is the fact; the other city may not be in it."""
    others = others_than(country, lang)
    questions = []
    for place, template in enumerate(_asked("which-capital")[lang], start=1):
        pair = (country.city, others[(place * 7 + 3) % len(others)].city)
        one, two = pair if (place + len(country.city)) % 2 else pair[::-1]
        (made,) = ask("which-capital", (template,), lang, of=country.place.of, one=one, two=two)
        questions.append((f"which-capital-{place}", made[1]))
    accepted = _accepted(country)
    wrong = tuple(other.capital for other in others if other.capital not in accepted)
    key = f"which-capital:{country.id}"
    answer = _capital_answer(country, lang)
    return Item(
        "capitals",
        lang,
        key,
        "fact",
        tuple(questions),
        (answer,),
        Check((accepted,), wrong),
        SOURCE,
        1.2,
    )
