"""Other exporters' graphs on the lattice: the numbers that the decoded weights give, one copy of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from convert.to_onnx.graph_codes import quantize
from quant import rtn
from quant.lattice import dequantize

VOCAB, WIDTH = 96, 64


def make_graph(head: str) -> onnx.ModelProto:
    """Embedding -> MatMul -> Gemm with bias -> MatMul with the tied head, written in one of two ways."""
    rng = np.random.default_rng(0)

    def noise(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.1, shape).astype(np.float32)

    table = noise(VOCAB, WIDTH)
    constants = {
        "table": table,
        "square": noise(WIDTH, 128),
        "gemm": noise(WIDTH, 128),
        "bias": noise(WIDTH),
        "flat": np.array([-1, 128], np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["x"], axis=0),
        helper.make_node("MatMul", ["x", "square"], ["y"]),
        helper.make_node("Reshape", ["y", "flat"], ["y2"]),
        helper.make_node("Gemm", ["y2", "gemm", "bias"], ["z"], transB=1),
    ]
    if head == "transposed":
        nodes += [helper.make_node("Transpose", ["table"], ["tableT"], perm=[1, 0])]
    else:
        constants["tableT"] = np.ascontiguousarray(table.T)
    nodes += [helper.make_node("MatMul", ["z", "tableT"], ["logits"])]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["b", "s"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", VOCAB])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model: onnx.ModelProto, ids: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    result: np.ndarray = session.run(None, {"input_ids": ids})[0]
    return result


def decoded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with every matrix replaced by what the lattice makes of it."""
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    for tensor in copy.graph.initializer:
        value: Any = numpy_helper.to_array(tensor)
        if value.ndim == 2:
            columns_first = tensor.name in ("square", "tableT")
            rows = np.ascontiguousarray(value.T) if columns_first else value
            rows = dequantize(rtn.quantize(rows))
            tensor.CopyFrom(
                numpy_helper.from_array(np.ascontiguousarray(rows.T if columns_first else rows), tensor.name)
            )
    return copy


@pytest.mark.parametrize("head", ["transposed", "copied"])
def test_the_graph_computes_what_the_decoded_weights_compute(head: str) -> None:
    model = make_graph(head)
    ids = np.arange(12).reshape(2, 6)
    expected, before = run(decoded(model), ids), run(model, ids)
    count, kept = quantize(model, accuracy_level=1)
    assert kept == []
    assert count == 3, "the head is the embedding's own matrix, coded once"
    found = run(model, ids)
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
    assert np.abs(found - before).max() > 1e-3 * np.abs(before).max(), "four bits do change something"


def test_nothing_that_was_replaced_stays_in_the_file() -> None:
    model = make_graph("transposed")
    before = len(model.SerializeToString())
    quantize(model)
    names = {tensor.name for tensor in model.graph.initializer}
    assert not names & {"table", "square", "gemm"}
    assert all(node.op_type not in ("MatMul", "Gemm", "Transpose") for node in model.graph.node)
    assert len(model.SerializeToString()) < before / 4


def test_rows_that_fill_no_group_are_left_alone_and_named() -> None:
    model = make_graph("copied")
    del model.graph.node[-2:]  # from here on only the table and the square are in use
    model.graph.output[0].name = "y2"
    model.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.zeros((WIDTH, 128), np.float32), "square"))
    odd = numpy_helper.from_array(np.ones((40, 50), np.float32), "table")
    model.graph.initializer[0].CopyFrom(odd)
    count, kept = quantize(model)
    assert count == 1
    assert kept == ["table"]
