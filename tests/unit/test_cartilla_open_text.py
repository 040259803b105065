"""Stories, descriptions, writing and reading: off unless asked for, and nothing of the exams in them."""

from __future__ import annotations

import hashlib
import json
import random
import re
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from latam_edge.cartilla import corpus, open_text, reading
from latam_edge.cartilla.agreement import Word, fill, noun
from latam_edge.cartilla.exam import declines, grade, open_questions
from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.normalize import normalize
from latam_edge.cartilla.text_slots import draw, kinds
from latam_edge.core.variant import LINES
from latam_edge.evaluate.regional import conduct, sentences
from latam_edge.train import corpus_step
from latam_edge.train.recipe import load_recipe

ROOT = Path(__file__).parents[2]
LANGS: tuple[Lang, ...] = ("es", "pt")
ON = {"reading": 30.0, "stories": 30.0, "descriptions": 30.0, "writing": 30.0}

BEFORE = {
    ("semilla", 0): "eb06a127244578a14fb8af5d",
    ("semilla", 2): "f1ce6cc5093f4aa0ff61764b",
    ("semilla", 1): "23a5b6f03538f287a8d10127",
    ("cartilla", 0): "780d276371a67d14fcaf2ce9",
    ("semilla-grande", 1): "a373e9b6cf9dc0b7127177d5",
}
"""Recipe and what is added to its seed, to the digest of its first dialogues before these categories were."""


@pytest.mark.parametrize(("name", "offset"), BEFORE)
def test_recipes_without_them_draw_what_they_drew_before(name: str, offset: int) -> None:
    recipe = load_recipe(ROOT / "recipes" / f"{name}.toml")
    weights = {0: {}, 1: recipe.finetune.weights, 2: recipe.distill.weights}[offset]
    digest = hashlib.sha256()
    for dialogue in corpus_step.draw(recipe, recipe.seed + offset, 300, weights=weights):
        digest.update(json.dumps(asdict(dialogue), ensure_ascii=False, sort_keys=True).encode())
    assert digest.hexdigest()[:24] == BEFORE[name, offset]


def _texts(held_out: bool, count: int = 400) -> list[str]:
    found = []
    for category in open_text.CATEGORIES:
        for lang in LANGS:
            rng = random.Random(f"{category} {lang}")
            for _ in range(count):
                asked = open_text.sample(rng, category, lang, held_out=held_out)
                for item in (asked.item, *asked.more):
                    found += [item.questions[0][1], *item.answers]
    return found


def test_words_agree_and_contract() -> None:
    rng = random.Random(0)
    words = {"x": noun("los frijoles"), "p": Word("Illari", True), "q": noun("el mercado")}
    told = fill(
        "de+{el q} vino Ana y {p}, cansad{p:o/a}. {el x} {x#está/están} list{x:o/a}.", words, "es", rng
    )
    assert told == "Del mercado vino Ana e Illari, cansada. Los frijoles están listos."
    assert fill("<ven|vení|venga> {a q}.", words, "es", rng, "vos") == "Vení al mercado."
    words = {"d": noun("a segunda-feira"), "n": Word("dois", other="duas")}
    assert fill("{em d}, {de d}, {n@d}", words, "pt", rng) == "Na segunda-feira, da segunda-feira, duas"


@pytest.mark.parametrize("held_out", [False, True])
def test_no_mark_of_a_template_is_left_in_a_text(held_out: bool) -> None:
    for text in _texts(held_out):
        assert not re.search(r"[{}\[\]<>|*+]|  |\bde el\b|\ba el\b|\bem o\b|\bde o\b", text), text


@pytest.mark.parametrize("lang", LANGS)
def test_every_answer_passes_its_own_check_and_never_declines(lang: Lang) -> None:
    for category in open_text.CATEGORIES:
        rng = random.Random(3)
        for _ in range(300):
            asked = open_text.sample(rng, category, lang)
            for item in (asked.item, *asked.more):
                for answer in item.answers:
                    assert grade(item.check, answer), (item.questions, answer)
                    assert not declines(answer)


@pytest.mark.parametrize("lang", LANGS)
def test_an_answer_stands_in_its_text_and_one_in_eight_does_not(lang: Lang) -> None:
    rng = random.Random(5)
    absent = asked = 0
    for _ in range(600):
        first, *more = reading.sample(rng, lang)
        text = normalize(first.questions[0][1])
        for item in (first, *more):
            asked += 1
            if item.answers == (reading.ABSENT[lang],):
                absent += 1
                continue
            core = normalize(item.check.require[0][0])
            loose = ("si", "sim", "no", "nao")
            assert core in loose or set(core.split()) - {"porque", "con", "com"} <= set(text.split()) | {
                "para", "lo", "la", "se", "pasaron", "los", "passou", "el", "o", "a", "que", "al",
            }, (text, core)  # fmt: skip
    assert abs(absent / asked - reading.ABSENT_SHARE) < 0.03


def test_what_is_held_out_is_never_trained() -> None:
    for category in open_text.CATEGORIES:
        for lang in LANGS:
            exam = {a.item.questions[0][1] for a in open_text.held_out(0, 40, lang, category)}
            assert len(exam) >= 15 or category == open_text.WRITING
            rng = random.Random(1)
            trained = {open_text.sample(rng, category, lang).item.questions[0][1] for _ in range(1500)}
            assert not exam & trained


