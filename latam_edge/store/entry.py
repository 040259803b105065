"""One model of the library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EMBEDDED = "semilla"
"""Name of the model that comes with the program."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the library knows about a model without opening it."""

    name: str
    """What the user calls it; unique in the library, letter case aside."""
    path: Path
    """Where it is: a GGUF file, or the folder of an ONNX model."""
    sha256: str
    """Of the whole file, or of the list of a folder's files (`folders.digest`), in hexadecimal;
    "" when nobody has computed it yet."""
    file_bytes: int
    """Size of the file, or of all files of the folder."""
    architecture: str
    """"llama", "qwen2", ..."""
    parameters: int
    """Number of weights."""
    quantization: str
    """Tensor type that holds most weights: "Q4_0"."""
    embedded: bool
    """Whether it came with the program; then it can't be removed."""
    added_at: str
    """When it was added, ISO 8601 in UTC; "" for embedded models and plain paths."""
    linked: bool = False
    """Whether the file stays where the user keeps it instead of in the library."""
    shared: bool = False
    """Whether it was installed for all users of the machine; then no single one of them can remove it."""
    registered: bool = True
    """False: a path that the user gave, not a model of the library."""
