"""Safetensors files read with suspicion, tensor by tensor, as numpy arrays.

The header is bounded and checked before anything is allocated: every tensor's
shape, type and byte range must agree with each other and with the file. Tensor
data stay in the file until asked for (memory map). A checkpoint cut into shards
(`model.safetensors.index.json`) reads as one; a shard whose name leads outside the
checkpoint's folder is refused.

Source: https://github.com/huggingface/safetensors (format, and its list of attacks).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_edge.core.errors import BadCheckpoint, BadFile, FileMissing
from latam_edge.core.i18n import t
from latam_edge.formats.opening import open_regular

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

MAX_HEADER_BYTES = 16 << 20
"""The reference implementation accepts 100 MB, which as Python objects would fill a small
machine; the headers of the largest public shards take less than 1 MB."""
MAX_INDEX_BYTES = 32 << 20
MAX_DIMS = 8

# Name in the file -> (numpy's name of the stored bytes, bytes per element).
# BF16 has no numpy type: its 16 bits are read as integers and widened to float32.
_DTYPES: dict[str, tuple[str, int]] = {
    "F64": ("<f8", 8),
    "F32": ("<f4", 4),
    "F16": ("<f2", 2),
    "BF16": ("<u2", 2),
    "I64": ("<i8", 8),
    "I32": ("<i4", 4),
    "I16": ("<i2", 2),
    "I8": ("i1", 1),
    "U8": ("u1", 1),
    "BOOL": ("?", 1),
}


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Where one tensor is, as its header says."""

    name: str
    """Name of the tensor: "model.norm.weight"."""
    dtype: str
    """Type as the file names it: "BF16"."""
    shape: tuple[int, ...]
    """Dimensions in numpy order: the last one is contiguous."""
    path: Path
    """The file that holds it."""
    offset: int
    """Where its data start, bytes from the start of that file."""
    nbytes: int
    """Bytes of its data."""


def read_header(path: Path) -> dict[str, TensorEntry]:
    """The tensors of one .safetensors file, by name. Reads no tensor data.

    Raises FileMissing, NotAFile, UnreadableFile or BadCheckpoint.
    """
    path = Path(path)
    with open_regular(path) as (file, size):
        head = file.read(8)
        if len(head) < 8:
            raise _bad(path, t("formats.header_past_end", declared=8, room=size))
        declared = int.from_bytes(head, "little")
        if declared > MAX_HEADER_BYTES:
            raise _bad(path, t("formats.header_too_large", declared=declared, limit=MAX_HEADER_BYTES))
        if declared > size - 8:
            raise _bad(path, t("formats.header_past_end", declared=declared, room=size))
        raw = b""
        while len(raw) < declared and (piece := file.read(declared - len(raw))):
            raw += piece
    fields = _parse_object(raw, path)
    fields.pop("__metadata__", None)
    entries = {name: _entry(name, value, path, 8 + declared, size) for name, value in fields.items()}
    _check_cover(entries, path, 8 + declared, size)
    return entries


def _check_cover(entries: Mapping[str, TensorEntry], path: Path, start: int, size: int) -> None:
    """Tensors fill the file from the header to its end, without gap or overlap, as the format demands.

    A header length that is wrong by a byte would otherwise move every weight by one. Raises BadCheckpoint.
    """
    for entry in sorted(entries.values(), key=lambda entry: (entry.offset, entry.nbytes)):
        if entry.offset != start:
            raise _bad(path, t("formats.not_adjacent", name=entry.name[:80]))
        start += entry.nbytes
    if start != size:
        raise _bad(path, t("formats.bytes_left_over", count=size - start))


def _parse_object(raw: bytes, path: Path) -> dict[str, Any]:
    """A JSON object without duplicate keys. Raises BadCheckpoint."""
    try:
        fields = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise _bad(path, t("formats.bad_json")) from error
    if not isinstance(fields, dict):
        raise _bad(path, t("formats.bad_json"))
    return fields


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("duplicate key")
    return fields


def _entry(name: str, value: Any, path: Path, data_offset: int, size: int) -> TensorEntry:
    """One header entry whose shape, type and range agree. Raises BadCheckpoint."""
    try:
        dtype, shape, (start, end) = value["dtype"], tuple(value["shape"]), value["data_offsets"]
        sound = all(_is_count(n) for n in (*shape, start, end)) and len(shape) <= MAX_DIMS and start <= end
    except (KeyError, TypeError, ValueError) as error:
        raise _bad(path, t("formats.bad_entry", name=name[:80])) from error
    if not sound or not isinstance(dtype, str):
        raise _bad(path, t("formats.bad_entry", name=name[:80]))
    if dtype not in _DTYPES:
        raise _bad(path, t("formats.unknown_dtype", name=name[:80], found=dtype[:20]))
    if data_offset + end > size:
        raise _bad(path, t("formats.outside_file", name=name[:80]))
    need = math.prod(shape) * _DTYPES[dtype][1]
    if end - start != need:
        raise _bad(path, t("formats.size_mismatch", name=name[:80], found=end - start, need=need))
    return TensorEntry(name, dtype, shape, path, data_offset + start, need)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


