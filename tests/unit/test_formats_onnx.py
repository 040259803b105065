"""The reader of ONNX folders: what it reads, what it refuses before native code sees it, what it costs."""

from __future__ import annotations

import json
import os
import resource
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tiny_onnx import write_tiny_folder

from latam_edge.cli.main import main
from latam_edge.core.errors import (
    BadFile,
    CorruptModel,
    FileMissing,
    LatamEdgeError,
    NoModelInFolder,
    NotConverted,
    NotONNX,
    TruncatedModel,
    UnsupportedModel,
)
from latam_edge.formats.footprint import footprint
from latam_edge.formats.gguf import read_header
from latam_edge.formats.model import read_model
from latam_edge.formats.onnx import read_folder
from latam_edge.formats.onnx_graph import DATA_TYPES, MAX_IR_VERSION, read_graph


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_folder(tmp_path_factory.mktemp("onnx") / "tiny-int4-onnx")


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(sound, tmp_path / "model"))


def change(folder: Path, edit: Callable[[Any], Any]) -> Path:
    """Let `edit` change the graph's protobuf message, and write it back."""
    path = folder / "model.onnx"
    model = onnx.load(path, load_external_data=False)
    edit(model)
    path.write_bytes(model.SerializeToString())
    return folder


# --- what is read ---------------------------------------------------------------------------


def test_a_written_folder_reads_as_the_onnx_package_reads_it(sound: Path) -> None:
    header = read_folder(sound)
    model = onnx.load(sound / "model.onnx", load_external_data=False)
    assert header.graph.inputs == [i.name for i in model.graph.input]
    assert header.graph.outputs == [o.name for o in model.graph.output]
    assert header.graph.operators == {node.op_type for node in model.graph.node}
    assert header.graph.opsets == {"": 21, "com.microsoft": 1}
    assert header.graph.metadata == {p.key: p.value for p in model.metadata_props}
    whole = onnx.load(sound / "model.onnx")
    for mine, theirs in zip(header.graph.tensors, whole.graph.initializer, strict=True):
        array = numpy_helper.to_array(theirs)
        assert (mine.name, mine.shape, mine.dtype) == (theirs.name, array.shape, str(array.dtype))
        assert mine.nbytes == array.nbytes
        if mine.location:
            with open(sound / mine.location, "rb") as file:
                file.seek(mine.offset)
                assert file.read(mine.nbytes) == array.tobytes()


def test_a_folder_has_the_figures_that_its_gguf_has(sound: Path) -> None:
    header = read_model(sound)
    words = read_header(sound / "tokenizer.gguf")
    assert header.architecture == words.architecture == "llama"
    assert header.quantization == "Q4_0"
    assert header.chat_template == "{{ messages[0].content }}"
    assert 4.5 <= header.bits_per_weight < 6
    for name in (
        "context_length",
        "embedding_length",
        "block_count",
        "feed_forward_length",
        "attention.head_count",
        "attention.head_count_kv",
        "attention.key_length",
        "vocab_size",
    ):
        assert header.field(name) == words.field(name), name
    assert header.field("attention.layer_norm_rms_epsilon") == pytest.approx(1e-5)
    assert header.file_bytes == sum((sound / name).stat().st_size for name in header.files)
    assert set(header.files) == {path.name for path in sound.iterdir()}


def test_the_graph_file_stands_for_its_folder(sound: Path) -> None:
    assert read_model(sound / "model.onnx") == read_model(sound)


def test_the_cache_counts_four_bytes_a_number(sound: Path) -> None:
    need = footprint(read_model(sound), 64)
    assert need.kv_cache_bytes == 4 * 64 * 1 * (16 + 16)
    assert need.weights_bytes > 0


def test_files_that_are_none_of_the_models_are_left_out(folder: Path) -> None:
    before = read_folder(folder)
    (folder / "thesis.docx").write_bytes(b"x" * 100)
    (folder / ".hidden.json").write_text("{}")
    (folder / "sub").mkdir()
    assert read_folder(folder).files == before.files


def test_a_folder_of_another_exporter_reads_without_our_files(folder: Path) -> None:
    (folder / "tokenizer.gguf").unlink()
    config = {"model_type": "llama", "max_position_embeddings": 64, "num_hidden_layers": 1}
    (folder / "config.json").write_text(json.dumps(config))
    header = read_folder(folder)
    assert header.words is None
    assert header.architecture == "llama"
    assert header.quantization == "INT4"
    assert header.metadata["latam_edge.quant.method"] == "rtn", "metadata_props stand in"


