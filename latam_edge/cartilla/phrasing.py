"""Read the phrasings of the questions, and fill them.

A question that is asked in many ways is a family of templates. The families
stand in data/phrasings/<subject>.toml, Spanish and Portuguese side by side:

    [capital]
    indirect = 1    # the first so many open with a question word: they are also asked indirectly
    es = [
      "¿Cuál es la capital {of}?",
      "capital {of}",
    ]
    pt = [
      "Qual é a capital {of}?",
      "capital {of}",
    ]

`both` in place of `es` and `pt` holds what is the same in either. A template is
a text or, where its name is not its place in the list, a pair [name, text].
A new phrasing goes to the end of its list: the place is its name, and names
decide what the exam holds out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from latam_edge.cartilla.model import Lang

_LANGS: tuple[Lang, ...] = ("es", "pt")


def read(name: str) -> dict[str, Any]:
    """The data file `name` of this package, parsed from TOML."""
    return tomllib.loads(files("latam_edge.cartilla").joinpath("data", name).read_text(encoding="utf-8"))


class UnknownFamily(LookupError):
    """No family of this name stands in the subject's file."""

    def __init__(self, subject: str, name: str, known: Iterable[str]) -> None:
        near = get_close_matches(name, known, n=1)
        hint = f"; the nearest is [{near[0]}]" if near else ""
        super().__init__(f"data/phrasings/{subject}.toml has no family [{name}]{hint}")


class BadFamily(ValueError):
    """A family that cannot be read: a language is missing, or a template is neither text nor pair."""


@dataclass(frozen=True, slots=True)
class Family:
    """The ways to ask one thing. `family[lang]` are the texts, in the file's order."""

    texts: Mapping[Lang, tuple[str, ...]]
    named: Mapping[Lang, tuple[tuple[str, str], ...]]
    """The same as pairs (name, text); a text without a name has its place, from "1" on."""
    indirect: int = 0
    """So many, from the first on, open with a question word and are also asked through every lead-in."""

    def __getitem__(self, lang: Lang) -> tuple[str, ...]:
        return self.texts[lang]


@cache
def phrasings(subject: str) -> Mapping[str, Family]:
    """All families of data/phrasings/<subject>.toml, by name. Raises BadFamily."""
    return families(f"phrasings/{subject}.toml")


@cache
def family(subject: str, name: str) -> Family:
    """One family of a subject. Raises UnknownFamily, which names the nearest spelling."""
    known = phrasings(subject)
    if name not in known:
        raise UnknownFamily(subject, name, known)
    return known[name]


def families(path: str) -> dict[str, Family]:
    """Every family of a file of data/, read anew. Raises BadFamily."""
    return {name: _family(f"{path} [{name}]", table) for name, table in read(path).items()}


def _family(where: str, table: Mapping[str, Any]) -> Family:
    if table.keys() - {"indirect"} not in ({"es", "pt"}, {"both"}):
        raise BadFamily(f"{where}: needs `es` and `pt`, or `both`; may have `indirect`; nothing else")
    named = {lang: _named(where, table.get(lang, table.get("both"))) for lang in _LANGS}
    texts = {lang: tuple(text for _, text in pairs) for lang, pairs in named.items()}
    return Family(texts, named, table.get("indirect", 0))


def _named(where: str, rows: Any) -> tuple[tuple[str, str], ...]:
    made = []
    for place, row in enumerate(rows, start=1):
        match row:
            case str(text):
                made.append((str(place), text))
            case [str(name), str(text)]:
                made.append((name, text))
            case _:
                raise BadFamily(f"{where}, template {place}: neither a text nor a pair [name, text]")
    return tuple(made)


@cache
def _around(lang: Lang) -> tuple[tuple[str, str, str], ...]:
    """The lead-ins ("Dime {q}.") as (name, what stands before the question, what after), cut once:
    half a million questions are led in."""
    led = [(name, text.partition("{q}")) for name, text in family("lead_ins", "indirect").named[lang]]
    return tuple((name, before, after) for name, (before, _, after) in led)


def first_upper(text: str) -> str:
    """`text` with its first letter upper-cased, the rest untouched."""
    return text[:1].upper() + text[1:]


def bare(question: str) -> str:
    """A direct question turned into an indirect one: no marks, first letter lower-cased."""
    text = question.strip("¿?")
    return text[:1].lower() + text[1:]


def listing(words: Sequence[str], lang: Lang) -> str:
    """Join words the way a sentence lists them; Spanish "y" turns into "e" before the sound i."""
    if len(words) < 2:
        return "".join(words)
    last = words[-1]
    joint = "e" if lang == "pt" else "y"
    if lang == "es" and last.lower().startswith(("i", "í", "hi")) and not last.lower().startswith("hie"):
        joint = "e"
    return f"{', '.join(words[:-1])} {joint} {last}"


def ask_family(subject: str, name: str, lang: Lang, /, **fields: str) -> tuple[tuple[str, str], ...]:
    """`ask` with a whole family, whose name begins the template names."""
    found = family(subject, name)
    return ask(name, found[lang], lang, found.indirect, **fields)


def uncapped(questions: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The same questions, but what is no sentence has a small first letter ("dias de maio")."""
    return tuple(
        (name, text if text.endswith(("?", ".")) else text[0].lower() + text[1:]) for name, text in questions
    )


def ask(
    prefix: str, templates: Iterable[str], lang: Lang, indirect: int = 0, **fields: str
) -> tuple[tuple[str, str], ...]:
    """Fill every template; the pairs are (template name, question).

    The first `indirect` templates must open with a question word: each is also
    asked through every lead-in. Names are "<prefix>-<place>" and
    "<prefix>-<place>-<lead-in>", so they agree between items of a family.
    """
    pairs: list[tuple[str, str]] = []
    seen: set[str] = set()
    for place, template in enumerate(templates, start=1):
        question = first_upper(template.format(**fields))
        if question.startswith("¿"):
            question = "¿" + first_upper(question[1:])
        made = [(f"{prefix}-{place}", question)]
        if place <= indirect:
            inner = bare(question)
            made += [
                (f"{prefix}-{place}-{name}", f"{before}{inner}{after}")
                for name, before, after in _around(lang)
            ]
        for name, text in made:
            if text not in seen:
                seen.add(text)
                pairs.append((name, text))
    return tuple(pairs)
