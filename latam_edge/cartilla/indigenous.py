"""Greetings, numbers and words in Quechua, Guaraní, Aymara, Nahuatl and Mapudungun, both ways.

The words stand in data/indigenous.toml, each with the source it was read in and,
where that source says so, the variety it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import listing, read
from latam_edge.cartilla.sourced import LANGS

SAY: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cómo se dice {w} en {l}?",
        "¿Cómo digo {w} en {l}?",
        "{w} en {l}",
        "Traduce {w} al {l}.",
        "¿Cuál es la palabra {l} para {w}?",
        "Dime cómo se dice {w} en {l}.",
        "Quiero saber cómo se dice {w} en {l}.",
        "¿Sabes decir {w} en {l}?",
        "En {l}, ¿cómo se dice {w}?",
        "¿Me enseñas a decir {w} en {l}?",
        "¿Qué palabra se usa en {l} para decir {w}?",
        "¿Cómo se traduce {w} al {l}?",
        "Necesito decir {w} en {l}.",
        "¿Cómo dirías {w} en {l}?",
        "¿Cuál es la palabra para {w} en {l}?",
        "palabra {l} para {w}",
        "¿Qué palabra {l} significa {w}?",
        "Dime la palabra {l} para {w}.",
        "En {l}, ¿cuál es la palabra para {w}?",
        "En {l}, ¿cómo digo {w}?",
    ),
    "pt": (
        "Como se diz {w} em {l}?",
        "Como eu digo {w} em {l}?",
        "{w} em {l}",
        "Traduza {w} para o {l}.",
        "Qual é a palavra em {l} para {w}?",
        "Me diga como se diz {w} em {l}.",
        "Quero saber como se diz {w} em {l}.",
        "Você sabe dizer {w} em {l}?",
        "Em {l}, como se diz {w}?",
        "Você me ensina a dizer {w} em {l}?",
        "Que palavra se usa em {l} para dizer {w}?",
        "Como se traduz {w} para o {l}?",
        "Preciso dizer {w} em {l}.",
        "Como você diria {w} em {l}?",
        "Qual é a palavra para {w} em {l}?",
        "palavra em {l} para {w}",
        "Que palavra em {l} significa {w}?",
        "Me diga a palavra em {l} para {w}.",
        "Em {l}, qual é a palavra para {w}?",
        "Em {l}, como eu digo {w}?",
    ),
}
"""From Spanish or Portuguese: {w} the word, {l} the language's name."""

NUMBER: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cómo se dice {n} en {l}?",
        "¿Cómo se dice el número {n} en {l}?",
        "número {n} en {l}",
        "¿Cómo se llama el {n} en {l}?",
    ),
    "pt": (
        "Como se diz {n} em {l}?",
        "Como se diz o número {n} em {l}?",
        "número {n} em {l}",
        "Como se chama o {n} em {l}?",
    ),
}
"""More ways to ask for a number: {n} in digits."""

MEAN: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Qué significa {x} en {l}?",
        "¿Qué quiere decir {x} en {l}?",
        "significado de {x} en {l}",
        "Traduce {x} del {l} al español.",
        "Dime qué significa {x} en {l}.",
        "En {l}, ¿qué significa {x}?",
        "¿Sabes qué significa {x} en {l}?",
        "¿Cómo se traduce {x} del {l}?",
        "Leí {x} en {l}, ¿qué quiere decir?",
        "¿Qué es {x} en {l}?",
        "Quiero saber qué significa {x} en {l}.",
        "¿Cómo se dice en español la palabra {x} del {l}?",
        "Vi la palabra {x} en {l}, ¿qué significa?",
        "Oí {x} en {l}, ¿qué significa?",
        "Me dijeron {x} en {l}, ¿qué quiere decir?",
        "Leí {x}, una palabra en {l}: ¿qué significa?",
        "La palabra {x} en {l}, ¿qué quiere decir?",
        "Dime qué quiere decir {x} en {l}.",
    ),
    "pt": (
        "O que significa {x} em {l}?",
        "O que quer dizer {x} em {l}?",
        "significado de {x} em {l}",
        "Traduza {x} do {l} para o português.",
        "Me diga o que significa {x} em {l}.",
        "Em {l}, o que significa {x}?",
        "Você sabe o que significa {x} em {l}?",
        "Como se traduz {x} do {l}?",
        "Li {x} em {l}, o que quer dizer?",
        "O que é {x} em {l}?",
        "Quero saber o que significa {x} em {l}.",
        "Como se diz em português a palavra {x} do {l}?",
        "Vi a palavra {x} em {l}, o que significa?",
        "Ouvi {x} em {l}, o que significa?",
        "Me disseram {x} em {l}, o que quer dizer?",
        "Li {x}, uma palavra em {l}: o que significa?",
        "A palavra {x} em {l}, o que quer dizer?",
        "Me diga o que quer dizer {x} em {l}.",
    ),
}
"""From the indigenous language: {x} the word."""