def test_genais_settings_stand_in_for_config_json(folder: Path) -> None:
    (folder / "config.json").unlink()
    decoder = {"num_hidden_layers": 1, "head_size": 16, "num_attention_heads": 2, "hidden_size": 32}
    model = {"type": "llama", "context_length": 64, "vocab_size": 12, "decoder": decoder}
    (folder / "genai_config.json").write_text(json.dumps({"model": model}))
    header = read_folder(folder)
    assert header.architecture == "llama"
    assert (header.field("context_length"), header.field("attention.key_length")) == (64, 16)


def test_the_table_of_element_types_is_the_onnx_packages() -> None:
    for number, (name, bits) in DATA_TYPES.items():
        assert TensorProto.DataType.Name(number).replace("DOUBLE", "FLOAT64").replace(
            "FLOAT", "float"
        ).lower() in (name, name.removesuffix("32"))
        if bits and name not in ("float6e2m3", "float6e3m2"):
            array = np.zeros(8, helper.tensor_dtype_to_np_dtype(number))
            assert len(numpy_helper.from_array(array).raw_data) * 8 == bits * 8, name


def test_weights_inside_the_graph_are_stepped_over_not_loaded(tmp_path: Path) -> None:
    big = np.zeros(24 << 20, np.uint8)
    graph = helper.make_graph(
        [helper.make_node("Identity", ["big"], ["logits"])],
        "g",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1])],
        [helper.make_tensor_value_info("logits", TensorProto.UINT8, [24 << 20])],
        [numpy_helper.from_array(big, "big")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    tracemalloc.start()
    found = read_graph(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(tensor.name, tensor.nbytes) for tensor in found.tensors] == [("big", 24 << 20)]
    assert peak < 1 << 20


# --- what is refused ------------------------------------------------------------------------


def test_a_file_cut_anywhere_is_never_taken_for_a_whole_one(folder: Path) -> None:
    path = folder / "model.onnx"
    whole = path.read_bytes()
    for length in [*range(0, 64), *range(64, len(whole), 211)]:
        path.write_bytes(whole[:length])
        with pytest.raises((NotONNX, TruncatedModel, CorruptModel, UnsupportedModel)):
            read_folder(folder)


def test_data_that_end_early_are_truncated(folder: Path) -> None:
    path = folder / "model.onnx.data"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TruncatedModel) as caught:
        read_folder(folder)
    assert caught.value.facts["path"] == path
    assert caught.value.facts["need_bytes"] == path.stat().st_size + 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hola",
        b"GGUF" + bytes(60),
        b"<html>no</html>",
        b"PK\x03\x04" + bytes(99),
        bytes(1000),
        b"\xff" * 99,
    ],
)
def test_what_is_no_onnx_is_called_so(folder: Path, content: bytes) -> None:
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(NotONNX):
        read_folder(folder)


@pytest.mark.parametrize(
    "location",
    [
        "../model.onnx.data",
        "/etc/passwd",
        "sub/model.onnx.data",
        "..\\x",
        "C:x",
        "..",
        "",
        "a\0b",
        "*/_ORT_MEM_ADDR_/*",
    ],
)
def test_data_outside_the_folder_are_refused(folder: Path, location: str) -> None:
    def edit(model: Any) -> None:
        model.graph.initializer[0].external_data[0].value = location

    (folder / "sub").mkdir()
    shutil.copy(folder / "model.onnx.data", folder / "sub")
    shutil.copy(folder / "model.onnx.data", folder.parent)
    change(folder, edit)
    with pytest.raises(UnsupportedModel):
        read_folder(folder)


def external_tensor(location: str) -> Any:
    tensor = TensorProto(name="far", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def hide_in_constant(model: Any) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["far"], value=external_tensor("../far")))


def hide_in_subgraph(model: Any) -> None:
    inner = helper.make_graph([], "inner", [], [], [external_tensor("../far")])
    for _ in range(3):
        node = helper.make_node("If", ["x"], ["y"], then_branch=inner)
        inner = helper.make_graph([node], "outer", [], [])
    model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner))


def hide_in_function(model: Any) -> None:
    node = helper.make_node("Constant", [], ["far"], value=external_tensor("../far"))
    model.functions.append(helper.make_function("local", "F", [], ["far"], [node], model.opset_import))


def hide_in_sparse(model: Any) -> None:
    sparse = onnx.SparseTensorProto(values=external_tensor("../far"), dims=[4])
    model.graph.sparse_initializer.append(sparse)


def hide_in_list(model: Any) -> None:
    node = helper.make_node("Constant", [], ["far"])
    node.attribute.append(onnx.AttributeProto(name="many", type=9, tensors=[external_tensor("../far")]))
    model.graph.node.append(node)


