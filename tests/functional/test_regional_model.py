"""The regional evaluation of a real file: scores computed a second time, and the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latam_edge.cartilla import decline
from latam_edge.cartilla.exam import ExamItem
from latam_edge.cartilla.inside_other import inside_other
from latam_edge.cli.main import main
from latam_edge.evaluate.regional import conduct, measure
from latam_edge.evaluate.regional.likelihood import endings_logprobs, sentence_logprob, token_scores
from latam_edge.runtime.scoring import Scorer


def log_probability(scorer: Scorer, text: str) -> float:
    """By softmax over the whole matrix of logits."""
    start = [scorer.bos] if scorer.adds_bos and scorer.bos is not None else scorer.tokenize("\n")
    tokens = [*start, *scorer.tokenize(text)]
    logits = scorer.logits(tokens).astype(np.float64)
    logp = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return float(sum(logp[at - 1, tokens[at]] for at in range(len(start), len(tokens))))


def test_a_sentences_score_is_the_sum_of_its_tokens_log_probabilities(tiny_model: Path) -> None:
    with Scorer(tiny_model) as scorer:
        for text in ("La leche está fría.", "hola", "ñ"):
            assert sentence_logprob(scorer, text) == pytest.approx(log_probability(scorer, text), rel=1e-5)
            assert len(token_scores(scorer, text)) == len(scorer.tokenize(text))


def test_endings_are_scored_from_where_they_begin_to_differ(tiny_model: Path) -> None:
    prompt, endings = "Pregunta: ¿?\nRespuesta:", [" El río", " El mar", " No"]
    with Scorer(tiny_model) as scorer:
        scores = endings_logprobs(scorer, prompt, endings)
        whole = [log_probability(scorer, prompt + ending) for ending in endings]
        common = log_probability(scorer, prompt + " ")
    for (total, per_byte), text, ending in zip(scores, whole, endings, strict=True):
        assert total == pytest.approx(text - common, rel=1e-4)
        assert per_byte == pytest.approx(total / len(ending.strip().encode()))


def test_all_parts_are_measured_of_a_file(tiny_model: Path) -> None:
    seen = []
    report = measure(tiny_model, ["knowledge"], seen.append, n_threads=1)
    assert report.knowledge[-1].accuracy.n == 99
    assert not report.pairs
    assert (seen[-1].done, seen[-1].total) == (2 * 99 * 4, 2 * 99 * 4)


def test_treatment_is_asked_of_the_model_itself(
    make_tiny_model: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model = make_tiny_model(says="vos\0")
    assert main(["evaluate", str(model), "--regional", "variants", "--threads", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["variant"]: row for row in told["variants"]}
    assert (rows["vos"]["kept"], rows["vos"]["n"]) == (12, 12)
    assert (rows["tu"]["broken"], rows["voce"]["unmarked"]) == (12, 12)
    assert {answer["answer"] for answer in told["answers"]} == {"vos"}


def test_conduct_is_asked_of_the_model_itself_and_its_texts_are_kept(
    make_tiny_model: Callable[..., Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [ExamItem("outside", lang, "fact", lang, "¿?", decline.CHECK) for lang in ("es", "pt")]
    monkeypatch.setattr(conduct, "asked", lambda excluded=(): [*few, inside_other()[0]])
    model = make_tiny_model(says="Não sei.\0")
    assert main(["evaluate", str(model), "--regional", "conduct", "--threads", "1", "--lang", "es"]) == 0
    shown = capsys.readouterr().out
    assert "40 pedidos abiertos, con el texto tal como salió" in shown
    assert shown.splitlines().count("Não sei.") == 40
    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert "es afuera 3 100,0% 0,0% 0" in rows
    assert "pt afuera 3 100,0% 100,0% 0" in rows
    assert "es cuentos 3 100,0% 0,0% 0 0,0%" in rows


def test_the_table_is_in_the_users_language(
    make_tiny_model: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model = make_tiny_model(says="vos\0")
    assert main(["evaluate", str(model), "--regional", "variants", "--threads", "1", "--lang", "pt"]) == 0
    shown = capsys.readouterr().out
    assert "Tratamento mantido na resposta" in shown
    rows = [line.split() for line in shown.splitlines() if "ustedes" in line]
    assert rows == [["es", "ustedes", "0", "12", "0", "12"]]


def test_regional_goes_alone(tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tiny_model), "--regional", "--text", "a.txt"]) == 2
    assert "--regional" in capsys.readouterr().err
