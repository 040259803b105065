"""The corpus and the exam of the cartilla: no leak between them, the same for the same seed."""

from __future__ import annotations

import collections
import random
from dataclasses import replace

import pytest

from latam_edge.cartilla import arithmetic, corpus, decline, exam, health, pool, split, subjects
from latam_edge.cartilla.model import Check, Dialogue, Item
from latam_edge.cartilla.normalize import question_key

N_SAMPLED = 60_000


@pytest.fixture(scope="module")
def sampled() -> list[Dialogue]:
    return list(corpus.dialogues(20, N_SAMPLED))


@pytest.fixture(scope="module")
def asked() -> list[exam.ExamItem]:
    return exam.exam(seed=0, per_category=60)


def test_the_same_seed_gives_the_same_corpus_and_the_same_exam() -> None:
    assert list(corpus.dialogues(7, 300)) == list(corpus.dialogues(7, 300))
    assert list(corpus.dialogues(7, 300)) != list(corpus.dialogues(8, 300))
    assert list(corpus.prose(7, 50)) == list(corpus.prose(7, 50))
    assert exam.exam(3, 5) == exam.exam(3, 5)
    assert exam.exam(3, 5) != exam.exam(4, 5)


def test_no_exam_question_occurs_in_training(sampled: list[Dialogue]) -> None:
    trained = {question_key(question) for dialogue in sampled for question, _ in dialogue.turns}
    for seed in range(3):
        held_out = {question_key(item.question) for item in exam.exam(seed, 10_000) if not item.history}
        assert not trained & held_out
    assert len(trained) > N_SAMPLED / 2


def test_nothing_that_is_held_out_occurs_in_prose() -> None:
    taboo = pool.load().taboo
    lines = [line for _, text in corpus.prose(1, 2000) for line in text.splitlines() if ": " in line]
    asked_in_prose = [line.split(": ", 1)[1] for line in lines if line.startswith("Pregunta")]
    assert asked_in_prose
    assert not {question_key(text) for text in asked_in_prose} & taboo


def test_held_out_rules_are_absent_in_every_wording(sampled: list[Dialogue]) -> None:
    answers = {answer for dialogue in sampled for _, answer in dialogue.turns}
    for item in arithmetic.items():
        if item.category in arithmetic.RULES:
            assert item.answers[0] not in answers


def test_follow_up_pairs_of_the_exam_are_not_trained() -> None:
    division = pool.load()
    trained = {
        (first, pool.item_id(second)) for first, nexts in division.follow_ups.items() for second, _ in nexts
    }
    held_out = {
        (pool.item_id(first), pool.item_id(second)) for first, second, _ in division.follow_ups_held_out
    }
    assert held_out
    assert not trained & held_out


def test_whole_templates_are_held_out_and_every_item_keeps_two() -> None:
    items = subjects.all_items()
    templates = split.held_out_templates(items)
    for item in items:
        if item.kind != "fact":
            continue
        away = templates[item.category, item.lang]
        names = {name for name, _ in item.questions}
        left = names - away
        assert len(left) >= min(2, len(names)), item.key
        assert item.questions[0][0] not in away
        texts, _ = split.divide(item, templates)
        assert texts
    facts = {pool.item_id(item) for item in items if item.kind == "fact"}
    assert facts <= set(pool.load().train), "every fact can be learned"


def test_both_languages_of_a_rule_are_on_the_same_side() -> None:
    for n in range(200):
        assert split.rule_is_held_out(f"plural:es:{n}") == split.rule_is_held_out(f"plural:pt:{n}")


def test_all_forms_of_a_word_are_on_the_same_side() -> None:
    sides = collections.defaultdict(set)
    for item in subjects.all_items():
        if item.kind == "rule" and item.category in ("conjugation", "plurals"):
            sides[item.category, item.lang, item.key.split(":")[2]].add(split.rule_is_held_out(item.key))
    assert all(len(found) == 1 for found in sides.values())
    for category, least in (("conjugation", 5), ("plurals", 15)):
        for lang in ("es", "pt"):
            held_out = [
                word for word, found in sides.items() if word[:2] == (category, lang) and True in found
            ]
            assert len(held_out) >= least, (category, lang, len(held_out))