@pytest.mark.parametrize(
    "hide", [hide_in_constant, hide_in_subgraph, hide_in_function, hide_in_sparse, hide_in_list]
)
def test_data_outside_the_folder_are_found_wherever_they_are_named(
    folder: Path, hide: Callable[[Any], None]
) -> None:
    (folder.parent / "far").write_bytes(bytes(16))
    with pytest.raises(UnsupportedModel) as caught:
        read_folder(change(folder, hide))
    assert "../far" in str(caught.value)


def test_a_link_that_leads_outside_the_folder_is_refused(folder: Path) -> None:
    data = folder / "model.onnx.data"
    outside = folder.parent / "elsewhere.data"
    data.rename(outside)
    data.symlink_to(outside)
    with pytest.raises(UnsupportedModel):
        read_folder(folder)
    outside.rename(folder / "other.data")
    data.unlink()
    data.symlink_to("other.data")
    assert read_folder(folder).graph.data_files == ["model.onnx.data"]


@pytest.mark.parametrize(
    ("domain", "version"), [("", 6), ("", 99), ("com.microsoft", 2), ("", -1), ("com.microsoft", 0)]
)
def test_an_operator_set_that_is_not_known_is_refused(folder: Path, domain: str, version: int) -> None:
    def edit(model: Any) -> None:
        next(o for o in model.opset_import if o.domain == domain).version = version

    with pytest.raises(UnsupportedModel) as caught:
        read_folder(change(folder, edit))
    assert str(version) in str(caught.value)


def test_operators_of_a_stranger_are_refused_also_inside_others(folder: Path) -> None:
    def edit(model: Any) -> None:
        model.opset_import.append(helper.make_opsetid("com.evil", 1))
        inner = helper.make_graph([helper.make_node("Run", [], ["y"], domain="com.evil")], "inner", [], [])
        model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner))

    with pytest.raises(UnsupportedModel) as caught:
        read_folder(change(folder, edit))
    assert "com.evil" in str(caught.value)


def test_an_operator_set_that_is_used_has_to_be_declared(folder: Path) -> None:
    with pytest.raises(UnsupportedModel):
        read_folder(change(folder, lambda model: model.opset_import.pop()))


@pytest.mark.parametrize("operator", ["EPContext", "Snpe"])
def test_operators_that_carry_compiled_code_are_refused(folder: Path, operator: str) -> None:
    def edit(model: Any) -> None:
        model.graph.node.append(helper.make_node(operator, [], ["y"], domain="com.microsoft"))

    with pytest.raises(UnsupportedModel) as caught:
        read_folder(change(folder, edit))
    assert operator in str(caught.value)


def test_a_missing_tokenizer_is_said_so(folder: Path) -> None:
    (folder / "tokenizer.gguf").unlink()
    assert read_folder(folder).words is None
    (folder / "tokenizer.json").unlink()
    with pytest.raises(BadFile) as caught:
        read_folder(folder)
    assert "tokenizer.json" in str(caught.value)
    assert caught.value.exit_code == 3


def test_missing_files_are_named(folder: Path) -> None:
    (folder / "model.onnx.data").unlink()
    with pytest.raises(FileMissing) as caught:
        read_folder(folder)
    assert "model.onnx.data" in str(caught.value)
    (folder / "model.onnx").unlink()
    with pytest.raises(NoModelInFolder):
        read_folder(folder)
    with pytest.raises(FileMissing):
        read_folder(folder / "model.onnx")
    (folder / "decoder.onnx").write_bytes(b"")
    with pytest.raises(NoModelInFolder, match=r"model\.onnx"):
        read_model(folder)


def test_a_checkpoint_in_place_of_a_model_is_told_how_to_convert_it(tmp_path: Path) -> None:
    write_tiny_folder(tmp_path / "x")
    with pytest.raises(NotConverted, match="latam-edge convert"):
        read_model(tmp_path / "x.checkpoint")


def test_a_missing_config_is_said_so(folder: Path) -> None:
    (folder / "config.json").unlink()
    with pytest.raises(BadFile, match=r"config\.json") as caught:
        read_folder(folder)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("name", "value"), [("vocab_size", 11), ("num_hidden_layers", 2), ("max_position_embeddings", 4096)]
)
def test_sizes_that_are_not_the_graphs_are_refused(folder: Path, name: str, value: int) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    with pytest.raises(CorruptModel, match=f"{value}"):
        read_folder(folder)


def test_data_that_are_longer_than_the_graph_says_are_refused(folder: Path) -> None:
    with (folder / "model.onnx.data").open("ab") as file:
        file.write(b"\1")
    with pytest.raises(CorruptModel, match=r"model\.onnx\.data"):
        read_folder(folder)


