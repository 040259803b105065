"""Fill question templates and read the data files of the language, geography and science subjects."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from latam_edge.cartilla.model import Lang

WRAPPERS: dict[Lang, tuple[tuple[str, str], ...]] = {
    "es": (
        ("sabes", "¿Sabes {q}?"),
        ("dime", "Dime {q}."),
        ("quisiera", "Quisiera saber {q}."),
        ("puedes", "¿Me puedes decir {q}?"),
        ("podrias", "¿Podrías decirme {q}, por favor?"),
        ("quiero", "Quiero saber {q}."),
        ("hola", "Hola, ¿{q}?"),
        ("sabrias", "¿Me sabrías decir {q}?"),
        ("oye", "Oye, ¿{q}?"),
        ("porfa", "Por favor, dime {q}."),
        ("decime", "Decime {q}."),
        ("cuentame", "Cuéntame {q}."),
        ("duda", "Tengo una duda: ¿{q}?"),
    ),
    "pt": (
        ("sabes", "Você sabe {q}?"),
        ("dime", "Me diga {q}."),
        ("quisiera", "Gostaria de saber {q}."),
        ("puedes", "Você pode me dizer {q}?"),
        ("podrias", "Poderia me dizer {q}, por favor?"),
        ("quiero", "Quero saber {q}."),
        ("hola", "Oi, {q}?"),
        ("sabrias", "Você saberia me dizer {q}?"),
        ("oye", "Olha, {q}?"),
        ("porfa", "Por favor, me diga {q}."),
        ("decime", "Me fala {q}."),
        ("cuentame", "Me conta {q}."),
        ("duda", "Tenho uma dúvida: {q}?"),
    ),
}
"""Ways to lead into a question word ("Dime cuál es ..."); {q} is the question without its marks."""

_AROUND = {
    lang: [(name, *wrapper.split("{q}")) for name, wrapper in wrappers] for lang, wrappers in WRAPPERS.items()
}
"""WRAPPERS as (name, what stands before the question, what after): there are half a million to write."""


def read(name: str) -> dict[str, Any]:
    """The data file `name` of this package, parsed from TOML."""
    return tomllib.loads(files("latam_edge.cartilla").joinpath("data", name).read_text(encoding="utf-8"))


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


def ask(
    family: str, templates: Iterable[str], lang: Lang, wrap: int = 0, **fields: str
) -> tuple[tuple[str, str], ...]:
    """Fill every template; the pairs are (template name, question).

    The first `wrap` templates must open with a question word: each is also
    asked through every one of WRAPPERS. Names are "<family>-<place>" and
    "<family>-<place>-<wrapper>", so they agree between items of a family.
    """
    pairs: list[tuple[str, str]] = []
    seen: set[str] = set()
    for place, template in enumerate(templates, start=1):
        question = first_upper(template.format(**fields))
        if question.startswith("¿"):
            question = "¿" + first_upper(question[1:])
        made = [(f"{family}-{place}", question)]
        if place <= wrap:
            inner = bare(question)
            made += [
                (f"{family}-{place}-{name}", f"{before}{inner}{after}")
                for name, before, after in _AROUND[lang]
            ]
        for name, text in made:
            if text not in seen:
                seen.add(text)
                pairs.append((name, text))
    return tuple(pairs)
