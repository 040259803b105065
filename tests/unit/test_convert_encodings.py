"""Bytes of each tensor type, held equal to the gguf package's, which shares no code with ours."""

from __future__ import annotations

import gguf
import ml_dtypes
import numpy as np
import pytest

from convert.to_gguf import encodings, q4_0
from quant.lattice import Int4Blocks, dequantize, encode
from quant.rtn import quantize


@pytest.fixture
def rows() -> np.ndarray:
    rng = np.random.default_rng(11)
    rows = rng.standard_normal((24, 256)).astype(np.float32) * np.exp(rng.uniform(-8, 3, (24, 1)))
    rows[3] = 0
    return rows.astype(np.float32)


def test_q4_0_bytes_decode_to_the_same_weights_in_gguf(rows) -> None:
    blocks = quantize(rows)
    theirs = gguf.quants.dequantize(q4_0.pack(blocks), gguf.GGMLQuantizationType.Q4_0)
    np.testing.assert_array_equal(theirs, dequantize(blocks))


def test_q4_0_unpacks_to_the_codes_that_were_packed(rows) -> None:
    blocks = quantize(rows, "absmax")
    again = q4_0.unpack(q4_0.pack(blocks))
    np.testing.assert_array_equal(again.codes, blocks.codes)
    np.testing.assert_array_equal(again.scales, blocks.scales)


def test_every_code_lands_in_its_own_half_byte() -> None:
    codes = np.zeros((32, 32), np.uint8)
    codes[np.arange(32), np.arange(32)] = 15
    packed = q4_0.pack(Int4Blocks(codes, np.ones((32, 1), np.float16)))
    theirs = gguf.quants.dequantize(packed, gguf.GGMLQuantizationType.Q4_0)
    np.testing.assert_array_equal(theirs, codes.astype(np.float32) - 8)


def test_stock_q4_0_bytes_unpack_to_what_gguf_reads_in_them(rows) -> None:
    stock = gguf.quants.quantize(rows, gguf.GGMLQuantizationType.Q4_0)
    theirs = gguf.quants.dequantize(stock, gguf.GGMLQuantizationType.Q4_0)
    np.testing.assert_array_equal(dequantize(q4_0.unpack(stock)), theirs)


@pytest.mark.parametrize("encoding", [encodings.F32, encodings.F16, encodings.BF16, encodings.Q8_0])
def test_bytes_and_weights_equal_those_of_gguf(rows, encoding) -> None:
    kind = gguf.GGMLQuantizationType[encoding.name]
    mine = encoding.encode(rows)
    theirs = gguf.quants.quantize(rows, kind)
    np.testing.assert_array_equal(mine, theirs.view(np.uint8).reshape(mine.shape))
    np.testing.assert_array_equal(encoding.decode(mine), gguf.quants.dequantize(theirs, kind))
    assert mine.size == encoding.nbytes(rows.size)


def test_bfloat16_rounds_to_nearest_even() -> None:
    values = np.arange(0x3F800000, 0x3F850000, 0x1234, np.uint32).view(np.float32)
    values = np.append(values, np.array([0x3F808000, 0x3F818000, 0xBF808000], np.uint32).view(np.float32))
    expected = values.astype(ml_dtypes.bfloat16).view(np.uint16)
    np.testing.assert_array_equal(encodings.narrow_bf16(values), expected)


def test_int4_encoding_uses_the_codes_it_is_given() -> None:
    rows = np.linspace(-1, 1, 64, dtype=np.float32).reshape(2, 32)
    encoding = encodings.int4(lambda rows: encode(rows, np.full((len(rows), 1), 0.25, np.float32)))
    decoded = encoding.decode(encoding.encode(rows))
    np.testing.assert_array_equal(decoded, np.clip(np.rint(rows / 0.25), -8, 7) * 0.25)
