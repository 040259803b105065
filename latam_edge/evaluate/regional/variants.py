"""Is the treatment (tú, vos, usted, ustedes; você) kept from the question to the end of the answer?

The checker reads pronouns and verb forms that only one treatment has. It knows a
few dozen verbs, not all, and says "unmarked" of an answer that addresses nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from latam_edge.evaluate.regional.sentences import read_data

Verdict = Literal["kept", "broken", "unmarked"]

VARIANTS = {"tu": "es", "vos": "es", "usted": "es", "ustedes": "es", "voce": "pt"}
"""Treatment: its language. "voce" is Brazilian você."""

_FILE = "variants.toml"
_WORD = re.compile(r"[^\W\d_]+")
_VOS_ENDINGS = {"ar": ("ás", "á"), "er": ("és", "é"), "ir": ("ís", "í"), "ír": ("ís", "í")}
"""Infinitive's ending: those of vos in the present and in commands."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in one treatment."""

    variant: str
    """One of VARIANTS."""
    prompt: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, the model's answer and what became of the treatment."""

    variant: str
    prompt: str
    answer: str
    verdict: Verdict
    foreign: tuple[str, ...]
    """Words of the answer that belong to another treatment."""


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One treatment's answers by verdict."""

    lang: str
    variant: str
    n: int
    kept: int
    broken: int
    unmarked: int


def prompts(lang: str) -> list[Asked]:
    """All questions in a language, always in the same order."""
    asked = read_data(_FILE)["prompts"]
    return [
        Asked(variant, text) for variant, mine in VARIANTS.items() if mine == lang for text in asked[variant]
    ]


def check(variant: str, answer: str) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict on an answer, and the words that belong to another treatment.

    >>> check("vos", "Si querés dormir bien, tomá menos café.")
    ('kept', ())
    >>> check("vos", "Vos puedes dormir más.")
    ('broken', ('puedes',))
    """
    strong, weak = _marks()
    words = [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFC", answer))]
    own = strong[variant] | weak.get(variant, frozenset())
    others = frozenset[str]().union(*(strong[other] for other in read_data(_FILE)["breaks"][variant]))
    foreign = tuple(word for word in words if word in others and word not in own)
    if foreign:
        return "broken", foreign
    return ("kept", ()) if any(word in own for word in words) else ("unmarked", ())


def summarize(answers: Iterable[Answered]) -> list[VariantRow]:
    """Answers by treatment, in the order met."""
    counts: dict[str, list[Verdict]] = {}
    for item in answers:
        counts.setdefault(item.variant, []).append(item.verdict)
    return [
        VariantRow(
            VARIANTS[variant],
            variant,
            len(found),
            found.count("kept"),
            found.count("broken"),
            found.count("unmarked"),
        )
        for variant, found in counts.items()
    ]


@cache
def _marks() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Treatment: the words that it alone has, and those that only hint at it."""
    data = read_data(_FILE)
    strong = {name: {*words, *data["irregular"].get(name, ())} for name, words in data["pronouns"].items()}
    weak = {name: set(words) for name, words in data["weak"].items()}
    for infinitive, (tu, usted) in data["verbs"].items():
        stem, (present, command) = infinitive[:-2], _VOS_ENDINGS[infinitive[-2:]]
        strong["tu"].add(tu)
        strong["vos"].add(stem + present)
        if command != "í" and stem != "beb":  # "escribí" is also what I wrote, "bebé" a baby
            strong["vos"].add(stem + command)
        weak["usted"].add(usted)
    for name, words in weak.items():
        strong[name] -= words
    return (
        {name: frozenset(words) for name, words in strong.items()},
        {name: frozenset(words) for name, words in weak.items()},
    )
