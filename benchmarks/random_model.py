"""Models of random weights in every format, for size and speed alone.

Every row is a multiple of 256, so that no format falls back to a larger one. llama.cpp's
library decides which tensor gets which type: it is given a model of zeros, which it
quantizes at once, and the zeros are then overwritten by rows that the same library
quantized from random numbers. Speed does not depend on which numbers they are.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from bench_model import byte_letters

from convert.to_gguf import k_quants
from latam_edge.formats.gguf import read_header
from latam_edge.runtime.llama.native import library

_RANDOM_ROWS = 64


@dataclass(frozen=True)
class Shape:
    """A decoder of the Llama family; the head is the embedding."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    ffn: int
    vocabulary: int

    @property
    def kv_width(self) -> int:
        return self.width // self.heads * self.kv_heads

    def matrices(self, layer: int) -> list[tuple[str, int, int]]:
        """(name, rows, columns) of one layer."""
        block, d = f"blk.{layer}", self.width
        return [
            (f"{block}.attn_q.weight", d, d),
            (f"{block}.attn_k.weight", self.kv_width, d),
            (f"{block}.attn_v.weight", self.kv_width, d),
            (f"{block}.attn_output.weight", d, d),
            (f"{block}.ffn_gate.weight", self.ffn, d),
            (f"{block}.ffn_up.weight", self.ffn, d),
            (f"{block}.ffn_down.weight", d, self.ffn),
        ]


SHAPES = {
    "3m": Shape(layers=4, width=256, heads=4, kv_heads=2, ffn=512, vocabulary=2048),
    "135m": Shape(layers=17, width=768, heads=12, kv_heads=4, ffn=2048, vocabulary=32768),
    "0.5b": Shape(layers=36, width=1024, heads=16, kv_heads=4, ffn=3072, vocabulary=65536),
    "1b": Shape(layers=20, width=2048, heads=32, kv_heads=8, ffn=5632, vocabulary=49152),
}
"""3 (to try the script), 132, 501 and 1003 million weights."""


def write_zeros(path: Path, shape: Shape) -> Path:
    """A GGUF file in F16, all matrices zero."""
    writer = gguf.GGUFWriter(path, "llama")
    letters = byte_letters()
    words = [f"{letters[32]}w{number:x}" for number in range(shape.vocabulary - len(letters) - 3)]
    writer.add_name(path.stem)
    writer.add_context_length(2048)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.ffn)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([*letters, *words, "<|bos|>", "<|im_start|>", "<|im_end|>"])
    types = [gguf.TokenType.NORMAL] * (shape.vocabulary - 3) + [gguf.TokenType.CONTROL] * 3
    writer.add_token_types(types)
    writer.add_token_merges([f"{letters[32]} w"])
    writer.add_bos_token_id(shape.vocabulary - 3)
    writer.add_eos_token_id(shape.vocabulary - 1)
    writer.add_add_bos_token(False)
    one = np.ones(shape.width, np.float32)

    def zeros(rows: int, columns: int) -> Any:
        return np.broadcast_to(np.float16(0), (rows, columns))

    writer.add_tensor("token_embd.weight", zeros(shape.vocabulary, shape.width))
    writer.add_tensor("output_norm.weight", one)
    for layer in range(shape.layers):
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", one)
        writer.add_tensor(f"blk.{layer}.ffn_norm.weight", one)
        for name, rows, columns in shape.matrices(layer):
            writer.add_tensor(name, zeros(rows, columns))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def fill(path: Path) -> None:
    """Overwrite every matrix of a quantized file by random rows of its own type."""
    header = read_header(path)
    known: dict[tuple[int, int], bytes] = {}
    with open(path, "rb+") as file:
        for tensor in header.tensors:
            if len(tensor.shape) != 2:
                continue
            columns, rows = tensor.shape
            kind = (tensor.type_id, columns)
            if kind not in known:
                known[kind] = _random_rows(*kind)
            file.seek(header.data_offset + tensor.offset)
            row_bytes = len(known[kind]) // _RANDOM_ROWS
            for start in range(0, rows, _RANDOM_ROWS):
                file.write(known[kind][: min(_RANDOM_ROWS, rows - start) * row_bytes])


def _random_rows(type_id: int, columns: int) -> bytes:
    """Rows of normal numbers, quantized by the library: _RANDOM_ROWS of them."""
    values = np.random.default_rng(columns).normal(0, columns**-0.5, (_RANDOM_ROWS, columns))
    if type_id == 1:
        return values.astype(np.float16).tobytes()
    quantize = library()._lib.ggml_quantize_chunk
    quantize.restype = ctypes.c_size_t
    source = np.ascontiguousarray(values, np.float32)
    weights = np.ones(columns, np.float32)
    room = ctypes.create_string_buffer(source.nbytes)
    pointer = ctypes.POINTER(ctypes.c_float)
    size = quantize(
        ctypes.c_int(type_id),
        source.ctypes.data_as(pointer),
        room,
        ctypes.c_int64(0),
        ctypes.c_int64(_RANDOM_ROWS),
        ctypes.c_int64(columns),
        weights.ctypes.data_as(pointer),
    )
    return room.raw[:size]


def write(
    folder: Path, name: str, file_type: str | None, embedding: str | None, *, flat: bool = True
) -> Path:
    """The model `name` of SHAPES in one format (None: F16), unless it is there.

    flat: with an importance matrix of ones, on which some choices of types depend.
    """
    folder.mkdir(parents=True, exist_ok=True)
    label = f"{file_type or 'f16'}{'-' + embedding.lower() if embedding else ''}{'' if flat else '-plain'}"
    out = folder / f"random-{name}-{label}.gguf"
    if out.exists():
        return out
    zeros = folder / f".random-{name}.zeros"
    if not zeros.exists():
        write_zeros(zeros, SHAPES[name])
    part = out.with_suffix(".part")
    if file_type is None:
        part.write_bytes(zeros.read_bytes())
    else:
        header = read_header(zeros)
        ones = {t.name: np.ones(t.shape[0], np.float32) for t in header.tensors if len(t.shape) == 2}
        importance = ones if flat else None
        k_quants.quantize_file(zeros, part, file_type, importance=importance, embedding_type=embedding)
    fill(part)
    part.replace(out)
    return out
