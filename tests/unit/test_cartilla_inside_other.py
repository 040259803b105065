"""Stories, descriptions and questions about a text: what is asked, and how answers are graded."""

from __future__ import annotations

from collections import Counter

import pytest

from latam_edge.cartilla import exam
from latam_edge.cartilla.inside_other import grade_other, inside_other, summarize_other
from latam_edge.cartilla.normalize import normalize
from latam_edge.cartilla.phrasing import read

STORY = "Había una vez una gallina que miraba el río y soñaba con la otra orilla."


def test_there_are_sixty_questions_of_three_kinds_in_both_languages() -> None:
    found = Counter((item.category, item.lang) for item in inside_other())
    assert sum(found.values()) >= 60
    assert set(found) == {
        (kind, lang) for kind in ("story", "description", "reading") for lang in ("es", "pt")
    }
    assert len({item.question for item in inside_other()}) == len(inside_other())


def test_none_of_it_is_among_the_questions_from_outside() -> None:
    mine = {normalize(item.question) for item in inside_other()}
    outside = read("outside_exam.toml")
    assert not mine & {normalize(text) for lang in ("es", "pt") for text in outside[lang]}


def test_every_answer_about_a_text_stands_in_the_text() -> None:
    for item in inside_other():
        if item.category == "reading":
            text, _, question = item.question.partition("\n\n")
            assert question.endswith("?")
            shown = f" {normalize(text)} "
            (words,) = item.check.require
            assert any(f" {normalize(word)} " in shown for word in words), item


@pytest.mark.parametrize(
    ("place", "answer", "passes"),
    [
        (("story", "es"), STORY, True),
        (("story", "es"), "Una gallina.", False),
        (("story", "es"), STORY.replace("gallina", "vaca").replace("río", "mar"), False),
        (("story", "es"), "No lo sé. " + STORY, False),
        (("reading", "es"), "Detrás de su casa.", True),
        (("reading", "es"), "En la plaza.", False),
        (("reading", "pt"), "Não sei. Procure na biblioteca.", False),
        (("description", "pt"), "A feira de manhã é cheia de cores e de gente.", True),
        (("description", "pt"), "A feira.", False),
        (("description", "pt"), "", False),
    ],
)
def test_an_answer_must_speak_of_the_matter_and_not_decline(
    place: tuple[str, str], answer: str, passes: bool
) -> None:
    item = next(item for item in inside_other() if (item.category, item.lang) == place)
    assert grade_other(item, answer) is passes


def test_rows_count_what_is_right_and_what_was_declined() -> None:
    item = next(item for item in inside_other() if (item.category, item.lang) == ("story", "es"))
    rows = summarize_other([(item, STORY), (item, "No lo sé."), (item, "Una gallina.")])
    assert rows == [exam.Row("story", "es", "fact", 3, 1, 1)]
