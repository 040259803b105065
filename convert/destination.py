"""Where a conversion may write: looked at before the work, so that nothing of the user's gives way.

A GGUF file replaces a GGUF file, a model folder an earlier model folder, and nothing else: not
the checkpoint that is being read, not a device, not a folder that somebody keeps other things in.
What a killed conversion left beside its output is swept away by the next one.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import t

MAX_NAME_BYTES = 220
"""File systems allow 255; the rest is for the ending of what lies beside the output while it is made."""

_MODEL_FILES = frozenset(
    {
        "model.onnx",
        "model.onnx.data",
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "tokenizer.gguf",
        "chat_template.jinja",
    }
)
"""What a folder of ours, or one that came through optimum, holds."""

_AGE_S = 10.0
"""Younger leftovers may be of a conversion that has not taken hold of its file yet."""


def check_file(out: Path) -> None:
    """Raises UsageError unless `out` can become a GGUF file: a new name, or a GGUF file that gives way."""
    mode = _mode(out)
    if mode is None:
        return
    if stat.S_ISDIR(mode):
        raise UsageError(detail=t("convert.out_is_folder", path=out))
    if not stat.S_ISREG(mode):
        raise UsageError(detail=t("convert.out_is_device", path=out))
    with suppress(OSError), out.open("rb") as file:
        if file.read(4) not in (b"", b"GGUF"):
            raise UsageError(detail=t("convert.out_is_other", path=out))


def check_folder(out: Path) -> None:
    """Raises UsageError unless `out` can become a model folder: a new name, or a model folder that gives way.

    A folder that holds anything else is never replaced.
    """
    mode = _mode(out)
    if mode is None:
        return
    if not stat.S_ISDIR(mode):
        raise UsageError(detail=t("convert.out_is_file", path=out))
    names = sorted(path.name for path in out.iterdir()) if os.access(out, os.R_OK) else []
    strange = [name for name in names if name not in _MODEL_FILES]
    if strange or (names and "model.onnx" not in names):
        raise UsageError(detail=t("convert.out_is_used", path=out, name=(strange or names)[0]))


def _mode(out: Path) -> int | None:
    """What is at `out`; None for nothing. Raises UsageError for a name that no file can have."""
    # "." and "/" have no name; ".." has one that nothing new can take.
    if out.name in ("", "..") or len(os.fsencode(out.name)) > MAX_NAME_BYTES:
        raise UsageError(detail=t("convert.out_bad_name", path=str(out)[:80]))
    try:
        return out.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None  # writing says what is in the way
    except (OSError, ValueError) as error:  # too long, or a zero byte in it
        raise UsageError(detail=t("convert.out_bad_name", path=str(out)[:80])) from error


# --- leftovers of a killed conversion ----------------------------------------------------


def hold(file: IO[Any]) -> None:
    """Mark an open file as being written, until it is closed or this process ends."""
    _lock(file)


def sweep(out: Path) -> None:
    """Delete what killed conversions to `out` left beside it: files and folders ".NAME.xxxxxxxx.part"."""
    with suppress(OSError):
        for path in out.parent.glob(f".{_escaped(out.name)}.????????.part"):
            with suppress(OSError):
                if _abandoned(path):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _abandoned(path: Path) -> bool:
    """Whether nobody writes there any more."""
    inner = path / "model.onnx.data"
    file_path = inner if inner.exists() else path
    if time.time() - file_path.stat().st_mtime < _AGE_S:
        return False
    if file_path.is_dir():
        return True
    with file_path.open("rb+") as file:
        return _lock(file)


def _lock(file: IO[Any]) -> bool:
    """Take the file's lock, until it is closed; False when another process has it, or nobody can have it."""
    try:
        import fcntl
    except ImportError:  # Windows: an open file can't be deleted there anyway
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _escaped(name: str) -> str:
    """A name in which glob finds no pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
