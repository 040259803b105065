"""The 33 countries of Latin America and the Caribbean, and the grammar around their names.

The facts stand in data/countries.toml, which names their source.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.phrasing import read

SOURCE = "mledoze/countries, countries.json (ODbL 1.0), https://github.com/mledoze/countries"
LANGS: tuple[Lang, ...] = ("es", "pt")
_PT_OF = {"": "de ", "o": "do ", "a": "da ", "os": "dos ", "as": "das "}
_PT_IN = {"": "em ", "o": "no ", "a": "na ", "os": "nos ", "as": "nas "}


@dataclass(frozen=True, slots=True)
class Place:
    """A country's name with what grammar puts around it.

    name   without article ("Bahamas")
    the    with its article ("las Bahamas", "o Brasil")
    of     after the preposition de ("de las Bahamas", "do Brasil")
    within after en/em ("en las Bahamas", "no Brasil")
    loose  Spanish: de with an optional article "el" ("del Perú"), or ""
    plural the verb agrees in the plural ("las Bahamas limitan")
    """

    name: str
    the: str
    of: str
    within: str
    loose: str = ""
    plural: bool = False


@dataclass(frozen=True, slots=True)
class Country:
    """What we teach about a country, in one language.

    id         ISO 3166 two-letter code, lower case
    capital    and capital_or: the name we give and the others we accept
    city       the capital as a sentence puts it ("a Cidade do México")
    also       other names of the country, used in questions and accepted
    currency   and currency_or, likewise; currency_also: a second legal currency or ""
    languages  in the order they are listed
    border     ids of the land neighbours, may include those outside the 33
    island     "island", "islands" or "" for a country with land borders
    region     accepted names of its part of America, ours first
    demonym    how a man from there is called, or ""
    """

    id: str
    place: Place
    capital: str
    capital_or: tuple[str, ...]
    city: str
    also: tuple[str, ...]
    currency: str
    currency_or: tuple[str, ...]
    currency_also: str
    languages: tuple[str, ...]
    border: tuple[str, ...]
    island: str
    region: tuple[str, ...]
    demonym: str


def place(lang: Lang, name: str, article: str, loose: str = "") -> Place:
    """The name with its article and contractions ("do Brasil", "de las Bahamas")."""
    the = f"{article} {name}".strip()
    of = f"de {the}" if lang == "es" else _PT_OF[article] + name
    within = f"en {the}" if lang == "es" else _PT_IN[article] + name
    loosely = f"d{loose} {name}" if loose else ""
    return Place(name, the, of, within, loosely, plural=article in ("las", "as", "os"))


@cache
def countries(lang: Lang) -> tuple[Country, ...]:
    """The 33 countries in the data file's order."""
    made = []
    table = read("countries.toml")
    for row in table["country"]:
        words = row[lang]
        made.append(
            Country(
                id=row["id"],
                place=place(lang, words["name"], words["article"], words["loose"]),
                capital=words["capital"],
                capital_or=tuple(words["capital_or"]),
                city=("a " if words["capital"].startswith("Cidade") else "") + words["capital"],
                also=tuple(words.get("also", ())),
                currency=words["currency"],
                currency_or=tuple(words["currency_or"]),
                currency_also=words.get("currency_also", ""),
                languages=tuple(words["languages"]),
                border=tuple(row["border"]),
                island=row["island"],
                region=tuple(table["region"][row["region"]][lang]),
                demonym=words.get("demonym", ""),
            )
        )
    return tuple(made)


@cache
def places(lang: Lang) -> dict[str, Place]:
    """Every place that can be a neighbour, by id."""
    found = {country.id: country.place for country in countries(lang)}
    for name, words in read("countries.toml")["outside"].items():
        found[name] = place(lang, words[lang], words[f"{lang}_article"])
    return found


def fields_of(spot: Place) -> dict[str, str]:
    """What templates may say of a place."""
    return {"name": spot.name, "the": spot.the, "of": spot.of, "within": spot.within}


def others_than(country: Country, lang: Lang) -> tuple[Country, ...]:
    """The other countries but Bolivia (it has two cities), beginning after this one."""
    everyone = countries(lang)
    at = everyone.index(country)
    return tuple(other for other in (*everyone[at + 1 :], *everyone[:at]) if other.id != "bo")


def agree(template: str, plural: bool) -> str:
    """Put the verb whose subject is {the} in the plural ("limitan las Bahamas")."""
    if not plural:
        return template
    for one, many in (
        ("limita {the}", "limitan {the}"),
        ("tiene frontera {the}", "tienen frontera {the}"),
        ("comparte frontera {the}", "comparten frontera {the}"),
        ("capital tiene {the}", "capital tienen {the}"),
        ("capital tem {the}", "capital têm {the}"),
        ("moneda tiene {the}", "moneda tienen {the}"),
        ("moeda tem {the}", "moeda têm {the}"),
        ("{The} qué capital tiene", "{The} qué capital tienen"),
        ("{The} tem", "{The} têm"),
        ("está {the}", "están {the}"),
        ("queda {the}", "quedan {the}"),
        ("{The} está", "{The} están"),
        ("pertenece {the}", "pertenecen {the}"),
        ("{The} en qué continente está", "{The} en qué continente están"),
        ("fica {the}", "ficam {the}"),
        ("{The} fica", "{The} ficam"),
        ("pertence {the}", "pertencem {the}"),
        ("{the} limita", "{the} limitan"),
        ("{the} faz", "{the} fazem"),
        ("{the} tem", "{the} têm"),
        ("{the} compartilha", "{the} compartilham"),
    ):
        template = template.replace(one, many)
    return template
