"""Greetings, numbers and words in Quechua, Guaraní, Aymara, Nahuatl and Mapudungun, both ways.

The words stand in data/indigenous.toml, each with the source it was read in and,
where that source says so, the variety it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import family, listing, read
from latam_edge.cartilla.sourced import LANGS

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


def _fill(name: str, lang: Lang, **fields: str) -> tuple[tuple[str, str], ...]:
    templates = family("indigenous", name)[lang]
    return tuple(
        (f"{name}-{place}", template.format(**fields)) for place, template in enumerate(templates, start=1)
    )


def _say(tongue: str, word: dict[str, Any], lang: Lang, data: dict[str, Any]) -> Item:
    name = data["language"][tongue][lang]
    variety = data["variety"][word["in"]][lang] if "in" in word else name
    meaning = word[lang][0]
    questions = _fill("say", lang, w=meaning, l=name)
    if word.get("number"):
        questions += _fill("number", lang, n=word["id"], l=name)
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
        questions=_fill("mean", lang, x=said, l=name),
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
        questions=_fill("count", lang, l=name),
        answers=tuple(template.format(l=name, all=spoken) for template in COUNT_ANSWERS[lang]),
        check=Check(require=tuple(tuple(word["say"]) for word in numbers)),
        source="; ".join(sources),
    )
