"""A model of either kind: a GGUF file or an ONNX folder, told apart and checked by its own reader."""

from __future__ import annotations

from pathlib import Path

from latam_edge.formats import gguf, onnx
from latam_edge.formats.gguf import GGUFHeader
from latam_edge.formats.onnx import OnnxHeader

ModelHeader = GGUFHeader | OnnxHeader


def read_model(path: Path) -> ModelHeader:
    """Read and check the model at `path`. Raises what `gguf.read_header` and `onnx.read_folder` raise."""
    path = Path(path)
    return onnx.read_folder(path) if onnx.is_onnx(path) or path.is_dir() else gguf.read_header(path)
