"""The conversion itself: checkpoint in, GGUF file out, whole or not at all."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from convert import architectures, destination, shape
from convert.architectures import PlannedTensor
from convert.checkpoint import HFCheckpoint, load
from convert.layerwise.run import Calibrated, calibrated
from convert.layerwise.walk import Codes
from convert.to_gguf import ahead, encodings, imatrix, k_quants, metadata, q4_0, writer
from convert.to_gguf.encodings import Encoding
from convert.to_gguf.values import Value
from convert.tokenizer import vocabulary
from latam_edge.core.atomic import atomic_write, disk_errors
from latam_edge.core.errors import NotEnough, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.gguf import read_header
from quant import rtn
from quant.calibration import Calibration
from quant.lattice import Int4Blocks, recover

METHOD_KEY = "latam_edge.quant.method"
"""Metadata key that says how the codes of an int4 file were chosen."""
LIBRARY_KEY = "latam_edge.quant.library"
"""Metadata key of a file whose weights llama.cpp quantized: "llama.cpp", or "llama.cpp imatrix"."""
CALIBRATION_KEY = "latam_edge.quant.calibration_sha256"
"""Metadata key that says which calibration text decided about the weights."""

CHUNK_WEIGHTS = 1 << 19
"""Weights that are coded at a time, on each core; that takes some five copies of 2 MB."""

# Values of `llama_ftype` in llama.h.
_FILE_TYPES = {"f32": 0, "f16": 1, "int4": 2, "q8_0": 7, "bf16": 32}
LIBRARY_TYPES = tuple(k_quants.FILE_TYPES)
"""Types that llama.cpp's library quantizes to. "q4_0" is the stock one; ours is "int4"."""
TYPES = (*_FILE_TYPES, *LIBRARY_TYPES)
"""What `type` may be."""

# `method` -> rtn's own name for it.
_METHODS = {"rtn": "search", "absmax": "absmax"}
METHODS = (*_METHODS, "gptq", "qad")
"""How int4 codes may be chosen: "rtn" searches scales, "absmax" is what stock Q4_0 does,
"gptq" makes up for errors as a calibration text shows them, "qad" takes those of a checkpoint
that was trained on the lattice, as they stand."""

_F16_MAX = 65504.0


@dataclass(frozen=True, slots=True)
class ConvertResult:
    """What was written."""

    path: Path
    """The file."""
    file_bytes: int
    """Its size."""
    bits_per_weight: float
    """Bits of tensor data per weight; metadata are not counted."""
    seconds: float
    """How long it took."""
    n_tensors: int
    """Tensors in the file."""
    kept: tuple[str, ...] = field(default=())
    """Matrices kept in F16 because their rows are no multiple of 32."""
    fallbacks: tuple[str, ...] = field(default=())
    """Matrices that got a larger type than asked for because their rows are no multiple of 256."""
    resumed: bool = False
    """Whether an interrupted calibration was continued."""


