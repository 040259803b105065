"""Read a written folder back and hold it against its checkpoint, and against the GGUF of the same pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert.checkpoint import load
from convert.to_gguf.exporter import METHOD_KEY, METHODS, FileTensor, Prepared, prepare
from convert.to_onnx import layout, rotary
from convert.to_onnx.exporter import TYPES
from convert.to_onnx.rows import FolderRows
from convert.verify import VerifyReport
from latam_edge.core.errors import UnsupportedModel
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.gguf import GGUFHeader, read_array, read_header, read_rows
from latam_edge.formats.onnx import OnnxHeader, read_folder

_INT4_TOLERANCE = 0.35
"""Relative root-mean-square error that int4 codes may have when they are not compared one by one:
Gaussian weights get 0.08, and GPTQ moves weights on purpose."""


def verify(
    checkpoint: Path,
    folder: Path,
    gguf_path: Path | None = None,
    *,
    recode: bool = True,
    progress: Progress = silent,
) -> VerifyReport:
    """Decode every tensor of `folder` and compare it with the checkpoint's.

    gguf_path: a GGUF that must hold the very same codes, scales and vectors.
    recode: also code int4 weights again and ask for the same codes; takes as long as the
    conversion. Codes that a calibration text had a part in only have to be close.
    Raises the errors of all readers: FileMissing, BadCheckpoint, CorruptModel, ...
    """
    header = read_folder(Path(folder))
    type = header.own.get("type")
    if type not in TYPES:
        raise UnsupportedModel(
            path=folder, detail=t("convert.unknown_type", found=type, known=", ".join(TYPES))
        )
    method = header.metadata.get(METHOD_KEY)
    prepared = prepare(load(Path(checkpoint)), type, method if method in METHODS else "rtn", {}, silent)
    n_positions = min(header.field("context_length") or 0, prepared.model.n_ctx)
    plan = layout.plan(prepared.tensors, prepared.model.n_layers, (n_positions, prepared.model.head_dim // 2))
    rows = FolderRows(header, plan)
    other = _Other(read_header(Path(gguf_path))) if gguf_path is not None else None
    tensors = [tensor for tensor in prepared.tensors if tensor.name in plan.places]
    blocks = [*plan.vectors.values(), *(m.weight for m in plan.matrices.values())]
    blocks += [m.scales for m in plan.matrices.values() if m.scales]
    problems = [block.name for block in blocks if not rows.holds(block)]
    sums = _Sums()
    if not problems:
        problems += _table_problems(rows, plan, prepared, n_positions)
        exact = recode and not any(key.startswith("latam_edge.quant.calibration") for key in header.metadata)
        for done, tensor in enumerate(tensors, start=1):
            if not _compare(rows, tensor, other, sums, exact):
                problems.append(tensor.name)
            progress(Step("convert.verifying", done=done, total=len(tensors), note=tensor.name))
    problems += _side_problems(header, prepared)
    return VerifyReport(
        n_tensors=len(tensors),
        weights=sums.weights,
        relative_error=math.sqrt(sums.squared_error / sums.squared) if sums.squared else 0.0,
        max_error=sums.max_error,
        problems=tuple(problems),
    )


@dataclass(slots=True)
class _Sums:
    weights: int = 0
    squared: float = 0.0
    squared_error: float = 0.0
    max_error: float = 0.0


class _Other:
    """The GGUF of the same pass."""

    def __init__(self, header: GGUFHeader) -> None:
        self._header = header
        self._tensors = {tensor.name: tensor for tensor in header.tensors}

    def agrees(self, tensor: FileTensor, start: int, raw: Any) -> bool:
        """Whether it holds exactly these bytes."""
        info = self._tensors.get(tensor.name)
        if info is None or (info.type_name, info.shape) != (tensor.encoding.name, tensor.shape[::-1]):
            return False
        return bool(read_rows(self._header, info, start, start + len(raw)) == raw.tobytes())


def _compare(rows: FolderRows, tensor: FileTensor, other: _Other | None, sums: _Sums, exact: bool) -> bool:
    """Whether a stored tensor is what it should be; adds its errors to `sums`."""
    lattice = tensor.encoding.name == "Q4_0"
    equal, error, squared = True, 0.0, 0.0
    for start, source in tensor.chunks():
        raw = rows.rows(tensor, start, len(source))
        if other is not None:
            equal = equal and other.agrees(tensor, start, raw)
        if exact or not lattice:  # all but the lattice's codes are cheap to make again
            equal = equal and bool((tensor.encoding.encode(source) == raw).all())
        difference = tensor.encoding.decode(raw).astype(np.float64) - source
        error += float((difference**2).sum())
        squared += float((source.astype(np.float64) ** 2).sum())
        sums.max_error = max(sums.max_error, float(np.abs(difference).max()))
        sums.weights += source.size
    sums.squared_error += error
    sums.squared += squared
    return equal and (not lattice or math.sqrt(error) <= _INT4_TOLERANCE * math.sqrt(squared))


def _table_problems(rows: FolderRows, plan: layout.Layout, prepared: Prepared, n_positions: int) -> list[str]:
    """Rotary tables that are not those of the checkpoint's configuration."""
    tables = zip(("cos", "sin"), rotary.tables(prepared.model, n_positions), strict=True)
    return [name for name, expected in tables if not np.array_equal(rows.block(plan.vectors[name]), expected)]


def _side_problems(header: OnnxHeader, prepared: Prepared) -> list[str]:
    """Files beside the graph that don't say what the checkpoint says."""
    problems, source, words = [], prepared.source, header.words
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        path, copy = source.folder / name, header.path / name
        if path.exists() and not (copy.exists() and copy.read_bytes() == path.read_bytes()):
            problems.append(name)
    if header.chat_template != source.chat_template:
        problems.append("chat_template.jinja")
    if words is None:
        return [*problems, "tokenizer.gguf"]
    for key, value in prepared.keys.items():
        if key.startswith("tokenizer."):
            found = words.metadata.get(key)
            same = read_array(words, key) == list(value.value) if value.is_array else found == value.value
            if not same:
                problems.append(key)
    return problems
