"""The formats that llama.cpp quantizes itself, through its own library.

K-quants choose scales of scales; rewriting that would only be a worse copy, so the
library that llama-cpp-python installs does it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from latam_edge.core.atomic import sync_folder
from latam_edge.core.errors import DiskFull, EngineMissing, MissingExtra, RuntimeFault
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.ggml_types import TENSOR_TYPES, TYPE_IDS
from latam_edge.formats.gguf import GGUFHeader, read_header
from latam_edge.runtime.llama.native import complaints, library

# Values of `llama_ftype` in llama.h.
FILE_TYPES = {"q4_0": 2, "q4_k_s": 14, "q4_k_m": 15, "q5_k_m": 17, "q6_k": 18, "iq4_nl": 25, "iq4_xs": 30}
"""What the library is asked for, by the names that llama-quantize has for them."""

_SUPER_BLOCK = 256
"""Weights of a block of the K-types and of IQ4_XS; rows that are no multiple of it get another type."""
_SUPER_BLOCK_TYPES = frozenset(name for name in FILE_TYPES if name not in ("q4_0", "iq4_nl"))
_FULL_BYTES = 1 << 20
"""With less than this free, a failure is put down to the disk: the library does not say."""


def quantize_file(
    source: Path,
    out: Path,
    file_type: str,
    progress: Progress = silent,
    *,
    importance: Mapping[str, Any] | None = None,
    embedding_type: str | None = None,
    n_threads: int | None = None,
) -> None:
    """Quantize a GGUF file of plain weights; `out` appears whole or not at all.

    file_type: a name of FILE_TYPES.
    importance: for some or all matrices, by name, how much an error in each column
    matters: float32, (n_columns,). See `imatrix.collect`.
    embedding_type: ggml's name of the type ("Q4_0") of the embedding, and of the head when
    they are one; None: the library's choice, which is larger.
    n_threads: None: one per core.

    The library reports no progress, so there is one report before and one after.
    Raises MissingExtra without llama-cpp-python, DiskFull, RuntimeFault with llama.cpp's own words.
    """
    try:
        lib = library()
    except EngineMissing as error:
        raise MissingExtra(package="llama-cpp-python", extra="convert") from error
    progress(Step("convert.quantizing", done=0, total=1))
    params = lib.llama_model_quantize_default_params()
    params.ftype = FILE_TYPES[file_type]
    # A checkpoint in bfloat16 counts as quantized already for the library.
    params.allow_requantize = True
    params.nthread = n_threads or 0
    if embedding_type is not None:
        params.token_embedding_type = params.output_tensor_type = TYPE_IDS[embedding_type]
    if importance:
        rows = _importance_rows(lib, importance)  # alive as long as the call
        params.imatrix = rows
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        complaints.clear()
        status = lib.llama_model_quantize(os.fsencode(source), os.fsencode(temporary), params)
        if status != 0:
            if shutil.disk_usage(out.parent).free < _FULL_BYTES:
                raise DiskFull(path=out)
            raise RuntimeFault(detail=" ".join(complaints)[:300] or f"llama_model_quantize: {status}")
        read_header(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        if os.name != "nt":
            temporary.chmod(0o666 & ~umask)
        temporary.replace(out)
        sync_folder(out.parent)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    progress(Step("convert.quantizing", done=1, total=1))


def fallbacks(header: GGUFHeader, file_type: str) -> tuple[str, ...]:
    """Matrices that could not have the type asked for: rows are no multiple of 256, so they take more bits.

    "name (type)" of each, in the file's order.
    """
    if file_type not in _SUPER_BLOCK_TYPES:
        return ()
    return tuple(
        f"{tensor.name} ({tensor.type_name})"
        for tensor in header.tensors
        if len(tensor.shape) == 2
        and tensor.shape[0] % _SUPER_BLOCK
        and TENSOR_TYPES[tensor.type_id].block_size > 1
    )


def _importance_rows(lib: Any, importance: Mapping[str, Any]) -> Any:
    """The library's own form: an array of (name, values, count) that ends in a nameless one."""
    entry = lib.llama_model_imatrix_data
    rows = (entry * (len(importance) + 1))()
    for row, (name, values) in zip(rows, importance.items(), strict=False):
        row.name = name.encode()
        row.size = len(values)
        row.data = (ctypes.c_float * len(values))(*np.asarray(values, np.float32).tolist())
    return rows
