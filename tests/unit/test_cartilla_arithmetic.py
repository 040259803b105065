"""The arithmetic of the cartilla: columns, tables, divisions, word problems, words for numbers."""

from __future__ import annotations

import random
import re

import pytest

from latam_edge.cartilla import arithmetic, split, word_problems
from latam_edge.cartilla.exam import grade
from latam_edge.cartilla.model import Item
from latam_edge.cartilla.number_words import in_words

STEP = re.compile(r"(\d+(?: [+-] \d+)+) = (\d+)")


def evaluate(expression: str) -> int:
    first, *rest = re.findall(r"[+-]?\d+", expression.replace(" ", ""))
    return int(first) + sum(map(int, rest))


def test_a_sum_with_carry_reads_as_in_a_notebook() -> None:
    assert arithmetic.sum_working(47, 85, "es") == (
        "47 + 85: unidades 7 + 5 = 12, escribo 2 y llevo 1; decenas 4 + 8 + 1 = 13. Resultado: 132."
    )
    assert arithmetic.sum_working(7, 5, "pt") == "7 + 5 = 12."


def test_a_difference_with_borrow_reads_as_in_a_notebook() -> None:
    assert arithmetic.difference_working(82, 47, "pt") == (
        "82 - 47: unidades 12 - 7 = 5, pego 1 emprestado; dezenas 8 - 1 - 4 = 3. Resultado: 35."
    )
    with pytest.raises(ValueError, match="below zero"):
        arithmetic.difference_working(3, 5, "es")


@pytest.mark.parametrize("lang", ["es", "pt"])
def test_every_step_and_every_result_is_right(lang: str) -> None:
    rng = random.Random(3)
    pairs = [(rng.randrange(1000), rng.randrange(1000)) for _ in range(3000)]
    pairs += [(1000 - 1, 1), (100, 1), (500, 500), (700, 699), (10, 9), (0, 0), (101, 2), (990, 10)]
    for a, b in pairs:
        added = arithmetic.sum_working(a, b, lang)  # type: ignore[arg-type]
        taken = arithmetic.difference_working(max(a, b), min(a, b), lang)  # type: ignore[arg-type]
        for text in (added, taken):
            assert all(evaluate(left) == int(right) for left, right in STEP.findall(text)), text
        assert re.findall(r"\d+", added)[-1] == str(a + b)
        assert re.findall(r"\d+", taken)[-1] == str(abs(a - b))


def test_the_digits_that_are_written_down_make_the_result() -> None:
    for a, b in [(347, 285), (958, 67), (64, 7), (99, 99), (805, 195)]:
        *columns, _ = re.split(r"; |\. ", arithmetic.sum_working(a, b, "es").split(": ", 1)[1])
        last = [re.findall(r"escribo (\d)|(\d+)$", column)[0] for column in columns]
        written = [one or other for one, other in last]
        assert "".join(reversed(written)) == str(a + b)


def test_training_and_exam_share_no_operand_pair() -> None:
    rng = random.Random(5)
    for category in arithmetic.RULES:
        trained = {arithmetic.sample(rng, category, "es").key for _ in range(4000)}
        examined = {item.key for item in arithmetic.items() if item.category == category}
        assert not trained & examined
        assert len(examined) >= 300
    trained = {word_problems.sample(rng, "pt").key for _ in range(4000)}
    assert not trained & {item.key for item in word_problems.items()}


def test_a_sum_and_its_mirror_are_held_out_together() -> None:
    assert arithmetic.sum_key(47, 85) == arithmetic.sum_key(85, 47)
    held_out = sum(
        split.rule_is_held_out(arithmetic.sum_key(a, b)) for a in range(100) for b in range(a, 100)
    )
    assert 0.06 < held_out / 5050 < 0.10


def test_two_digits_mean_at_most_99_and_not_both_single() -> None:
    rng = random.Random(1)
    for _ in range(500):
        numbers = [int(n) for n in re.findall(r"\d+", arithmetic.sample(rng, "sums2", "es").answers[0])[:2]]
        assert 10 <= max(numbers) <= 99
        numbers = [int(n) for n in re.findall(r"\d+", arithmetic.sample(rng, "diffs3", "pt").answers[0])[:2]]
        assert 100 <= numbers[0] <= 999
        assert numbers[0] >= numbers[1]


def test_tables_and_divisions_are_complete_and_inverse() -> None:
    facts: dict[str, Item] = {item.key: item for item in arithmetic.items() if item.lang == "es"}
    for a in range(1, 13):
        for b in range(1, 13):
            assert grade(facts[f"mul:{a}x{b}"].check, f"{a} × {b} = {a * b}.")
            assert grade(facts[f"div:{a * b}/{b}"].check, f"{a * b} ÷ {b} = {a}.")
    assert grade(facts["table:7"].check, facts["table:7"].answers[0])
    assert "7 × 8 = 56" in facts["table:7"].answers[0]


def test_tables_are_asked_in_words_and_answered_in_digits() -> None:
    facts = {item.key: item for item in arithmetic.items() if item.lang == "pt"}
    texts = [text for _, text in facts["mul:11x3"].questions]
    assert "Quanto é onze vezes três?" in texts
    assert facts["mul:11x3"].answers == ("11 × 3 = 33.",)
    share = sum("onze" in text or "três" in text for text in texts) / len(texts)
    assert 0.25 < share < 0.5


def test_numbers_go_from_digits_to_words_and_back() -> None:
    items = {(item.lang, item.key): item for item in arithmetic.items()}
    assert items["es", "number:47:words"].answers == ("47 se escribe cuarenta y siete.",)
    assert items["pt", "number:138:digits"].answers == ("Cento e trinta e oito se escreve 138.",)
    assert not grade(items["es", "number:47:digits"].check, "Cuarenta y siete se escribe 74.")


def test_word_problems_answer_with_their_noun_and_agree_in_gender() -> None:
    rng = random.Random(8)
    for _ in range(2000):
        item = word_problems.sample(rng, rng.choice(("es", "pt")))
        question, answer = item.questions[0][1], item.answers[0]
        assert grade(item.check, answer)
        asked = re.search(r"(?:[Cc]uánt|[Qq]uant)([oa]s) (\w+)", question)
        if asked and asked.group(2) in question.split("?")[0]:
            for nouns in word_problems.scene_words()["thing"].named.values():
                for gender, noun in nouns:
                    if noun == asked.group(2) and noun in answer:
                        assert asked.group(1) == ("as" if gender == "f" else "os") or noun in ("naranjas",)
        assert "{" not in question + answer


@pytest.mark.parametrize(
    ("number", "es", "pt"),
    [
        (0, "cero", "zero"),
        (16, "dieciséis", "dezesseis"),
        (22, "veintidós", "vinte e dois"),
        (47, "cuarenta y siete", "quarenta e sete"),
        (100, "cien", "cem"),
        (105, "ciento cinco", "cento e cinco"),
        (538, "quinientos treinta y ocho", "quinhentos e trinta e oito"),
    ],
)
def test_numbers_are_spelled_as_they_are_said(number: int, es: str, pt: str) -> None:
    assert in_words(number, "es") == es
    assert in_words(number, "pt") == pt
