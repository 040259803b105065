"""The regional evaluation without a model: what is asked, and what is made of the scores."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib.resources import files

import pytest

from latam_edge.core.i18n import LANGUAGES, catalog
from latam_edge.evaluate.regional import bias, knowledge, pairs, variants
from latam_edge.evaluate.regional.measure import RegionalReport
from latam_edge.evaluate.regional.sentences import choices
from latam_edge.evaluate.regional.tally import Share


@pytest.mark.parametrize("lang", pairs.LANGUAGES)
def test_there_are_three_hundred_pairs_over_eight_phenomena_and_none_comes_twice(lang: str) -> None:
    found = pairs.pairs(lang)
    phenomena = Counter(pair.phenomenon for pair in found)
    assert len(found) >= 300
    assert len(phenomena) >= 8
    assert min(phenomena.values()) >= 20
    assert len({pair.right for pair in found} | {pair.wrong for pair in found}) == 2 * len(found)
    assert pairs.pairs(lang) == found


@pytest.mark.parametrize("lang", pairs.LANGUAGES)
def test_the_two_sentences_of_a_pair_differ_in_one_place(lang: str) -> None:
    for pair in pairs.pairs(lang):
        right, wrong = pair.right.casefold().split(), pair.wrong.casefold().split()
        start = 0
        while start < min(len(right), len(wrong)) and right[start] == wrong[start]:
            start += 1
        end = 0
        while end < min(len(right), len(wrong)) - start and right[-1 - end] == wrong[-1 - end]:
            end += 1
        assert max(len(right), len(wrong)) - start - end <= 2, pair
        assert pair.right[0].isupper() or pair.right[0] in "¿¡"
        assert pair.right.endswith((".", "?"))
        assert not set("[]{}/") & set(pair.right + pair.wrong)


def test_brackets_choose_together_and_their_number_must_agree() -> None:
    assert choices("[la/el] leche está [fría/frío].") == ("La leche está fría.", "El leche está frío.")
    with pytest.raises(ValueError, match="alternatives"):
        choices("[la/el] leche está [fría/frío/frías].")


def test_accuracy_counts_the_pairs_whose_right_sentence_is_likelier() -> None:
    given = [
        pairs.MinimalPair("es", "one", "aaa", "b"),
        pairs.MinimalPair("es", "one", "a", "bbb"),
        pairs.MinimalPair("es", "two", "aa", "bb"),
        pairs.MinimalPair("pt", "one", "aaaa", "b"),
    ]
    rows = {
        (row.lang, row.phenomenon): row.accuracy for row in pairs.judge(given, lambda text: float(len(text)))
    }
    assert rows == {
        ("es", "one"): Share(1, 2),
        ("es", "two"): Share(0, 1),  # a tie is no success
        ("es", ""): Share(1, 3),
        ("pt", "one"): Share(1, 1),
        ("pt", ""): Share(1, 1),
    }


def test_the_interval_is_wilsons() -> None:
    low, high = Share(8, 10).interval
    # (0.8 + 0.19208 ± 1.96 * sqrt(0.016 + 0.009604)) / 1.38416
    assert (low, high) == pytest.approx((0.4901625, 0.9433178), abs=1e-4)
    assert Share(0, 0).interval == (0.0, 1.0)


@pytest.mark.parametrize("lang", pairs.LANGUAGES)
def test_sentences_of_a_bias_set_differ_in_the_group_only(lang: str) -> None:
    found = bias.bias_sets(lang)
    for item in found:
        groups = [group for group, _ in item.sentences]
        texts = [text for _, text in item.sentences]
        assert len(set(groups)) == len(groups) >= 2
        assert len({text.casefold() for text in texts}) == len(texts) or item.dimension == "country"
        assert len({len(text.split()) for text in texts}) == 1
        assert not set("[]{}") & set("".join(texts))
    themes = {(item.dimension, item.theme) for item in found}
    for dimension in bias.DIMENSIONS:
        assert (dimension, "neutral") in themes
        assert len([theme for name, theme in themes if name == dimension]) >= 3


def test_bias_is_the_difference_to_the_other_groups_less_that_of_neutral_sentences() -> None:
    def item(theme: str, number: int) -> bias.BiasSet:
        return bias.BiasSet(
            "gender", "es", theme, (("woman", f"w {theme} {number}"), ("man", f"m {theme} {number}"))
        )

    scores = {
        "w neutral 0": -10.0, "m neutral 0": -11.0, "w neutral 1": -10.0, "m neutral 1": -13.0,
        "w home 0": -9.0, "m home 0": -14.0, "w home 1": -12.0, "m home 1": -11.0,
    }  # fmt: skip
    rows = bias.compare([item(theme, n) for theme in ("neutral", "home") for n in (0, 1)], scores.__getitem__)
    woman = {row.theme: row for row in rows if row.group == "woman"}
    assert woman["neutral"].mean_difference == pytest.approx(2.0)
    assert woman["neutral"].tilt is None
    assert woman["home"].mean_difference == pytest.approx(2.0)  # (5 - 1) / 2
    assert woman["home"].tilt == pytest.approx(0.0)
    assert woman["home"].tilt_stderr == pytest.approx((18 / 2 + 2 / 2) ** 0.5)
    assert (woman["home"].preferred, woman["home"].n) == (0.5, 2)
    man = next(row for row in rows if row.group == "man" and row.theme == "home")
    assert man.mean_difference == pytest.approx(-2.0)


def test_knowledge_covers_every_country_of_the_region_in_both_languages() -> None:
    text = files("latam_edge.cartilla").joinpath("data", "countries.toml").read_text(encoding="utf-8")
    countries = {country["id"] for country in tomllib.loads(text)["country"]}
    asked = {lang: knowledge.questions(lang) for lang in pairs.LANGUAGES}
    for found in asked.values():
        assert {question.country for question in found} == countries
        assert all(len({q.right, *q.wrong}) == 4 for q in found)
        assert all(q.source for q in found)
    assert sum(map(len, asked.values())) >= 150


def test_knowledge_counts_the_best_answer_per_byte_and_as_it_is() -> None:
    items = [knowledge.Question("es", "bo", "¿?", "larga", ("b", "c"), "here")]

    def score(prompt: str, endings: list[str]) -> list[tuple[float, float]]:
        assert prompt == "Pregunta: ¿?\nRespuesta:"
        assert endings == [" larga", " b", " c"]
        return [(-5.0, -1.0), (-2.0, -2.0), (-3.0, -3.0)]

    rows = knowledge.judge(items, score)
    assert [(row.country, row.accuracy, row.accuracy_sum) for row in rows] == [
        ("bo", Share(1, 1), Share(0, 1)),
        ("", Share(1, 1), Share(0, 1)),
    ]
    assert rows[0].chance == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("variant", "answer", "verdict"),
    [
        ("tu", "Si quieres dormir bien, toma menos café.", "kept"),
        ("tu", "Acuérdate de lavar tus manos.", "kept"),
        ("tu", "Si querés dormir bien, tomá menos café.", "broken"),
        ("tu", "Le aconsejo a usted dormir más.", "broken"),
        ("tu", "Es bueno que la gente duerma ocho horas.", "unmarked"),
        ("tu", "Las preguntas y las pruebas cuestan.", "kept"),
        ("vos", "Si querés dormir bien, tomá menos café.", "kept"),
        ("vos", "Vos sos capaz: estudiá un poco cada día.", "kept"),
        ("vos", "Vos puedes estudiar un poco cada día.", "broken"),
        ("vos", "Lleva tu cuaderno.", "kept"),
        ("vos", "Tenéis que descansar.", "broken"),
        ("usted", "Usted debe descansar.", "kept"),
        ("usted", "Tome agua y lávese las manos.", "kept"),
        ("usted", "Lávate las manos, por favor.", "broken"),
        ("usted", "Traiga tu cuaderno.", "broken"),
        ("ustedes", "Chicos, ustedes deben traer agua.", "kept"),
        ("ustedes", "Laven sus manos.", "kept"),
        ("ustedes", "Tú debes traer agua.", "broken"),
        ("ustedes", "Vosotros debéis traer agua.", "broken"),
        ("voce", "Você deve dormir mais cedo.", "kept"),
        ("voce", "Cuide dos seus dentes.", "kept"),
        ("voce", "Tu deves dormir mais cedo.", "broken"),
        ("voce", "Dormir bem ajuda a estudar.", "unmarked"),
        ("vos", "El bebé comió la sopa que escribí.", "unmarked"),
        ("usted", "La sal y las pruebas: ninguna pregunta.", "unmarked"),
        ("tu", "Tu\u0301 puedes.", "kept"),
    ],
)
def test_the_treatment_of_an_answer_is_read_from_its_pronouns_and_verbs(
    variant: str, answer: str, verdict: str
) -> None:
    # "kept" of the nouns "preguntas" and "pruebas" is the known price of weak marks; they never break.
    assert variants.check(variant, answer)[0] == verdict


def test_a_broken_treatment_names_the_words() -> None:
    assert variants.check("vos", "Vos puedes venir, eres de aquí.") == ("broken", ("puedes", "eres"))


@pytest.mark.parametrize("variant", variants.VARIANTS)
def test_prompts_of_a_treatment_speak_in_no_other(variant: str) -> None:
    asked = [item for item in variants.prompts(variants.VARIANTS[variant]) if item.variant == variant]
    assert len(asked) == 12
    if variant != "ustedes":  # there somebody asks for words to several, and may say tú to whom is asked
        assert not [item.prompt for item in asked if variants.check(variant, item.prompt)[0] == "broken"]


def test_answers_are_counted_by_treatment() -> None:
    answers = [
        variants.Answered("vos", "", "", verdict, ()) for verdict in ("kept", "kept", "broken", "unmarked")
    ]
    assert variants.summarize(answers) == [variants.VariantRow("es", "vos", 4, 2, 1, 1)]


def test_every_name_in_the_tables_has_words_in_every_language() -> None:
    names = {f"phenomenon.{pair.phenomenon}" for lang in pairs.LANGUAGES for pair in pairs.pairs(lang)}
    for item in (item for lang in pairs.LANGUAGES for item in bias.bias_sets(lang)):
        names |= {f"dimension.{item.dimension}", f"theme.{item.theme}"}
        if item.dimension != "country":
            names |= {f"group.{group}" for group, _ in item.sentences}
    names |= {f"variant.{variant}" for variant in variants.VARIANTS}
    for lang in LANGUAGES:
        assert {f"regional.{name}" for name in names} <= set(catalog(lang, "regional"))


def test_a_report_becomes_json_with_shares_spelled_out() -> None:
    report = RegionalReport(pairs=(pairs.PairRow("es", "ser_estar", Share(3, 4)),))
    (row,) = report.to_json()["pairs"]
    assert row["accuracy"]["value"] == 0.75
    assert row["accuracy"]["n"] == 4
    assert set(report.to_json()) == {"pairs"}
