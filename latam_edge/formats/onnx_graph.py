"""An ONNX graph file, read with suspicion and without its weights.

Walks the whole file, subgraphs, functions and attributes included, because a tensor
anywhere in it can name a file, and keeps what a person or an engine wants to know:
operator sets, operators, inputs, outputs, tensors, metadata. Weights inside the file
are stepped over. ONNX Runtime gets the file only after this.

Source: onnx.proto of https://github.com/onnx/onnx (numbers of the fields), and
docs/ExternalData.md there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latam_edge.core.errors import CorruptModel, NotONNX, TruncatedModel, UnsupportedModel
from latam_edge.core.i18n import t
from latam_edge.formats.opening import open_regular
from latam_edge.formats.protobuf import LEN, VARINT, WireReader, signed

MAX_GRAPH_FILE_BYTES = (1 << 31) - 1
"""Protocol Buffers' own limit: ONNX Runtime can't parse a larger file."""
MAX_FIELDS = 1_000_000
"""An unfused graph of a hundred blocks has some hundred thousand."""
MAX_TENSORS = 65_536
MAX_NAME_BYTES = 4096
MAX_TEXT_BYTES = 1 << 20
"""One value of metadata_props."""
MAX_DEPTH = 8
"""Graphs inside attributes of graphs."""
MAX_DIMS = 8

ONNX_DOMAINS = ("", "ai.onnx")
MAX_IR_VERSION = 14
"""The newest version of the file format that ONNX Runtime 1.32 reads."""
OPSETS = {"": range(7, 29), "com.microsoft": range(1, 2)}
"""Versions of the operator sets that ONNX Runtime 1.32 knows."""
_CARRIERS = {"EPContext", "Snpe"}
"""Operators whose payload is a compiled program for some device, or the name of a file with one."""

# Data type -> (name, bits of an element). onnx.proto, TensorProto.DataType.
DATA_TYPES: dict[int, tuple[str, int]] = {
    1: ("float32", 32),
    2: ("uint8", 8),
    3: ("int8", 8),
    4: ("uint16", 16),
    5: ("int16", 16),
    6: ("int32", 32),
    7: ("int64", 64),
    8: ("string", 0),
    9: ("bool", 8),
    10: ("float16", 16),
    11: ("float64", 64),
    12: ("uint32", 32),
    13: ("uint64", 64),
    14: ("complex64", 64),
    15: ("complex128", 128),
    16: ("bfloat16", 16),
    17: ("float8e4m3fn", 8),
    18: ("float8e4m3fnuz", 8),
    19: ("float8e5m2", 8),
    20: ("float8e5m2fnuz", 8),
    21: ("uint4", 4),
    22: ("int4", 4),
    23: ("float4e2m1", 4),
    24: ("float8e8m0", 8),
    25: ("uint2", 2),
    26: ("int2", 2),
    27: ("float6e2m3", 8),
    28: ("float6e3m2", 8),
}
_EXTERNAL = 1


@dataclass(frozen=True, slots=True)
class GraphTensor:
    """A tensor of the file, wherever in it."""

    name: str
    """Its name; "" for one in an attribute."""
    shape: tuple[int, ...]
    """numpy order."""
    dtype: str
    """Element type: "float16"."""
    nbytes: int
    """Bytes of its data."""
    location: str | None
    """Name of the file that holds it; None: inside the graph file."""
    offset: int
    """First byte in that file; 0 inside the graph file."""

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(slots=True)
class Graph:
    """What a graph file says."""

    path: Path
    """The file."""
    file_bytes: int
    """Its size."""
    ir_version: int = 0
    """Version of the file format."""
    producer: str = ""
    """The program that wrote it."""
    opsets: dict[str, int] = field(default_factory=dict)
    """Version of each operator set that is declared, by domain; ONNX's own is ""."""
    metadata: dict[str, str] = field(default_factory=dict)
    """metadata_props."""
    operators: set[str] = field(default_factory=set)
    """Names of all operators in use, domains left out."""
    domains: set[str] = field(default_factory=set)
    """Domains of all operators in use."""
    functions: set[str] = field(default_factory=set)
    """Domains of the functions that the file itself defines."""
    inputs: list[str] = field(default_factory=list)
    """Names of the outermost graph's inputs."""
    outputs: list[str] = field(default_factory=list)
    """Names of the outermost graph's outputs."""
    tensors: list[GraphTensor] = field(default_factory=list)
    """Every tensor."""
    quantized_bits: dict[str, int] = field(default_factory=dict)
    """Bits of a code, for the tensors that MatMulNBits takes as weights."""

    @property
    def data_files(self) -> list[str]:
        """Names of the files that hold tensors, sorted."""
        return sorted({tensor.location for tensor in self.tensors if tensor.location is not None})


