"""School facts about animals, plants, the body, water, weather, the sky and materials.

Families of facts (legs, food, functions, ...) share their templates; single
facts bring their own questions. All stand in data/science.toml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask, first_upper, read
from latam_edge.cartilla.verdict import check, judged

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

# Per family and language: how many of the templates open with a question word, and the templates.
TEMPLATES: dict[str, dict[Lang, tuple[int, tuple[str, ...]]]] = {
    "legs": {
        "es": (2, (
            "¿Cuántas patas tiene {the}?", "¿Cuántas patas tiene {a}?", "¿{The} cuántas patas tiene?",
            "patas {of}", "número de patas {of}", "cuántas patas {the}", "{The} tiene ___ patas.",
            "Di cuántas patas tiene {the}.", "¿Sabes el número de patas {of}?", "¿Tiene patas {the}? ¿Cuántas?",
            "¿Con cuántas patas camina {the}?",
            "¿Cuántas patas hay en el cuerpo {of}?",
            "Dime el número de patas {of}.",
            "¿Qué número de patas tiene {the}?",
            "Completa: {the} tiene ___ patas.",
            "¿{A} cuántas patas tiene?",
            "¿{The} tiene patas? ¿Cuántas tiene?",
            "cantidad de patas {of}",
        )),
        "pt": (2, (
            "Quantas patas tem {the}?", "Quantas patas tem {a}?", "{The} tem quantas patas?",
            "patas {of}", "número de patas {of}", "quantas patas {the}", "{The} tem ___ patas.",
            "Diga quantas patas tem {the}.", "Você sabe o número de patas {of}?", "{The} tem patas? Quantas?",
            "Com quantas patas anda {the}?",
            "Quantas patas há no corpo {of}?",
            "Me diga o número de patas {of}.",
            "Que número de patas tem {the}?",
            "Complete: {the} tem ___ patas.",
            "{A} tem quantas patas?",
            "{The} tem patas? Quantas ele tem?",
            "quantidade de patas {of}",
        )),
    },
    "class": {
        "es": (5, (
            "¿Qué tipo de animal es {the}?", "¿Qué clase de animal es {the}?",
            "¿A qué grupo de animales pertenece {the}?", "¿En qué grupo de animales está {the}?",
            "¿Cómo se clasifica {the}?", "¿{The} qué tipo de animal es?", "clasificación {of}",
            "grupo animal {of}", "¿{The} es mamífero, ave, reptil o insecto?", "{The}: ¿qué clase de animal es?",
            "Clasifica {the}.",
            "¿Qué es {the}: mamífero, ave, pez, reptil, anfibio o insecto?",
            "¿Qué animal es {the}, un mamífero o de otro grupo?",
            "¿{The} de qué grupo es?",
            "¿{The} a qué grupo de animales pertenece?",
            "¿{The} es mamífero, ave, pez o insecto?",
            "¿De qué clase es {the}?",
            "Clasifica a este animal: {the}.",
            "Dime el grupo animal {of}.",
        )),
        "pt": (5, (
            "Que tipo de animal é {the}?", "Que classe de animal é {the}?",
            "A que grupo de animais pertence {the}?", "Em que grupo de animais está {the}?",
            "Como se classifica {the}?", "{The} é que tipo de animal?", "classificação {of}",
            "grupo animal {of}", "{The} é mamífero, ave, réptil ou inseto?", "{The}: que classe de animal é?",
            "Classifique {the}.",
            "O que é {the}: mamífero, ave, peixe, réptil, anfíbio ou inseto?",
            "Que animal é {the}, um mamífero ou de outro grupo?",
            "{The} é de que grupo?",
            "{The} pertence a que grupo de animais?",
            "{The} é mamífero, ave, peixe ou inseto?",
            "De que classe é {the}?",
            "Classifique este animal: {the}.",
            "Me diga o grupo animal {of}.",
        )),
    },
    "food": {
        "es": (5, (
            "¿Qué come {the}?", "¿De qué se alimenta {the}?", "¿Cuál es el alimento {of}?",
            "¿Qué comida come {the}?", "¿Con qué se alimenta {the}?", "¿{The} qué come?", "alimentación {of}",
            "comida {of}", "alimento {of}", "Di qué come {the}.", "{The} come...",
            "¿Qué suele comer {the}?",
            "¿Qué le gusta comer {a_the}?",
            "¿Cuál es la comida {of}?",
            "¿{The} de qué se alimenta?",
            "Completa: {the} come ___.",
            "Dime el alimento {of}.",
            "¿Qué comen los animales como {the}?",
        )),
        "pt": (5, (
            "O que come {the}?", "De que se alimenta {the}?", "Qual é o alimento {of}?",
            "O que {the} come?", "Com que se alimenta {the}?", "{The} come o quê?", "alimentação {of}",
            "comida {of}", "alimento {of}", "Diga o que {the} come.", "{The} come...",
            "O que {the} costuma comer?",
            "O que {the} gosta de comer?",
            "Qual é a comida {of}?",
            "{The} se alimenta de quê?",
            "Complete: {the} come ___.",
            "Me diga o alimento {of}.",
            "O que comem animais como {the}?",
        )),
    },
    "planet": {
        "es": (4, (
            "¿Qué lugar ocupa {the} en el sistema solar?", "¿Qué posición tiene {the} desde el Sol?",
            "¿En qué lugar está {the} desde el Sol?", "¿Qué número de planeta es {the} desde el Sol?",
            "posición {of} en el sistema solar", "lugar {of} desde el Sol", "{The}: ¿qué lugar ocupa desde el Sol?",
            "{The} es el ___ planeta desde el Sol.", "¿{The} qué planeta es en orden desde el Sol?",
            "¿{The} qué lugar ocupa desde el Sol?",
            "¿Qué número de planeta es {the}?",
            "orden {of} desde el Sol",
            "¿Qué planeta en orden es {the}?",
            "Dime la posición {of} en el sistema solar.",
            "Completa: {the} es el ___ planeta desde el Sol.",
            "¿{The} en qué lugar está?",
        )),
        "pt": (4, (
            "Que lugar ocupa {the} no sistema solar?", "Que posição tem {the} a partir do Sol?",
            "Em que lugar está {the} a partir do Sol?", "Qual é a posição {of} no sistema solar?",
            "posição {of} no sistema solar", "lugar {of} a partir do Sol",
            "{The}: que lugar ocupa a partir do Sol?", "{The} é o ___ planeta a partir do Sol.",
            "{The} é qual planeta em ordem a partir do Sol?",
            "{The} ocupa que lugar a partir do Sol?",
            "Que número de planeta é {the}?",
            "ordem {of} a partir do Sol",
            "Em ordem, qual planeta é {the}?",
            "Me diga a posição {of} no sistema solar.",
            "Complete: {the} é o ___ planeta a partir do Sol.",
            "{The} está em que lugar?",
        )),
    },
    "ordinal": {
        "es": (4, (
            "¿Cuál es el {nth} planeta desde el Sol?", "¿Qué planeta es el {nth} desde el Sol?",
            "¿Cómo se llama el {nth} planeta desde el Sol?", "¿Cuál es el {nth} planeta?",
            "{nth} planeta desde el Sol", "{nth} planeta", "Dime el {nth} planeta.",
            "Nombra el {nth} planeta desde el Sol.",
            "El {nth} planeta desde el Sol es...",
            "Completa: el {nth} planeta desde el Sol es ___.",
            "{nth} planeta del sistema solar",
            "¿Qué planeta ocupa el {nth} lugar desde el Sol?",
            "¿Cuál planeta está en el {nth} lugar?",
            "Si cuento desde el Sol, ¿cuál es el {nth} planeta?",
            "Dime cuál planeta es el {nth}.",
        )),
        "pt": (4, (
            "Qual é o {nth} planeta a partir do Sol?", "Que planeta é o {nth} a partir do Sol?",
            "Como se chama o {nth} planeta a partir do Sol?", "Qual é o {nth} planeta?",
            "{nth} planeta a partir do Sol", "{nth} planeta", "Me diga o {nth} planeta.",
            "Cite o {nth} planeta a partir do Sol.",
            "O {nth} planeta a partir do Sol é...",
            "Complete: o {nth} planeta a partir do Sol é ___.",
            "{nth} planeta do sistema solar",
            "Que planeta ocupa o {nth} lugar a partir do Sol?",
            "Qual planeta está no {nth} lugar?",
            "Se eu contar a partir do Sol, qual é o {nth} planeta?",
            "Me diga qual planeta é o {nth}.",
        )),
    },
    "organ": {
        "es": (4, (
            "¿Para qué {sirve} {the}?", "¿Qué función {tiene} {the}?", "¿Qué {hace} {the}?",
            "¿Cuál es la función {of}?", "función {of}", "¿{The} para qué {sirve}?", "Explica para qué {sirve} {the}.",
            "utilidad {of}", "Di la función {of}.", "¿Sabes la función {of}?",
            "¿{The} qué {hace}?",
            "¿{The} qué función {tiene}?",
            "¿Cuál es la tarea {of}?",
            "¿Cuál es la utilidad {of}?",
            "Dime la función {of}.",
            "para qué {sirve} {the}",
            "Completa: {the} {sirve} para ___.",
            "Explica la función {of}.",
        )),
        "pt": (4, (
            "Para que {sirve} {the}?", "Que função {tiene} {the}?", "O que {hace} {the}?",
            "Qual é a função {of}?", "função {of}", "{The} {sirve} para quê?", "Explique para que {sirve} {the}.",
            "utilidade {of}", "Diga a função {of}.", "Você sabe a função {of}?",
            "{The} {hace} o quê?",
            "{The} {tiene} que função?",
            "Qual é a tarefa {of}?",
            "Qual é a utilidade {of}?",
            "Me diga a função {of}.",
            "para que {sirve} {the}",
            "Complete: {the} {sirve} para ___.",
            "Explique a função {of}.",
        )),
    },
    "origin": {
        "es": (5, (
            "¿De dónde viene {the}?", "¿De qué se hace {the}?", "¿De dónde sale {the}?",
            "¿De dónde se obtiene {the}?", "¿Cuál es el origen {of}?", "origen {of}", "¿{The} de dónde viene?",
            "{The} viene de...", "Explica de dónde viene {the}.", "Di el origen {of}.",
            "¿{The} de qué se hace?",
            "¿{The} de dónde sale?",
            "¿{The} de dónde se obtiene?",
            "Dime el origen {of}.",
            "de dónde viene {the}",
            "Completa: {the} viene de ___.",
            "¿Cuál es la materia prima {of}?",
            "¿De qué está hecho o de dónde viene {the}?",
        )),
        "pt": (5, (
            "De onde vem {the}?", "De que se faz {the}?", "De onde sai {the}?",
            "De onde se obtém {the}?", "Qual é a origem {of}?", "origem {of}", "{The} vem de onde?",
            "{The} vem de...", "Explique de onde vem {the}.", "Diga a origem {of}.",
            "{The} se faz de quê?",
            "{The} sai de onde?",
            "{The} é obtido de onde?",
            "Me diga a origem {of}.",
            "de onde vem {the}",
            "Complete: {the} vem de ___.",
            "Qual é a matéria-prima {of}?",
            "De que é feito ou de onde vem {the}?",
        )),
    },
    "baby": {
        "es": (4, (
            "¿Cómo se llama la cría {of}?", "¿Cuál es la cría {of}?", "¿Qué nombre tiene la cría {of}?",
            "¿Cómo se llama el bebé {of}?", "cría {of}", "nombre de la cría {of}", "¿La cría {of} cómo se llama?",
            "La cría {of} es...", "Di el nombre de la cría {of}.",
            "¿Qué es la cría {of}?",
            "¿Cómo le dicen a la cría {of}?",
            "¿La cría {of} qué nombre tiene?",
            "Completa: la cría {of} es ___.",
            "Dime la cría {of}.",
            "el hijo {of}",
            "¿Cómo se llama el hijo {of}?",
            "bebé {of}",
        )),
        "pt": (4, (
            "Como se chama o filhote {of}?", "Qual é o filhote {of}?", "Que nome tem o filhote {of}?",
            "Como se chama o bebê {of}?", "filhote {of}", "nome do filhote {of}", "O filhote {of} como se chama?",
            "O filhote {of} é...", "Diga o nome do filhote {of}.",
            "O que é o filhote {of}?",
            "Como chamam o filhote {of}?",
            "O filhote {of} tem que nome?",
            "Complete: o filhote {of} é ___.",
            "Me diga o filhote {of}.",
            "a cria {of}",
            "Como se chama a cria {of}?",
            "bebê {of}",
        )),
    },
}  # fmt: skip
IS_CLASS: dict[Lang, tuple[str, ...]] = {
    "es": ("{the} es {kind}", "{the} pertenece al grupo {group}"),
    "pt": ("{the} é {kind}", "{the} pertence ao grupo {group}"),
}
IS_CLASS_OWN: dict[Lang, tuple[str, ...]] = {
    "es": ("¿Es {the} {kind}?", "¿Es {kind} {the}?", "¿Será {the} {kind}?"),
    "pt": ("É {kind} {the}?", "Então {the} é {kind}?", "Por acaso {the} é {kind}?"),
}
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


def _ask(family: str, lang: Lang, the: str, **more: str) -> tuple[tuple[str, str], ...]:
    """The family's questions about `the`, a name with or without article."""
    article, _, noun = the.partition(" ")
    known = _OF[lang].get(article)
    of = known + noun if known and noun else f"de {the}"
    some = {"el": "un", "la": "una", "o": "um", "a": "uma"}.get(article, "")
    plural = bool(noun) and article.endswith("s") and known is not None
    wrap, templates = TEMPLATES[family][lang]
    fields = {
        "the": the,
        "The": first_upper(the),
        "of": of,
        "a": f"{some} {noun}",
        "A": f"{first_upper(some)} {noun}",
        "a_the": "al " + noun if article == "el" else f"a {the}",
    }
    return ask(family, templates, lang, wrap, **fields, **_VERBS[lang][plural], **more)


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
    """Is it a <class>? The right class first, then the verdict."""
    table = _data()["class"]
    true = asked == animal.kind
    fields = {"the": animal.the, "kind": table[asked][lang], "group": _data()["group"][asked][lang]}
    fact = kind(animal, lang)
    frames, own, said = IS_CLASS[lang], IS_CLASS_OWN[lang], fact.answers[0]
    questions, replies = judged("is-class", lang, frames, lambda place: fields, said, true, "{kind}", own)
    (answer,) = set(replies.values())
    right = check(fact.check.require, true, lang)
    return _item(lang, f"is-class:{animal.id}:{asked}", questions, answer, right, 0.8)


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
    for name, true in (("true", True), ("false", False)):
        questions: tuple[tuple[str, str], ...] = ()
        replies: dict[str, str] = {}
        for number, marked in enumerate(own[name], start=1):
            frame, echo = (marked.replace("*", ""),), marked.split("*")[1]
            asked, answers = judged(f"claim{number}", lang, frame, lambda place: {}, own["fact"], true, echo)
            questions, replies = questions + asked, replies | answers
        key = f"claim:{fact['key']}:{'yes' if true else 'no'}"
        said = tuple(dict.fromkeys(replies.values()))
        right = check(require, true, lang)
        yield Item(CATEGORY, lang, key, "fact", questions, said, right, replies=replies)


def items() -> Iterator[Item]:
    """Every item: Spanish first, then Portuguese."""
    for lang in LANGS:
        for animal in animals(lang):
            for item in (legs(animal, lang), kind(animal, lang), food(animal, lang)):
                if item is not None:
                    yield item
            yield is_kind(animal, animal.kind, lang)
            yield is_kind(animal, _MISTAKEN_ANIMAL.get(animal.id, _MISTAKEN[animal.kind]), lang)
        for family in _data()["things"]:
            yield from _things(family, lang)
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
