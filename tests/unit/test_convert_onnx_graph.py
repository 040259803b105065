"""Writing ONNX folders without any engine: what it costs, what it imports, what checking notices."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from test_convert_checkpoint import config, tokenizer, weights
from tiny_onnx import write_tiny_folder

from convert.to_gguf import convert as convert_to_gguf
from convert.to_onnx import convert, exporter, matmul_nbits
from convert.to_onnx.rotary import tables
from convert.to_onnx.verify import verify
from convert.verify import VerifyReport
from latam_edge.cli.convert import ACCURACY_LEVELS, paths_for
from latam_edge.core.errors import BadCheckpoint, MissingExtra, UsageError
from latam_edge.core.progress import Step
from latam_edge.formats.onnx import read_folder
from quant.rtn import quantize


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., tuple[Path, Path, Path]]:
    """(checkpoint, folder, GGUF) of one pass."""

    def make(type: str = "int4") -> tuple[Path, Path, Path]:
        folder = write_tiny_folder(tmp_path / "out")
        source, plain = tmp_path / "out.checkpoint", tmp_path / "out.gguf"
        convert(source, folder, type, gguf_out=plain)
        return source, folder, plain

    return make


def test_the_command_line_offers_the_accuracy_levels_that_the_writer_has() -> None:
    from convert.to_onnx import ACCURACY_LEVELS as WRITERS

    assert ACCURACY_LEVELS == WRITERS


def test_both_targets_share_the_beginning_of_their_names() -> None:
    for given in ("dir/m", "dir/m.gguf", "dir/m-onnx"):
        assert paths_for(Path(given), ["gguf", "onnx"]) == (Path("dir/m.gguf"), Path("dir/m-onnx"))
    assert paths_for(Path("m.v2"), ["onnx", "gguf"]) == (Path("m.v2.gguf"), Path("m.v2-onnx"))
    assert paths_for(Path("x"), ["gguf"]) == (Path("x"), None)
    assert paths_for(Path("x"), ["onnx"]) == (None, Path("x"))


def test_packings_lose_nothing() -> None:
    weight = np.random.default_rng(3).standard_normal((7, 96)).astype(np.float32)
    blocks = quantize(weight)
    packed, scales = matmul_nbits.pack(blocks)
    assert (packed.shape, packed.dtype) == ((7, 48), np.uint8)
    assert np.array_equal(packed & 15, blocks.codes[:, 0::2])
    assert np.array_equal(packed >> 4, blocks.codes[:, 1::2])
    again = matmul_nbits.unpack(packed, scales)
    assert np.array_equal(again.codes, blocks.codes)
    raw = np.random.default_rng(4).integers(0, 256, (5, 3 * 34)).astype(np.uint8)
    assert np.array_equal(matmul_nbits.to_q8_0(*matmul_nbits.from_q8_0(raw)), raw)
    raw = np.random.default_rng(4).integers(0, 256, (5, 3 * 18)).astype(np.uint8)
    assert np.array_equal(matmul_nbits.to_q4_0(*matmul_nbits.from_q4_0(raw)), raw)


def test_the_same_checkpoint_gives_the_same_folder_twice(made: Any, tmp_path: Path) -> None:
    source, folder, _ = made()
    again = convert(source, tmp_path / "again").path
    for path in folder.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_progress_counts_every_weight_once(made: Any, tmp_path: Path) -> None:
    source, _, _ = made()
    steps: list[Step] = []
    convert(source, tmp_path / "again", gguf_out=tmp_path / "again.gguf", progress=steps.append)
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert done[-1] == steps[-1].total == sum(tensor.size for tensor in weights().values())


@pytest.mark.parametrize("kind", ["int4", "q8_0", "f16", "f32"])
def test_a_sound_pair_verifies(made: Any, kind: str) -> None:
    source, folder, plain = made(kind)
    report = verify(source, folder, plain)
    assert report.ok, report.problems
    assert report.weights == sum(tensor.size for tensor in weights().values())
    assert report.n_tensors == len(weights())
    assert verify(source, folder, recode=False).ok


def spoil(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(bytes(data))


def test_one_changed_byte_of_any_tensor_is_noticed_and_named(made: Any) -> None:
    source, folder, plain = made()
    data = folder / "model.onnx.data"
    whole = data.read_bytes()
    for tensor in read_folder(folder).graph.tensors:
        if tensor.location is None:
            continue
        spoil(data, tensor.offset + tensor.nbytes // 2)
        report = verify(source, folder, plain, recode=False)
        assert len(report.problems) == 1, (tensor.name, report.problems)
        data.write_bytes(whole)


def test_another_checkpoint_is_noticed_without_a_gguf_to_compare(made: Any) -> None:
    source, folder, _ = made()
    tensors = weights()
    tensors["model.layers.0.mlp.up_proj.weight"] *= -1
    safetensors.numpy.save_file(tensors, source / "model.safetensors")
    assert verify(source, folder).problems == ("blk.0.ffn_up.weight",)
    assert verify(source, folder, recode=False).problems == ("blk.0.ffn_up.weight",)


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "tokenizer.gguf"])
def test_a_side_file_that_is_missing_is_noticed(made: Any, name: str) -> None:
    source, folder, plain = made()
    (folder / name).unlink()
    assert name in verify(source, folder, plain).problems


def test_another_template_is_noticed(made: Any) -> None:
    source, folder, plain = made()
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    assert verify(source, folder, plain).problems == ("chat_template.jinja",)


def test_a_graph_of_another_shape_is_noticed(made: Any, tmp_path: Path) -> None:
    source, folder, _ = made()
    changed = config(intermediate_size=96)
    tensors = weights()
    for name in ("gate_proj", "up_proj"):
        tensors[f"model.layers.0.mlp.{name}.weight"] = np.ones((96, 32), np.float32)
    tensors["model.layers.0.mlp.down_proj.weight"] = np.ones((32, 96), np.float32)
    (source / "config.json").write_text(json.dumps(changed))
    safetensors.numpy.save_file(tensors, source / "model.safetensors")
    report: VerifyReport = verify(source, folder)
    assert "layers.0.gate_up.codes" in report.problems


def test_linear_scaling_slows_every_frequency(made: Any) -> None:
    from convert import shape
    from convert.checkpoint import load

    source, _, _ = made()
    plain = shape.read(load(source))
    scaling = {"rope_type": "linear", "rope_theta": 20000.0, "factor": 4.0}
    (source / "config.json").write_text(json.dumps(config(rope_parameters=scaling)))
    slowed = shape.read(load(source))
    cos, sin = tables(plain, 16)
    slow_cos, slow_sin = tables(slowed, 64)
    assert np.array_equal(slow_cos[::4], cos)
    assert np.array_equal(slow_sin[::4], sin)
    assert cos.shape == (16, 8)


def test_what_is_wrong_with_a_checkpoint_leaves_nothing(made: Any, tmp_path: Path) -> None:
    source, _, _ = made()
    tensors = weights()
    tensors["model.norm.weight"][3] = np.inf
    safetensors.numpy.save_file(tensors, source / "model.safetensors")
    with pytest.raises(BadCheckpoint):
        convert(source, tmp_path / "new", gguf_out=tmp_path / "new.gguf")
    assert not list(tmp_path.glob("*new*"))


def test_a_file_of_that_name_does_not_give_way(made: Any, tmp_path: Path) -> None:
    source, _, _ = made()
    (tmp_path / "thesis").write_text("years of work")
    with pytest.raises(UsageError):
        convert(source, tmp_path / "thesis")
    assert (tmp_path / "thesis").read_text() == "years of work"


def test_without_the_onnx_package_the_extra_is_named(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    source, _, _ = made()
    for name in [name for name in sys.modules if name.startswith("convert.to_onnx.")]:
        if name.endswith((".decoder", ".nodes")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtra) as caught:
        convert(source, tmp_path / "new")
    assert caught.value.facts["extra"] == "onnx"


def test_neither_torch_nor_transformers_is_imported(made: Any, run_python: Callable[..., Any]) -> None:
    source, folder, _ = made()
    code = (
        "import sys; from pathlib import Path; from convert.to_onnx import convert;"
        f"convert(Path({str(source)!r}), Path({str(folder)!r}));"
        "print(sorted({'torch', 'transformers', 'onnxruntime', 'tokenizers'} & set(sys.modules)))"
    )
    assert run_python(code).stdout.strip() == "[]"


def test_memory_stays_under_a_quarter_of_the_checkpoint(
    tmp_path: Path, run_python: Callable[..., Any]
) -> None:
    """160 MB of weights; the process may grow by 40 MB."""
    wide, inner = 1024, 8192
    source = tmp_path / "large"
    source.mkdir()
    settings = config(hidden_size=wide, intermediate_size=inner, num_attention_heads=8, num_key_value_heads=8)
    (source / "config.json").write_text(json.dumps(settings))
    (source / "tokenizer.json").write_text(json.dumps(tokenizer()))
    (source / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
    rng = np.random.default_rng(0)

    def random(*sizes: int) -> np.ndarray:
        return rng.standard_normal(sizes, np.float32)

    layer = "model.layers.0."
    tensors = {name: random(wide, wide) for name in (f"{layer}self_attn.{p}_proj.weight" for p in "qkvo")}
    tensors |= {f"{layer}mlp.{p}_proj.weight": random(inner, wide) for p in ("gate", "up")}
    tensors[f"{layer}mlp.down_proj.weight"] = random(wide, inner)
    tensors["model.embed_tokens.weight"] = random(12, wide)
    for name in ("model.norm", f"{layer}input_layernorm", f"{layer}post_attention_layernorm"):
        tensors[f"{name}.weight"] = random(wide)
    safetensors.numpy.save_file(tensors, source / "model.safetensors")
    size = (source / "model.safetensors").stat().st_size
    code = f"""
