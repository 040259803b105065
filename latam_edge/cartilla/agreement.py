"""Templates whose words agree: the small grammar that stories and reading texts are written in.

    {p}          the word itself ("gallina", "Rosa", "los martes")
    {el x}       its article ("la gallina"); `un`, `este`, `ese`, `aquel`, `otro`, `mucho` and, in
                 Portuguese, `o`, `um`, `esse` ... go the same way, in gender and number
    {x:o/a}      the first form for masculine, the second for feminine; a plural takes an s. Four forms
                 say all: masculine, feminine, and their plurals
    {x#va/van}   the first form for one, the second for many
    {n@x}        a number in the gender of x ("dois", "duas")
    [a|b|c]      one of them, by lot
    <a|b|c>      Spanish: said to tú, to vos, to usted. Portuguese knows one form and writes no such marks
    {a x}        a preposition and the article ("al mercado", "na feira"): `a`, `de`, and in Portuguese `em`, `por`
    de+{el x}    contracted where the language does so ("del", "no", "pela", "à", "deste")

Sentences begin with a capital letter, and Spanish "y", "o" turn into "e", "u" before their own sound.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from latam_edge.cartilla.model import Lang

TREATMENTS = ("tú", "vos", "usted")
"""The order of the forms in <a|b|c>; the names are those of core.variant."""

_DETERMINERS: dict[Lang, dict[str, tuple[str, str, str, str]]] = {
    "es": {
        "el": ("el", "la", "los", "las"),
        "un": ("un", "una", "unos", "unas"),
        "este": ("este", "esta", "estos", "estas"),
        "ese": ("ese", "esa", "esos", "esas"),
        "aquel": ("aquel", "aquella", "aquellos", "aquellas"),
        "otro": ("otro", "otra", "otros", "otras"),
        "mucho": ("mucho", "mucha", "muchos", "muchas"),
        "a": ("al", "a la", "a los", "a las"),
        "de": ("del", "de la", "de los", "de las"),
    },
    "pt": {
        "o": ("o", "a", "os", "as"),
        "um": ("um", "uma", "uns", "umas"),
        "este": ("este", "esta", "estes", "estas"),
        "esse": ("esse", "essa", "esses", "essas"),
        "aquele": ("aquele", "aquela", "aqueles", "aquelas"),
        "outro": ("outro", "outra", "outros", "outras"),
        "muito": ("muito", "muita", "muitos", "muitas"),
        "a": ("ao", "à", "aos", "às"),
        "de": ("do", "da", "dos", "das"),
        "em": ("no", "na", "nos", "nas"),
        "por": ("pelo", "pela", "pelos", "pelas"),
    },
}
"""Masculine, feminine, and their plurals."""


def _contractions() -> dict[Lang, dict[tuple[str, str], str]]:
    pt: dict[tuple[str, str], str] = {("por", "o"): "pelo", ("por", "a"): "pela"}
    pt |= {("por", "os"): "pelos", ("por", "as"): "pelas"}
    pt |= {("a", "o"): "ao", ("a", "a"): "à", ("a", "os"): "aos", ("a", "as"): "às"}
    for preposition, stem in (("de", "d"), ("em", "n")):
        pronouns = ("ele", "ela", "eles", "elas")
        for name in ("o", "este", "esse", "aquele"):
            pt |= {(preposition, form): stem + form for form in _DETERMINERS["pt"][name]}
        pt |= {(preposition, form): stem + form for form in pronouns}
    return {"es": {("de", "el"): "del", ("a", "el"): "al"}, "pt": pt}


_CONTRACTED = _contractions()
_SLOT = re.compile(r"\{(?:(\w+) )?(\w+)(?:([:#@])([^{}]*))?\}")
_LOT = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_TREATED = re.compile(r"<([^<>]*)>")
_JOINED = re.compile(r"\b(\w+)\+(\w+)")
_SENTENCE = re.compile(r"(^|: (?=[«“])|[.!?…]»? |[.!?…]” |\n+(?:- )?)([¿¡«“—]*)([a-záéíóúâêôãõç])")
_PARTED = re.compile(r"^(?:(el|la|los|las|o|a|os|as)(?:/([mf]))? )(.+)$")
_AND = re.compile(r"\b([Yy]) (?=[IiÍí]|[Hh][iIíÍ](?![eéa]))")
_OR = re.compile(r"\bo (?=[OoÓó]|[Hh][oOóÓ])")


@dataclass(frozen=True, slots=True)
class Word:
    """A noun, a name or a number."""

    text: str
    feminine: bool = False
    plural: bool = False
    other: str = ""
    """A number's feminine form."""


def noun(entry: str) -> Word:
    """ "la plaza", "los frijoles", "el/f agua": the article says gender and number."""
    match = _PARTED.match(entry)
    if match is None:
        raise ValueError(f"{entry!r}: begins with no article")
    article, gender, text = match.groups()
    feminine = gender == "f" if gender else article in ("la", "las", "a", "as")
    return Word(text, feminine, article.endswith("s"))


def fill(
    template: str, words: Mapping[str, Word], lang: Lang, rng: random.Random, treatment: str = "tú"
) -> str:
    """The template with its slots filled and everything in agreement. Raises KeyError for an unknown slot."""
    text = template
    place = TREATMENTS.index(treatment)

    def treated(match: re.Match[str]) -> str:
        forms = match.group(1).split("|")
        return forms[min(place, len(forms) - 1)]

    text = _TREATED.sub(treated, text)
    while (found := _LOT.search(text)) is not None:
        text = text[: found.start()] + rng.choice(found.group(1).split("|")) + text[found.end() :]
    while _SLOT.search(text):
        text = _SLOT.sub(lambda match: _slot(match, words, lang), text)
    text = _JOINED.sub(lambda m: _joined(m, lang), text)
    if lang == "es":
        text = _AND.sub(lambda m: "e " if m.group(1) == "y" else "E ", text)
        text = _OR.sub("u ", text)
    return sentences(text)


def sentences(text: str) -> str:
    """With a capital letter at the beginning of every sentence."""
    return _SENTENCE.sub(lambda m: m.group(1) + m.group(2) + m.group(3).upper(), text)


def _slot(match: re.Match[str], words: Mapping[str, Word], lang: Lang) -> str:
    before, name, kind, forms = match.groups()
    word = words[name]
    if kind == "@":
        return word.other if word.other and words[forms].feminine else word.text
    if kind == "#":
        one, many = forms.split("/")
        return many if word.plural else one
    if kind == ":":
        return _agreeing(word, forms.split("/"))
    if before is None:
        return word.text
    return f"{_DETERMINERS[lang][before][word.feminine + 2 * word.plural]} {word.text}"


def _agreeing(word: Word, forms: list[str]) -> str:
    if len(forms) == 4:
        return forms[word.feminine + 2 * word.plural]
    return forms[word.feminine] + ("s" if word.plural else "")


def _joined(match: re.Match[str], lang: Lang) -> str:
    first, second = match.groups()
    joined = _CONTRACTED[lang].get((first.lower(), second))
    if joined is None:
        return f"{first} {second}"
    return joined[0].upper() + joined[1:] if first[0].isupper() else joined