def test_a_file_format_from_the_future_is_refused(folder: Path) -> None:
    model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    model.ir_version = MAX_IR_VERSION
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    read_folder(folder)
    model.ir_version = MAX_IR_VERSION + 1
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UnsupportedModel, match=str(MAX_IR_VERSION + 1)):
        read_folder(folder)


def test_a_newer_format_is_refused(folder: Path) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["latam_edge"]["format"] = 2
    path.write_text(json.dumps(config))
    with pytest.raises(UnsupportedModel):
        read_folder(folder)


@pytest.mark.parametrize(
    "spoiled",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"vocab_size": "many"}',
        b'{"num_hidden_layers": -1}',
        b'{"max_position_embeddings": 0}',
        b'{"hidden_size": true}',
        b"[" * 100_000,
        b" " * (5 << 20),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(folder: Path, spoiled: bytes) -> None:
    (folder / "config.json").write_bytes(spoiled)
    with pytest.raises(CorruptModel):
        read_folder(folder)


def edit_first(**fields: Any) -> Callable[[Any], None]:
    def edit(model: Any) -> None:
        tensor = model.graph.initializer[0]
        for name, value in fields.items():
            if name == "dims":
                del tensor.dims[:]
                tensor.dims.extend(value)
            elif name in ("offset", "length"):
                next(e for e in tensor.external_data if e.key == name).value = value
            else:
                setattr(tensor, name, value)

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        edit_first(dims=[-1, 1, 16]),
        edit_first(dims=[1 << 40, 1 << 40]),
        edit_first(dims=[1] * 9),
        edit_first(dims=[13, 1, 16]),
        edit_first(length="0"),
        edit_first(offset="-4096"),
        edit_first(offset="1e3"),
        edit_first(length="9" * 30),
    ],
)
def test_a_tensor_that_contradicts_itself_is_refused(folder: Path, edit: Callable[[Any], None]) -> None:
    with pytest.raises(CorruptModel):
        read_folder(change(folder, edit))


def test_an_element_type_that_is_not_known_is_refused(folder: Path) -> None:
    with pytest.raises(UnsupportedModel):
        read_folder(change(folder, edit_first(data_type=77)))


def test_an_offset_far_outside_is_truncated(folder: Path) -> None:
    with pytest.raises(TruncatedModel):
        read_folder(change(folder, edit_first(offset=str(1 << 50))))


def test_graphs_inside_graphs_have_an_end(folder: Path) -> None:
    def edit(model: Any) -> None:
        inner = helper.make_graph([], "inner", [], [])
        for _ in range(20):
            node = helper.make_node("If", ["x"], ["y"], then_branch=inner)
            inner = helper.make_graph([node], "outer", [], [])
        model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=inner))

    with pytest.raises(CorruptModel):
        read_folder(change(folder, edit))


def test_millions_of_empty_fields_cost_a_moment_and_no_memory(folder: Path) -> None:
    body = b"\x0a\x00" * 6_000_000  # empty nodes
    size, length = len(body), b""
    while size:
        length += bytes([(size & 0x7F) | (0x80 if size > 0x7F else 0)])
        size >>= 7
    (folder / "model.onnx").write_bytes(b"\x08\x0a" + b"\x3a" + length + body)
    before = resource.getrusage(resource.RUSAGE_SELF)
    with pytest.raises(CorruptModel):
        read_graph(folder / "model.onnx")
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_maxrss - before.ru_maxrss < 4 << 10, "kilobytes"
    assert after.ru_utime - before.ru_utime < 15, "some 2 s on an idle machine"


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(data=st.data())
def test_no_damage_makes_anything_but_a_clear_error(sound: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = (sound / "model.onnx").read_bytes()
    spoiled = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        spoiled[at] = data.draw(st.integers(0, 255))
    target = tmp_path / "model.onnx"
    target.write_bytes(bytes(spoiled))
    if not (tmp_path / "model.onnx.data").exists():
        os.link(sound / "model.onnx.data", tmp_path / "model.onnx.data")
    exit_code = 3
    try:
        read_graph(target)
    except LatamEdgeError as error:
        exit_code = error.exit_code
    assert exit_code == 3


@pytest.mark.parametrize("command", ["run", "models"])
def test_the_command_line_ends_with_three_and_the_reason(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "model.onnx").write_bytes(b"no es un modelo")
    argv = {"run": ["run", "hola", "--model", str(folder)], "models": ["models", "add", str(folder)]}
    assert main(argv[command]) == 3
    assert "LE-116" in capsys.readouterr().err
