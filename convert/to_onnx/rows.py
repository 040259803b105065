"""Read a written folder's weights back, row by row, in the bytes that a GGUF has for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from convert.to_gguf.exporter import FileTensor
from convert.to_onnx import matmul_nbits
from convert.to_onnx.layout import Block, Layout
from latam_edge.core.errors import CorruptModel
from latam_edge.core.i18n import t
from latam_edge.formats.onnx import OnnxHeader
from latam_edge.formats.onnx_graph import GraphTensor
from latam_edge.formats.opening import open_regular

Array = np.ndarray[Any, np.dtype[Any]]

_REPACK = {"Q4_0": matmul_nbits.to_q4_0, "Q8_0": matmul_nbits.to_q8_0}


class FolderRows:
    """The weights of a folder, found by the names that the layout gives them."""

    def __init__(self, header: OnnxHeader, layout: Layout) -> None:
        self._header = header
        self._layout = layout
        self._tensors = {tensor.name: tensor for tensor in header.graph.tensors if tensor.name}

    def holds(self, block: Block) -> bool:
        """Whether the graph has this initializer with this type and shape."""
        found = self._tensors.get(block.name)
        return found is not None and (found.dtype, found.shape) == (block.dtype, block.shape)

    def block(self, block: Block) -> Array:
        """A whole initializer."""
        raw = self._read(self._tensors[block.name], 0, block.nbytes)
        return np.frombuffer(raw, np.dtype(block.dtype).newbyteorder("<")).reshape(block.shape)

    def rows(self, tensor: FileTensor, start: int, count: int) -> Array:
        """`count` rows of a GGUF's tensor from `start` on: uint8, (count, bytes of a row in the GGUF)."""
        place = self._layout.places[tensor.name]
        if len(tensor.shape) == 1:  # one row of the GGUF, many elements here
            length = tensor.nbytes
            raw = self._read(self._tensors[place.weight.name], 4 * place.first_row, length)
            return np.frombuffer(raw, np.uint8).reshape(1, length)
        first = place.first_row + start
        codes = self._rows_of(place.weight, first, count)
        if place.scales is None:
            return codes
        scales = self._rows_of(place.scales, first, count).view("<f2").astype(np.float16)
        return _REPACK[place.encoding](codes, scales)

    def _rows_of(self, block: Block, first: int, count: int) -> Array:
        """Rows of an initializer as bytes: uint8, (count, bytes of a row)."""
        width = block.nbytes // block.shape[0]
        raw = self._read(self._tensors[block.name], first * width, count * width)
        return np.frombuffer(raw, np.uint8).reshape(count, width)

    def _read(self, tensor: GraphTensor, offset: int, length: int) -> bytes:
        path = self._header.path / (tensor.location or "")
        with open_regular(path) as (file, _):
            file.seek(tensor.offset + offset)
            data = b""
            while len(data) < length and (piece := file.read(length - len(data))):
                data += piece
        if len(data) < length:
            raise CorruptModel(path=path, field=tensor.name, detail=t("formats.file_changed"))
        return data
