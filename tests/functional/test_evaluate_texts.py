"""Measuring real files: figures computed a second time with torch, and bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from latam_edge.core.errors import BadFile, FileMissing, NotGGUF, UsageError
from latam_edge.core.progress import Step
from latam_edge.evaluate import evaluate
from latam_edge.runtime.scoring import Scorer

TEXT = "La niña dice hola y el niño también dice hola; 12 y 7 son 19.\n"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "prueba.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def other(make_tiny_model: Callable[..., Path]) -> Path:
    """A model with the same vocabulary and other weights."""
    return make_tiny_model(seed=1)


def test_figures_equal_those_computed_with_torch(tiny_model: Path, other: Path, text: Path) -> None:
    (report,) = evaluate(tiny_model, [(text, "es")], other)
    with Scorer(tiny_model) as scorer, Scorer(other) as reference:
        tokens = scorer.tokenize(TEXT)
        ours = torch.tensor(scorer.logits(tokens)[:-1]).double()
        theirs = torch.tensor(reference.logits(tokens)[:-1]).double()
        first = len(scorer.piece(tokens[0]))
    targets = torch.tensor(tokens[1:])
    loss = torch.nn.functional.cross_entropy(ours, targets, reduction="none")
    kl = torch.nn.functional.kl_div(
        ours.log_softmax(1), theirs.log_softmax(1), reduction="none", log_target=True
    ).sum(1)
    n_bytes = len(TEXT.encode()) - first
    assert report.language == "es"
    assert report.tokens == len(tokens) - 1
    assert report.bytes == n_bytes
    assert report.perplexity == pytest.approx(loss.mean().exp().item())
    assert report.perplexity_stderr == pytest.approx(
        (loss.mean().exp() * loss.std() / math.sqrt(len(loss))).item()
    )
    assert report.bits_per_byte == pytest.approx(loss.sum().item() / math.log(2) / n_bytes)
    assert report.kl_mean == pytest.approx(kl.mean().item())
    assert report.kl_p99 == pytest.approx(kl.quantile(0.99).item())
    same = (ours.argmax(1) == theirs.argmax(1)).double()
    assert report.top1_agreement == pytest.approx(same.mean().item())


def test_a_model_does_not_diverge_from_itself(tiny_model: Path, text: Path) -> None:
    (report,) = evaluate(tiny_model, [(text, "es")], tiny_model, n_threads=1)
    assert report.kl_mean == report.kl_p99 == 0
    assert report.top1_agreement == 1


def test_json_has_the_figures_of_the_contract_and_leaves_out_what_was_not_measured(
    tiny_model: Path, other: Path, text: Path
) -> None:
    alone = evaluate(tiny_model, [(text, "es")])[0].to_json()
    against = evaluate(tiny_model, [(text, "es")], other)[0].to_json()
    base = {"language", "tokens", "perplexity", "bits_per_byte", "perplexity_stderr", "file", "bytes"}
    assert base <= alone.keys()
    assert against.keys() - alone.keys() >= {
        "kl_mean",
        "kl_mean_stderr",
        "kl_p99",
        "top1_agreement",
        "top1_agreement_stderr",
    }


def test_long_texts_are_scored_window_by_window(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "largo.txt"
    path.write_text(TEXT * 40, encoding="utf-8")
    steps: list[Step] = []
    (report,) = evaluate(tiny_model, [(path, "es")], progress=steps.append, n_ctx=64)
    with Scorer(tiny_model, n_ctx=64, n_threads=1) as scorer:
        tokens = scorer.tokenize(TEXT * 40)
        losses = []
        # Plainly: the first window whole, then halves, each seen after the half before it.
        for start in range(0, len(tokens) - 32, 32):
            logits = torch.tensor(scorer.logits(tokens[start : start + 64])).double()
            seen = tokens[start : start + 64]
            loss = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(seen[1:]), reduction="none")
            losses.append(loss if start == 0 else loss[31:])
    assert report.tokens == len(tokens) - 1
    assert report.perplexity == pytest.approx(torch.cat(losses).mean().exp().item())
    assert len(steps) > 10
    assert steps[-1].done == pytest.approx(steps[-1].total, abs=1)


def test_a_model_that_expects_bos_gets_it_and_its_first_token_is_scored(
    make_tiny_model: Callable[..., Path], text: Path
) -> None:
    model = make_tiny_model(add_bos=True)
    (report,) = evaluate(model, [(text, "es")])
    with Scorer(model) as scorer:
        assert report.tokens == len(scorer.tokenize(TEXT))
    assert report.bytes == len(TEXT.encode())


def test_several_texts_get_a_report_each_and_unnamed_languages_are_guessed(
    tiny_model: Path, text: Path, tmp_path: Path
) -> None:
    portuguese = tmp_path / "outra.txt"
    portuguese.write_text("O menino não vai à escola com a irmã; ele fica em casa e lê um livro.", "utf-8")
    reports = evaluate(tiny_model, [(text, "und"), (portuguese, ""), (text, "gn")])
    assert [report.language for report in reports] == ["es", "pt", "gn"]
    assert reports[0].perplexity == reports[2].perplexity


def test_a_reference_with_another_vocabulary_is_refused(tiny_model: Path, text: Path, tmp_path: Path) -> None:
    changed = tmp_path / "otro.gguf"
    content = tiny_model.read_bytes()
    assert content.count(b"hola") == 1
    changed.write_bytes(content.replace(b"hola", b"hela"))
    with pytest.raises(UsageError):
        evaluate(tiny_model, [(text, "es")], changed)


def test_texts_that_cannot_be_measured_are_refused(tiny_model: Path, text: Path, tmp_path: Path) -> None:
    (tmp_path / "vacio.txt").write_text("")
    (tmp_path / "latin1.txt").write_bytes("año".encode("latin-1"))
    with pytest.raises(UsageError):
        evaluate(tiny_model, [(tmp_path / "vacio.txt", "es")])
    with pytest.raises(BadFile):
        evaluate(tiny_model, [(tmp_path / "latin1.txt", "es")])
    with pytest.raises(FileMissing):
        evaluate(tiny_model, [(tmp_path / "nada.txt", "es")])
    with pytest.raises(NotGGUF):
        evaluate(text, [(text, "es")])