def read_graph(path: Path) -> Graph:
    """Read and check the graph file `path`, and that every tensor lies inside the file that holds it.

    Time and memory are bounded whatever the file declares. Raises FileMissing, NotAFile,
    UnreadableFile, NotONNX, TruncatedModel, CorruptModel, UnsupportedModel.
    """
    path = Path(path)
    with open_regular(path) as (file, size):
        if size > MAX_GRAPH_FILE_BYTES:
            raise UnsupportedModel(
                path=path, detail=t("formats.header_too_large", declared=size, limit=MAX_GRAPH_FILE_BYTES)
            )
        reader = WireReader(file, size, path, MAX_FIELDS)
        graph = Graph(path, size)
        _Walk(reader, graph).model()
    if graph.ir_version > MAX_IR_VERSION:
        raise UnsupportedModel(
            path=path, detail=t("formats.onnx.ir_version", version=graph.ir_version, known=MAX_IR_VERSION)
        )
    _check_operator_sets(graph)
    _check_data_files(graph)
    return graph


class _Walk:
    """Reads the messages of onnx.proto into a Graph."""

    def __init__(self, reader: WireReader, graph: Graph) -> None:
        self._reader = reader
        self._graph = graph
        self._depth = 0

    def model(self) -> None:
        """ModelProto: the whole file."""
        reader, graph = self._reader, self._graph
        seen_graph = False
        try:
            for number, wire, value in reader.fields(reader.size):
                if number == 1 and wire == VARINT:
                    graph.ir_version = value
                elif number == 2 and wire == LEN:
                    graph.producer = reader.text(value, MAX_NAME_BYTES)
                elif number == 7 and wire == LEN:
                    seen_graph = True
                    self.graph(value, outermost=True)
                elif number == 8 and wire == LEN:
                    self.operator_set(value)
                elif number == 14 and wire == LEN:
                    key, text = self.entry(value, MAX_TEXT_BYTES)
                    graph.metadata[key] = text
                elif number == 25 and wire == LEN:
                    self.function(value)
                elif number not in (1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26):
                    reader.corrupt(t("formats.protobuf.bad_field"))
                elif number == 20:
                    raise UnsupportedModel(path=graph.path, detail=t("formats.onnx.training"))
        except (CorruptModel, TruncatedModel) as error:
            if not graph.ir_version:  # nothing so far looked like a model
                raise NotONNX(path=graph.path) from error
            raise
        if not graph.ir_version or not seen_graph:
            raise NotONNX(path=graph.path)

    def operator_set(self, end: int) -> None:
        domain, version = "", 0
        for number, wire, value in self._reader.fields(end):
            if number == 1 and wire == LEN:
                domain = self._reader.text(value, MAX_NAME_BYTES)
            elif number == 2 and wire == VARINT:
                version = signed(value)
        self._graph.opsets["" if domain in ONNX_DOMAINS else domain] = version

    def entry(self, end: int, limit: int) -> tuple[str, str]:
        """StringStringEntryProto: a key and its value."""
        key, text = "", ""
        for number, wire, value in self._reader.fields(end):
            if number == 1 and wire == LEN:
                key = self._reader.text(value, MAX_NAME_BYTES)
            elif number == 2 and wire == LEN:
                text = self._reader.text(value, limit)
        return key, text

    def function(self, end: int) -> None:
        """FunctionProto: an operator that the file defines out of others."""
        for number, wire, value in self._reader.fields(end):
            if number == 7 and wire == LEN:
                self.node(value)
            elif number == 9 and wire == LEN:
                self.operator_set(value)
            elif number == 10 and wire == LEN:
                self._graph.functions.add(self._reader.text(value, MAX_NAME_BYTES))
            elif number == 11 and wire == LEN:  # a default of an attribute
                self.attribute(value)

    def graph(self, end: int, *, outermost: bool = False) -> None:
        """GraphProto."""
        for number, wire, value in self._nested(end):
            if wire != LEN:
                continue
            if number == 1:
                self.node(value)
            elif number == 5:
                self.tensor(value)
            elif number == 15:
                self.sparse(value)
            elif outermost and number == 11:
                self._graph.inputs.append(self.name(value))
            elif outermost and number == 12:
                self._graph.outputs.append(self.name(value))

    def name(self, end: int) -> str:
        """The name of a ValueInfoProto, its first field."""
        for number, wire, value in self._reader.fields(end):
            if number == 1 and wire == LEN:
                return self._reader.text(value, MAX_NAME_BYTES)
        return ""

    def node(self, end: int) -> None:
        """NodeProto."""
        reader, graph = self._reader, self._graph
        inputs: list[str] = []
        operator, domain, bits = "", "", 0
        for number, wire, value in reader.fields(end):
            if wire != LEN:
                continue
            if number == 1:
                inputs.append(reader.text(value, MAX_NAME_BYTES))
            elif number == 4:
                operator = reader.text(value, MAX_NAME_BYTES)
            elif number == 5:
                name, number_value = self.attribute(value)
                bits = number_value if name == "bits" else bits
            elif number == 7:
                domain = reader.text(value, MAX_NAME_BYTES)
        if operator in _CARRIERS:
            raise UnsupportedModel(path=graph.path, detail=t("formats.onnx.operator", name=operator))
        graph.operators.add(operator)
        graph.domains.add("" if domain in ONNX_DOMAINS else domain)
        if operator == "MatMulNBits" and len(inputs) > 1:
            graph.quantized_bits[inputs[1]] = bits or 4

    def attribute(self, end: int) -> tuple[str, int]:
        """AttributeProto: its name, and its number if it is one. Tensors and graphs in it are read too."""
        name, integer = "", 0
        for number, wire, value in self._nested(end):
            if number == 1 and wire == LEN:
                name = self._reader.text(value, MAX_NAME_BYTES)
            elif number == 3 and wire == VARINT:
                integer = signed(value)
            elif number in (5, 10) and wire == LEN:
                self.tensor(value)
            elif number in (6, 11) and wire == LEN:
                self.graph(value)
            elif number in (22, 23) and wire == LEN:
                self.sparse(value)
        return name, integer

    def sparse(self, end: int) -> None:
        """SparseTensorProto: values and indices, each a tensor."""
        for number, wire, value in self._reader.fields(end):
            if number in (1, 2) and wire == LEN:
                self.tensor(value)

    def tensor(self, end: int) -> None:
        """TensorProto, its data stepped over."""
        reader, graph = self._reader, self._graph
        name, dims, data_type, stored, inside = "", [], 0, 0, None
        external: dict[str, str] = {}
        for number, wire, value in reader.fields(end):
            if number == 1:
                dims += self._numbers(wire, value)
            elif number == 2 and wire == VARINT:
                data_type = value
            elif number == 8 and wire == LEN:
                name = reader.text(value, MAX_NAME_BYTES)
            elif number == 9 and wire == LEN:
                inside = value - reader.position
            elif number == 13 and wire == LEN:
                key, text = self.entry(value, MAX_NAME_BYTES)
                external[key] = text
            elif number == 14 and wire == VARINT:
                stored = value
        if len(graph.tensors) >= MAX_TENSORS:
            limit = MAX_TENSORS
            reader.corrupt(t("formats.count_too_large", declared=limit + 1, limit=limit))
        if data_type not in DATA_TYPES:
            raise UnsupportedModel(
                path=graph.path, detail=t("formats.unknown_tensor_type", name=name[:80], found=data_type)
            )
        dtype, bits = DATA_TYPES[data_type]
        if len(dims) > MAX_DIMS or any(size < 0 for size in dims) or math.prod(dims) >= 1 << 40:
            shape = "x".join(map(str, dims[:MAX_DIMS]))
            self._bad(name, t("formats.bad_shape", shape=shape, type=dtype))
        need = -(-math.prod(dims) * bits // 8)
        if stored == _EXTERNAL or external:
            tensor = self._external(name, tuple(dims), dtype, need, external)
        else:
            # Numbers may also stand in typed fields; then their count is ONNX Runtime's to check.
            if inside is not None and dtype != "string" and inside != need:
                self._bad(name, t("formats.size_mismatch", name=name[:80], found=inside, need=need))
            tensor = GraphTensor(name, tuple(dims), dtype, need, None, 0)
        graph.tensors.append(tensor)

    def _external(
        self, name: str, shape: tuple[int, ...], dtype: str, need: int, external: dict[str, str]
    ) -> GraphTensor:
        """A tensor in another file. Raises UnsupportedModel for a file that may lie elsewhere."""
        location = external.get("location", "")
        # A plain name only: folders, drives, "..", and ONNX Runtime's marks for addresses in memory.
        if location in ("", ".", "..") or set(location) & set("/\\:\0") or dtype == "string":
            raise UnsupportedModel(
                path=self._graph.path, detail=t("formats.onnx.escapes", name=name[:80], file=location[:80])
            )
        offset, length = self._count(name, external, "offset", 0), self._count(name, external, "length", need)
        if length != need:
            self._bad(name, t("formats.size_mismatch", name=name[:80], found=length, need=need))
        return GraphTensor(name, shape, dtype, need, location, offset)

    def _count(self, name: str, external: dict[str, str], key: str, default: int) -> int:
        text = external.get(key)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            self._bad(name, t("formats.bad_entry", name=key))
        return int(text)

    def _numbers(self, wire: int, value: int) -> list[int]:
        """Packed or single int64s; more than any tensor has dimensions are cut off by the caller's check."""
        if wire == VARINT:
            return [signed(value)]
        found: list[int] = []
        while wire == LEN and self._reader.position < value and len(found) <= MAX_DIMS:
            found.append(signed(self._reader.varint(value)))
        return found

    def _nested(self, end: int) -> Iterator[tuple[int, int, int]]:
        """The fields of a message that may hold graphs, so deeply and no deeper."""
        self._depth += 1
        if self._depth > 2 * MAX_DEPTH:  # a graph and the attribute that holds it count one each
            self._reader.corrupt(t("formats.onnx.too_deep"))
        yield from self._reader.fields(end)
        self._depth -= 1

    def _bad(self, name: str, detail: str) -> Any:
        raise CorruptModel(path=self._graph.path, field=name[:80] or "?", detail=detail)


def _check_operator_sets(graph: Graph) -> None:
    """Every operator in use belongs to a set that is declared in a version that is known."""
    for domain in sorted(graph.domains - graph.functions):
        version = graph.opsets.get(domain)
        if domain not in OPSETS or version is None or version not in OPSETS[domain]:
            shown = "?" if version is None else version
            detail = t("formats.onnx.opset", domain=domain[:60] or "ai.onnx", version=shown)
            raise UnsupportedModel(path=graph.path, detail=detail)


def _check_data_files(graph: Graph) -> None:
    """Every external tensor lies inside its file, and that file inside the folder."""
    folder = graph.path.parent
    sizes: dict[str, int] = {}
    for name in graph.data_files:
        path = folder / name
        if path.is_symlink() and path.resolve().parent != folder.resolve():
            held = next(tensor.name for tensor in graph.tensors if tensor.location == name)
            raise UnsupportedModel(
                path=graph.path, detail=t("formats.onnx.escapes", name=held[:80], file=name[:80])
            )
        with open_regular(path) as (_, size):
            sizes[name] = size
    for tensor in graph.tensors:
        if tensor.location is not None and tensor.offset + tensor.nbytes > sizes[tensor.location]:
            raise TruncatedModel(
                path=folder / tensor.location,
                need_bytes=max(
                    other.offset + other.nbytes
                    for other in graph.tensors
                    if other.location == tensor.location
                ),
                have_bytes=sizes[tensor.location],
            )