def test_every_answer_passes_its_own_check_and_every_other_category_fails_it() -> None:
    items = subjects.all_items()
    rng = random.Random(2)
    for item in items:
        for answer in item.answers:
            assert exam.grade(item.check, answer), (item.key, answer)
        if not item.check.declines:
            assert not exam.grade(item.check, decline.ANSWERS[item.lang][0]), item.key
        assert item.check.declines or item.check.require or item.check.number is not None, item.key
        other = rng.choice(items)
        if other.category != item.category:
            assert not exam.grade(item.check, "mmm"), item.key


def test_a_wrong_number_fails_and_so_does_one_more_sentence_with_a_number() -> None:
    check = Check(number="132")
    assert exam.grade(check, "47 + 85: unidades 7 + 5 = 12. Resultado: 132.")
    assert not exam.grade(check, "47 + 85: unidades 7 + 5 = 12. Resultado: 133.")
    assert not exam.grade(check, "Resultado: 132. Y 5.")
    assert not exam.grade(check, "")


def test_words_are_compared_whole_without_accents_and_forbidden_ones_fail() -> None:
    check = Check(require=(("bogota",), ("colombia", "Colómbia")), forbid=("Perú",))
    assert exam.grade(check, "La capital de Colombia es Bogotá.")
    assert not exam.grade(check, "La capital de Colombia es Bogotano.")
    assert not exam.grade(check, "La capital de Colombia, no del Peru, es Bogotá.")
    assert not exam.grade(check, "No lo sé. Colombia, Bogotá.")


def test_declining_is_recognized_in_both_languages_and_nothing_else_is() -> None:
    assert exam.declines("No lo sé. Búscalo en la biblioteca.")
    assert exam.declines("não sei")
    assert not exam.declines("No se puede.")
    assert not exam.declines("Você sabe que não.")
    for answers in (*decline.ANSWERS.values(), *decline.HEALTH_ANSWERS.values()):
        assert all(exam.grade(decline.CHECK, answer) for answer in answers)


def test_all_categories_are_there_in_both_languages(
    sampled: list[Dialogue], asked: list[exam.ExamItem]
) -> None:
    wanted = set(corpus.WEIGHTS)
    trained = {(dialogue.category, dialogue.lang) for dialogue in sampled}
    examined = {(item.category, item.lang) for item in asked}
    for lang in ("es", "pt"):
        assert {(name, lang) for name in {*wanted, decline.CATEGORY}} <= trained
        assert {
            (name, lang) for name in {*wanted, decline.CATEGORY, exam.OUTSIDE, exam.FOLLOW_UPS}
        } <= examined


def test_shares_are_what_was_asked_for(sampled: list[Dialogue]) -> None:
    alone = [dialogue.turns[0][1] for dialogue in sampled if len(dialogue.turns) == 1]
    assert abs(sum(map(exam.declines, alone)) / len(alone) - corpus.DECLINE_SHARE) < 0.01
    several = sum(len(dialogue.turns) > 1 for dialogue in sampled) / len(sampled)
    assert abs(several - corpus.MULTI_TURN_SHARE) < 0.02
    assert abs(sum(bool(d.system) for d in sampled) / len(sampled) - corpus.SYSTEM_SHARE) < 0.01
    few = list(corpus.dialogues(1, 4000, decline_share=0.0, multi_turn_share=0.0))
    assert not any(dialogue.category == decline.CATEGORY for dialogue in few)


def test_the_exam_asks_two_hundred_questions_from_outside(asked: list[exam.ExamItem]) -> None:
    outside = [item for item in asked if item.category == exam.OUTSIDE]
    assert len(outside) == exam.N_OUTSIDE
    assert all(item.check.declines for item in outside)
    texts = pool.read_outside()
    assert all(len(set(texts[lang])) >= 150 for lang in ("es", "pt"))