class Checkpoint(Mapping[str, TensorEntry]):
    """The tensors of a folder of safetensors files, by name.

    >>> tensors = Checkpoint(Path("checkpoint"))
    >>> tensors["model.norm.weight"].shape
    (512,)
    >>> tensors.array("model.norm.weight").dtype
    dtype('float32')
    """

    def __init__(self, folder: Path) -> None:
        """Read the headers. Raises FileMissing, UnreadableFile or BadCheckpoint."""
        self.folder = Path(folder)
        self._entries: dict[str, TensorEntry] = {}
        index = self.folder / "model.safetensors.index.json"
        if index.exists():
            self._read_index(index)
        else:
            single = self.folder / "model.safetensors"
            files = [single] if single.exists() else sorted(self.folder.glob("*.safetensors"))
            if not files:
                raise BadCheckpoint(path=self.folder, detail=t("formats.no_safetensors"))
            for file in files:
                found = read_header(file)
                if twice := sorted(self._entries.keys() & found.keys()):
                    raise _bad(file, t("formats.tensor_twice", name=twice[0][:80]))
                self._entries.update(found)

    def _read_index(self, index: Path) -> None:
        """Tensors as the index spreads them over its shards."""
        with open_regular(index) as (file, size):
            if size > MAX_INDEX_BYTES:
                raise _bad(index, t("formats.header_too_large", declared=size, limit=MAX_INDEX_BYTES))
            raw = file.read(size)
        weight_map = _parse_object(raw, index).get("weight_map")
        if not isinstance(weight_map, dict):
            raise _bad(index, t("formats.bad_entry", name="weight_map"))
        shards: dict[str, dict[str, TensorEntry]] = {}
        for name, shard in weight_map.items():
            # A plain name only: "../x", "/x", "C:x" and folders inside are no part of the format.
            if not isinstance(shard, str) or shard in ("", ".", "..") or set(shard) & set("/\\:\0"):
                raise _bad(index, t("formats.escapes_folder", name=str(shard)[:80]))
            if shard not in shards:
                shards[shard] = read_header(self.folder / shard)
            if name not in shards[shard]:
                raise _bad(self.folder / shard, t("formats.tensor_missing", name=name[:80]))
            self._entries[name] = shards[shard][name]

    def __getitem__(self, name: str) -> TensorEntry:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def array(self, name: str, index: Any = None) -> Array:
        """The tensor `name`, or what a numpy index picks of it; only that is read and widened.

        F16 and BF16 become float32, which is exact. Other types stay as they are, and
        may be read-only views of the file. Raises KeyError, or BadCheckpoint when the
        file changed.
        """
        return read_tensor(self._entries[name], index)


def read_tensor(entry: TensorEntry, index: Any = None) -> Array:
    """The data of one tensor; see `Checkpoint.array`."""
    import numpy as np

    stored, width = _DTYPES[entry.dtype]
    count = entry.nbytes // width
    if count == 0:
        return np.zeros(entry.shape, np.float32 if entry.dtype in ("F16", "BF16") else stored)
    try:
        with open_regular(entry.path) as (file, size):
            if entry.offset + entry.nbytes > size:
                raise _bad(entry.path, t("formats.file_changed"))
            flat: Array = np.memmap(file, dtype=stored, mode="r", offset=entry.offset, shape=(count,))
    except FileMissing as error:
        raise _bad(entry.path, t("formats.file_changed")) from error
    data = flat.reshape(entry.shape)
    if index is not None:
        data = data[index]
    if entry.dtype == "BF16":
        return widen_bf16(data)
    return data.astype(np.float32) if entry.dtype == "F16" else data


def widen_bf16(bits: Array) -> Array:
    """bfloat16 as its 16 bits (uint16) -> float32, exactly: they are the upper half."""
    import numpy as np

    wide = bits.astype(np.uint32)
    wide <<= 16
    return wide.view(np.float32)


def _bad(path: Path, detail: str) -> BadFile:
    return BadCheckpoint(path=path, detail=detail)
