"""Write a GGUF file tensor by tensor, holding a few rows in memory at a time.

The header names every tensor's offset, so all sizes are known before the first
weight is read; then the data follow in the same order, each padded to the alignment.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Protocol

from convert.to_gguf.values import Value, text_bytes

VERSION = 3
ALIGNMENT = 32


class TensorData(Protocol):
    """A tensor that the writer can ask for its bytes, piece by piece."""

    @property
    def name(self) -> str: ...

    @property
    def shape(self) -> tuple[int, ...]:
        """numpy order."""

    @property
    def type_id(self) -> int:
        """ggml type."""

    @property
    def nbytes(self) -> int:
        """Bytes of all pieces together."""

    def pieces(self) -> Iterator[Any]:
        """The data in order, as things that `file.write` takes."""


@dataclass(frozen=True, slots=True)
class Written:
    """What one call of `write` put into the file."""

    file_bytes: int
    """Bytes of the whole file."""
    weights: int
    """Elements of all tensors."""
    tensor_bytes: int
    """Bytes of all tensors, padding left out."""


def write(file: IO[bytes], metadata: Mapping[str, Value], tensors: Sequence[TensorData]) -> Written:
    """Write a whole GGUF file to `file`.

    Raises ValueError when a tensor gives another number of bytes than it declared.
    """
    head = b"GGUF" + struct.pack("<IQQ", VERSION, len(tensors), len(metadata))
    position = file.write(head)
    for key, value in metadata.items():
        position += file.write(text_bytes(key) + value.pack())
    offset = 0
    for tensor in tensors:
        # GGUF lists the contiguous dimension first.
        dimensions = tensor.shape[::-1]
        info = text_bytes(tensor.name) + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
        position += file.write(info + struct.pack("<IQ", tensor.type_id, offset))
        offset += _padded(tensor.nbytes)
    position += file.write(b"\0" * (_padded(position) - position))
    for tensor in tensors:
        written = 0
        for piece in tensor.pieces():
            written += file.write(piece)
        if written != tensor.nbytes:
            raise ValueError(f"{tensor.name}: {written} bytes written, {tensor.nbytes} declared")
        position += written + file.write(b"\0" * (_padded(written) - written))
    return Written(
        file_bytes=position,
        weights=sum(math.prod(tensor.shape) for tensor in tensors),
        tensor_bytes=sum(tensor.nbytes for tensor in tensors),
    )


def _padded(count: int) -> int:
    return -(-count // ALIGNMENT) * ALIGNMENT
