"""Noise on questions: it changes what hurried hands change, and nothing that decides the answer."""

from __future__ import annotations

import random
import re

from latam_edge.cartilla import noise
from latam_edge.cartilla.normalize import PREFIXES, SUFFIXES, normalize, question_key


def test_normalizing_takes_case_accents_and_punctuation_and_keeps_signs_between_numbers() -> None:
    assert normalize("¿Cuánto ES 7×8?") == "cuanto es 7 x 8"
    assert normalize("7*8=") == normalize("7 x 8") == normalize("7x8") == "7 x 8"
    assert normalize("34+57") != normalize("34-57")
    assert normalize("guarda-chuva") == "guarda chuva"


def test_polite_words_do_not_make_another_question() -> None:
    for lang in PREFIXES:
        for prefix in PREFIXES[lang]:
            for suffix in SUFFIXES[lang]:
                assert question_key(f"{prefix}¿cuánto es 2 + 2{suffix}?") == "cuanto es 2 + 2"
    assert question_key("Hola") == "hola"
    assert question_key("gracias") == "gracias"


def test_digits_and_number_words_survive() -> None:
    rng = random.Random(4)
    for _ in range(3000):
        text = noise.add_noise(rng, "¿Cuánto es 347 + 285 menos cuarenta y siete?", "es")
        assert re.findall(r"\d+|\+", text) == ["347", "+", "285"]
        assert "cuarenta y siete" in normalize(text)


def test_noise_without_a_typo_leaves_the_question_the_same() -> None:
    rng = random.Random(9)
    question = "¿Cuál es la capital de Perú?"
    typed = [noise.add_noise(rng, question, "es") for _ in range(2000)]
    assert sum(question_key(text) == question_key(question) for text in typed) / 2000 > 0.85
    assert len({noise.add_noise(rng, question, "es") for _ in range(2000)}) > 100


def test_a_typo_changes_one_word_by_one_letter() -> None:
    rng = random.Random(2)
    for _ in range(300):
        words = ["dime", "la", "capital", "del", "país"]
        changed = noise.typo(rng, " ".join(words)).split()
        pairs = [(a, b) for a, b in zip(words, changed, strict=True) if a != b]
        assert len(pairs) <= 1
        assert all(abs(len(a) - len(b)) <= 1 for a, b in pairs)


def test_greetings_get_no_polite_words() -> None:
    rng = random.Random(1)
    assert not any("profe" in noise.add_noise(rng, "Adiós", "es", polite=False).lower() for _ in range(1000))
