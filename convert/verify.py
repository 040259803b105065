"""Read a written GGUF file back and hold it against its checkpoint, weight by weight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert import architectures, shape
from convert.checkpoint import load
from convert.to_gguf.exporter import CALIBRATION_KEY, METHOD_KEY, METHODS, FileTensor, file_tensors
from convert.tokenizer import vocabulary
from latam_edge.core.errors import MissingExtra
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.gguf import GGUFHeader, TensorInfo, read_array, read_header, read_rows

# Relative root-mean-square error that a type that llama.cpp quantized may have: about
# one and a half to twice what Gaussian weights get (Q4_K 0.07, Q6_K 0.018, Q4_0 0.087).
_TOLERANCE = {
    "Q4_K": 0.12,
    "Q5_K": 0.07,
    "Q6_K": 0.04,
    "Q5_0": 0.10,
    "Q5_1": 0.10,
    "Q8_0": 0.015,
    "Q4_0": 0.16,
    "IQ4_NL": 0.13,
    "IQ4_XS": 0.13,
}
_CALIBRATED_TOLERANCE = 0.35
"""GPTQ moves weights on purpose, so that their errors cancel in what the layer puts out."""
_MAIN_TYPE = {"F32": "f32", "F16": "f16", "BF16": "bf16", "Q8_0": "q8_0", "Q4_0": "int4"}


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """How a file compares with the checkpoint it claims to be."""

    n_tensors: int
    """Tensors compared."""
    weights: int
    """Weights compared."""
    relative_error: float
    """Root of the mean squared difference over the root of the mean squared weight."""
    max_error: float
    """Largest difference of one weight."""
    problems: tuple[str, ...]
    """Names of tensors that are missing, left over, misshapen or not what the type should hold,
    and of metadata keys that disagree; empty when all is well."""

    @property
    def ok(self) -> bool:
        return not self.problems


def verify(checkpoint: Path, gguf_path: Path, progress: Progress = silent) -> VerifyReport:
    """Decode every tensor of `gguf_path` and compare it with the checkpoint's.

    Types that this project writes must hold exactly the bytes that coding the source
    again gives; types that llama.cpp chose, and codes that a calibration text had a part
    in, must come within a tolerance.
    Raises the errors of both readers: FileMissing, BadCheckpoint, CorruptModel, ...
    """
    source = load(Path(checkpoint))
    header = read_header(Path(gguf_path))
    architecture, model = architectures.find(source), shape.read(source)
    planned = architectures.plan(source, architecture, model)
    found = {tensor.name: tensor for tensor in header.tensors}
    method = header.metadata.get(METHOD_KEY)
    type = _MAIN_TYPE.get(header.quantization, "f32")
    expected = file_tensors(source, planned, type, method if method in METHODS else "rtn")
    problems = sorted(found.keys() ^ {tensor.name for tensor in planned})
    problems += _metadata_problems(header, vocabulary.read(source, model.n_vocab))
    sums = _Sums()
    for done, tensor in enumerate(expected, start=1):
        info = found.get(tensor.name)
        if info is not None and not _compare(header, info, tensor, sums, _is_own(header)):
            problems.append(tensor.name)
        progress(Step("convert.verifying", done=done, total=len(expected), note=tensor.name))
    return VerifyReport(
        n_tensors=len(found),
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


def _is_own(header: GGUFHeader) -> bool:
    """Whether the source alone gives the codes; an int4 file says how, others are plain enough to tell."""
    if header.quantization != "Q4_0":
        return True
    return METHOD_KEY in header.metadata and CALIBRATION_KEY not in header.metadata


def _compare(header: GGUFHeader, info: TensorInfo, tensor: FileTensor, sums: _Sums, own: bool) -> bool:
    """Whether a stored tensor is what it should be; adds its errors to `sums`."""
    if info.shape != tensor.shape[::-1]:
        return False
    same_type = own and info.type_name == tensor.encoding.name
    equal, error, squared = True, 0.0, 0.0
    for start, rows in tensor.chunks():
        raw = np.frombuffer(read_rows(header, info, start, start + len(rows)), np.uint8).reshape(
            len(rows), -1
        )
        decoded = tensor.encoding.decode(raw) if same_type else _decode_by_library(info, raw)
        if same_type:
            equal = equal and bool((tensor.encoding.encode(rows) == raw).all())
        difference = decoded.astype(np.float64) - rows
        error += float((difference**2).sum())
        squared += float((rows.astype(np.float64) ** 2).sum())
        sums.max_error = max(sums.max_error, float(np.abs(difference).max()))
        sums.weights += rows.size
    sums.squared_error += error
    sums.squared += squared
    if same_type:
        return equal
    tolerance = _TOLERANCE.get(info.type_name, 0.01)
    if info.type_name == "Q4_0" and METHOD_KEY in header.metadata:
        tolerance = _CALIBRATED_TOLERANCE
    return math.sqrt(error) <= tolerance * math.sqrt(squared)


def _decode_by_library(info: TensorInfo, raw: Any) -> Any:
    """Types that this project does not write, decoded by the gguf package."""
    try:
        import gguf
    except ImportError as error:
        raise MissingExtra(package="gguf", extra="convert") from error
    return gguf.quants.dequantize(raw, gguf.GGMLQuantizationType(info.type_id))


def _metadata_problems(header: GGUFHeader, words: vocabulary.Vocabulary) -> list[str]:
    """Keys of the tokenizer that are not what the checkpoint's tokenizer says."""
    expected = {
        "tokenizer.ggml.tokens": list(words.tokens),
        "tokenizer.ggml.token_type": [int(kind) for kind in words.types],
        "tokenizer.ggml.merges": list(words.merges),
    }
    problems = [
        key
        for key, value in expected.items()
        if key not in header.metadata or read_array(header, key) != value
    ]
    if header.metadata.get("tokenizer.ggml.pre") != words.pre_tokenizer.gguf_name:
        problems.append("tokenizer.ggml.pre")
    return problems
