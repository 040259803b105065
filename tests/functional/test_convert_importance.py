"""The importance matrix against sums from the weights, and the library's types with and without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.to_gguf import imatrix, k_quants
from convert.to_gguf.imatrix import collect
from latam_edge.core.errors import RuntimeFault, UsageError
from latam_edge.core.progress import Step
from latam_edge.formats.gguf import read_header, read_rows
from latam_edge.runtime.scoring import Scorer
from quant.calibration import Calibration, Text

TEXT = "La niña dice hola y el niño también dice hola; 12 y 7 son 19. " * 12


def calibration(content: str = TEXT) -> Calibration:
    return Calibration((Text("prueba", "es", content, "es"),))


def matrix(path: Path, name: str) -> Any:
    """A float16 or float32 tensor of a GGUF file as float32, (n_rows, n_columns)."""
    header = read_header(path)
    info = next(tensor for tensor in header.tensors if tensor.name == name)
    kind = {"F16": np.float16, "F32": np.float32}[info.type_name]
    rows = info.elements // info.shape[0]
    return np.frombuffer(read_rows(header, info, 0, rows), kind).reshape(rows, -1).astype(np.float32)


def test_the_first_layers_importance_is_that_of_the_normalized_embeddings(tiny_model: Path) -> None:
    """What attention's matrices meet in layer 0 follows from the embedding alone: RMS norm, weight 1."""
    found = collect(tiny_model, calibration(), n_threads=1)
    with Scorer(tiny_model, n_threads=1) as scorer:
        tokens = scorer.tokenize(TEXT)
    # The model's context is 512: a rest shorter than 16 tokens is left out.
    counted = len(tokens) // 512 * 512
    counted += len(tokens) % 512 if len(tokens) % 512 >= imatrix.LEAST_TOKENS else 0
    embedded = matrix(tiny_model, "token_embd.weight")[tokens[:counted]].astype(np.float64)
    normalized = embedded / np.sqrt((embedded**2).mean(axis=1, keepdims=True) + 1e-5)
    expected = (normalized**2).mean(axis=0)
    assert found.tokens == counted
    for name in ("attn_q", "attn_k", "attn_v"):
        np.testing.assert_allclose(found.mean_squares[f"blk.0.{name}.weight"], expected, rtol=1e-4)


def test_every_matrix_of_a_product_is_measured_and_the_looked_up_embedding_is_not(tiny_model: Path) -> None:
    steps: list[Step] = []
    found = collect(tiny_model, calibration(), n_threads=1, progress=steps.append)
    names = {tensor.name for tensor in read_header(tiny_model).tensors if len(tensor.shape) == 2}
    assert found.mean_squares.keys() == names - {"token_embd.weight"}
    widths = {tensor.name: tensor.shape[0] for tensor in read_header(tiny_model).tensors}
    for name, values in found.mean_squares.items():
        assert values.shape == (widths[name],)
        assert (values > 0).all()
    assert steps[-1].done == steps[-1].total == found.tokens


def test_a_text_of_a_few_tokens_is_refused(tiny_model: Path) -> None:
    with pytest.raises(UsageError):
        collect(tiny_model, calibration("hola"), n_threads=1)


def test_weights_that_overflow_are_named(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error inside the library's callback comes out as an error, not as a printed traceback."""

    def fail(*_: object) -> None:
        raise RuntimeFault(detail="blk.0")

    monkeypatch.setattr(imatrix._Collector, "_add", fail)
    with pytest.raises(RuntimeFault, match=r"blk\.0"):
        collect(tiny_model, calibration(), n_threads=1)


def weighted_error(exact: Path, coded: Path, importance: dict[str, Any]) -> float:
    """Squared error of all matrices, each column counted by its importance."""
    import gguf

    total = 0.0
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(coded).tensors}
    for name, weights in importance.items():
        decoded = gguf.quants.dequantize(tensors[name].data, tensors[name].tensor_type)
        total += float((weights * (decoded - matrix(exact, name)) ** 2).sum())
    return total


@pytest.mark.parametrize("kind", ["q4_0", "iq4_nl"])
def test_with_importance_the_library_errs_less_where_it_matters(
    make_tiny_model: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    source = make_tiny_model(n_embd=64, n_layers=2)
    importance = dict(collect(source, calibration(), n_threads=1).mean_squares)
    errors = []
    for name, used in (("plain", None), ("weighted", importance)):
        out = tmp_path / f"{name}.gguf"
        k_quants.quantize_file(source, out, kind, importance=used, n_threads=1)
        errors.append(weighted_error(source, out, importance))
    assert errors[1] < errors[0] * 0.99


def test_the_embedding_can_be_put_on_four_bits_too(
    make_tiny_model: Callable[..., Path], tmp_path: Path
) -> None:
    source = make_tiny_model(n_embd=64)
    for embedding, expected in ((None, {"Q6_K", "Q8_0", "Q4_0"}), ("Q4_0", {"Q4_0"})):
        out = tmp_path / f"{embedding}.gguf"
        k_quants.quantize_file(source, out, "q4_0", embedding_type=embedding, n_threads=1)
        types = {tensor.name: tensor.type_name for tensor in read_header(out).tensors}
        found = {types["token_embd.weight"], types["output.weight"]}
        assert found <= expected
        assert (found == {"Q4_0"}) is (embedding == "Q4_0")


def test_rows_that_no_super_block_fits_are_reported(
    make_tiny_model: Callable[..., Path], tmp_path: Path
) -> None:
    source = make_tiny_model(n_embd=64)
    out = tmp_path / "model.gguf"
    k_quants.quantize_file(source, out, "q4_k_m", n_threads=1)
    reported = k_quants.fallbacks(read_header(out), "q4_k_m")
    assert len(reported) == sum(len(tensor.shape) == 2 for tensor in read_header(out).tensors)
    assert any(line.startswith("blk.0.attn_q.weight (Q5_0)") for line in reported)
    k_quants.quantize_file(source, out, "q4_0", n_threads=1)
    assert k_quants.fallbacks(read_header(out), "q4_0") == ()
