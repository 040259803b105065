"""Capitals, currencies, languages, neighbours, regions and demonyms of Latin America and the Caribbean.

The facts stand in data/countries.toml, which names their source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask, first_upper, listing, read
from latam_edge.cartilla.verdict import check, check_conclusion, claims, conclusion, judged

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
def _places(lang: Lang) -> dict[str, Place]:
    """Every place that can be a neighbour, by id."""
    found = {country.id: country.place for country in countries(lang)}
    for name, words in read("countries.toml")["outside"].items():
        found[name] = place(lang, words[lang], words[f"{lang}_article"])
    return found


def _fields(spot: Place) -> dict[str, str]:
    return {"name": spot.name, "the": spot.the, "of": spot.of, "within": spot.within}


# The first CAPITAL_WRAP templates open with a question word and are also asked indirectly.
CAPITAL_WRAP = 6
CAPITAL: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cuál es la capital {of}?",
        "¿Qué ciudad es la capital {of}?",
        "¿Cómo se llama la capital {of}?",
        "¿Cuál es la ciudad capital {of}?",
        "¿Cuál es el nombre de la capital {of}?",
        "¿Qué capital tiene {the}?",
        "¿Cuál es la capital de {name}?",
        "capital {of}",
        "¿Capital {of}?",
        "capital {name}",
        "La capital {of} es...",
        "¿La capital {of} cuál es?",
        "¿En qué ciudad está el gobierno {of}?",
        "Nombra la capital {of}.",
        "Dime la capital {of}.",
        "¿Sabes la capital {of}?",
        "¿Conoces la capital {of}?",
        "Quisiera saber la capital {of}.",
        "Necesito saber la capital {of}.",
        "Escribe la capital {of}.",
        "nombre de la capital {of}",
        "Completa: la capital {of} es ___.",
        "¿Y la capital {of}?",
        "Para mi tarea, ¿cuál es la capital {of}?",
        "En geografía, ¿cuál es la capital {of}?",
        "{name}, capital",
        "¿Me dices la capital {of}?",
        "¿Cuál ciudad es la capital {of}?",
        "No recuerdo la capital {of}. ¿Cuál es?",
        "¿Cuál es la capital del país {name}?",
        "Estoy estudiando las capitales. ¿Cuál es la {of}?",
        "¿Qué ciudad es capital {of}?",
        "Me preguntaron la capital {of}. ¿Cuál es?",
        "¿Cuál sería la capital {of}?",
        "Hablando {of}, ¿cuál es su capital?",
        "{The}: ¿cuál es su capital?",
        "¿Podrías decirme la capital {of}?",
        "¿Me puedes decir la capital {of}?",
        "ciudad capital {of}",
        "¿Me ayudas con la capital {of}?",
        "Necesito la capital {of}.",
        "¿Cuál era la capital {of}?",
        "¿Qué ciudad es la capital de {name}?",
        "¿{The} qué capital tiene?",
        "{name}: capital",
        "¿Cómo se llama la ciudad capital {of}?",
        "¿Recuerdas la capital {of}?",
        "Quiero la capital {of}.",
        "Busco la capital {of}.",
        "La capital de {name}, ¿cuál es?",
        "¿Cuál es la sede del gobierno {of}?",
    ),
    "pt": (
        "Qual é a capital {of}?",
        "Que cidade é a capital {of}?",
        "Como se chama a capital {of}?",
        "Qual é a cidade capital {of}?",
        "Qual é o nome da capital {of}?",
        "Que capital tem {the}?",
        "Qual a capital {of}?",
        "capital {of}",
        "Capital {of}?",
        "capital {name}",
        "A capital {of} é...",
        "A capital {of} é qual?",
        "Em que cidade fica o governo {of}?",
        "Cite a capital {of}.",
        "Me diga a capital {of}.",
        "Você sabe a capital {of}?",
        "Você conhece a capital {of}?",
        "Gostaria de saber a capital {of}.",
        "Preciso saber a capital {of}.",
        "Escreva a capital {of}.",
        "nome da capital {of}",
        "Complete: a capital {of} é ___.",
        "E a capital {of}?",
        "Para a minha tarefa, qual é a capital {of}?",
        "Em geografia, qual é a capital {of}?",
        "{name}, capital",
        "Me fala a capital {of}?",
        "Qual cidade é a capital {of}?",
        "Não lembro a capital {of}. Qual é?",
        "Qual é a capital do país {name}?",
        "Estou estudando as capitais. Qual é a {of}?",
        "Que cidade é capital {of}?",
        "Me perguntaram a capital {of}. Qual é?",
        "Qual seria a capital {of}?",
        "Falando {of}, qual é a capital?",
        "{The}: qual é a capital?",
        "Poderia me dizer a capital {of}?",
        "Você pode me dizer a capital {of}?",
        "Qual é mesmo a capital {of}?",
        "cidade capital {of}",
        "Me ajuda com a capital {of}?",
        "Preciso da capital {of}.",
        "Qual era a capital {of}?",
        "{The} tem qual capital?",
        "{name}: capital",
        "Como se chama a cidade capital {of}?",
        "Você lembra a capital {of}?",
        "Quero a capital {of}.",
        "Procuro a capital {of}.",
        "A capital {of}, qual é?",
        "Qual é a sede do governo {of}?",
    ),
}
CAPITAL_LOOSE = ("¿Cuál es la capital {loose}?", "capital {loose}", "Dime la capital {loose}.")

CAPITAL_OF_WRAP = 5
CAPITAL_OF: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿De qué país es capital {city}?",
        "¿De qué país es la capital {city}?",
        "¿Qué país tiene como capital {city}?",
        "¿Cuál es el país cuya capital es {city}?",
        "¿Qué país tiene por capital {city}?",
        "{city} es la capital de...",
        "¿{city} es la capital de qué país?",
        "¿{city} de qué país es capital?",
        "{city}, ¿de qué país es la capital?",
        "Dime el país cuya capital es {city}.",
        "Completa: {city} es la capital de ___.",
        "país con capital {city}",
        "{city} capital de qué país",
        "La ciudad de {city}, ¿de qué país es capital?",
        "¿A qué país pertenece la capital {city}?",
        "Si la capital es {city}, ¿cuál es el país?",
        "Nombra el país que tiene como capital {city}.",
    ),
    "pt": (
        "De que país {city} é a capital?",
        "De qual país {city} é a capital?",
        "Que país tem como capital {city}?",
        "Qual é o país cuja capital é {city}?",
        "Qual país tem {city} como capital?",
        "{city} é a capital de...",
        "{city} é a capital de que país?",
        "{city} é capital de qual país?",
        "{city}: é a capital de que país?",
        "Me diga o país cuja capital é {city}.",
        "Complete: {city} é a capital de ___.",
        "país com capital {city}",
        "{city} capital de que país",
        "A cidade de {city} é a capital de que país?",
        "A que país pertence a capital {city}?",
        "Se a capital é {city}, qual é o país?",
        "Cite o país que tem {city} como capital.",
    ),
}

IS_CAPITAL: dict[Lang, tuple[str, ...]] = {
    "es": ("la capital {of} es {city}", "{city} es la capital {of}"),
    "pt": ("a capital {of} é {city}", "{city} é a capital {of}"),
}
IS_CAPITAL_OWN: dict[Lang, tuple[str, ...]] = {
    "es": ("¿Es {city} la capital {of}?", "¿Es la capital {of} {city}?"),
    "pt": ("É {city} a capital {of}?", "É {city} a cidade capital {of}?"),
}

WHICH_CAPITAL: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿La capital {of} es {one} o {two}?",
        "¿Cuál es la capital {of}: {one} o {two}?",
        "¿Cuál es la capital {of}, {one} o {two}?",
        "¿{one} o {two} es la capital {of}?",
        "¿Cuál de las dos es la capital {of}: {one} o {two}?",
        "Capital {of}: ¿{one} o {two}?",
        "Dime si la capital {of} es {one} o {two}.",
        "No sé si la capital {of} es {one} o {two}.",
        "¿Qué ciudad es la capital {of}, {one} o {two}?",
        "Elige: la capital {of} es a) {one} b) {two}.",
        "¿Sabes si la capital {of} es {one} o {two}?",
    ),
    "pt": (
        "A capital {of} é {one} ou {two}?",
        "Qual é a capital {of}: {one} ou {two}?",
        "Qual é a capital {of}, {one} ou {two}?",
        "É {one} ou {two} a capital {of}?",
        "Qual das duas é a capital {of}: {one} ou {two}?",
        "Capital {of}: {one} ou {two}?",
        "Me diga se a capital {of} é {one} ou {two}.",
        "Não sei se a capital {of} é {one} ou {two}.",
        "Que cidade é a capital {of}, {one} ou {two}?",
        "Escolha: a capital {of} é a) {one} b) {two}.",
        "Você sabe se a capital {of} é {one} ou {two}?",
    ),
}

CURRENCY_WRAP = 6
CURRENCY: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cuál es la moneda {of}?",
        "¿Qué moneda se usa {within}?",
        "¿Cómo se llama la moneda {of}?",
        "¿Con qué moneda se paga {within}?",
        "¿Cuál es la moneda oficial {of}?",
        "¿Qué dinero se usa {within}?",
        "moneda {of}",
        "¿Moneda {of}?",
        "La moneda {of} es...",
        "Dime la moneda {of}.",
        "¿Sabes la moneda {of}?",
        "Quisiera saber la moneda {of}.",
        "Nombra la moneda {of}.",
        "Completa: la moneda {of} es ___.",
        "moneda {name}",
        "¿Qué moneda tiene {the}?",
        "Voy a viajar. ¿Qué moneda usan {within}?",
        "¿Qué moneda usan {within}?",
        "nombre de la moneda {of}",
        "¿Cuál es la moneda de {name}?",
        "¿Y la moneda {of}?",
        "¿En qué moneda se compra {within}?",
    ),
    "pt": (
        "Qual é a moeda {of}?",
        "Que moeda se usa {within}?",
        "Como se chama a moeda {of}?",
        "Com que moeda se paga {within}?",
        "Qual é a moeda oficial {of}?",
        "Que dinheiro se usa {within}?",
        "moeda {of}",
        "Moeda {of}?",
        "A moeda {of} é...",
        "Me diga a moeda {of}.",
        "Você sabe a moeda {of}?",
        "Gostaria de saber a moeda {of}.",
        "Cite a moeda {of}.",
        "Complete: a moeda {of} é ___.",
        "moeda {name}",
        "Qual moeda tem {the}?",
        "Vou viajar. Que moeda usam {within}?",
        "Qual moeda é usada {within}?",
        "nome da moeda {of}",
        "Qual a moeda {of}?",
        "E a moeda {of}?",
        "Em que moeda se compra {within}?",
    ),
}

IS_CURRENCY: dict[Lang, tuple[str, ...]] = {
    "es": ("la moneda {of} es el {money}", "{within} se usa el {money}"),
    "pt": ("a moeda {of} é o {money}", "{within} se usa o {money}"),
}

LANGUAGE_WRAP = 6
LANGUAGE: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Qué idioma se habla {within}?",
        "¿Cuál es el idioma {of}?",
        "¿Qué lengua se habla {within}?",
        "¿Cuál es el idioma oficial {of}?",
        "¿Qué idiomas se hablan {within}?",
        "¿Qué idioma hablan {within}?",
        "idioma {of}",
        "idioma oficial {of}",
        "¿Idioma {of}?",
        "Dime el idioma {of}.",
        "¿Sabes el idioma {of}?",
        "Quisiera saber el idioma {of}.",
        "lengua {of}",
        "idioma {name}",
        "¿En qué idioma habla la gente {within}?",
        "¿Qué lenguas se hablan {within}?",
        "¿Cómo habla la gente {within}?",
        "Completa: {within} se habla ___.",
        "¿Cuáles son los idiomas {of}?",
        "Voy a viajar. ¿Qué idioma se habla {within}?",
        "¿Y {within} qué idioma se habla?",
    ),
    "pt": (
        "Que idioma se fala {within}?",
        "Qual é o idioma {of}?",
        "Que língua se fala {within}?",
        "Qual é o idioma oficial {of}?",
        "Quais idiomas são falados {within}?",
        "Que língua falam {within}?",
        "idioma {of}",
        "língua oficial {of}",
        "Idioma {of}?",
        "Me diga o idioma {of}.",
        "Você sabe o idioma {of}?",
        "Gostaria de saber o idioma {of}.",
        "língua {of}",
        "idioma {name}",
        "Em que idioma as pessoas falam {within}?",
        "Que línguas são faladas {within}?",
        "Qual é a língua {of}?",
        "Complete: {within} se fala ___.",
        "Quais são os idiomas {of}?",
        "Vou viajar. Que língua se fala {within}?",
        "E {within}, que idioma se fala?",
    ),
}

IS_SPOKEN: dict[Lang, tuple[str, ...]] = {
    "es": ("el idioma oficial {of} es el {tongue}", "{within} el idioma oficial es el {tongue}"),
    "pt": ("o idioma oficial {of} é o {tongue}", "{within} a língua oficial é o {tongue}"),
}

NEIGHBOUR_WRAP = 6
NEIGHBOUR: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Con qué países limita {the}?",
        "¿Qué países limitan con {the}?",
        "¿Cuáles son los países vecinos {of}?",
        "¿Qué países rodean a {the}?",
        "¿Qué países tienen frontera con {the}?",
        "¿Cuáles son los vecinos {of}?",
        "países vecinos {of}",
        "fronteras {of}",
        "límites {of}",
        "Dime los países vecinos {of}.",
        "Nombra los países que limitan con {the}.",
        "¿Sabes los vecinos {of}?",
        "¿Con quién limita {the}?",
        "Quisiera saber las fronteras {of}.",
        "¿Con qué países tiene frontera {the}?",
        "¿Qué países están al lado {of}?",
        "Completa: {the} limita con ___.",
        "{the} limita con",
        "¿Cuáles son los límites {of}?",
        "¿Con qué países comparte frontera {the}?",
    ),
    "pt": (
        "Com quais países {the} faz fronteira?",
        "Que países fazem fronteira com {the}?",
        "Quais são os países vizinhos {of}?",
        "Quais países ficam em volta {of}?",
        "Quais países têm fronteira com {the}?",
        "Quais são os vizinhos {of}?",
        "países vizinhos {of}",
        "fronteiras {of}",
        "limites {of}",
        "Me diga os países vizinhos {of}.",
        "Cite os países que fazem fronteira com {the}.",
        "Você sabe os vizinhos {of}?",
        "Com quem {the} faz fronteira?",
        "Gostaria de saber as fronteiras {of}.",
        "Com que países {the} tem fronteira?",
        "Que países ficam ao lado {of}?",
        "Complete: {the} faz fronteira com ___.",
        "{the} faz fronteira com",
        "Quais são os limites {of}?",
        "Com quais países {the} compartilha fronteira?",
    ),
}

BORDERS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "{the} limita con {other}",
        "{the} tiene frontera con {other}",
        "{the} está al lado de {other}",
    ),
    "pt": (
        "{the} faz fronteira com {other}",
        "{the} tem fronteira com {other}",
        "{the} fica ao lado {other_of}",
    ),
}
BORDERS_OWN: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Limita {the} con {other}?",
        "¿Es {the} un país vecino de {other}?",
        "¿Hay frontera entre {the} y {other}?",
        "¿{The} y {other} son vecinos?",
        "¿{The} y {other} son países vecinos?",
        "¿{The} y {other} tienen frontera?",
        "¿Está {the} al lado de {other}?",
        "¿{The} queda al lado de {other}?",
        "¿{The} está junto a {other}?",
        "¿Son vecinos {the} y {other}?",
        "¿Tiene {the} frontera con {other}?",
        "¿Comparten frontera {the} y {other}?",
        "¿Existe una frontera entre {the} y {other}?",
    ),
    "pt": (
        "Existe fronteira entre {the} e {other}?",
        "{The} e {other} são vizinhos?",
        "{The} e {other} são países vizinhos?",
        "Há fronteira entre {the} e {other}?",
        "{The} é um país vizinho {other_of}?",
        "{The} é vizinho {other_of}?",
        "{The} e {other} têm fronteira?",
        "{The} está ao lado {other_of}?",
        "{The} faz divisa com {other}?",
        "{The} fica do lado {other_of}?",
        "São vizinhos {the} e {other}?",
        "{The} e {other} compartilham fronteira?",
        "Tem fronteira entre {the} e {other}?",
    ),
}


REGION_WRAP = 4
REGION: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Dónde está {the}?",
        "¿En qué continente está {the}?",
        "¿En qué parte de América está {the}?",
        "¿Dónde queda {the}?",
        "continente {of}",
        "ubicación {of}",
        "¿{The} en qué continente está?",
        "¿En qué región está {the}?",
        "¿En qué parte del mundo queda {the}?",
        "Dime dónde queda {the}.",
        "¿Sabes dónde está {the}?",
        "{The} está en...",
        "¿A qué continente pertenece {the}?",
        "¿Dónde se encuentra {the}?",
        "¿Dónde se ubica {the}?",
        "¿En qué lugar del mundo está {the}?",
        "¿En qué zona de América queda {the}?",
        "región {of}",
        "¿{The} dónde está?",
    ),
    "pt": (
        "Onde fica {the}?",
        "Em que continente fica {the}?",
        "Em que parte da América fica {the}?",
        "Qual é a localização {of}?",
        "continente {of}",
        "localização {of}",
        "{The} fica em que continente?",
        "Em que região fica {the}?",
        "Em que parte do mundo fica {the}?",
        "Me diga onde fica {the}.",
        "Você sabe onde fica {the}?",
        "{The} fica em...",
        "A que continente pertence {the}?",
        "Onde se encontra {the}?",
        "Onde está {the}?",
        "Em que lugar do mundo fica {the}?",
        "Em que zona da América fica {the}?",
        "região {of}",
        "{The} fica onde?",
    ),
}

IS_IN: dict[Lang, tuple[str, ...]] = {
    "es": ("{the} está en {region}", "{the} queda en {region}"),
    "pt": ("{the} fica {region}", "{the} está {region}"),
}

DEMONYM_WRAP = 4
DEMONYM: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cómo se llama una persona {of}?",
        "¿Cuál es el gentilicio {of}?",
        "¿Cómo se le dice a la gente {of}?",
        "¿Qué nacionalidad tiene una persona {of}?",
        "gentilicio {of}",
        "¿Gentilicio {of}?",
        "nacionalidad {of}",
        "Dime el gentilicio {of}.",
        "¿Cómo se dice a alguien que nació {within}?",
        "Alguien que nació {within} es...",
        "¿Cómo se llaman los habitantes {of}?",
        "Escribe el gentilicio {of}.",
        "Si nací {within}, ¿qué soy?",
        "Nací {within}. ¿Qué soy?",
        "¿Qué soy si nací {within}?",
        "Si soy {of}, ¿qué nacionalidad tengo?",
        "Soy {of}. ¿Cuál es mi gentilicio?",
        "¿Cuál es mi nacionalidad si nací {within}?",
        "Si alguien nació {within}, ¿qué es?",
        "Mi amiga nació {within}. ¿Qué es?",
        "Mi amiga es {of}. ¿Cuál es su nacionalidad?",
        "¿Qué nacionalidad tiene quien nace {within}?",
        "¿Qué es una persona que nació {within}?",
        "¿Cómo se le dice a quien nace {within}?",
        "¿Qué es la gente {of}?",
        "gente {of}",
        "¿Qué gentilicio corresponde a {the}?",
        "Nombra el gentilicio {of}.",
        "¿Sabes el gentilicio {of}?",
    ),
    "pt": (
        "Como se chama uma pessoa {of}?",
        "Qual é o gentílico {of}?",
        "Como se chama quem nasce {within}?",
        "Que nacionalidade tem uma pessoa {of}?",
        "gentílico {of}",
        "Gentílico {of}?",
        "nacionalidade {of}",
        "Me diga o gentílico {of}.",
        "Quem nasce {within} é o quê?",
        "Quem nasceu {within} é...",
        "Como se chamam os habitantes {of}?",
        "Escreva o gentílico {of}.",
        "Se nasci {within}, o que eu sou?",
        "Nasci {within}. O que eu sou?",
        "O que eu sou se nasci {within}?",
        "Se eu sou {of}, qual é a minha nacionalidade?",
        "Sou {of}. Qual é o meu gentílico?",
        "Qual é a minha nacionalidade se nasci {within}?",
        "Se alguém nasceu {within}, o que é?",
        "Minha amiga nasceu {within}. O que ela é?",
        "Minha amiga é {of}. Qual é a nacionalidade dela?",
        "Que nacionalidade tem quem nasce {within}?",
        "O que é uma pessoa que nasceu {within}?",
        "Como se diz de quem nasce {within}?",
        "O que são as pessoas {of}?",
        "pessoas {of}",
        "Que gentílico corresponde a quem vem {of}?",
        "Cite o gentílico {of}.",
        "Você sabe o gentílico {of}?",
    ),
}


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
    fields = _fields(country.place) | {"The": first_upper(country.place.the)}
    questions = ask(
        "capital",
        [_agree(text, country.place.plural) for text in CAPITAL[lang]],
        lang,
        CAPITAL_WRAP,
        **fields,
    )
    if country.place.loose:
        questions += ask("capital-loose", CAPITAL_LOOSE, lang, loose=country.place.loose)
    for alias in country.also:
        questions += ask("capital-also", (CAPITAL[lang][0], *CAPITAL[lang][7:9]), lang, of=f"de {alias}")
    require: tuple[tuple[str, ...], ...] = (_accepted(country),)
    if country.id == "bo":
        questions += ask(
            "seat",
            (
                ("¿Cuál es la sede de gobierno de Bolivia?", "¿Cuáles son las capitales de Bolivia?")
                if lang == "es"
                else ("Qual é a sede do governo da Bolívia?", "Quais são as capitais da Bolívia?")
            ),
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
    templates = CAPITAL_OF[lang]
    if country.capital.startswith(("Ciudad", "Cidade")):  # no "la ciudad de Ciudad de ..."
        templates = tuple(
            text for text in templates if "ciudad de {" not in text and "cidade de {" not in text
        )
    questions = ask("capital-of", templates, lang, CAPITAL_OF_WRAP, city=country.city)
    key = f"capital-of:{country.id}"
    named = (country.place.name, *country.also)
    return Item("capitals", lang, key, "fact", questions, (answer,), Check((named,)), SOURCE, 1.5)


def _others(country: Country, lang: Lang) -> tuple[Country, ...]:
    """The other countries but Bolivia (it has two cities), beginning after this one."""
    everyone = countries(lang)
    at = everyone.index(country)
    return tuple(other for other in (*everyone[at + 1 :], *everyone[:at]) if other.id != "bo")


def is_capital(country: Country, true: bool, lang: Lang) -> Item:
    """Is Y the capital of X? In a false claim every template names the capital of another country.

    Of Bolivia two cities can be claimed with some right: the answer says what each is, without a verdict.
    """
    others = _others(country, lang)
    fact = _capital_answer(country, lang)
    shared = country.id == "bo" and true

    def fields(place: int) -> dict[str, str]:
        if not true:
            city = others[(place * 5 + 2) % len(others)].city
        else:
            city = "La Paz" if shared and place % 2 else country.city
        return {"city": city, "of": country.place.of}

    frames, own = IS_CAPITAL[lang], IS_CAPITAL_OWN[lang]
    questions, replies = judged("is-capital", lang, frames, fields, fact, true, "{city}", own)
    right = check((_accepted(country),), true, lang)
    if shared:
        replies, right = {}, Check((_accepted(country), ("La Paz",)))
    answers = tuple(dict.fromkeys(replies.values())) or (fact,)
    key = f"is-capital:{country.id}:{'yes' if true else 'no'}"
    return Item("capitals", lang, key, "fact", questions, answers, right, SOURCE, 2.0, replies)


def which_capital(country: Country, lang: Lang) -> Item:
    """Is the capital of X this city or that one? The answer is the fact; the other city may not be in it."""
    others = _others(country, lang)
    questions = []
    for place, template in enumerate(WHICH_CAPITAL[lang], start=1):
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
        [_agree(text, country.place.plural) for text in CURRENCY[lang]],
        lang,
        CURRENCY_WRAP,
        **_fields(country.place),
    )
    if country.place.loose:
        questions += ask("currency-loose", ("¿Cuál es la moneda {loose}?",), lang, loose=country.place.loose)
    right = Check(((name, *country.currency_or),))
    return Item("currencies", lang, f"currency:{country.id}", "fact", questions, (answer,), right, SOURCE)


def is_currency(country: Country, true: bool, lang: Lang) -> Item:
    """Is this the money of X? In a false claim every template names the money of another country."""
    fact = currency(country, lang)
    own = {country.currency, country.currency_also, *country.currency_or}
    others = [other.currency for other in _others(country, lang) if other.currency not in own]
    spot = country.place

    def fields(place: int) -> dict[str, str]:
        money = country.currency if true else others[(place * 5 + 2) % len(others)]
        return {"of": spot.of, "within": spot.within, "money": money}

    the = "el" if lang == "es" else "o"
    said, frames = fact.answers[0], IS_CURRENCY[lang]
    questions, replies = judged("is-currency", lang, frames, fields, said, true, the + " {money}")
    answers = tuple(dict.fromkeys(replies.values()))
    key = f"is-currency:{country.id}:{'yes' if true else 'no'}"
    right = check(fact.check.require, true, lang)
    return Item("currencies", lang, key, "fact", questions, answers, right, SOURCE, 0.5, replies)


def language(country: Country, lang: Lang) -> Item:
    """Which languages are spoken in X?"""
    spoken = listing(country.languages, lang)
    within = first_upper(country.place.within)
    many = len(country.languages) > 1
    if lang == "es":
        answer = f"{within} se {'hablan' if many else 'habla'} {spoken}."
    else:
        answer = f"{within}, {'falam' if many else 'fala'}-se {spoken}."
    questions = ask("language", LANGUAGE[lang], lang, LANGUAGE_WRAP, **_fields(country.place))
    if country.place.loose:
        questions += ask(
            "language-loose", ("¿Qué idioma se habla en el {name}?",), lang, name=country.place.name
        )
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

    the = "el" if lang == "es" else "o"
    said, frames = fact.answers[0], IS_SPOKEN[lang]
    questions, replies = judged("is-spoken", lang, frames, fields, said, true, the + " {tongue}")
    answers = tuple(dict.fromkeys(replies.values()))
    key = f"is-spoken:{country.id}:{'yes' if true else 'no'}"
    right = check(fact.check.require, true, lang)
    return Item("languages", lang, key, "fact", questions, answers, right, SOURCE, 0.5, replies)


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


def neighbours(country: Country, lang: Lang) -> Item:
    """Which countries share a land border with X?"""
    spot, places = country.place, _places(lang)
    near = [places[name] for name in country.border]
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
    templates = tuple(_agree(text, spot.plural) for text in NEIGHBOUR[lang])
    questions = ask("neighbour", templates, lang, NEIGHBOUR_WRAP, **_fields(spot))
    return Item("neighbours", lang, f"neighbours:{country.id}", "fact", questions, (answer,), right, SOURCE)


def _agree(template: str, plural: bool) -> str:
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
    templates = tuple(_agree(text, spot.plural) for text in REGION[lang])
    questions = ask("region", templates, lang, REGION_WRAP, **(_fields(spot) | {"The": the}))
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

    frames = tuple(_agree(text, spot.plural) for text in IS_IN[lang])
    echo = "en {region}" if lang == "es" else "{region}"
    questions, replies = judged("is-in", lang, frames, fields, fact.answers[0], true, echo)
    answers = tuple(dict.fromkeys(replies.values()))
    key = f"is-in:{country.id}:{'yes' if true else 'no'}"
    right = check(fact.check.require, true, lang)
    return Item("regions", lang, key, "fact", questions, answers, right, SOURCE, 0.5, replies)


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
    questions = ask("demonym", DEMONYM[lang], lang, DEMONYM_WRAP, **_fields(country.place))
    accepted = tuple(dict.fromkeys((woman, word, f"{word}s", f"{woman}s", f"{word}es")))
    right = Check((accepted,))
    return Item("demonyms", lang, f"demonym:{country.id}", "fact", questions, (answer,), right)


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
    frames = tuple(_agree(text, spot.plural) for text in BORDERS[lang])
    own = tuple(_agree(text, spot.plural) for text in BORDERS_OWN[lang])
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


def _border_pairs(lang: Lang) -> Iterator[tuple[Country, Country]]:
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
        seen: set[tuple[str, str]] = set()
        for country, other in _border_pairs(lang):
            if (country.id, other.id) not in seen:
                seen.add((country.id, other.id))
                yield borders(country, other, lang)


FOLLOW_UPS: dict[str, dict[Lang, tuple[str, ...]]] = {
    "capital": {
        "es": ("¿Y la {of}?", "¿y {the}?", "¿Y la capital {of}?", "¿Y cuál es la {of}?", "y la {of}"),
        "pt": ("E a {of}?", "e {the}?", "E a capital {of}?", "E qual é a {of}?", "e a {of}"),
    },
    "currency": {
        "es": ("¿Y la {of}?", "¿Y {within}?", "¿Y la moneda {of}?", "¿Y {the}?"),
        "pt": ("E a {of}?", "E {within}?", "E a moeda {of}?", "E {the}?"),
    },
    "language": {
        "es": ("¿Y {within}?", "¿Y el {of}?", "¿Y {within} qué se habla?"),
        "pt": ("E {within}?", "E o {of}?", "E {within}, o que se fala?"),
    },
    "neighbours": {
        "es": ("¿Y {the}?", "¿Y los {of}?", "¿Y los vecinos {of}?"),
        "pt": ("E {the}?", "E os {of}?", "E os vizinhos {of}?"),
    },
}
SAME_COUNTRY: dict[Lang, tuple[str, ...]] = {
    "es": ("¿Y su moneda?", "¿Y la moneda?", "¿Y qué moneda usan?"),
    "pt": ("E a moeda?", "E a moeda de lá?", "E que moeda usam?"),
}
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
            texts = FOLLOW_UPS[name][lang]
            strides = _STRIDES if name == "capital" else _STRIDES[:3]
            for index in range(len(made)):
                for turn, stride in enumerate(strides):
                    other = (index + stride) % len(made)
                    text = texts[(index + turn) % len(texts)].format(**_fields(everyone[other].place))
                    yield made[index], made[other], text
        for index, country in enumerate(everyone):
            texts = SAME_COUNTRY[lang]
            yield capital(country, lang), currency(country, lang), texts[index % len(texts)]
