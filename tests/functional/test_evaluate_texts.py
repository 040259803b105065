"""Measuring real files: figures computed a second time with torch, and bad input."""

from __future__ import annotations

import math
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import byte_letters

from latam_edge.cli.main import main
from latam_edge.core.errors import BadFile, FileMissing, NotGGUF, UsageError
from latam_edge.core.progress import Step
from latam_edge.evaluate import evaluate
from latam_edge.formats.gguf import read_header
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
    measured: list[Step] = []
    with pytest.raises(UsageError, match=r"vacio\.txt"):
        evaluate(tiny_model, [(text, "es"), (tmp_path / "vacio.txt", "es")], progress=measured.append)
    assert not measured  # the other text is not measured in vain
    with pytest.raises(BadFile):
        evaluate(tiny_model, [(tmp_path / "latin1.txt", "es")])
    with pytest.raises(FileMissing):
        evaluate(tiny_model, [(tmp_path / "nada.txt", "es")])
    with pytest.raises(NotGGUF):
        evaluate(text, [(text, "es")])


def test_windows_as_llama_perplexity_cuts_them_give_its_figure(tiny_model: Path, tmp_path: Path) -> None:
    """Computed as tools/perplexity does: chunks side by side, rows n/2 .. n-2, a last newline dropped."""
    path = tmp_path / "largo.txt"
    path.write_text(TEXT * 10, encoding="utf-8")
    (report,) = evaluate(tiny_model, [(path, "es")], n_ctx=64, windows="llama-perplexity")
    with Scorer(tiny_model, n_ctx=64, n_threads=1) as scorer:
        tokens = scorer.tokenize((TEXT * 10)[:-1])
        losses = []
        for start in range(0, len(tokens) // 64 * 64, 64):
            seen = tokens[start : start + 64]
            logits = torch.tensor(scorer.logits(seen)).double()[32:63]
            losses.append(
                torch.nn.functional.cross_entropy(logits, torch.tensor(seen[33:]), reduction="none")
            )
    assert report.tokens == 31 * (len(tokens) // 64)
    assert report.perplexity == pytest.approx(torch.cat(losses).mean().exp().item())
    assert report.windows == "llama-perplexity"


def test_windows_of_another_name_are_refused(tiny_model: Path, text: Path) -> None:
    with pytest.raises(UsageError, match="llama-perplexity"):
        evaluate(tiny_model, [(text, "es")], windows="halves")


def test_a_stream_of_some_rows_is_that_part_of_all_rows(tiny_model: Path) -> None:
    with Scorer(tiny_model, n_ctx=400, n_threads=1) as scorer:
        tokens = scorer.tokenize(TEXT * 6)[:400]
        whole = scorer.logits(tokens)
        pieces = [piece.copy() for piece in scorer.stream(tokens, 150, 390)]
    assert len(pieces) > 1
    np.testing.assert_array_equal(np.concatenate(pieces), whole[150:390])


def write_wide_model(path: Path, vocabulary: int = 150_000) -> Path:
    """A model of one thin layer with as many tokens as Qwen2.5 has, and a tied head."""
    import gguf

    width = 32
    letters = byte_letters()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // 2)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    tokens = [*letters, *(f"{letters[32]}w{number:x}" for number in range(vocabulary - len(letters)))]
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * vocabulary)
    writer.add_token_merges([f"{letters[32]} w"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(False)
    rng = np.random.default_rng(0)

    def weights(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0, 0.3, (rows, columns)).astype(np.float16)

    one = np.ones(width, np.float32)
    writer.add_tensor("token_embd.weight", weights(vocabulary, width))
    writer.add_tensor("output_norm.weight", one)
    writer.add_tensor("blk.0.attn_norm.weight", one)
    writer.add_tensor("blk.0.ffn_norm.weight", one)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.0.{name}.weight", weights(width, width))
    writer.add_tensor("blk.0.ffn_gate.weight", weights(2 * width, width))
    writer.add_tensor("blk.0.ffn_up.weight", weights(2 * width, width))
    writer.add_tensor("blk.0.ffn_down.weight", weights(width, 2 * width))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_vocabulary_of_150_thousand_stays_far_below_the_bound(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Beyond the models it may take 1.5 GB; two models' logits of three windows would take 1.8 GB."""
    model = write_wide_model(tmp_path / "ancho.gguf")
    text = tmp_path / "texto.txt"
    text.write_text(TEXT * 14, encoding="utf-8")
    done = run_python(
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from latam_edge.evaluate import evaluate\n"
        f"model, text = Path({str(model)!r}), Path({str(text)!r})\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "(report,) = evaluate(model, [(text, 'es')], model, n_threads=1)\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(report.tokens, (peak - before) * (1 if sys.platform == 'darwin' else 1024))\n",
        timeout=240,
    )
    tokens, grown = map(int, done.stdout.split())
    assert tokens > 768
    assert grown - 2 * model.stat().st_size < 600e6


def test_ctrl_c_ends_a_measurement_at_once_and_without_a_traceback(tiny_model: Path, tmp_path: Path) -> None:
    text = tmp_path / "largo.txt"
    text.write_text(TEXT * 20_000, encoding="utf-8")
    command = [sys.executable, "-m", "latam_edge", "evaluate", str(tiny_model), "--text", str(text)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "%" in running.stderr.readline()  # the first report of progress
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert "Traceback" not in err


def damaged(model: Path, tensor: str, value: float, out: Path) -> Path:
    """A copy of `model` with one number of a tensor replaced."""
    header = read_header(model)
    data = bytearray(model.read_bytes())
    start = header.data_offset + next(entry.offset for entry in header.tensors if entry.name == tensor)
    data[start : start + 4] = np.float32(value).tobytes()
    out.write_bytes(data)
    return out


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_with_damaged_weights_is_named_and_gets_no_figures(
    tiny_model: Path, text: Path, tmp_path: Path, value: float, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = damaged(tiny_model, "output_norm.weight", value, tmp_path / "roto.gguf")
    for model, reference in ((bad, None), (bad, tiny_model), (tiny_model, bad)):
        with pytest.raises(BadFile, match=r"roto\.gguf"):
            evaluate(model, [(text, "es")], reference)
    before = bad.read_bytes()
    assert main(["evaluate", str(bad), "--passport", "--context", "16"]) == 3
    assert "roto.gguf" in capsys.readouterr().err
    assert bad.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


@pytest.mark.parametrize("content", [b"hola\0mundo", "año nuevo".encode("utf-16-le"), bytes(5000)])
def test_a_text_with_zero_bytes_is_no_text(tiny_model: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "texto.es.txt"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=re.escape(str(path))):
        evaluate(tiny_model, [(path, "es")])


def test_a_byte_order_mark_changes_nothing_and_line_ends_count_as_they_stand(
    tiny_model: Path, tmp_path: Path
) -> None:
    plain = "La niña lee.\nEl niño no.\n".encode()
    files = {"plain": plain, "mark": b"\xef\xbb\xbf" + plain, "crlf": plain.replace(b"\n", b"\r\n")}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = {name: evaluate(tiny_model, [(tmp_path / name, "es")])[0] for name in files}
    assert found["mark"].perplexity == found["plain"].perplexity
    assert found["crlf"].bytes == found["plain"].bytes + 2
