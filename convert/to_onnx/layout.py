"""Where every weight of the graph stands in `model.onnx.data`.

The graph joins what one product can do at once: Q, K and V are one matrix, gate and
up another. A joined matrix is the GGUF's tensors below each other, row after row, so
each of them has a place in the file that is known before the first weight is read,
and they may come in any order.

Rows of Q and K keep the order that the GGUF has; the graph rotates as llama.cpp does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from convert.to_gguf.exporter import FileTensor
from quant.lattice import GROUP_SIZE

PAGE_BYTES = 4096
"""Large blocks start at a page, so that mapping one maps nothing of its neighbours."""
LINE_BYTES = 64
"""Small ones start at a cache line."""

_BITS = {"Q4_0": 4, "Q8_0": 8}
_DTYPES = {"F32": "float32", "F16": "float16"}


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the data file: one initializer of the graph."""

    name: str
    """Name of the initializer."""
    dtype: str
    """numpy's name of the element type."""
    shape: tuple[int, ...]
    """As the graph sees it."""
    offset: int
    """First byte in the data file."""
    nbytes: int
    """Bytes of the data."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix of the graph: one tensor of the GGUF, or several below each other."""

    name: str
    """Its name in the graph: "layers.0.qkv"."""
    encoding: str
    """How the GGUF stores its rows: "Q4_0", "Q8_0", "F16" or "F32"."""
    n_rows: int
    """Outputs."""
    n_columns: int
    """Inputs."""
    weight: Block
    """Codes, or the weights themselves."""
    scales: Block | None
    """float16, one for 32 codes; None for plain weights."""

    @property
    def bits(self) -> int:
        """Bits of a code; 0 for plain weights."""
        return _BITS.get(self.encoding, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows of one GGUF tensor go."""

    encoding: str
    """How they arrive."""
    first_row: int
    """Row of the joined matrix that its first row becomes; of a vector, the element."""
    weight: Block
    scales: Block | None


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole data file."""

    matrices: Mapping[str, Matrix]
    """By name in the graph."""
    vectors: Mapping[str, Block]
    """By name in the graph."""
    places: Mapping[str, Place]
    """By name in the GGUF."""
    nbytes: int
    """Size of the data file."""


class _Plan:
    """Gives out the file's bytes in order."""

    def __init__(self) -> None:
        self.end = 0
        self.matrices: dict[str, Matrix] = {}
        self.vectors: dict[str, Block] = {}
        self.places: dict[str, Place] = {}

    def block(self, name: str, dtype: str, shape: tuple[int, ...]) -> Block:
        width = {"uint8": 1, "float16": 2, "float32": 4}[dtype]
        nbytes = width * math.prod(shape)
        step = PAGE_BYTES if nbytes >= PAGE_BYTES else LINE_BYTES
        offset = -(-self.end // step) * step
        self.end = offset + nbytes
        return Block(name, dtype, shape, offset, nbytes)

    def matrix(self, name: str, parts: Sequence[FileTensor]) -> None:
        """A matrix made of `parts`, which share their columns and their encoding."""
        encoding, columns = parts[0].encoding.name, parts[0].shape[1]
        rows = sum(part.shape[0] for part in parts)
        scales = None
        if encoding in _BITS:
            groups = columns // GROUP_SIZE
            packed = (rows, groups, GROUP_SIZE * _BITS[encoding] // 8)
            weight = self.block(f"{name}.codes", "uint8", packed)
            scales = self.block(f"{name}.scales", "float16", (rows, groups))
        else:
            weight = self.block(f"{name}.weight", _DTYPES[encoding], (rows, columns))
        self.matrices[name] = Matrix(name, encoding, rows, columns, weight, scales)
        self._place(parts, encoding, weight, scales)

    def vector(self, name: str, parts: Sequence[FileTensor]) -> None:
        length = sum(part.shape[0] for part in parts)
        block = self.block(name, "float32", (length,))
        self.vectors[name] = block
        self._place(parts, "F32", block, None)

    def _place(self, parts: Sequence[FileTensor], encoding: str, weight: Block, scales: Block | None) -> None:
        row = 0
        for part in parts:
            self.places[part.name] = Place(encoding, row, weight, scales)
            row += part.shape[0]


# Name in the graph -> names in the GGUF, below each other.
_BLOCK_MATRICES = {
    "qkv": ("attn_q", "attn_k", "attn_v"),
    "attn_output": ("attn_output",),
    "gate_up": ("ffn_gate", "ffn_up"),
    "down": ("ffn_down",),
}
_BLOCK_VECTORS = {
    "attn_norm": "attn_norm",
    "ffn_norm": "ffn_norm",
    "q_norm": "attn_q_norm",
    "k_norm": "attn_k_norm",
}


def plan(tensors: Iterable[FileTensor], n_layers: int, rotary_shape: tuple[int, int]) -> Layout:
    """Give every tensor of the GGUF a place in the data file.

    rotary_shape: of each of the two rotary tables, (positions, head_dim / 2), float32.
    The GGUF's "rope_freqs.weight" gets no place: it is inside the tables.
    """
    found = {tensor.name: tensor for tensor in tensors}
    plan = _Plan()
    plan.matrix("embedding", [found["token_embd.weight"]])
    plan.vectors["cos"] = plan.block("cos", "float32", rotary_shape)
    plan.vectors["sin"] = plan.block("sin", "float32", rotary_shape)
    for layer in range(n_layers):
        source, name = f"blk.{layer}.", f"layers.{layer}."
        for ours, theirs in _BLOCK_VECTORS.items():
            if tensor := found.get(f"{source}{theirs}.weight"):
                plan.vector(f"{name}{ours}", [tensor])
        for ours, parts in _BLOCK_MATRICES.items():
            plan.matrix(f"{name}{ours}", [found[f"{source}{part}.weight"] for part in parts])
            if f"{source}{parts[0]}.bias" in found:
                plan.vector(f"{name}{ours}.bias", [found[f"{source}{part}.bias"] for part in parts])
    plan.vector("final_norm", [found["output_norm.weight"]])
    if "output.weight" in found:
        plan.matrix("head", [found["output.weight"]])
    return Layout(plan.matrices, plan.vectors, plan.places, plan.end)
