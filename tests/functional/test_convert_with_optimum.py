"""The general exporter, and optimum's own graph as an oracle for ours.

optimum pins releases of transformers that the rest of the project has left behind, so it
lives in an environment of its own: the tests against the real program exist where
LATAM_EDGE_OPTIMUM_PYTHON names that environment's Python (or this one has optimum-onnx).
The others run with a stand-in program and hold everywhere.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import transformers
from onnx_models import with_mask, write_pair
from test_convert_to_gguf import llama_config, save_checkpoint

from convert.to_onnx import convert, optimum_export
from latam_edge.cli.main import main
from latam_edge.core.errors import BadCheckpoint, MissingExtra, UsageError
from latam_edge.formats.onnx import read_folder
from latam_edge.runtime.onnx.scoring import OnnxScorer

TEXT = "Mañana iremos al río con mi hermana y el perro, si no llueve. " * 4


def stand_in(folder: Path, script: str) -> Path:
    """A program that is called like Python with optimum in it and does what `script` says."""
    path = folder / "python-with-optimum"
    path.write_text(f"#!{sys.executable}\nimport os, shutil, sys\nout = sys.argv[-1]\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "hf", llama_config(), transformers.LlamaForCausalLM)
    return tmp_path / "hf"


def logits(folder: Path) -> np.ndarray:
    scorer = OnnxScorer(folder, n_ctx=256, n_threads=1)
    tokens = scorer.tokenize(TEXT)[:100]
    found = np.concatenate([rows.copy() for rows in scorer.stream(tokens)])
    scorer.close()
    return found


def test_what_optimum_exports_runs_and_its_matrices_go_on_the_lattice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stand-in hands over our own float32 graph in another exporter's clothes."""
    ours, _ = write_pair(tmp_path, max_position_embeddings=256)
    exported = with_mask(ours, tmp_path / "exported")
    program = stand_in(tmp_path, f"shutil.copytree({str(exported)!r}, out, dirs_exist_ok=True)")
    monkeypatch.setenv(optimum_export.PYTHON_VARIABLE, str(program))
    out = tmp_path / "out"
    asked = ["convert", str(tmp_path / "hf"), "--exporter", "optimum", "--type", "f32", "-o", str(out)]
    assert main([*asked, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["target"] == "onnx"
    assert (out / "chat_template.jinja").read_text() == (tmp_path / "hf" / "chat_template.jinja").read_text()
    assert np.abs(logits(out) - logits(ours)).max() < 1e-3
    # FusedMatMul is ours alone: an int4 export of this graph codes the embedding only.
    result = optimum_export.convert(tmp_path / "hf", out, "int4", accuracy_level=1)
    assert result.n_tensors == 1
    assert "GatherBlockQuantized" in read_folder(out).graph.operators


def test_a_program_that_fails_is_quoted_and_leaves_nothing(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path, "sys.exit('ValueError: no export for a model of type raro')")
    monkeypatch.setenv(optimum_export.PYTHON_VARIABLE, str(program))
    with pytest.raises(BadCheckpoint) as caught:
        optimum_export.convert(checkpoint, tmp_path / "out")
    assert "a model of type raro" in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hf", "python-with-optimum"]


def test_the_network_is_shut_for_optimum(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(
        tmp_path, "sys.exit(os.environ['HF_HUB_OFFLINE'] + os.environ['TRANSFORMERS_OFFLINE'])"
    )
    monkeypatch.setenv(optimum_export.PYTHON_VARIABLE, str(program))
    with pytest.raises(BadCheckpoint, match="11"):
        optimum_export.convert(checkpoint, tmp_path / "out")


def test_without_optimum_the_message_says_what_to_install(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path, "sys.exit(\"ModuleNotFoundError: No module named 'optimum'\")")
    for name in (str(program), str(tmp_path / "nowhere")):
        monkeypatch.setenv(optimum_export.PYTHON_VARIABLE, name)
        with pytest.raises(MissingExtra) as caught:
            optimum_export.convert(checkpoint, tmp_path / "out")
        assert "latam-edge[optimum]" in str(caught.value)


def test_what_it_can_not_do_is_refused_before_it_starts(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        optimum_export.convert(checkpoint, tmp_path / "out", "q8_0")
    with pytest.raises(UsageError):
        optimum_export.convert(checkpoint, tmp_path / "out", method="gptq")
    with pytest.raises(BadCheckpoint):
        optimum_export.convert(tmp_path / "nothing", tmp_path / "out")
    asked = ["convert", str(checkpoint), "--exporter", "optimum", "--to", "gguf", "-o", str(tmp_path / "x")]
    assert main(asked) == 2


def _optimum_is_there() -> bool:
    if os.environ.get(optimum_export.PYTHON_VARIABLE):
        return True
    return find_spec("optimum") is not None and find_spec("optimum.exporters.onnx") is not None


if _optimum_is_there():

    def test_optimum_s_full_precision_graph_gives_our_logits(checkpoint: Path, tmp_path: Path) -> None:
        ours = convert(checkpoint, tmp_path / "ours", "f32").path
        theirs = optimum_export.convert(checkpoint, tmp_path / "theirs", "f32").path
        expected, found = logits(theirs), logits(ours)
        assert np.abs(expected).max() > 1
        assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()

    def test_optimum_s_graph_on_the_lattice_gives_our_int4_logits(checkpoint: Path, tmp_path: Path) -> None:
        ours = convert(checkpoint, tmp_path / "ours", "int4", accuracy_level=1).path
        theirs = optimum_export.convert(checkpoint, tmp_path / "theirs", "int4", accuracy_level=1).path
        expected, found = logits(theirs), logits(ours)
        assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()
        sizes = [read_folder(path).bits_per_weight for path in (ours, theirs)]
        assert sizes[1] < sizes[0] * 1.02
