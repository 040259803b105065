"""Give a finished GGUF file other metadata: all else is copied byte for byte, whole or not at all."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from convert.to_gguf.values import infer, text_bytes
from latam_edge.core.atomic import atomic_write
from latam_edge.core.errors import BadFile
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.gguf import MAGIC, GGUFHeader, read_header, read_layout
from latam_edge.formats.opening import open_regular

_CHUNK = 1 << 22


def replace_metadata(
    path: Path, values: Mapping[str, Any], *, drop: str | None = None, progress: Progress = silent
) -> GGUFHeader:
    """Set metadata keys of the GGUF file `path`; other keys and all tensors stay as they are.

    values: whole keys with Python values (see `values.infer`); an existing key gives way.
    drop: keys that begin so are left out first. Returns the new header.
    The new file needs room beside the old one, which takes its place at the end, with
    its permissions. Raises what `read_header` raises, BadFile for a value that GGUF
    can't hold, DiskFull, ReadOnlyPlace; then the file is as it was.
    """
    header = read_header(path)
    layout = read_layout(header)
    kept = {
        key: span
        for key, span in layout.keys.items()
        if key not in values and not (drop is not None and key.startswith(drop))
    }
    try:
        added = [text_bytes(key) + infer(value).pack() for key, value in values.items()]
    except (TypeError, struct.error) as error:
        raise BadFile(path=path, reason=t("convert.bad_metadata", name=str(error)[:80])) from error
    head = MAGIC + struct.pack("<IQQ", header.version, len(header.tensors), len(kept) + len(added))
    with open_regular(path) as (source, size), atomic_write(path) as out:
        position = out.write(head)
        for start, stop in kept.values():
            position += _copy(source, out, start, stop)
        position += out.write(b"".join(added))
        position += _copy(source, out, *layout.tensors)
        out.write(b"\0" * (-position % header.alignment))
        total = max(1, size - header.data_offset)
        for start in range(header.data_offset, size, _CHUNK):
            stop = min(start + _CHUNK, size)
            _copy(source, out, start, stop)
            progress(Step("convert.writing", done=stop - header.data_offset, total=total, unit="bytes"))
        mode = os.fstat(source.fileno()).st_mode & 0o777
    with suppress(OSError):  # a file system without permissions
        path.chmod(mode)
    return read_header(path)


def _copy(source: IO[bytes], out: IO[bytes], start: int, stop: int) -> int:
    """Copy bytes start..stop as they are; how many that was."""
    source.seek(start)
    left = stop - start
    while left and (piece := source.read(min(left, _CHUNK))):
        out.write(piece)
        left -= len(piece)
    return stop - start - left
