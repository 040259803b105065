"""The same measurement by both engines: one checkpoint as GGUF and as ONNX, and a passport in each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch
import transformers
from test_convert_to_gguf import TEXT, llama_config, save_checkpoint

from convert.passport import write
from convert.to_gguf import convert as convert_to_gguf
from convert.to_onnx import convert as convert_to_onnx
from latam_edge.core.errors import EngineMissing, UsageError
from latam_edge.evaluate import Text, evaluate, evaluation_set, passport
from latam_edge.formats import passport as passports
from latam_edge.formats.gguf import read_header
from quant.calibration import Calibration
from quant.calibration import Text as CalibrationText

torch.set_num_threads(1)
LONG = Text("prueba", "es", TEXT * 12)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint and its files: full precision, int4 as GGUF, int4 as ONNX."""
    folder = tmp_path_factory.mktemp("engines")
    save_checkpoint(folder / "hf", llama_config(), transformers.LlamaForCausalLM)
    convert_to_gguf(folder / "hf", folder / "f32.gguf", "f32")
    convert_to_gguf(folder / "hf", folder / "int4.gguf", "int4")
    return {
        "checkpoint": folder / "hf",
        "f32": folder / "f32.gguf",
        "gguf": folder / "int4.gguf",
        "onnx": convert_to_onnx(folder / "hf", folder / "int4-onnx").path,
    }


def test_both_engines_measure_the_same_integers_alike(models: dict[str, Path]) -> None:
    (llama,) = evaluate(models["gguf"], [LONG], models["f32"], n_ctx=128, n_threads=1)
    (ort,) = evaluate(models["onnx"], [LONG], models["f32"], n_ctx=128, n_threads=1)
    assert (llama.engine, ort.engine) == ("llama", "onnx")
    assert ort.tokens == llama.tokens > 128
    assert ort.bytes == llama.bytes
    assert ort.reference_perplexity == llama.reference_perplexity
    # Both round activations to 8 bits, each in its own way.
    assert ort.perplexity == pytest.approx(llama.perplexity, rel=0.02)
    assert ort.kl_mean == pytest.approx(llama.kl_mean, rel=0.25)


def test_an_onnx_reference_serves_a_gguf_model_and_the_other_way_round(models: dict[str, Path]) -> None:
    (one,) = evaluate(models["gguf"], [LONG], models["onnx"], n_ctx=128, n_threads=1)
    (other,) = evaluate(models["onnx"], [LONG], models["gguf"], n_ctx=128, n_threads=1)
    assert one.kl_mean == pytest.approx(other.kl_mean, rel=0.3)
    assert one.kl_mean < 0.01
    assert one.perplexity == pytest.approx(other.reference_perplexity)


def test_a_reference_of_the_other_engine_with_another_vocabulary_is_refused(
    models: dict[str, Path], tiny_model: Path
) -> None:
    with pytest.raises(UsageError):
        evaluate(models["onnx"], [LONG], tiny_model)


def test_windows_are_no_longer_than_the_shorter_models_context(models: dict[str, Path]) -> None:
    (report,) = evaluate(models["onnx"], [LONG], models["f32"], n_threads=1)
    assert report.n_ctx == 256  # what the checkpoint says, not 512


def test_an_engine_that_does_not_exist_is_said(models: dict[str, Path]) -> None:
    with pytest.raises(EngineMissing):
        evaluate(models["gguf"], [LONG], engine="vapor")


def test_an_onnx_folder_carries_its_passport_where_both_readers_find_it(
    models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        evaluation_set, "load", lambda name, lang: Text(f"{name}.{lang}", lang, TEXT * 2 + name + lang)
    )
    model = models["onnx"]
    measured = passport.measure(model, models["f32"])
    assert {place[0] for place in measured.figures} == {"onnx"}
    assert measured.method == "rtn"
    write(model, measured)
    write(model, measured)
    assert passports.of_file(model) == measured
    graph = onnx.load(str(model / "model.onnx"), load_external_data=False)
    props = {item.key: item.value for item in graph.metadata_props}
    assert passports.read(props) == measured
    assert len(props) == len(graph.metadata_props)
    assert passport.check(model, models["f32"]).holds
    (report,) = evaluate(model, [LONG], n_ctx=128)
    assert report.tokens > 128


@pytest.mark.parametrize("kind", ["q4_0", "q4_k_s", "iq4_nl", "iq4_xs"])
def test_a_checkpoint_becomes_each_of_the_librarys_types_with_importance(
    models: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    texts = Calibration((CalibrationText("prueba", "es", TEXT * 12, "es"),))
    out = tmp_path / "model.gguf"
    result = convert_to_gguf(models["checkpoint"], out, kind, calibration=texts)
    header = read_header(out)
    assert header.metadata["latam_edge.quant.library"] == "llama.cpp imatrix"
    assert header.metadata["latam_edge.quant.calibration_sha256"] == texts.sha256
    assert [path.name for path in tmp_path.iterdir()] == ["model.gguf"]
    # Rows of 128 and 192: no super-block fits.
    assert bool(result.fallbacks) is (kind in ("q4_k_s", "iq4_xs"))
    (report,) = evaluate(out, [LONG], models["f32"], n_ctx=128, n_threads=1)
    assert report.kl_mean is not None
    assert 0 < report.kl_mean < 0.1


def test_importance_makes_the_stock_type_better_on_the_text_it_comes_from(
    models: dict[str, Path], tmp_path: Path, make_tiny_model: Callable[..., Path]
) -> None:
    texts = Calibration((CalibrationText("prueba", "es", TEXT * 12, "es"),))
    divergence = []
    for name, calibration in (("plain", None), ("weighted", texts)):
        out = tmp_path / f"{name}.gguf"
        convert_to_gguf(models["checkpoint"], out, "iq4_nl", calibration=calibration)
        (report,) = evaluate(out, [LONG], models["f32"], n_ctx=128, n_threads=1)
        divergence.append(report.kl_mean)
    assert divergence[1] < divergence[0]
