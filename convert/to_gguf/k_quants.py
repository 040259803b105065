"""The formats that llama.cpp quantizes itself, through its own library.

K-quants choose scales of scales; rewriting that would only be a worse copy, so the
library that llama-cpp-python installs does it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from latam_edge.core.atomic import sync_folder
from latam_edge.core.errors import DiskFull, MissingExtra, RuntimeFault
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.gguf import read_header

_FULL_BYTES = 1 << 20
"""With less than this free, a failure is put down to the disk: the library does not say."""
_ERROR_LEVEL = 4  # GGML_LOG_LEVEL_ERROR in ggml.h


def quantize_file(source: Path, out: Path, file_type: int, progress: Progress = silent) -> None:
    """Quantize a GGUF file of plain weights to a `llama_ftype`; `out` appears whole or not at all.

    The library reports no progress, so there is one report before and one after.
    Raises MissingExtra without llama-cpp-python, DiskFull, RuntimeFault with llama.cpp's own words.
    """
    try:
        import llama_cpp
    except ImportError as error:
        raise MissingExtra(package="llama-cpp-python", extra="convert") from error
    errors: list[str] = []

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
    def collect(level: int, text: bytes, _: Any) -> None:
        if level >= _ERROR_LEVEL:
            errors.append(text.decode("utf-8", "replace").strip())

    progress(Step("convert.quantizing", done=0, total=1))
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = file_type
    # A checkpoint in bfloat16 counts as quantized already for the library.
    params.allow_requantize = True
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        llama_cpp.llama_log_set(collect, None)
        try:
            status = llama_cpp.llama_model_quantize(os.fsencode(source), os.fsencode(temporary), params)
        finally:
            llama_cpp.llama_log_set(_default_log(llama_cpp), None)
        if status != 0:
            if shutil.disk_usage(out.parent).free < _FULL_BYTES:
                raise DiskFull(path=out)
            raise RuntimeFault(detail=" ".join(errors)[:300] or f"llama_model_quantize: {status}")
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


def _default_log(llama_cpp: Any) -> Any:
    """The callback that llama-cpp-python set when it was imported."""
    return llama_cpp._logger.llama_log_callback