COUNT: dict[Lang, tuple[str, ...]] = {
    "es": (
        "Cuenta del 1 al 10 en {l}.",
        "¿Cómo se cuenta hasta diez en {l}?",
        "números del 1 al 10 en {l}",
        "¿Cuáles son los números en {l}?",
        "Dime los números del uno al diez en {l}.",
        "¿Sabes contar en {l}?",
        "Enséñame los números en {l}.",
        "Quiero contar hasta 10 en {l}.",
        "¿Cómo son los números en {l}?",
        "Escribe los números del 1 al 10 en {l}.",
    ),
    "pt": (
        "Conte de 1 a 10 em {l}.",
        "Como se conta até dez em {l}?",
        "números de 1 a 10 em {l}",
        "Quais são os números em {l}?",
        "Me diga os números de um a dez em {l}.",
        "Você sabe contar em {l}?",
        "Me ensine os números em {l}.",
        "Quero contar até 10 em {l}.",
        "Como são os números em {l}?",
        "Escreva os números de 1 a 10 em {l}.",
    ),
}
"""All ten numbers at once."""

SAY_ANSWERS: dict[Lang, tuple[str, ...]] = {
    "es": ("En {v}, {w} se dice {x}.",),
    "pt": ("Em {v}, {w} se diz {x}.",),
}
"""{v} is the variety where the source names one, else the language. One pattern, which says the question's
word and language once more before it answers: what is copied first guides what comes."""

MEAN_ANSWERS: dict[Lang, tuple[str, ...]] = {
    "es": ("En {l}, {x} quiere decir {w}.",),
    "pt": ("Em {l}, {x} quer dizer {w}.",),
}

COUNT_ANSWERS: dict[Lang, tuple[str, ...]] = {
    "es": ("En {l} se cuenta: {all}.",),
    "pt": ("Em {l} se conta: {all}.",),
}


def items() -> Iterator[Item]:
    """Per language: the numbers in a row, then every word one way and the other; Spanish before Portuguese."""
    data = read("indigenous.toml")
    for tongue, words in data["words"].items():
        for lang in LANGS:
            yield _count(tongue, words, lang, data)
        for word in words:
            for lang in LANGS:
                yield _say(tongue, word, lang, data)
                yield _mean(tongue, word, lang, data)


def _fill(family: str, templates: tuple[str, ...], **fields: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{family}-{place}", template.format(**fields)) for place, template in enumerate(templates, start=1)
    )


def _say(tongue: str, word: dict[str, Any], lang: Lang, data: dict[str, Any]) -> Item:
    name = data["language"][tongue][lang]
    variety = data["variety"][word["in"]][lang] if "in" in word else name
    meaning = word[lang][0]
    questions = _fill("say", SAY[lang], w=meaning, l=name)
    if word.get("number"):
        questions += _fill("number", NUMBER[lang], n=word["id"], l=name)
    said = {"x": word["say"][0], "v": variety, "w": meaning}
    return Item(
        category="indigenous",
        lang=lang,
        key=f"word:{tongue}:{word['id']}",
        kind="fact",
        questions=questions,
        answers=tuple(template.format(**said) for template in SAY_ANSWERS[lang]),
        check=Check(require=(tuple(word["say"]),)),
        source=data["sources"][word["source"]],
    )


def _mean(tongue: str, word: dict[str, Any], lang: Lang, data: dict[str, Any]) -> Item:
    name = data["language"][tongue][lang]
    said = word["say"][0]
    meant = {"x": said, "w": word[lang][0], "l": name}
    return Item(
        category="indigenous",
        lang=lang,
        key=f"mean:{tongue}:{word['id']}",
        kind="fact",
        questions=_fill("mean", MEAN[lang], x=said, l=name),
        answers=tuple(template.format(**meant) for template in MEAN_ANSWERS[lang]),
        check=Check(require=(tuple(word[lang]),)),
        source=data["sources"][word["source"]],
    )


def _count(tongue: str, words: list[dict[str, Any]], lang: Lang, data: dict[str, Any]) -> Item:
    name = data["language"][tongue][lang]
    numbers = [word for word in words if word.get("number")]
    spoken = listing([word["say"][0] for word in numbers], lang)
    sources = dict.fromkeys(data["sources"][word["source"]] for word in numbers)
    return Item(
        category="indigenous",
        lang=lang,
        key=f"count:{tongue}",
        kind="fact",
        questions=_fill("count", COUNT[lang], l=name),
        answers=tuple(template.format(l=name, all=spoken) for template in COUNT_ANSWERS[lang]),
        check=Check(require=tuple(tuple(word["say"]) for word in numbers)),
        source="; ".join(sources),
    )
