"""Fill `model.onnx.data` with the GGUF's tensors as they are made, a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from convert.to_gguf.exporter import FileTensor
from convert.to_onnx import matmul_nbits
from convert.to_onnx.layout import Block, Layout, Place

Array = np.ndarray[Any, np.dtype[Any]]

_REPACK = {"Q4_0": matmul_nbits.from_q4_0, "Q8_0": matmul_nbits.from_q8_0}


class DataFile:
    """The data file while it is written."""

    def __init__(self, file: IO[bytes], layout: Layout) -> None:
        """`file`: new, empty and seekable; it takes its whole size at once (DiskFull comes early)."""
        self._file = file
        self._layout = layout
        file.truncate(layout.nbytes)

    def write_block(self, block: Block, data: Array) -> None:
        """A whole block that no GGUF tensor gives."""
        self._put(block.offset, np.ascontiguousarray(data, block.dtype))

    def take(self, tensor: FileTensor) -> Iterator[bytes]:
        """The tensor's bytes for the GGUF, piece by piece; what passes is also written here.

        Exhaust the iterator. A tensor without a place here just passes.
        """
        place = self._layout.places.get(tensor.name)
        done = 0
        for piece in tensor.pieces():
            if place is not None:
                raw = np.frombuffer(piece, np.uint8)
                # A vector comes as one row; here its elements are rows.
                columns = tensor.shape[1] if len(tensor.shape) == 2 else 1
                rows = raw.reshape(-1, tensor.encoding.nbytes(columns))
                self._put_rows(place, place.first_row + done, rows)
                done += len(rows)
            yield piece

    def _put_rows(self, place: Place, row: int, raw: Array) -> None:
        """Rows in the GGUF's bytes, the first of which is `row` of the joined matrix."""
        if place.scales is None:
            self._put(place.weight.offset + row * raw.shape[1], raw)
            return
        codes, scales = _REPACK[place.encoding](raw)
        self._put(place.weight.offset + row * codes.shape[1], codes)
        self._put(place.scales.offset + row * scales.shape[1] * 2, scales.astype("<f2"))

    def _put(self, offset: int, data: Array) -> None:
        self._file.seek(offset)
        self._file.write(data.data if data.flags.c_contiguous else data.tobytes())


@dataclass(frozen=True, slots=True)
class Shared:
    """A tensor for the GGUF writer whose pieces also go into a data file."""

    tensor: FileTensor
    """Where the bytes come from."""
    data: DataFile
    """Where they go besides."""

    @property
    def name(self) -> str:
        return self.tensor.name

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape

    @property
    def type_id(self) -> int:
        return self.tensor.type_id

    @property
    def nbytes(self) -> int:
        return self.tensor.nbytes

    def pieces(self) -> Iterator[bytes]:
        return self.data.take(self.tensor)
