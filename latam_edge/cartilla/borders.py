"""Land borders: the neighbours of a country, and whether two countries touch."""

from __future__ import annotations

from functools import partial

from latam_edge.cartilla.claims import claims
from latam_edge.cartilla.countries import SOURCE, Country, agree, countries, fields_of, places
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask, family, first_upper, listing

_asked = partial(family, "geography")


def neighbours(country: Country, lang: Lang) -> Item:
    """Which countries share a land border with X?"""
    spot, everywhere = country.place, places(lang)
    near = [everywhere[name] for name in country.border]
    the = first_upper(spot.the)
    if near and lang == "es":
        answer = f"{the} limita con {listing([other.the for other in near], lang)}."
    elif near:
        # Portuguese may leave the articles out of a list; it makes the answer half as long to learn.
        names = [near[0].the] if len(near) == 1 else [other.name for other in near]
        answer = f"{the} faz fronteira com {listing(names, lang)}."
    elif lang == "es":
        what = "es una isla" if country.island == "island" else "son islas"
        answer = f"{the} no {'limitan' if spot.plural else 'limita'} con ningún país: {what}."
    else:
        what = "é uma ilha" if country.island == "island" else "são ilhas"
        answer = f"{the} não {'fazem' if spot.plural else 'faz'} fronteira com nenhum país: {what}."
    if near:
        far = tuple(
            c.place.name for c in countries(lang) if c.id != country.id and c.id not in country.border
        )
        right = Check(tuple((other.name,) for other in near), forbid=far)
    else:
        right = Check((("isla", "islas", "ilha", "ilhas", "ningún", "nenhum"),))
    templates = tuple(agree(text, spot.plural) for text in _asked("neighbour")[lang])
    questions = ask("neighbour", templates, lang, _asked("neighbour").indirect, **fields_of(spot))
    return Item("neighbours", lang, f"neighbours:{country.id}", "fact", questions, (answer,), right, SOURCE)


def borders(country: Country, true: bool, lang: Lang) -> Item | None:
    """Does X border Y? Every template names another Y. None for islands, which border nobody, when true."""
    everyone = countries(lang)
    spot, fact = country.place, neighbours(country, lang)
    near = [other for other in everyone if other.id in country.border]
    far = [c for c in everyone if c.border and c.id != country.id and c.id not in country.border]
    named = near if true else far
    if not named:
        return None

    def fields(place: int) -> dict[str, str]:
        other = named[(place + ord(country.id[0])) % len(named)].place
        return {"The": first_upper(spot.the), "the": spot.the, "other": other.the, "other_of": other.of}

    frames = tuple(agree(text, spot.plural) for text in _asked("borders")[lang])
    own = tuple(agree(text, spot.plural) for text in _asked("borders-own")[lang])
    questions = claims("borders", lang, frames, fields, own)
    key = f"borders:{country.id}:{'yes' if true else 'no'}"
    return Item("neighbours", lang, key, "fact", questions, fact.answers, fact.check, SOURCE, 0.7)
