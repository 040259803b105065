"""Currencies, languages, regions and demonyms, and all that is asked of a country, in order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from latam_edge.cartilla.borders import borders, neighbours
from latam_edge.cartilla.capitals import capital, capital_of, is_capital, which_capital
from latam_edge.cartilla.claims import claims
from latam_edge.cartilla.countries import LANGS, SOURCE, Country, agree, countries, fields_of, others_than
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask, ask_family, family, first_upper, listing, read

_asked = partial(family, "geography")
_ask = partial(ask_family, "geography")


def currency(country: Country, lang: Lang) -> Item:
    """What money is used in X?"""
    of, name, second = country.place.of, country.currency, country.currency_also
    if lang == "es":
        answer = (
            f"Las monedas {of} son el {name} y el {second}." if second else f"La moneda {of} es el {name}."
        )
    else:
        answer = f"As moedas {of} são o {name} e o {second}." if second else f"A moeda {of} é o {name}."
    questions = ask(
        "currency",
        [agree(text, country.place.plural) for text in _asked("currency")[lang]],
        lang,
        _asked("currency").indirect,
        **fields_of(country.place),
    )
    if country.place.loose:
        questions += _ask("currency-loose", lang, loose=country.place.loose)
    right = Check(((name, *country.currency_or),))
    return Item("currencies", lang, f"currency:{country.id}", "fact", questions, (answer,), right, SOURCE)


def is_currency(country: Country, true: bool, lang: Lang) -> Item:
    """Is this the money of X? In a false claim every template names the money of another country."""
    fact = currency(country, lang)
    own = {country.currency, country.currency_also, *country.currency_or}
    others = [other.currency for other in others_than(country, lang) if other.currency not in own]
    spot = country.place

    def fields(place: int) -> dict[str, str]:
        money = country.currency if true else others[(place * 5 + 2) % len(others)]
        return {"of": spot.of, "within": spot.within, "money": money}

    questions = claims("is-currency", lang, _asked("is-currency")[lang], fields)
    key = f"is-currency:{country.id}:{'yes' if true else 'no'}"
    return Item("currencies", lang, key, "fact", questions, fact.answers, fact.check, SOURCE, 0.4)


def language(country: Country, lang: Lang) -> Item:
    """Which languages are spoken in X?"""
    spoken = listing(country.languages, lang)
    within = first_upper(country.place.within)
    many = len(country.languages) > 1
    if lang == "es":
        answer = f"{within} se {'hablan' if many else 'habla'} {spoken}."
    else:
        answer = f"{within}, {'falam' if many else 'fala'}-se {spoken}."
    questions = _ask("language", lang, **fields_of(country.place))
    if country.place.loose:
        questions += _ask("language-loose", lang, name=country.place.name)
    right = Check(tuple(_also_called(name) for name in country.languages))
    return Item("languages", lang, f"language:{country.id}", "fact", questions, (answer,), right, SOURCE)


_ASKED_TONGUES: dict[Lang, tuple[str, ...]] = {
    "es": ("español", "portugués", "inglés", "francés", "neerlandés"),
    "pt": ("espanhol", "português", "inglês", "francês", "holandês"),
}


def is_spoken(country: Country, true: bool, lang: Lang) -> Item:
    """Is this an official language of X? (Not whether it is spoken there: Spanish is, in Belize.)"""
    fact = language(country, lang)
    spoken = country.languages
    others = [tongue for tongue in _ASKED_TONGUES[lang] if tongue not in spoken]

    def fields(place: int) -> dict[str, str]:
        tongue = spoken[place % len(spoken)] if true else others[place * 3 % len(others)]
        return {"of": country.place.of, "within": country.place.within, "tongue": tongue}

    questions = claims("is-spoken", lang, _asked("is-spoken")[lang], fields)
    key = f"is-spoken:{country.id}:{'yes' if true else 'no'}"
    return Item("languages", lang, key, "fact", questions, fact.answers, fact.check, SOURCE, 0.4)


_SYNONYMS = {
    "español": ("español", "castellano"),
    "espanhol": ("espanhol", "castelhano"),
    "neerlandés": ("neerlandés", "holandés"),
    "holandês": ("holandês", "neerlandês"),
    "aimara": ("aimara", "aymara"),
    "aimará": ("aimará", "aimara", "aymara"),
    "quíchua": ("quíchua", "quéchua"),
    "criollo haitiano": ("criollo",),
    "crioulo haitiano": ("crioulo",),
}


def _also_called(language_name: str) -> tuple[str, ...]:
    return _SYNONYMS.get(language_name, (language_name,))


def region(country: Country, lang: Lang) -> Item:
    """Where in America is X?"""
    spot = country.place
    the, name = first_upper(spot.the), country.region[0]
    if lang == "es":
        verb = "están" if spot.plural else "está"
        answer = f"{the} {verb} en {'el Caribe, en América' if name == 'Caribe' else name}."
    else:
        verb = "ficam" if spot.plural else "fica"
        answer = f"{the} {verb} {'no Caribe, na América' if name == 'Caribe' else f'na {name}'}."
    templates = tuple(agree(text, spot.plural) for text in _asked("region")[lang])
    questions = ask("region", templates, lang, _asked("region").indirect, **(fields_of(spot) | {"The": the}))
    right = Check((country.region,))
    return Item("regions", lang, f"region:{country.id}", "fact", questions, (answer,), right, SOURCE)


_SURELY_NOT = {
    "south": ("central", "north"),
    "central": ("south",),
    "north": ("south", "central"),
    "caribbean": ("south", "central"),
}
"""Parts of America where no country of the first lies, whichever way the continent is divided."""


@cache
def _regions() -> dict[str, dict[Lang, list[str]]]:
    found: dict[str, dict[Lang, list[str]]] = read("countries.toml")["region"]
    return found


def is_in(country: Country, true: bool, lang: Lang) -> Item:
    """Is X in this part of America?"""
    fact = region(country, lang)
    names = {name: words[lang][0] for name, words in _regions().items()}
    (own,) = [name for name, said in names.items() if said == country.region[0]]
    others = [names[name] for name in _SURELY_NOT[own]]
    spot = country.place

    def fields(place: int) -> dict[str, str]:
        name = country.region[0] if true else others[place % len(others)]
        if lang == "es":
            return {"the": spot.the, "region": "el Caribe" if name == "Caribe" else name}
        return {"the": spot.the, "region": "no Caribe" if name == "Caribe" else f"na {name}"}

    frames = tuple(agree(text, spot.plural) for text in _asked("is-in")[lang])
    questions = claims("is-in", lang, frames, fields)
    key = f"is-in:{country.id}:{'yes' if true else 'no'}"
    return Item("regions", lang, key, "fact", questions, fact.answers, fact.check, SOURCE, 0.4)


def demonym(country: Country, lang: Lang) -> Item | None:
    """What is someone from X called? None where we teach no word."""
    word = country.demonym
    if not word:
        return None
    woman = word
    if word.endswith(("és", "ês")):
        woman = f"{word[:-2]}esa"
    elif word.endswith("o"):
        woman = f"{word[:-1]}a"
    someone = "Una persona" if lang == "es" else "Uma pessoa"
    answer = f"{someone} {country.place.of} {'es' if lang == 'es' else 'é'} {woman}."
    questions = _ask("demonym", lang, **fields_of(country.place))
    accepted = tuple(dict.fromkeys((woman, word, f"{word}s", f"{woman}s", f"{word}es")))
    right = Check((accepted,))
    return Item("demonyms", lang, f"demonym:{country.id}", "fact", questions, (answer,), right)


def items() -> Iterator[Item]:
    """Every item: Spanish first, then Portuguese, country by country."""
    for lang in LANGS:
        everyone = countries(lang)
        for country in everyone:
            yield capital(country, lang)
            yield capital_of(country, lang)
            for true in (True, False):
                yield is_capital(country, true, lang)
            if country.id != "bo":
                yield which_capital(country, lang)
            yield currency(country, lang)
            yield language(country, lang)
            for true in (True, False):
                yield is_currency(country, true, lang)
                yield is_spoken(country, true, lang)
                yield is_in(country, true, lang)
            yield neighbours(country, lang)
            yield region(country, lang)
            people = demonym(country, lang)
            if people is not None:
                yield people
        for country in everyone:
            for true in (True, False):
                claimed = borders(country, true, lang)
                if claimed is not None:
                    yield claimed


_STRIDES = (1, 4, 10, 13, 22)


def follow_ups() -> Iterator[tuple[Item, Item, str]]:
    """(first item, second item, short second question), five a country for capitals, three for the rest."""
    for lang in LANGS:
        everyone = countries(lang)
        for name, make in (
            ("capital", capital),
            ("currency", currency),
            ("language", language),
            ("neighbours", neighbours),
        ):
            made = [make(country, lang) for country in everyone]
            texts = _asked(f"next-{name}")[lang]
            strides = _STRIDES if name == "capital" else _STRIDES[:3]
            for index in range(len(made)):
                for turn, stride in enumerate(strides):
                    other = (index + stride) % len(made)
                    text = texts[(index + turn) % len(texts)].format(**fields_of(everyone[other].place))
                    yield made[index], made[other], text
        for index, country in enumerate(everyone):
            texts = _asked("next-currency-of-the-same")[lang]
            yield capital(country, lang), currency(country, lang), texts[index % len(texts)]
