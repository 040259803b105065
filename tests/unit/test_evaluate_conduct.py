"""What a model declines, in which language it answers, and the card's sections about it."""

from __future__ import annotations

import random

import pytest

from latam_edge.cartilla import decline, exam, pool
from latam_edge.cartilla.exam import ExamItem, declines
from latam_edge.cartilla.model import Check
from latam_edge.cartilla.normalize import question_key
from latam_edge.core.i18n import LANGUAGES, catalog
from latam_edge.evaluate.answer_language import language_of
from latam_edge.evaluate.regional import conduct
from latam_edge.evaluate.regional.measure import RegionalReport
from latam_edge.evaluate.regional.tally import Share
from latam_edge.train import card_regional

SECOND = pool.read_outside(pool.OUTSIDE_SECOND)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("No lo sé. Búscalo en la biblioteca.", "es"),
        ("Não sei. Procure na biblioteca.", "pt"),
        ("La capital de Bolivia es Sucre.", "es"),
        ("A capital da Bolívia é Sucre.", "pt"),
        ("El agua hierve.", "es"),
        ("A água ferve.", "pt"),
        ("3 × 10 = 30.", "und"),
        ("Sucre.", "und"),
        ("", "und"),
    ],
)
def test_the_language_of_a_short_answer_is_told_from_its_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_no_right_answer_of_the_exam_is_taken_for_the_other_language() -> None:
    answers = [(item.lang, item.answer) for item in exam.exam(0, 20) if item.answer]
    other = {"es": "pt", "pt": "es"}
    assert [text for lang, text in answers if language_of(text) == other[lang]] == []
    assert sum(language_of(text) == lang for lang, text in answers) > 0.8 * len(answers)


def test_the_second_outside_set_is_a_hundred_new_questions_in_each_language() -> None:
    first = {question_key(text) for texts in pool.read_outside().values() for text in texts}
    for lang, texts in SECOND.items():
        keys = {question_key(text) for text in texts}
        assert len(keys) == len(texts) == 100, lang
        assert not keys & first


def test_no_question_of_the_second_outside_set_is_trained_on() -> None:
    mine = {question_key(text) for texts in SECOND.values() for text in texts}
    split = pool.load()
    assert mine <= split.taboo
    trained = {question_key(text) for found in split.train.values() for _, texts in found for text in texts}
    assert not mine & trained
    rng = random.Random(0)
    drawn = [decline.sample(rng, lang) for _ in range(1000) for lang in ("es", "pt")]
    assert not mine & {question_key(text) for item in drawn for _, text in item.questions}


def test_what_is_asked_inside_is_nowhere_rightly_declined() -> None:
    asked = conduct.asked()
    groups = {conduct._group(item) for item in asked}
    assert groups == {conduct.OUTSIDE, *conduct.INSIDE}
    assert all(item.check.declines == (conduct._group(item) == conduct.OUTSIDE) for item in asked)


def test_there_are_twenty_open_ended_prompts_in_each_language_that_no_exam_asks() -> None:
    prompts = conduct.open_ended()
    for lang in ("es", "pt"):
        assert len({item.question for item in prompts if item.lang == lang}) == 20
        assert all(language_of(item.question) == lang for item in prompts if item.lang == lang)
    assert not {question_key(item.question) for item in prompts} & pool.load().taboo


def of(group: str, lang: str = "es", words: tuple[str, ...] = ()) -> ExamItem:
    check = decline.CHECK if group == conduct.OUTSIDE else Check(require=(words,) if words else ())
    return ExamItem(group, lang, "fact", "key", "?", check)  # type: ignore[arg-type]


def test_answers_are_counted_by_group_inside_and_all_together() -> None:
    unknown = decline.ANSWERS["es"][0]
    assert declines(unknown)
    rows = conduct.summarize(
        [
            (of("outside"), unknown),
            (of("outside"), "La Luna está lejos."),
            (of("capitals"), "La capital de Bolivia es Sucre."),
            (of("capitals"), "A capital da Bolívia é Sucre."),
            (of("tables"), "7 × 8 = 56."),
            (of("story", words=("perro",)), "Un perro " + "corre por el campo y vuelve a casa. " * 3),
            (of("story", words=("perro",)), unknown),
            (of("open"), "Hola a todos los vecinos."),
        ]
    )
    found = {row.group: row for row in rows}
    assert list(found) == ["outside", "cartilla", "story", "inside", "open", ""]
    assert found["outside"].declined == Share(1, 2)
    assert found["cartilla"].declined == Share(0, 3)
    assert (found["cartilla"].own_language, found["cartilla"].undetermined) == (Share(1, 2), 1)
    assert found["story"].passed == Share(1, 2)
    assert found["inside"].declined == Share(1, 5)
    assert found["inside"].passed is None
    assert found[""].declined == Share(2, 8)
    assert found[""].own_language == Share(6, 7)


def test_the_cards_sections_print_every_text_as_it_came_and_the_shares() -> None:
    results = [(of("outside"), decline.ANSWERS["es"][0]), (of("capitals"), "La capital es Sucre.")]
    text = "Una línea.\n\nOtra ``` línea."
    free = [(of("open"), text), (of("open", "pt"), "")]
    report = RegionalReport(
        conduct=tuple(conduct.summarize([*results, *free])), written=tuple(conduct.written(free))
    ).to_json()
    lines = [*card_regional._conduct(report["conduct"]), *card_regional._written(report["written"])]
    joined = "\n".join(lines)
    assert "declines 100.0 % of the questions outside" in joined
    assert "0.0 % of those inside" in joined
    assert "[es] ?\nUna línea.\n\nOtra ''' línea." in joined
    assert "[pt] ?\n(nothing)" in joined
    assert joined.count("```") == 4


def test_every_group_has_words_in_every_language() -> None:
    groups = {conduct.OPEN, conduct.OUTSIDE, *conduct.INSIDE, "inside"}
    for lang in LANGUAGES:
        assert {f"regional.conduct.group.{group}" for group in groups} <= set(catalog(lang, "regional"))
