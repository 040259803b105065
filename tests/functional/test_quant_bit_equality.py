"""One lattice, four readers: the same weights to the last bit for everybody who decodes them."""

from __future__ import annotations

import ctypes
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from convert.to_gguf import q4_0
from convert.to_onnx import matmul_nbits
from quant.fake_quant import fake_quantize
from quant.lattice import MAX_SCALE, MIN_SCALE, Int4Blocks, dequantize, round_scale

ROWS, COLUMNS = 96, 256


@pytest.fixture(scope="module")
def blocks() -> Int4Blocks:
    """Every code under scales of both signs, from the smallest to the largest that the lattice has."""
    rng = np.random.default_rng(11)
    codes = rng.integers(0, 16, (ROWS, COLUMNS), dtype=np.uint8)
    scales = np.exp(rng.uniform(np.log(MIN_SCALE), np.log(200), (ROWS, COLUMNS // 32))).astype(np.float32)
    scales *= rng.choice([-1, 1], scales.shape)
    scales[0, :4] = MIN_SCALE, -MIN_SCALE, MAX_SCALE, -MAX_SCALE
    return Int4Blocks(codes, round_scale(scales).astype(np.float16))


def test_the_gguf_package_decodes_the_same_weights(blocks: Int4Blocks) -> None:
    decoded = gguf.quants.dequantize(q4_0.pack(blocks), gguf.GGMLQuantizationType.Q4_0)
    np.testing.assert_array_equal(decoded, dequantize(blocks))


def test_llama_cpps_own_decoder_gives_the_same_weights(blocks: Int4Blocks) -> None:
    folder = Path(llama_cpp.__file__).parent / "lib"
    library = ctypes.CDLL(str(next(path for path in folder.iterdir() if "ggml-base" in path.name)))
    packed = np.ascontiguousarray(q4_0.pack(blocks))
    decoded = np.empty((ROWS, COLUMNS), np.float32)
    library.dequantize_row_q4_0.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    library.dequantize_row_q4_0.restype = None
    library.dequantize_row_q4_0(packed.ctypes.data, decoded.ctypes.data, decoded.size)
    np.testing.assert_array_equal(decoded, dequantize(blocks))


def test_onnx_runtime_multiplies_by_the_same_weights_at_accuracy_level_1(blocks: Int4Blocks) -> None:
    """Each row of the identity picks one column of weights, and adding zeros rounds nothing."""
    packed, scales = matmul_nbits.pack(blocks)
    shape = (ROWS, COLUMNS // 32, 16)
    node = helper.make_node(
        "MatMulNBits",
        ["x", "weight", "scales"],
        ["y"],
        domain="com.microsoft",
        K=COLUMNS,
        N=ROWS,
        bits=4,
        block_size=32,
        accuracy_level=1,
    )
    graph = helper.make_graph(
        [helper.make_node("Cast", ["scales16"], ["scales"], to=TensorProto.FLOAT), node],
        "one product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, COLUMNS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, ROWS])],
        [
            numpy_helper.from_array(packed.reshape(shape), "weight"),
            numpy_helper.from_array(scales, "scales16"),
        ],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    identity = np.eye(COLUMNS, dtype=np.float32)
    (many,) = session.run(None, {"x": identity})
    np.testing.assert_array_equal(many, dequantize(blocks).T)
    # A single row takes another kernel than a batch.
    for column in range(0, COLUMNS, 37):
        (one,) = session.run(None, {"x": identity[column : column + 1]})
        np.testing.assert_array_equal(one[0], dequantize(blocks)[:, column])


def test_torch_trains_on_the_same_weights(blocks: Int4Blocks) -> None:
    faked = fake_quantize(
        torch.from_numpy(dequantize(blocks)), torch.from_numpy(blocks.scales.astype(np.float32))
    )
    np.testing.assert_array_equal(faked.numpy(), dequantize(blocks))


def test_all_weights_are_exact_in_float16_and_in_tf32(blocks: Int4Blocks) -> None:
    inner = Int4Blocks(blocks.codes[1:], blocks.scales[1:])  # the largest scales times 8 leave float16
    weights = dequantize(inner)
    np.testing.assert_array_equal(weights.astype(np.float16).astype(np.float32), weights)
    bits = weights.view(np.uint32)
    assert not (bits & 0x1FFF).any(), "TF32 keeps 10 bits of the mantissa"