def _evaluated() -> set[str]:
    """Every sentence and question of the evaluation sets, normalized, of five words and more."""
    found = {item.question for item in [*conduct.asked(), *conduct.open_ended()] if not item.history}
    found |= {part for question in list(found) for part in question.split("\n")}
    for lang in LANGS:
        for group in sentences.read_data(f"pairs_{lang}.toml")["group"]:
            for frame in group["frames"]:
                for word in group["words"]:
                    found |= set(sentences.choices(sentences.fill(frame, word)))
        found |= set(
            re.split(r"(?<=[.!?])\s+", (ROOT / f"latam_edge/assets/evaluation/{lang}.txt").read_text("utf-8"))
        )
    data = ROOT / "latam_edge/evaluate/regional/data"
    for path in data.glob("*.toml"):
        found |= set(_strings(tomllib.loads(path.read_text("utf-8"))))
    found = {part for text in found for part in re.split(r"(?<=[.!?])\s+", text)}
    return {normalize(text) for text in found if len(text.split()) >= 5}


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _strings(part)]


def test_no_sentence_and_no_question_of_the_evaluation_sets_occurs() -> None:
    evaluated = _evaluated()
    assert len(evaluated) > 1000
    for text in _texts(held_out=False):
        for sentence in (text, *re.split(r"(?<=[.!?])\s+|\n", text)):
            assert normalize(sentence) not in evaluated, sentence


def test_turned_on_they_are_drawn_and_answered_in_the_treatment_asked_for() -> None:
    drawn = list(corpus.dialogues(3, 3000, weights=ON))
    for category in open_text.CATEGORIES:
        assert sum(dialogue.category == category for dialogue in drawn) > 100
    voseo = [d for d in drawn if d.system == LINES["vos"]]
    assert voseo
    assert all(d.category in open_text.CATEGORIES and d.lang == "es" for d in voseo)
    assert not any("tienes" in answer for d in voseo for _, answer in d.turns)
    declined = [q for d in drawn for q, a in d.turns if declines(a)]
    assert declined
    assert not any(open_text.touches(question) for question in declined)


def test_the_recipe_of_the_next_embedded_model_has_them_and_fits_the_time() -> None:
    recipe = load_recipe(ROOT / "recipes" / "semilla-12m.toml")
    assert set(open_text.CATEGORIES) <= set(recipe.data.weights)
    assert not recipe.data.texts
    assert not recipe.data.instructions
    shape, vocabulary = recipe.student, recipe.data.vocabulary
    attention = 2 * shape.width**2 + 2 * shape.width * shape.kv_heads * (shape.width // shape.heads)
    weights = shape.layers * (attention + 3 * shape.width * shape.feed_forward) + vocabulary * shape.width
    assert 10e6 <= weights <= 12e6
    assert recipe.teacher == recipe.student
    assert recipe.distill.mode == "continue"
    assert (recipe.pretrain.tokens + recipe.distill.tokens + recipe.finetune.tokens) / 2450 / 60 <= 150


def test_the_exams_requests_are_answered_rightly_by_their_own_answers_alone() -> None:
    asked = open_questions(0, 20, open_text.CATEGORIES)
    for category in open_text.CATEGORIES:
        for lang in LANGS:
            mine = [item for item in asked if (item.category, item.lang) == (category, lang)]
            firsts = [item for item in mine if not item.history]
            assert len({item.question for item in firsts}) == 20
            assert all(grade(item.check, item.answer) for item in mine)
            assert not any(grade(item.check, "") for item in mine)
    assert asked == open_questions(0, 20, open_text.CATEGORIES)
    assert any(item.system == LINES["vos"] for item in asked if item.lang == "es")


def test_what_hangs_on_a_text_comes_with_the_text_and_its_right_answers() -> None:
    following = [item for item in open_questions(0, 20, ("reading",)) if item.history]
    assert following
    for item in following:
        (text, answer), *_ = item.history
        assert "\n" in text or len(text) > 80, "the text is in the first turn"
        assert answer
        assert "\n" not in item.question


def test_a_scene_of_single_facts_names_whom_it_is_about_and_gives_what_was_asked() -> None:
    rng = random.Random(5)
    for lang in LANGS:
        picked = {f"reading:{scene.name}:" for scene in reading.scenes(lang, False) if scene.pick}
        assert len(picked) == 3
        seen = 0
        while seen < 200:
            items = reading.sample(rng, lang)
            if not any(items[0].key.startswith(name) for name in picked):
                continue
            seen += 1
            text = items[0].questions[0][1]
            for item in items:
                assert "{" not in text + item.questions[0][1] + item.answers[0]
                assert grade(item.check, item.answers[0])
                absent = item.answers[0] == reading.ABSENT[lang]
                core = item.check.require[0][0]
                assert absent or normalize(core) in normalize(text) or core in text, (text, item)


def test_names_that_nobody_has_are_drawn_too_and_nothing_is_told_of_real_towns() -> None:
    rng = random.Random(6)
    for lang in LANGS:
        listed = {word.text for word in kinds(lang)["person"]}
        drawn = {draw(rng, lang, {"p": "person"}, {})["p"].text for _ in range(400)}
        assert drawn & listed
        assert len(drawn - listed) > 80
        towns = {word.text for word in kinds(lang)["town"]}
        made = {draw(rng, lang, {"u": "made_town"}, {})["u"].text for _ in range(200)}
        assert not made & towns
        place = next(
            scene for scene in reading.scenes(lang, False) if "u" in scene.slots and "c" in scene.slots
        )
        assert place.slots["u"] == "made_town"