import resource
from pathlib import Path
import convert.to_onnx.decoder
from convert.to_onnx import convert
resident = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
Path("/proc/self/clear_refs").write_text("5")  # forget the peak that was inherited
convert(Path({str(source)!r}), Path({str(tmp_path / "out")!r}), method="absmax",
        gguf_out=Path({str(tmp_path / "out.gguf")!r}))
lines = Path("/proc/self/status").read_text().splitlines()
high = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
print(high - resident)
"""
    grown = int(run_python(code, timeout=120).stdout)
    assert grown < size / 4, f"{grown / 1e6:.0f} MB for {size / 1e6:.0f} MB"


@pytest.mark.parametrize("head_dim", [8, 24])
def test_heads_that_onnx_runtime_can_not_rotate_are_refused_before_a_folder_is_written(
    made: Any, tmp_path: Path, head_dim: int
) -> None:
    source, _, _ = made()
    tensors = weights()
    for name, heads in (("q_proj", 2), ("k_proj", 1), ("v_proj", 1)):
        tensors[f"model.layers.0.self_attn.{name}.weight"] = np.ones((heads * head_dim, 32), np.float32)
    tensors["model.layers.0.self_attn.o_proj.weight"] = np.ones((32, 2 * head_dim), np.float32)
    safetensors.numpy.save_file(tensors, source / "model.safetensors")
    (source / "config.json").write_text(json.dumps(config(head_dim=head_dim)))
    with pytest.raises(BadCheckpoint, match=f"head_dim = {head_dim}"):
        convert(source, tmp_path / "new", gguf_out=tmp_path / "new.gguf")
    assert not list(tmp_path.glob("*new*"))
    convert_to_gguf(source, tmp_path / "new.gguf")  # llama.cpp has no such limit


def test_a_context_of_thousands_of_millions_makes_tables_of_bounded_size(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, _, _ = made()
    (source / "config.json").write_text(json.dumps(config(max_position_embeddings=2**31 - 1)))
    monkeypatch.setattr(exporter, "MOST_POSITIONS", 100)
    folder = convert(source, tmp_path / "new").path
    header = read_folder(folder)
    assert header.field("context_length") == 100
    assert next(tensor for tensor in header.tensors if tensor.name == "cos").shape == (100, 8)
