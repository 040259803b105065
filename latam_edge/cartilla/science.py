"""School facts about animals, plants, the body, water, weather, the sky and materials.

Families of facts (legs, food, functions, ...) share their templates; single
facts bring their own questions. All stand in data/science.toml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from latam_edge.cartilla.claims import claims
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask, ask_family, family, first_upper, read

LANGS: tuple[Lang, ...] = ("es", "pt")
CATEGORY = "science"

_OF = {
    "es": {"el": "del ", "la": "de la ", "los": "de los ", "las": "de las "},
    "pt": {"o": "do ", "a": "da ", "os": "dos ", "as": "das "},
}

_NUMBERS: dict[Lang, dict[int, tuple[str, str]]] = {
    "es": {2: ("dos", "2"), 4: ("cuatro", "4"), 6: ("seis", "6"), 8: ("ocho", "8")},
    "pt": {2: ("duas", "2"), 4: ("quatro", "4"), 6: ("seis", "6"), 8: ("oito", "8")},
}

_MISTAKEN = {
    "mammal": "reptile", "bird": "mammal", "reptile": "insect", "amphibian": "fish", "fish": "mammal",
    "insect": "bird", "arachnid": "insect",
}  # fmt: skip
"""The class a child may confuse an animal's class with, for the questions answered by no."""

_MISTAKEN_ANIMAL = {
    "ballena": "fish", "delfín": "fish", "murciélago": "bird", "pingüino": "fish",
    "serpiente": "amphibian", "tortuga": "amphibian",
}  # fmt: skip

_VERBS: dict[Lang, dict[bool, dict[str, str]]] = {
    "es": {
        False: {"sirve": "sirve", "tiene": "tiene", "hace": "hace"},
        True: {"sirve": "sirven", "tiene": "tienen", "hace": "hacen"},
    },
    "pt": {
        False: {"sirve": "serve", "tiene": "tem", "hace": "faz"},
        True: {"sirve": "servem", "tiene": "têm", "hace": "fazem"},
    },
}


@dataclass(frozen=True, slots=True)
class Animal:
    """An animal in one language.

    id     the Spanish name without article: the key in both languages
    the    with its article ("la vaca")
    legs   None: not asked
    kind   id of its class ("mammal")
    food   accepted answers, ours first; empty: not asked
    """

    id: str
    the: str
    legs: int | None
    kind: str
    food: tuple[str, ...]


@cache
def _data() -> dict[str, Any]:
    return read("science.toml")


def _rows(text: str) -> Iterator[list[str]]:
    for line in text.split("\n"):
        if line.strip():
            yield line.strip().split("|")


def _ask(name: str, lang: Lang, the: str, **more: str) -> tuple[tuple[str, str], ...]:
    """The family's questions about `the`, a name with or without article."""
    article, _, noun = the.partition(" ")
    known = _OF[lang].get(article)
    of = known + noun if known and noun else f"de {the}"
    some = {"el": "un", "la": "una", "o": "um", "a": "uma"}.get(article, "")
    plural = bool(noun) and article.endswith("s") and known is not None
    fields = {
        "the": the,
        "The": first_upper(the),
        "of": of,
        "a": f"{some} {noun}",
        "A": f"{first_upper(some)} {noun}",
        "a_the": "al " + noun if article == "el" else f"a {the}",
    }
    return ask_family(CATEGORY, name, lang, **fields, **_VERBS[lang][plural], **more)


def _item(
    lang: Lang,
    key: str,
    questions: tuple[tuple[str, str], ...],
    answer: str,
    right: Check,
    weight: float = 1.0,
) -> Item:
    return Item(CATEGORY, lang, key, "fact", questions, (answer,), right, weight=weight)  # fmt: skip


@cache
def animals(lang: Lang) -> tuple[Animal, ...]:
    """All animals in the file's order."""
    made = []
    for spanish, portuguese, legs, kind, food_es, food_pt in _rows(_data()["animals"]):
        the, food = (spanish, food_es) if lang == "es" else (portuguese, food_pt)
        made.append(
            Animal(
                id=spanish.partition(" ")[2],
                the=the,
                legs=None if legs == "-" else int(legs),
                kind=kind,
                food=() if food == "-" else tuple(food.split("/")),
            )
        )
    return tuple(made)