def test_tens_of_thousands_of_different_questions_lie_outside() -> None:
    rng = random.Random(0)
    for lang in ("es", "pt"):
        seen = {decline.sample(rng, lang).questions[0][1] for _ in range(80_000)}
        assert len(seen) > 30_000


def test_no_question_is_both_inside_and_outside() -> None:
    rng = random.Random(4)
    outside = {
        question_key(decline.sample(rng, lang).questions[0][1])
        for lang in ("es", "pt")
        for _ in range(40_000)
    }
    outside |= {question_key(text) for texts in pool.read_outside().values() for text in texts}
    inside = {question_key(text) for item in subjects.all_items() for _, text in item.questions}
    assert not inside & outside


def test_withdrawn_health_items_send_the_person_to_a_health_worker() -> None:
    keys = {
        item.key for item in subjects.all_items() if item.category == "health" and not item.check.declines
    }
    key = sorted(keys)[0]
    item = next(item for item in subjects.all_items() if item.key == key and item.lang == "es")
    safe = corpus.withdrawn(item)
    assert safe.answers == (health.SAFE_ANSWER["es"],)
    assert exam.grade(safe.check, safe.answers[0])
    assert not exam.grade(safe.check, item.answers[0])
    given = [
        answer
        for dialogue in corpus.dialogues(3, 30_000, excluded={key})
        for _, answer in dialogue.turns
        if answer in item.answers
    ]
    other = {a for i in subjects.all_items() if i.key != key for a in i.answers}
    assert not set(given) - other
    changed = [one for one in exam.exam(0, 10_000, excluded={key}) if one.key == key]
    assert changed
    assert all(one.check == health.SAFE_CHECK[one.lang] for one in changed)


def test_a_withdrawn_health_item_is_drawn_oftener_and_never_answers() -> None:
    key = "health:burn"
    items = {item.lang: item for item in subjects.all_items() if item.key == key}
    asked = {
        (lang, question_key(text))
        for (_, lang, name), entries in pool.load().train.items()
        if name == key
        for _, texts in entries
        for text in texts
    }

    def times(excluded: set[str]) -> int:
        answers = [
            answer
            for dialogue in corpus.dialogues(5, 20_000, excluded=excluded)
            for question, answer in dialogue.turns
            if (dialogue.lang, question_key(question)) in asked
        ]
        right = {item.answers[0] for item in items.values()}
        assert set(answers) <= (set(health.SAFE_ANSWER.values()) if excluded else right)
        return len(answers)

    assert times({key}) > 1.3 * times(set())


def test_results_are_counted_by_category_language_and_kind(asked: list[exam.ExamItem]) -> None:
    inside = next(item for item in asked if item.category == "tables")
    rows = exam.summarize([(inside, f"= {inside.check.number}."), (inside, "No lo sé."), (inside, "= 1000.")])
    assert rows == [exam.Row("tables", inside.lang, "fact", n=3, correct=1, wrongly_declined=1)]
    outside = next(item for item in asked if item.category == exam.OUTSIDE)
    assert exam.summarize([(outside, "Não sei.")])[0].wrongly_declined == 0


def test_templates_that_ask_the_same_are_held_out_together() -> None:
    questions = tuple(
        (name, text)
        for n in range(20)
        for name, text in (
            (f"plain-{n}", f"¿Pregunta {n} de x?"),
            (f"hola-{n}", f"Hola, ¿pregunta {n} de x?"),
        )
    )
    item = Item("toy", "es", "toy:1", "fact", questions, ("x",), Check(require=(("x",),)))
    away = split.held_out_templates([item, replace(item, key="toy:2")])["toy", "es"]
    assert away
    assert {name.replace("plain", "hola") for name in away} == {
        name for name in away if name.startswith("hola")
    }


def test_every_conversation_is_whole(sampled: list[Dialogue]) -> None:
    lengths = collections.Counter(len(dialogue.turns) for dialogue in sampled)
    assert set(lengths) == {1, 2, 3, 4}
    for dialogue in sampled:
        for question, answer in dialogue.turns:
            assert question.strip() == question != ""
            assert answer.strip() == answer != ""
            assert "{" not in question + answer