def convert(
    checkpoint: Path,
    out: Path,
    type: str = "int4",
    *,
    method: str = "rtn",
    calibration: Calibration | None = None,
    metadata: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> ConvertResult:
    """Write the Hugging Face checkpoint in a folder as one GGUF file.

    type: one of TYPES. "int4" puts every matrix, embedding included, on the 4-bit
    lattice; vectors are always F32. method: one of METHODS, for int4.
    calibration: text for LIBRARY_TYPES, from which an importance matrix is computed; for "gptq",
    None taking the project's own text; and for "rtn", whose scales it weighs.
    metadata: extra keys, whole ("general.license", "latam_edge.passport.es.perplexity");
    they win over derived ones. Memory stays bounded whatever the checkpoint's size.

    A GGUF file that is at `out` already gives way; another file does not (UsageError).
    Raises FileMissing, UnreadableFile, BadCheckpoint, UsageError, DiskFull or
    ReadOnlyPlace; then `out` is as it was.

    >>> convert(Path("runs/student"), Path("semilla.gguf"), metadata={"general.license": "apache-2.0"})
    """
    started = time.monotonic()
    if type not in TYPES:
        raise UsageError(detail=t("convert.unknown_type", found=type, known=", ".join(TYPES)))
    if method not in METHODS:
        raise UsageError(detail=t("convert.unknown_method", found=method, known=", ".join(METHODS)))
    destination.check_file(Path(out))
    source = load(Path(checkpoint))
    extra = dict(metadata or {})
    if type in LIBRARY_TYPES:
        return _convert_by_library(source, Path(out), type, calibration, extra, progress, started)
    if type == "int4":
        extra.setdefault(METHOD_KEY, method)
    with calibrated(
        source, Path(out), method if type == "int4" else type, calibration, progress=progress
    ) as chosen:
        written, tensors = _write(source, Path(out), type, method, extra, progress, chosen)
    return ConvertResult(
        path=Path(out),
        file_bytes=written.file_bytes,
        bits_per_weight=8 * written.tensor_bytes / written.weights,
        seconds=time.monotonic() - started,
        n_tensors=len(tensors),
        kept=tuple(tensor.name for tensor in tensors if tensor.kept),
        resumed=chosen is not None and chosen.resumed,
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checkpoint read and checked, every tensor with its type; nothing is written yet."""

    source: HFCheckpoint
    """The checkpoint."""
    architecture: architectures.Architecture
    """What it is."""
    model: shape.ModelShape
    """Its sizes."""
    words: vocabulary.Vocabulary
    """Its tokenizer."""
    tensors: Sequence[FileTensor]
    """In the file's order."""
    keys: Mapping[str, Value]
    """Metadata of a GGUF file."""

    @property
    def weights(self) -> int:
        return sum(math.prod(tensor.shape) for tensor in self.tensors)

    @contextmanager
    def coded_ahead(self) -> Iterator[Sequence[FileTensor]]:
        """The tensors, their pieces coded on all cores. Take all pieces of each, in this order."""
        if any(tensor.codes for tensor in self.tensors):
            yield self.tensors  # chosen already: only to be arranged
            return
        jobs = (partial(tensor.code, start) for tensor in self.tensors for start in tensor.starts)
        with ahead.coded(jobs) as coded:
            yield [replace(tensor, coded=coded) for tensor in self.tensors]


def prepare(
    source: HFCheckpoint,
    type: str,
    method: str,
    extra: Mapping[str, Any],
    progress: Progress,
    chosen: Calibrated | None = None,
    n_threads: int | None = None,
) -> Prepared:
    """Everything that can be wrong with a checkpoint shows here, before a file is opened.

    chosen: codes that a calibration chose, valid as long as the tensors are written.
    n_threads: for coding one piece; None: as many as there are cores.
    Raises BadCheckpoint. `progress` is told while the tensors are written.
    """
    architecture, model = architectures.find(source), shape.read(source)
    planned = architectures.plan(source, architecture, model)
    words = vocabulary.read(source, model.n_vocab)
    tensors = file_tensors(source, planned, type, method, chosen.codes if chosen else None, n_threads)
    weights = sum(math.prod(tensor.shape) for tensor in tensors)
    if chosen:
        extra = {**_calibration_keys(chosen), **extra}
    keys = metadata.build(source, architecture, model, words, _FILE_TYPES[type], weights, extra)
    return Prepared(source, architecture, model, words, _reporting(tensors, weights, progress), keys)


def _calibration_keys(chosen: Calibrated) -> dict[str, Any]:
    return {
        CALIBRATION_KEY: chosen.calibration_sha256,
        "latam_edge.quant.calibration_tokens": chosen.tokens,
        "latam_edge.quant.calibration_languages": list(chosen.languages),
    }


def _write(
    source: HFCheckpoint,
    out: Path,
    type: str,
    method: str,
    extra: Mapping[str, Any],
    progress: Progress,
    chosen: Calibrated | None = None,
) -> tuple[writer.Written, Sequence[FileTensor]]:
    prepared = prepare(source, type, method, extra, progress, chosen, n_threads=1)
    destination.sweep(out)
    with atomic_write(out) as file, prepared.coded_ahead() as tensors:
        destination.hold(file)
        written = writer.write(file, prepared.keys, tensors)
    return written, prepared.tensors


@dataclass(frozen=True, slots=True)
class FileTensor:
    """A planned tensor with the type it gets; what `writer.write` asks for its bytes."""

    planned: PlannedTensor
    """Where its weights come from."""
    encoding: Encoding
    """How they become bytes."""
    source: HFCheckpoint
    """Where they are read."""
    kept: bool = False
    """Whether the file's own type could not hold its rows."""
    codes: Codes | None = None
    """Codes chosen beforehand, by the tensor's name in the checkpoint; None: `encoding` chooses."""
    coded: ahead.Coded | None = None
    """Gives the pieces, coded by other threads; None: each is coded when its turn comes."""
    report: Progress = silent
    """Told after each piece."""
    done_before: int = 0
    """Weights of the file written before this tensor."""
    total: int = 0
    """Weights of the file."""

    @property
    def name(self) -> str:
        return self.planned.name

    @property
    def shape(self) -> tuple[int, ...]:
        return self.planned.shape

    @property
    def type_id(self) -> int:
        return self.encoding.type_id

    @property
    def nbytes(self) -> int:
        return self.encoding.nbytes(math.prod(self.shape))

    @property
    def _matrix(self) -> tuple[int, int]:
        """(rows, columns)."""
        return (self.shape[0], self.shape[1]) if len(self.shape) == 2 else (1, self.shape[0])

    @property
    def starts(self) -> range:
        """First rows of the pieces. A vector is one row."""
        n_rows, columns = self._matrix
        return range(0, n_rows, max(1, CHUNK_WEIGHTS // columns))

    def rows(self, start: int) -> Any:
        """The rows of the piece that begins at `start`: float32 matrix, all finite. Raises BadCheckpoint."""
        rows = self.planned.rows(self.source.tensors, start, start + self.starts.step)
        if not np.isfinite(rows).all():
            raise self.source.bad("convert.not_finite", name=self.planned.source)
        if self.encoding.name == "F16" and np.abs(rows).max() > _F16_MAX:
            raise self.source.bad("convert.f16_overflow", name=self.planned.source)
        return rows.reshape(-1, self._matrix[1])

    def chunks(self) -> Iterator[tuple[int, Any]]:
        """(first row, rows as float32 matrix), all finite. Raises BadCheckpoint."""
        for start in self.starts:
            yield start, self.rows(start)

    def code(self, start: int) -> bytes:
        """The piece that begins at row `start`. Raises BadCheckpoint."""
        return self.encoding.encode(self.rows(start)).tobytes()

    def pieces(self) -> Iterator[Any]:
        blocks = self.codes(self.planned.source) if self.codes else None
        n_rows, columns = self._matrix
        for start in self.starts:
            stop = min(start + self.starts.step, n_rows)
            if blocks is not None:
                # Whole rows move to the file's order; nothing is coded again.
                yield q4_0.pack(blocks.rows(self.planned.row_order(start, stop))).tobytes()
            else:
                yield self.coded.next() if self.coded else self.code(start)
            done = self.done_before + stop * columns
            self.report(Step("convert.writing", done=done, total=self.total, unit="weights", note=self.name))


def file_tensors(
    source: HFCheckpoint,
    planned: Sequence[PlannedTensor],
    type: str,
    method: str,
    codes: Codes | None = None,
    n_threads: int | None = None,
) -> list[FileTensor]:
    """Give each planned tensor its type: vectors F32, matrices the file's, or F16 where that can't be.

    codes: those of matrices on the lattice, when they are chosen already.
    """
    if type == "int4":
        main = encodings.int4(lambda rows: rtn.quantize(rows, _METHODS[method], n_threads=n_threads))
        if method == "qad":
            # `codes` refuses a matrix off the lattice by its name; verification compares by rows.
            codes = codes or _standing(source)
            main = encodings.int4(lambda rows: recover(rows) or rtn.quantize(rows, n_threads=n_threads))
    else:
        main = {"f32": encodings.F32, "f16": encodings.F16, "bf16": encodings.BF16, "q8_0": encodings.Q8_0}[
            type
        ]
    tensors = []
    for tensor in planned:
        fits = tensor.shape[-1] % main.tensor_type.block_size == 0
        if len(tensor.shape) == 1:
            tensors.append(FileTensor(tensor, encodings.F32, source))
        else:
            kind = main if fits else encodings.F16
            tensors.append(FileTensor(tensor, kind, source, kept=not fits, codes=codes if fits else None))
    return tensors


def _standing(source: HFCheckpoint) -> Codes:
    """The codes of a checkpoint whose matrices are on the lattice already.

    Asked for another matrix they raise BadCheckpoint with its name: nothing is rounded unasked.
    """

    def codes(name: str) -> Int4Blocks:
        blocks = recover(np.asarray(source.tensors.array(name), np.float32))
        if blocks is None:
            raise source.bad("convert.off_lattice", name=name)
        return blocks

    return codes


def _reporting(tensors: Sequence[FileTensor], total: int, progress: Progress) -> list[FileTensor]:
    """The same tensors, each knowing how far the file is when its turn comes."""
    reporting, done = [], 0
    for tensor in tensors:
        reporting.append(replace(tensor, report=progress, done_before=done, total=total))
        done += math.prod(tensor.shape)
    return reporting


def _convert_by_library(
    source: HFCheckpoint,
    out: Path,
    type: str,
    calibration: Calibration | None,
    extra: Mapping[str, Any],
    progress: Progress,
    started: float,
) -> ConvertResult:
    """Write the weights unrounded beside `out`, and let llama.cpp quantize that file.

    With a calibration text, that file is run on it first, for the importance matrix.
    """
    exact = {"F32": "f32", "F64": "f32", "F16": "f16", "BF16": "bf16"}
    dtypes = {source.tensors[name].dtype for name in source.tensors}
    plain = exact[dtypes.pop()] if len(dtypes) == 1 and dtypes <= set(exact) else "f32"
    unrounded = out.with_name(f".{out.name}.{plain}.part")
    origin = {LIBRARY_KEY: "llama.cpp"}
    if calibration is not None:
        origin = {LIBRARY_KEY: "llama.cpp imatrix", CALIBRATION_KEY: calibration.sha256}
    try:
        _write(source, unrounded, plain, "rtn", {**origin, **extra}, progress)
        importance = None
        if calibration is not None:
            importance = imatrix.collect(unrounded, calibration, progress=progress).mean_squares
        destination.sweep(out)
        with disk_errors(out):
            k_quants.quantize_file(unrounded, out, type, progress, importance=importance)
    except NotEnough as error:
        # What lies beside is ours; the user knows the place by the file that was asked for.
        if "path" in error.facts:
            error.facts["path"] = out
        raise
    finally:
        with suppress(OSError):  # a place where nothing can be written has nothing to delete
            unrounded.unlink(missing_ok=True)
    header = read_header(out)
    return ConvertResult(
        path=out,
        file_bytes=header.file_bytes,
        bits_per_weight=header.bits_per_weight,
        seconds=time.monotonic() - started,
        n_tensors=len(header.tensors),
        fallbacks=k_quants.fallbacks(header, type),
    )
