"""A small builder of ONNX graphs: nodes in order, initializers inside or in the data file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onnx import TensorProto, helper

from convert.to_onnx.layout import Block

DATA_FILE = "model.onnx.data"
OPSET = 21
IR_VERSION = 10
CONTRIB = "com.microsoft"

_TYPES = {
    "uint8": TensorProto.UINT8,
    "float16": TensorProto.FLOAT16,
    "float32": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
}


class Graph:
    """Collects a graph. Every method that adds a node returns the name of its first output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self._known: set[str] = set()

    def add(
        self,
        op: str,
        inputs: Sequence[str],
        output: str,
        *more_outputs: str,
        domain: str = "",
        **attributes: Any,
    ) -> str:
        """A node named after its first output. An input or output "" is left out."""
        self.nodes.append(
            helper.make_node(
                op, list(inputs), [output, *more_outputs], name=output, domain=domain, **attributes
            )
        )
        return output

    def contrib(
        self, op: str, inputs: Sequence[str], output: str, *more_outputs: str, **attributes: Any
    ) -> str:
        """A node of ONNX Runtime's own operators."""
        return self.add(op, inputs, output, *more_outputs, domain=CONTRIB, **attributes)

    def external(self, block: Block) -> str:
        """An initializer that stands in the data file; asked for twice, it is there once."""
        if block.name not in self._known:
            self._known.add(block.name)
            tensor = TensorProto(name=block.name, data_type=_TYPES[block.dtype], dims=block.shape)
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", DATA_FILE), ("offset", block.offset), ("length", block.nbytes)):
                tensor.external_data.add(key=key, value=str(value))
            self.initializers.append(tensor)
        return block.name

    def numbers(self, name: str, values: Sequence[int]) -> str:
        """A short int64 vector inside the graph; asked for twice, it is there once."""
        if name not in self._known:
            self._known.add(name)
            self.initializers.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name

    def input(self, name: str, dtype: str, shape: Sequence[int | str]) -> None:
        self.inputs.append(helper.make_tensor_value_info(name, _TYPES[dtype], shape))

    def output(self, name: str, dtype: str, shape: Sequence[int | str]) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, _TYPES[dtype], shape))

    def cast(self, name: str, dtype: str, output: str) -> str:
        if output not in self._known:
            self._known.add(output)
            self.add("Cast", [name], output, to=_TYPES[dtype])
        return output

    def model(self, name: str, producer_version: str, facts: dict[str, str]) -> bytes:
        """The whole file. facts: what goes into metadata_props."""
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.initializers)
        model = helper.make_model(
            graph,
            ir_version=IR_VERSION,
            producer_name="latam-edge",
            producer_version=producer_version,
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)],
        )
        helper.set_model_props(model, facts)
        data: bytes = model.SerializeToString(deterministic=True)
        return data
