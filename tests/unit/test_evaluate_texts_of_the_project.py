"""The evaluation text in the wheel: enough of it, in its language, and read by nothing that trains."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from latam_edge.core.errors import UsageError
from latam_edge.core.language import guess
from latam_edge.evaluate import evaluation_set
from latam_edge.evaluate.evaluation_set import LANGUAGES, load

ROOT = Path(__file__).resolve().parents[2]
LEAST_BYTES = 60_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_prose_is_long_enough_and_in_its_language(language) -> None:
    text = load("prose", language)
    assert len(text.content.encode()) >= LEAST_BYTES
    chapters = text.content.split("\n\n")
    assert len(chapters) > 100
    guesses = [guess(chapter) for chapter in chapters if len(chapter) > 200]
    assert guesses.count(language) > 0.95 * len(guesses)
    assert len(set(chapters)) == len(chapters)


def test_the_languages_are_not_a_translation_of_each_other() -> None:
    """Translations share their numbers and names paragraph by paragraph, these don't share a heading."""
    headings = [
        {
            line
            for line in load("prose", lang).content.splitlines()
            if 0 < len(line) < 60 and line[-1] not in ".?!:"
        }
        for lang in LANGUAGES
    ]
    assert min(map(len, headings)) > 20
    assert not headings[0] & headings[1]


def test_nothing_that_trains_or_calibrates_reads_the_evaluation_text() -> None:
    """Only the module that measures names the folder; recipes and other packages never do."""
    named = re.compile(r"assets[\"')]*\s*[/,]\s*[\"']?evaluation\b")
    places = ("latam_edge", "quant", "convert", "recipes", "tui")
    files = [
        path for place in places for path in (ROOT / place).rglob("*") if path.suffix in (".py", ".toml")
    ]
    assert len(files) > 100
    found = {path.relative_to(ROOT).as_posix() for path in files if named.search(path.read_text("utf-8"))}
    assert found == {"latam_edge/evaluate/evaluation_set.py"}
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if "evaluation_set" in path.read_text("utf-8") and path.name != "evaluation_set.py"
    }
    measuring = ("latam_edge/evaluate/", "latam_edge/cli/evaluate", "latam_edge/train/measure.py")
    assert not [reader for reader in readers if not reader.startswith(measuring)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_of_it_stands_in_the_calibration_text_or_the_primer(language) -> None:
    sentences = {
        s.strip() for s in re.split(r"[.?!\n]", load("prose", language).content) if len(s.strip()) > 40
    }
    assert len(sentences) > 300
    others = [*(ROOT / "latam_edge" / "assets" / "calibration").glob("*.txt")]
    others += (ROOT / "latam_edge" / "cartilla").rglob("*.toml")
    others += (ROOT / "latam_edge" / "cartilla").rglob("*.py")
    for path in others:
        content = path.read_text("utf-8")
        assert not [sentence for sentence in sentences if sentence in content], path


def test_the_primers_held_out_text_is_always_the_same() -> None:
    first, second = load("cartilla", "es"), load("cartilla", "es")
    assert first == second
    assert first.content.count("Pregunta: ") > 500
    assert load("cartilla", "pt").content.count("Pergunta: ") > 500


def test_texts_that_there_are_none_of_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"prose\.es"):
        load("prose", "qu")
    for name in ("wiki", "cartilla-0", "cartilla-x"):
        with pytest.raises(UsageError):
            load(name, "es")


def test_a_shorter_primer_text_has_a_name_that_says_so() -> None:
    assert evaluation_set.cartilla(60) == "cartilla"
    name = evaluation_set.cartilla(2)
    short = load(name, "pt").content
    assert 20 < short.count("Pergunta: ") < 200
    assert short.count("Pergunta: ") < load("cartilla", "pt").content.count("Pergunta: ")
