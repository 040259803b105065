"""The phrasings of the cartilla: families of templates in data files, and what is refused there."""

from __future__ import annotations

import re
from importlib.resources import files
from string import Formatter

import pytest

from latam_edge.cartilla import phrasing
from latam_edge.cartilla.phrasing import (
    BadFamily,
    UnknownFamily,
    ask,
    ask_family,
    family,
    phrasings,
    uncapped,
)

SUBJECTS = sorted(
    path.name.removesuffix(".toml")
    for path in files("latam_edge.cartilla").joinpath("data", "phrasings").iterdir()
)
QUESTION_WORDS = frozenset(
    (
        "qué", "cuál", "cuáles", "cómo", "cuánto", "cuánta", "cuántos", "cuántas", "dónde", "quién", "que",
        "qual", "quais", "como", "quanto", "quanta", "quantos", "quantas", "onde", "quem", "{q}",
    )
)  # fmt: skip


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_family_holds_phrasings_whose_fields_are_well_formed(subject: str) -> None:
    for name, found in phrasings(subject).items():
        texts = [text for lang in ("es", "pt") for text in found.texts[lang]]
        assert texts, name
        for text in texts:
            assert text == text.strip(), text
            assert all(
                field is None or field == "" or field.isidentifier()
                for _, field, _, _ in Formatter().parse(text)
            )


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_is_asked_indirectly_opens_with_a_question_word(subject: str) -> None:
    for name, found in phrasings(subject).items():
        for text in (text for lang in ("es", "pt") for text in found.texts[lang][: found.indirect]):
            opening = text.lower().strip("¿").split()[:2]  # a preposition may come first
            assert QUESTION_WORDS & set(opening), (name, text)


def test_an_unknown_family_is_refused_and_the_nearest_is_named() -> None:
    with pytest.raises(
        UnknownFamily, match=re.escape("geography.toml has no family [capitol]; the nearest is [capital]")
    ):
        family("geography", "capitol")


@pytest.mark.parametrize(
    "table",
    [
        {"es": ["¿Y {the}?"]},
        {"es": ["¿Y {the}?"], "pt": ["E {the}?"], "indirekt": 1},
        {"es": [["name", "text", "more"]], "pt": []},
        {"both": [1]},
    ],
)
def test_a_family_that_lacks_a_language_or_holds_no_text_is_refused(
    monkeypatch: pytest.MonkeyPatch, table: dict[str, object]
) -> None:
    monkeypatch.setattr(phrasing, "read", lambda path: {"capital": table})
    with pytest.raises(BadFamily, match=re.escape("phrasings/geography.toml [capital]")):
        phrasing.families("phrasings/geography.toml")


def test_what_is_asked_indirectly_is_also_asked_through_every_lead_in() -> None:
    questions = dict(ask("capital", ("¿Cuál es la capital {of}?", "capital {of}"), "es", 1, of="de Chile"))
    led = family("lead_ins", "indirect").named["es"]
    assert len(questions) == 2 + len(led)
    assert questions["capital-1"] == "¿Cuál es la capital de Chile?"
    assert questions["capital-1-dime"] == "Dime cuál es la capital de Chile."
    assert questions["capital-2"] == "Capital de Chile"
    assert ask_family("geography", "capital-of", "pt", city="Lima")[0][0] == "capital-of-1"
    assert uncapped(questions.items())[-1] == ("capital-2", "capital de Chile")
