"""What an item of the cartilla is, before anybody splits or asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Lang = Literal["es", "pt"]

Kind = Literal["rule", "fact"]
"""rule: held out by operand pair, word or verb. fact: held out by phrasing."""


@dataclass(frozen=True, slots=True)
class Check:
    """How an answer is graded. Words are compared without case, accents or punctuation."""

    require: tuple[tuple[str, ...], ...] = ()
    """Every group must be met; a group is met when one of its alternatives occurs as whole words."""
    forbid: tuple[str, ...] = ()
    """None of these may occur as whole words."""
    number: str | None = None
    """The last number of the answer, digits only ("132"); None when no number decides."""
    declines: bool = False
    """True: the answer must say that it does not know. False: it must not say so."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to know, in one language, with every way to ask it.

    category  subject for the table of results: "capitals", "addition", "health", ...
    key       names the fact or the rule's instance, the same in both languages
              where the fact is: "capital:bo", "add:47+85", "plural:es:lapiz".
    questions pairs (template name, text). The template's name decides what is
              held out for facts: a held-out template is never trained on.
    answers   right answers, each complete; the trainer draws one of them.
    source    who says so (title, publisher, address or repository), for facts
              that need it; it was opened by whoever wrote the item.
    weight    how often it is drawn, against the other items of its category.
    """

    category: str
    lang: Lang
    key: str
    kind: Kind
    questions: tuple[tuple[str, str], ...]
    answers: tuple[str, ...]
    check: Check
    source: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation to train on: (question, answer) turns, oldest first."""

    category: str
    lang: Lang
    turns: tuple[tuple[str, str], ...]
    system: str = ""


Subject = Callable[[], Iterator[Item]]
"""A subject module's `items()`: all of its items, in a fixed order."""
