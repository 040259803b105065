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

from latam_edge.formats.gguf import read_header

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
