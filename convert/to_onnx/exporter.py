"""The conversion itself: checkpoint in, model folder out, whole or not at all; beside it a GGUF, if asked."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convert import destination
from convert.checkpoint import load
from convert.layerwise.run import calibrated
from convert.to_gguf import writer
from convert.to_gguf.exporter import METHOD_KEY, METHODS, ConvertResult, Prepared, prepare
from convert.to_onnx import layout, rotary, sidecars
from convert.to_onnx.data_file import DataFile, Shared
from convert.to_onnx.layout import Layout
from latam_edge.core.atomic import atomic_write, disk_errors, sync_folder
from latam_edge.core.errors import MissingExtra, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, silent
from latam_edge.core.version import __version__
from quant.calibration import Calibration

TYPES = ("int4", "q8_0", "f16", "f32")
"""What `type` may be."""
ACCURACY_LEVELS = (1, 4)
"""1: activations stay float32. 4: rounded to 8 bits before each quantized product, which is faster."""

MOST_POSITIONS = 1 << 17
"""Longest context unless another is asked for: the tables of a model for a million tokens take half a GB."""
_HEAD_DIM_STEP = 16
"""GroupQueryAttention rotates heads of multiples of it only (ONNX Runtime 1.32)."""

_KV_TYPE = "float32"
"""Of the cache: on processors GroupQueryAttention is fastest so (measured with ONNX Runtime 1.32)."""


@dataclass(frozen=True, slots=True)
class OnnxResult:
    """What was written."""

    path: Path
    """The folder."""
    file_bytes: int
    """Size of all its files."""
    bits_per_weight: float
    """Bits of weight data per weight; rotary tables, graph and tokenizer are not counted."""
    seconds: float
    """How long it took; with a GGUF beside it, both together."""
    n_tensors: int
    """Tensors of the checkpoint that were written."""
    kept: tuple[str, ...] = field(default=())
    """Matrices kept in F16 because their rows are no multiple of 32."""
    resumed: bool = False
    """Whether an interrupted calibration was continued."""
    gguf: ConvertResult | None = None
    """The GGUF that came out of the same pass."""


def convert(
    checkpoint: Path,
    out: Path,
    type: str = "int4",
    *,
    gguf_out: Path | None = None,
    method: str = "rtn",
    calibration: Calibration | None = None,
    accuracy_level: int = 4,
    n_positions: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> OnnxResult:
    """Write the Hugging Face checkpoint in a folder as a folder for ONNX Runtime.

    type: one of TYPES; `method`, `calibration` and `metadata` as in `convert.to_gguf.convert`.
    gguf_out: also write a GGUF there, from the same pass over the checkpoint: every weight
    is coded once and both files hold the same codes.
    accuracy_level: one of ACCURACY_LEVELS.
    n_positions: longest context the folder shall allow; None: the model's, up to MOST_POSITIONS.
    The rotary tables take 4 * head_dim bytes for each position.

    A model folder that is at `out` already gives way when the new one is whole; one that holds
    anything else does not (UsageError).
    Raises FileMissing, UnreadableFile, BadCheckpoint, UsageError, MissingExtra, DiskFull or
    ReadOnlyPlace; then nothing has changed.

    >>> convert(Path("runs/student"), Path("semilla-int4-onnx"), gguf_out=Path("semilla-int4.gguf"))
    """
    started = time.monotonic()
    _check(type, method, accuracy_level)
    destination.check_folder(Path(out))
    if gguf_out is not None:
        destination.check_file(Path(gguf_out))
    source = load(Path(checkpoint))
    extra = dict(metadata or {})
    if type == "int4":
        extra.setdefault(METHOD_KEY, method)
    out, way = Path(out), method if type == "int4" else type
    with calibrated(source, out, way, calibration, progress=progress) as chosen:
        prepared = prepare(source, type, method, extra, progress, chosen, n_threads=1)
        if prepared.model.head_dim % _HEAD_DIM_STEP:
            raise source.bad("convert.onnx_head_dim", value=prepared.model.head_dim)
        positions = min(n_positions or MOST_POSITIONS, prepared.model.n_ctx)
        plan = layout.plan(
            prepared.tensors, prepared.model.n_layers, (positions, prepared.model.head_dim // 2)
        )
        graph = _graph(prepared, plan, accuracy_level)
        with new_folder(out) as folder:
            written = _write_weights(folder, prepared, plan, gguf_out)
            (folder / "model.onnx").write_bytes(graph)
            facts = {
                "type": type,
                "quantization": _main_type(prepared),
                "bits_per_weight": round(_bits_per_weight(prepared), 4),
                "accuracy_level": accuracy_level,
                "kv_cache_type": _KV_TYPE,
            }
            sidecars.write(folder, prepared, facts, positions)
    seconds = time.monotonic() - started
    kept = tuple(tensor.name for tensor in prepared.tensors if tensor.kept)
    bits = _bits_per_weight(prepared)
    resumed = chosen is not None and chosen.resumed
    other = None
    if gguf_out is not None and written is not None:
        other = ConvertResult(
            path=Path(gguf_out),
            file_bytes=written.file_bytes,
            bits_per_weight=bits,
            seconds=seconds,
            n_tensors=len(prepared.tensors),
            kept=kept,
            resumed=resumed,
        )
    return OnnxResult(
        path=out,
        file_bytes=sum(file.stat().st_size for file in out.iterdir()),
        bits_per_weight=bits,
        seconds=seconds,
        n_tensors=len(prepared.tensors),
        kept=kept,
        resumed=resumed,
        gguf=other,
    )


def _check(type: str, method: str, accuracy_level: int) -> None:
    if type not in TYPES:
        raise UsageError(detail=t("convert.unknown_type", found=type, known=", ".join(TYPES)))
    if method not in METHODS:
        raise UsageError(detail=t("convert.unknown_method", found=method, known=", ".join(METHODS)))
    if accuracy_level not in ACCURACY_LEVELS:
        known = ", ".join(map(str, ACCURACY_LEVELS))
        raise UsageError(detail=t("convert.unknown_accuracy", found=accuracy_level, known=known))


def _graph(prepared: Prepared, plan: Layout, accuracy_level: int) -> bytes:
    try:
        from convert.to_onnx.decoder import Decoder
    except ImportError as error:
        raise MissingExtra(package="onnx", extra="onnx") from error
    decoder = Decoder(prepared.architecture, prepared.model, plan, accuracy_level)
    return decoder.build().model("decoder", __version__, sidecars.plain_facts(prepared.keys))


def _write_weights(
    folder: Path, prepared: Prepared, plan: Layout, gguf_out: Path | None
) -> writer.Written | None:
    """One pass over the checkpoint; what it gives goes into the data file and, if asked, a GGUF."""
    with open(folder / "model.onnx.data", "wb") as file, prepared.coded_ahead() as tensors:
        destination.hold(file)
        data = DataFile(file, plan)
        n_positions = plan.vectors["cos"].shape[0]
        for name, table in zip(("cos", "sin"), rotary.tables(prepared.model, n_positions), strict=True):
            data.write_block(plan.vectors[name], table)
        shared = [Shared(tensor, data) for tensor in tensors]
        if gguf_out is None:
            for tensor in shared:
                for _ in tensor.pieces():
                    pass
            return None
        destination.sweep(Path(gguf_out))
        with atomic_write(Path(gguf_out)) as gguf_file:
            destination.hold(gguf_file)
            return writer.write(gguf_file, prepared.keys, shared)


def _bits_per_weight(prepared: Prepared) -> float:
    return 8 * sum(tensor.nbytes for tensor in prepared.tensors) / prepared.weights


def _main_type(prepared: Prepared) -> str:
    """ggml's name of the type that holds most weights."""
    weights: dict[str, int] = {}
    for tensor in prepared.tensors:
        name = tensor.encoding.name
        weights[name] = weights.get(name, 0) + math.prod(tensor.shape)
    return max(weights, key=lambda name: weights[name])


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to fill that takes `out`'s name when the block ends well, all its files on the disk.

    A model folder of that name gives way; anything else does not. Raises UsageError, DiskFull or
    ReadOnlyPlace.
    """
    destination.check_folder(out)
    destination.sweep(out)
    with disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
        try:
            yield folder
            for path in folder.iterdir():
                with open(path, "rb+") as file:
                    os.fsync(file.fileno())
            sync_folder(folder)
            if os.name != "nt":
                umask = os.umask(0)
                os.umask(umask)
                folder.chmod(0o777 & ~umask)
            _take_name(folder, out)
            sync_folder(out.parent)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _take_name(folder: Path, out: Path) -> None:
    """Rename `folder` to `out`; what was there is deleted after, or put back when that fails."""
    old = None
    if out.exists():
        old = folder.with_suffix(".old")
        out.rename(old)
    try:
        folder.rename(out)
    except OSError:
        if old is not None:
            with suppress(OSError):
                old.rename(out)
        raise
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
