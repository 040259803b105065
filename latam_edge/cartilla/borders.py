"""Land borders: the neighbours of a country, and whether two countries touch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from latam_edge.cartilla.countries import SOURCE, Country, agree, countries, fields_of, places
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask, family, first_upper, listing
from latam_edge.cartilla.verdict import check_conclusion, claims, conclusion

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


def borders(country: Country, other: Country, lang: Lang) -> Item:
    """Does X border Y? The answer lists the neighbours, says whether Y is among them, and concludes."""
    true = other.id in country.border
    spot, far = country.place, other.place
    fact = neighbours(country, lang)
    said = fact.answers[0].rstrip(".")
    if country.border:
        if lang == "es":
            among = f"{far.the} {'está' if true else 'no está'} entre ellos"
        else:
            among = f"{far.the} {'está' if true else 'não está'} entre eles"
        said = f"{said}; {among}"
    forbid = tuple(name for name in fact.check.forbid if name != far.name)
    fields = {"The": first_upper(spot.the), "the": spot.the, "other": far.the, "other_of": far.of}
    frames = tuple(agree(text, spot.plural) for text in _asked("borders")[lang])
    own = tuple(agree(text, spot.plural) for text in _asked("borders-own")[lang])
    return Item(
        "neighbours",
        lang,
        f"borders:{country.id}:{other.id}",
        "fact",
        claims("borders", lang, frames, lambda place: fields, own),
        (conclusion(said, true, lang),),
        check_conclusion(fact.check.require, true, lang, forbid),
        SOURCE,
        0.3,
    )


def border_pairs(lang: Lang) -> Iterator[tuple[Country, Country]]:
    """Every true pair of neighbours, each followed by a false one of the same country; islands have one."""
    everyone = countries(lang)
    by_id = {country.id: country for country in everyone}
    mainland = [country for country in everyone if country.border]
    for country in mainland:
        far = [c for c in mainland if c.id != country.id and c.id not in country.border]
        near = [by_id[name] for name in country.border if name in by_id]
        for place_in_list, other in enumerate(near):
            yield country, other
            yield country, far[(place_in_list * 5 + ord(country.id[0])) % len(far)]
    for index, country in enumerate(everyone):
        if country.island:
            yield country, mainland[index * 5 % len(mainland)]
