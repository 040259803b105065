"""Put the matrices of somebody else's graph on the 4-bit lattice.

For graphs that we did not write (optimum's): products with a constant matrix become
MatMulNBits, the table of token embeddings becomes GatherBlockQuantized. The codes are
those of `quant.rtn`, the same that our own writer takes for the same matrix, and two
nodes that use the same matrix (a tied head) share one copy.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from convert.to_onnx import matmul_nbits
from latam_edge.core.progress import Progress, Step, silent
from quant import rtn
from quant.lattice import GROUP_SIZE

Floats = np.ndarray[Any, np.dtype[np.float32]]

_DOMAIN = "com.microsoft"


@dataclass(frozen=True, slots=True)
class _Coded:
    """A matrix on the lattice, as names of tensors in the graph."""

    codes: str
    scales: str
    """float32, (n_rows, n_groups)."""
    n_rows: int
    n_columns: int


def quantize(
    model: onnx.ModelProto, method: str = "rtn", accuracy_level: int = 4, progress: Progress = silent
) -> tuple[int, list[str]]:
    """Change `model`, its weights in memory, in place. Returns (matrices coded, names of those left alone).

    method: "rtn" or "absmax". A matrix is left alone when its rows are no multiple of 32.
    """
    rewriter = _Rewriter(model, {"rtn": "search", "absmax": "absmax"}[method], accuracy_level)
    nodes = list(model.graph.node)
    for done, node in enumerate(nodes, start=1):
        rewriter.visit(node)
        if done % 64 == 0 or done == len(nodes):
            progress(Step("convert.writing", done=done, total=len(nodes)))
    rewriter.finish()
    return len(rewriter.coded), rewriter.kept


class _Rewriter:
    """Walks the nodes once and keeps what changes."""

    def __init__(self, model: onnx.ModelProto, method: str, accuracy_level: int) -> None:
        self._model = model
        self._method = method
        self._accuracy_level = accuracy_level
        graph = model.graph
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._transposed = {
            node.output[0]: node.input[0]
            for node in graph.node
            if node.op_type == "Transpose" and _ints(node, "perm") == [1, 0] and self._matrix(node.input[0])
        }
        self.coded: dict[str, _Coded] = {}
        """By sha256 of codes and scales."""
        self._by_name: dict[tuple[str, bool], _Coded | None] = {}
        self.kept: list[str] = []
        self._before: list[onnx.NodeProto] = []
        self._instead: dict[int, list[onnx.NodeProto]] = {}

    def visit(self, node: onnx.NodeProto) -> None:
        """Replace the node if it multiplies with, or looks up in, a constant matrix."""
        if node.domain not in ("", "ai.onnx"):
            return
        if node.op_type == "MatMul":
            self._product(node, node.input[1], columns_first=True, bias="")
        elif node.op_type == "Gemm" and _plain_gemm(node):
            bias = node.input[2] if len(node.input) > 2 else ""
            self._product(node, node.input[1], columns_first=not _int(node, "transB"), bias=bias)
        elif node.op_type == "Gather" and node.input[1] == "input_ids" and not _int(node, "axis"):
            self._lookup(node)

    def finish(self) -> None:
        """Write the new list of nodes, and drop the constants that nothing uses any more."""
        graph = self._model.graph
        nodes = list(self._before)
        for node in graph.node:
            nodes.extend(self._instead.get(id(node), [node]))
        copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del graph.node[:]
        graph.node.extend(copies)
        self._drop_unused()
        if all(opset.domain != _DOMAIN for opset in self._model.opset_import):
            self._model.opset_import.append(helper.make_opsetid(_DOMAIN, 1))

    def _product(self, node: onnx.NodeProto, name: str, *, columns_first: bool, bias: str) -> None:
        """x @ W. columns_first: W stands as (columns, rows), so each row of ours is a column of it."""
        if name in self._transposed:
            name, columns_first = self._transposed[name], not columns_first
        coded = self._code(name, columns_first)
        if coded is None:
            return
        product = helper.make_node(
            "MatMulNBits",
            [node.input[0], coded.codes, coded.scales, *(["", "", bias] if bias else [])],
            list(node.output),
            name=node.name,
            domain=_DOMAIN,
            N=coded.n_rows,
            K=coded.n_columns,
            bits=4,
            block_size=GROUP_SIZE,
            accuracy_level=self._accuracy_level,
        )
        self._instead[id(node)] = [product]

    def _lookup(self, node: onnx.NodeProto) -> None:
        coded = self._code(node.input[0], columns_first=False)
        if coded is None:
            return
        grouped, shape, scales = (f"{node.output[0]}.{part}" for part in ("groups", "shape", "scales"))
        self._constant(shape, np.array([0, 0, coded.n_columns], np.int64))
        self._constant(f"{scales}.axis", np.array([2], np.int64))
        self._instead[id(node)] = [
            helper.make_node("Unsqueeze", [coded.scales, f"{scales}.axis"], [scales]),
            helper.make_node(
                "GatherBlockQuantized",
                [coded.codes, node.input[1], scales],
                [grouped],
                name=node.name,
                domain=_DOMAIN,
                bits=4,
                block_size=GROUP_SIZE,
                gather_axis=0,
                quantize_axis=2,
            ),
            helper.make_node("Reshape", [grouped, shape], list(node.output)),
        ]

    def _code(self, name: str, columns_first: bool) -> _Coded | None:
        """The matrix on the lattice; None when it is no constant or does not fit."""
        key = (name, columns_first)
        if key not in self._by_name:
            self._by_name[key] = self._code_new(name, columns_first)
        return self._by_name[key]

    def _code_new(self, name: str, columns_first: bool) -> _Coded | None:
        tensor = self._matrix(name)
        if tensor is None:
            return None
        weight = np.asarray(numpy_helper.to_array(tensor), np.float32)
        weight = np.ascontiguousarray(weight.T) if columns_first else weight
        if weight.shape[1] % GROUP_SIZE:
            self.kept.append(name)
            return None
        packed, scales = matmul_nbits.pack(rtn.quantize(weight, self._method))
        digest = hashlib.sha256(packed.tobytes() + scales.tobytes()).hexdigest()
        if digest not in self.coded:
            rows, groups = scales.shape
            self._constant(f"{name}.codes", packed.reshape(rows, groups, GROUP_SIZE // 2))
            self._constant(f"{name}.scales16", scales)
            # float16 in the file; ONNX Runtime folds the cast when it loads.
            cast = helper.make_node(
                "Cast", [f"{name}.scales16"], [f"{name}.scales"], to=int(TensorProto.FLOAT)
            )
            self._before.append(cast)
            self.coded[digest] = _Coded(f"{name}.codes", f"{name}.scales", rows, weight.shape[1])
        return self.coded[digest]

    def _matrix(self, name: str) -> onnx.TensorProto | None:
        """The constant of that name, if it is a matrix of floats."""
        tensor = self._constants.get(name)
        kinds = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16)
        return tensor if tensor is not None and len(tensor.dims) == 2 and tensor.data_type in kinds else None

    def _constant(self, name: str, value: np.ndarray[Any, Any]) -> None:
        self._model.graph.initializer.append(numpy_helper.from_array(value, name))

    def _drop_unused(self) -> None:
        graph = self._model.graph
        while True:
            used = {name for node in graph.node for name in _inputs(node)} | {o.name for o in graph.output}
            dead = [node for node in graph.node if not used.intersection(node.output)]
            if not dead:
                break
            for node in dead:
                graph.node.remove(node)
        for index in reversed(range(len(graph.initializer))):
            if graph.initializer[index].name not in used:
                del graph.initializer[index]


def _inputs(node: onnx.NodeProto) -> list[str]:
    """What a node reads, its subgraphs included."""
    names = list(node.input)
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for inner in graph.node:
                names += _inputs(inner)
            names += [output.name for output in graph.output]
    return names


def _plain_gemm(node: onnx.NodeProto) -> bool:
    """Whether it is x @ W + b and nothing else."""
    factors = {a.name: a.f for a in node.attribute if a.name in ("alpha", "beta")}
    return all(factor == 1.0 for factor in factors.values()) and not _int(node, "transA")


def _int(node: onnx.NodeProto, name: str) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == name), 0)


def _ints(node: onnx.NodeProto, name: str) -> list[int]:
    return next((list(attribute.ints) for attribute in node.attribute if attribute.name == name), [])