def legs(animal: Animal, lang: Lang) -> Item | None:
    """How many legs does it have? None where the count is left out."""
    if animal.legs is None:
        return None
    the, spanish = first_upper(animal.the), lang == "es"
    if animal.legs:
        words = _NUMBERS[lang][animal.legs]
        answer = f"{the} tiene {words[0]} patas." if spanish else f"{the} tem {words[0]} patas."
        right = Check((words,))
    else:
        answer = f"{the} no tiene patas." if spanish else f"{the} não tem patas."
        right = Check((("no tiene patas", "não tem patas", "cero", "zero"),))
    return _item(lang, f"legs:{animal.id}", _ask("legs", lang, animal.the), answer, right)


def kind(animal: Animal, lang: Lang) -> Item:
    """Which class of animal is it?"""
    name = _data()["class"][animal.kind][lang]
    verb = "es" if lang == "es" else "é"
    answer = f"{first_upper(animal.the)} {verb} {name}."
    right = Check(((name.partition(" ")[2],),))
    return _item(lang, f"class:{animal.id}", _ask("class", lang, animal.the), answer, right)


def is_kind(animal: Animal, asked: str, lang: Lang) -> Item:
    """Is it a <class>? The answer says which it is."""
    table = _data()["class"]
    fields = {"the": animal.the, "kind": table[asked][lang], "group": _data()["group"][asked][lang]}
    frames, own = family(CATEGORY, "is-class")[lang], family(CATEGORY, "is-class-own")[lang]
    questions = claims("is-class", lang, frames, lambda place: fields, own)
    fact = kind(animal, lang)
    return _item(lang, f"is-class:{animal.id}:{asked}", questions, fact.answers[0], fact.check, 0.6)


def food(animal: Animal, lang: Lang) -> Item | None:
    """What does it eat? None where that is left out."""
    if not animal.food:
        return None
    answer = f"{first_upper(animal.the)} come {animal.food[0]}."
    return _item(lang, f"food:{animal.id}", _ask("food", lang, animal.the), answer, Check((animal.food,)))


def _things(family: str, lang: Lang) -> Iterator[Item]:
    """Rows of [things]: es thing, answer, need, pt thing, answer, need."""
    for row in _rows(_data()["things"][family]):
        name = row[0].partition(" ")[2] if " " in row[0] else row[0]
        the, answer, need = row[:3] if lang == "es" else row[3:]
        require = tuple(tuple(group.split("/")) for group in need.split(";"))
        yield _item(lang, f"{family}:{name}", _ask(family, lang, the), answer, Check(require))
        if family == "planet":
            nth = need.split("/")[0]
            named = Check(((the.rpartition(" ")[2],),))
            yield _item(lang, f"ordinal:{name}", _ask("ordinal", lang, the, nth=nth), answer, named)


def _single(fact: dict[str, Any], lang: Lang) -> Item:
    """A fact that brings its own questions."""
    own = fact[lang]
    questions = ask("fact", own["ask"], lang, len(own["ask"])) + ask("fact-short", own["short"], lang)
    require = tuple(tuple(group.split("/")) for group in own["need"])
    return _item(lang, f"fact:{fact['key']}", questions, own["answer"], Check(require), 1.5)


def _claim(fact: dict[str, Any], lang: Lang) -> Iterator[Item]:
    """A fact with what people ask about it by yes or no: one claim that holds, one that does not."""
    own = fact[lang]
    require = tuple(tuple(group.split("/")) for group in own["need"])
    for name in ("true", "false"):
        questions = claims("claim", lang, tuple(own[name]), lambda place: {})
        key = f"claim:{fact['key']}:{'yes' if name == 'true' else 'no'}"
        yield _item(lang, key, questions, own["fact"] + ".", Check(require))


def items() -> Iterator[Item]:
    """Every item: Spanish first, then Portuguese."""
    for lang in LANGS:
        for animal in animals(lang):
            for item in (legs(animal, lang), kind(animal, lang), food(animal, lang)):
                if item is not None:
                    yield item
            yield is_kind(animal, animal.kind, lang)
            yield is_kind(animal, _MISTAKEN_ANIMAL.get(animal.id, _MISTAKEN[animal.kind]), lang)
        for name in _data()["things"]:
            yield from _things(name, lang)
        for fact in _data()["fact"]:
            yield _single(fact, lang)
        for fact in _data()["claim"]:
            yield from _claim(fact, lang)


def follow_ups() -> Iterator[tuple[Item, Item, str]]:
    """(first item, second item, short second question): the same question about another animal."""
    for lang in LANGS:
        everyone = animals(lang)
        for make in (legs, kind, food):
            asked = [(animal, item) for animal in everyone if (item := make(animal, lang)) is not None]
            for index, (_, item) in enumerate(asked):
                other, second = asked[(index + 11) % len(asked)]
                yield item, second, f"¿Y {other.the}?" if lang == "es" else f"E {other.the}?"
