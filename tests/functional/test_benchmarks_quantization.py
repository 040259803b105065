"""The script behind docs/quantization.md: models of random weights, the table, what is kept."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import gguf
import numpy as np
import pytest
import torch

from latam_edge.cartilla import corpus
from latam_edge.cli import main as cli
from latam_edge.core.atomic import write_text
from latam_edge.formats.gguf import read_header
from latam_edge.train import architecture, tokenizer
from latam_edge.train.recipe import Model, Sampling

torch.set_num_threads(1)

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module; benchmarks/ is no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import quantization_table

    return quantization_table


def options(tmp_path: Path, **changes: Any) -> argparse.Namespace:
    values = {"work": tmp_path, "rows": None, "threads": 1, "rounds": 1, "decode_tokens": 8}
    return argparse.Namespace(**(values | changes))


def test_random_models_have_the_librarys_types_and_normal_weights(table, tmp_path: Path) -> None:
    results = table.Results(tmp_path / "results.json")
    files = table.random_models("3m", options(tmp_path), results)
    assert len(files) == len(table.RANDOM_ROWS)
    sizes = {key: path.stat().st_size for (_, _, key), path in files.items()}
    assert sizes["lattice"] < sizes["q4_0"] < sizes["q4_k_m-imatrix"] < sizes["f16"]
    kinds = {t.type_name for t in read_header(files["random", "3m", "lattice"]).tensors if len(t.shape) == 2}
    assert kinds == {"Q4_0"}
    for path in files.values():
        for tensor in gguf.GGUFReader(path).tensors:
            if len(tensor.shape) == 2:
                weights = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
                assert np.isfinite(weights).all()
                assert weights.std() * np.sqrt(weights.shape[1]) == pytest.approx(1, abs=0.05)
    assert all(not row["fallbacks"] for row in results.data["random"]["3m"].values())


def test_speed_is_measured_for_every_file_and_kept(table, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results = table.Results(path)
    files = table.random_models("3m", options(tmp_path, rows=["q4_0", "lattice"]), results)
    table.speed(files, options(tmp_path), results)
    kept = json.loads(path.read_text("utf-8"))["random"]["3m"]
    assert set(kept) == {"q4_0", "lattice"}
    assert all(row["decode_tps"]["median"] > 0 and row["decode_tps"]["tokens"] == 8 for row in kept.values())


def test_the_tables_stand_between_their_marks_and_the_rest_of_the_page_stays(table, tmp_path: Path) -> None:
    results = table.Results(tmp_path / "results.json")
    figures = {"perplexity": 3.25, "kl_mean": 0.0081, "kl_p99": 0.09, "top1_agreement": 0.971}
    row = {"title": "ours, gptq", "file_bytes": 2_100_000, "bits_per_weight": 4.52, "fallbacks": ["a (Q5_0)"]}
    row["quality"] = {"es": {**figures, "tokens": 100_000, "windows": "overlapping"}}
    results.data["models"] = {"semilla": {"gptq": row}}
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\nBefore.\n\n{table.BEGIN}\nold\n{table.END}\n\nAfter.\n", "utf-8")
    for _ in range(2):
        table.markdown(results, page)
    text = page.read_text("utf-8")
    assert text.startswith("# Title\n\nBefore.\n")
    assert text.endswith("\n\nAfter.\n")
    assert "old" not in text
    assert text.count("| ours, gptq | 2.10 | 4.52 |  | 3.250 | 0.0081 | 0.0900 | 97.1 % |") == 1
    assert "100000 tokens es" in text
    assert "a (Q5_0)" in text


RECIPE = """
name = "toy"
compile = false
[qad]
tokens = 4096
batch_tokens = 512
context = 128
evaluations = 2
held_out_tokens = 600
calibration_tokens = 1024
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline's folder with what the table reads of it; the model has learnt nothing."""
    folder = tmp_path_factory.mktemp("run")
    drawn = list(corpus.dialogues(3, 400))
    made = tokenizer.train_tokenizer((text for d in drawn for turn in d.turns for text in turn), 400)
    tokenizer.save_tokenizer(made, folder / "tokenizer")
    tokenizer.save_generation_config(made, Sampling(), folder / "tokenizer")
    model = architecture.build(Model(2, 64, 2, 1, 96), made.get_vocab_size(), seed=3)
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.normal_(0, weight.shape[1] ** -0.5, generator=generator)
    architecture.save(model, folder / "chat", folder / "tokenizer")
    lines = [
        json.dumps({"category": d.category, "lang": d.lang, "turns": d.turns, "system": d.system})
        for d in drawn
    ]
    write_text(folder / "data" / "finetune.jsonl", "\n".join(lines) + "\n")
    return folder


@pytest.mark.timeout(1500)
def test_one_call_makes_qad_its_control_and_every_other_row(
    table: ModuleType, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(tmp_path / "toy.toml", RECIPE)
    for lang, text in (("es", "El agua hierve a cien grados. "), ("pt", "A escola fica perto do rio. ")):
        write_text(tmp_path / f"text.{lang}.txt", text * 60)
    asked = [
        f"toy={run / 'chat'}", "--make-control", f"toy={tmp_path / 'toy.toml'}",
        "--calibration-tokens", "1024",
        "--text", f"es:{tmp_path / 'text.es.txt'}", f"pt:{tmp_path / 'text.pt.txt'}", "--rounds", "1",
        "--rows", "f16", "q4_0", "q4_0-imatrix-embd", "gptq", "qad", "control", "--decode-tokens", "4",
        "--threads", "1", "--work", str(tmp_path / "work"), "--json", str(tmp_path / "results.json"),
        "--markdown", str(tmp_path / "page.md"),
    ]  # fmt: skip
    monkeypatch.setattr("sys.argv", ["quantization_table.py", *asked])
    table.main()
    rows = json.loads((tmp_path / "results.json").read_text("utf-8"))["models"]["toy"]
    assert list(rows) == ["f16", "q4_0", "q4_0-imatrix-embd", "gptq", "qad", "control"]
    for key, row in rows.items():
        assert set(row["quality"]) == {"es", "pt"}, key
        assert row["decode_tps"]["median"] > 0
    sizes = {key: row["file_bytes"] for key, row in rows.items()}
    assert sizes["qad"] == pytest.approx(sizes["gptq"], rel=0.01)
    assert rows["f16"]["quality"]["es"]["kl_mean"] < 1e-4 < rows["gptq"]["quality"]["es"]["kl_mean"]
    assert rows["control"]["quality"]["es"]["kl_mean"] > 1e-4  # it has gone on learning
    page = (tmp_path / "page.md").read_text("utf-8")
    assert "| ours, gptq + QAD |" in page
    assert "| full precision, QAD's tokens (f16) |" in page
    # What the command line makes of the run's checkpoint is the same kind of file.
    made = run / "chat-qad"
    text = [f"es:{tmp_path / 'text.es.txt'}", f"pt:{tmp_path / 'text.pt.txt'}"]
    settings = tmp_path / "toy.toml"
    assert (
        cli.main(["distill", str(run / "chat"), "--qad", "--text", *text, "--settings", str(settings)]) == 0
    )
    out = tmp_path / "own.gguf"
    assert cli.main(["convert", str(made), "--method", "qad", "--verify", "-o", str(out)]) == 0
    assert out.stat().st_size == pytest.approx(sizes["qad"], rel=0.01)
    assert not (run / ".chat-qad.training").exists()
