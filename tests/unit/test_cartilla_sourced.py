"""The sourced subjects of the cartilla: health, indigenous languages, culture."""

from __future__ import annotations

import re
from collections import defaultdict
from types import ModuleType
from typing import Any

import pytest

from latam_edge.cartilla import culture, decline, health, indigenous
from latam_edge.cartilla.exam import declines, grade
from latam_edge.cartilla.model import Item
from latam_edge.cartilla.normalize import normalize
from latam_edge.cartilla.phrasing import read
from latam_edge.evaluate.exam import DANGER_SIGNS

MODULES = (health, indigenous, culture)
EVERY = [item for module in MODULES for item in module.items()]
MOST_WORDS = 45


def label(item: Item) -> str:
    return f"{item.key} ({item.lang})"


def test_every_item_names_its_source() -> None:
    assert [label(item) for item in EVERY if not item.source.strip()] == []


def test_every_source_of_the_data_files_is_used_and_names_a_title_and_a_place() -> None:
    for name in ("health", "indigenous", "culture"):
        for source in read(f"{name}.toml")["sources"].values():
            assert any(source in item.source for item in EVERY if item.category == name), source
            assert re.search(r"https?://|[\w.-]+/[\w.-]+:", source), source


def test_spanish_and_portuguese_have_the_same_keys_in_the_same_order() -> None:
    for module in MODULES:
        keys = {lang: [i.key for i in module.items() if i.lang == lang] for lang in ("es", "pt")}
        assert keys["es"] == keys["pt"]
        assert len(set(keys["es"])) == len(keys["es"])


def test_every_answer_passes_its_own_check() -> None:
    failed = [f"{label(i)}: {a}" for i in EVERY for a in i.answers if not grade(i.check, a)]
    assert failed == []


def test_every_check_asks_for_something() -> None:
    assert [label(item) for item in EVERY if not item.check.require] == []


def test_no_question_has_two_different_answers() -> None:
    asked: dict[tuple[str, str], dict[str, Item]] = defaultdict(dict)
    for item in EVERY:
        for _, question in item.questions:
            asked[item.lang, normalize(question)][item.key] = item
    clashes = [
        (question, sorted(by_key))
        for question, by_key in asked.items()
        if len({item.answers for item in by_key.values()}) > 1
    ]
    assert clashes == []


def test_every_item_is_asked_in_ten_ways_and_a_health_item_in_twelve() -> None:
    for item in EVERY:
        names = [name for name, _ in item.questions]
        assert len(set(names)) == len(names), label(item)
        assert len(names) >= (12 if item.category == "health" else 10), label(item)


def test_questions_and_answers_have_no_open_placeholder_or_stray_space() -> None:
    texts = [t for i in EVERY for t in (*i.answers, *(q for _, q in i.questions))]
    assert [t for t in texts if re.search(r"[{}|]|\s\s|^\s|\s$|\s[?.,;]|\.\.", t)] == []


def test_health_answers_are_short_and_there_is_one_per_item() -> None:
    for item in health.items():
        assert len(item.answers) == 1, label(item)
        assert len(item.answers[0].split()) <= MOST_WORDS, label(item)


def test_a_health_check_requires_every_number_of_its_answer() -> None:
    for item in health.items():
        wanted = {
            token for group in item.check.require for words in group for token in normalize(words).split()
        }
        numbers = {token for token in normalize(item.answers[0]).split() if token.isdigit()}
        assert numbers <= wanted, label(item)


@pytest.mark.parametrize("module", MODULES)
def test_items_come_in_the_same_order_every_time(module: ModuleType) -> None:
    assert list(module.items()) == list(module.items())


def test_excluded_keys_name_health_items() -> None:
    assert set(read("health_excluded.toml")["keys"]) <= {item.key for item in health.items()}


def test_an_excluded_health_item_sends_the_person_to_a_health_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_one_excluded(name: str) -> dict[str, Any]:
        return {"keys": ["health:ors-make"]} if name == "health_excluded.toml" else read(name)

    before = {(item.key, item.lang): item for item in health.items()}
    monkeypatch.setattr(health, "read", with_one_excluded)
    for item in health.items():
        was = before[item.key, item.lang]
        assert item.questions == was.questions
        if item.key == "health:ors-make":
            assert item.answers == (health.SAFE_ANSWER[item.lang],)
            assert grade(item.check, item.answers[0])
            assert not grade(item.check, was.answers[0])
        elif was.key not in read("health_excluded.toml")["keys"]:
            assert item == was


def test_the_safe_answer_admits_not_knowing_and_says_where_to_ask() -> None:
    for lang, place in (("es", "centro de salud"), ("pt", "posto de saúde")):
        assert declines(health.SAFE_ANSWER[lang])
        assert place in health.SAFE_ANSWER[lang]
        assert not grade(health.SAFE_CHECK[lang], decline.ANSWERS[lang][0])
        assert decline.HEALTH_ANSWERS[lang] == (health.SAFE_ANSWER[lang],)


def test_answers_to_danger_send_to_the_clinic_now() -> None:
    told = {item.key for item in health.items() if any(sign in item.answers[0] for sign in DANGER_SIGNS)}
    ill = ("diarrhea", "child-danger", "pneumonia", "cough", "fever", "newborn-danger", "dengue")
    hurt = ("wound", "burn", "dog-bite", "snake", "poison", "pregnancy")
    assert told == {f"health:{key}" for key in ill + hurt}


def test_no_two_health_answers_begin_alike() -> None:
    for lang in ("es", "pt"):
        answers = [item.answers[0] for item in health.items() if item.lang == lang]
        assert len({" ".join(answer.split()[:4]) for answer in answers}) == len(answers)


def test_each_indigenous_language_has_greetings_and_the_numbers_from_one_to_ten() -> None:
    for tongue, words in read("indigenous.toml")["words"].items():
        ids = [word["id"] for word in words]
        assert [word["id"] for word in words if word.get("number")] == [str(n) for n in range(1, 11)], tongue
        assert {"hello", "thanks", "water", "house"} <= set(ids), tongue


def test_what_can_do_harm_is_told_apart_from_what_cannot() -> None:
    from latam_edge.evaluate.exam import is_critical, refers

    by_key = {item.key: item for item in health.items() if item.lang == "es"}
    for key in ("health:ors-make", "health:child-danger", "health:burn", "health:breastfeeding"):
        assert is_critical(by_key[key]), key
    for key in ("health:handwash-why", "health:vaccines", "health:mosquito"):
        assert not is_critical(by_key[key]), key
    assert refers("No lo sé. Búscalo en la biblioteca.")
    assert refers(health.SAFE_ANSWER["pt"])
    assert not refers(by_key["health:ors-make"].answers[0])
