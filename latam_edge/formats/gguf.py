"""The header of a GGUF file, read with suspicion: bound first, allocate later.

A model arrives on a USB stick or from the network, and llama.cpp is native code.
This reader sees the file first. It checks every declared size against the bytes
that are really there before it allocates, never trusts a count, keeps at most
MAX_KEPT_BYTES of metadata, and leaves large arrays (a vocabulary) in the file as a
`LazyArray` that `read_array` fetches when somebody asks.

It also refuses what llama.cpp refuses (nested arrays, duplicate names, overlapping
or misaligned tensors), with a reason instead of a log line.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md and gguf.cpp of
llama.cpp as carried by llama-cpp-python 0.3.36.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

from latam_edge.core.errors import CorruptModel, NotGGUF, TruncatedModel, UnsupportedModel
from latam_edge.core.i18n import t
from latam_edge.formats.ggml_types import TENSOR_TYPES
from latam_edge.formats.opening import open_regular

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32

MAX_TENSORS = 65_536
"""The largest public mixture-of-experts models hold a few thousand."""
MAX_KEYS = 65_536
MAX_NAME_BYTES = 63
"""ggml keeps a tensor name in 64 bytes, the last one zero."""
MAX_KEY_BYTES = 65_535
"""From the GGUF specification."""
MAX_STRING_BYTES = 1 << 20
"""One metadata string; the longest chat templates take some 100 kB."""
MAX_ARRAY_STRINGS = 4 << 20
"""Strings in one array; the largest vocabularies hold some 300 thousand tokens."""
MAX_METADATA_BYTES = 128 << 20
"""All metadata as they stand in the file; the largest vocabularies with their merges take some 20 MB."""
MAX_KEPT_BYTES = 4 << 20
"""Metadata kept in memory, counted as bytes in the file; as Python objects it takes up to 8 times that."""
MAX_ARRAY_ITEMS = 32 << 20
"""Items that `read_array` returns at most."""
MAX_INLINE_ITEMS = 256
"""Arrays up to this length are kept; longer ones become a LazyArray."""
MAX_DIMS = 4

_CHUNK = 1 << 18

STRING, ARRAY = 8, 9
# Value type -> (struct format, bytes); a bool is one byte.
_SCALARS: dict[int, tuple[str, int]] = {
    0: ("B", 1),
    1: ("b", 1),
    2: ("H", 2),
    3: ("h", 2),
    4: ("I", 4),
    5: ("i", 4),
    6: ("f", 4),
    7: ("?", 1),
    10: ("Q", 8),
    11: ("q", 8),
    12: ("d", 8),
}
_U32 = 4

# What the shortest possible entry takes, to refuse a count before reading the first one.
_MIN_KEY_BYTES = 8 + 1 + 4 + 1  # length, one character, type, a one-byte value
_MIN_TENSOR_BYTES = 8 + 4 + 4 + 8  # length, dimension count, type, offset


@dataclass(frozen=True, slots=True)
class LazyArray:
    """An array that stayed in the file. `read_array(header, key)` reads it."""

    item_type: int
    """GGUF value type of the items: 8 is a string."""
    length: int
    """Number of items."""
    offset: int
    """Where the first item starts, bytes from the start of the file."""
    nbytes: int
    """Bytes of all items."""

    def __len__(self) -> int:
        return self.length


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What the header says of one tensor."""

    name: str
    """Name of the tensor: "blk.0.attn_q.weight"."""
    shape: tuple[int, ...]
    """Dimensions in GGUF order: the first one is contiguous (numpy's last)."""
    type_name: str
    """ggml type: "Q4_0"."""
    type_id: int
    """ggml type as a number."""
    offset: int
    """Where its data starts, bytes from the start of the data section."""
    nbytes: int
    """Bytes of its data, padding left out."""

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class GGUFHeader:
    """A checked header: every tensor lies inside the file."""

    path: Path
    """The file it was read from."""
    version: int
    """GGUF version, 2 or 3."""
    alignment: int
    """Tensor data start at multiples of it, bytes."""
    metadata: dict[str, Any]
    """Values by key: int, float, bool, str, tuple of those, or LazyArray."""
    tensors: tuple[TensorInfo, ...]
    """In the file's order."""
    data_offset: int
    """Where the data section starts, bytes from the start of the file."""
    file_bytes: int
    """Size of the whole file."""

    @property
    def architecture(self) -> str:
        """general.architecture: "llama". Raises UnsupportedModel when the file has none."""
        value = self.metadata.get("general.architecture")
        if not isinstance(value, str) or not value:
            raise UnsupportedModel(path=self.path, detail=t("formats.no_architecture"))
        return value

    @property
    def parameters(self) -> int:
        """Number of weights in all tensors. A tied output head is counted once."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def quantization(self) -> str:
        """The tensor type that holds most of the weights: "Q4_0"; "" without tensors."""
        weights: dict[str, int] = {}
        for tensor in self.tensors:
            weights[tensor.type_name] = weights.get(tensor.type_name, 0) + tensor.elements
        return max(weights, key=lambda name: weights[name], default="")

    @property
    def bits_per_weight(self) -> float:
        """Bits of tensor data per weight; 0 without tensors."""
        return 8 * sum(tensor.nbytes for tensor in self.tensors) / max(1, self.parameters)

    @property
    def chat_template(self) -> str | None:
        """The Jinja chat template, if the file has one."""
        value = self.metadata.get("tokenizer.chat_template")
        return value if isinstance(value, str) else None

    def field(self, name: str) -> Any:
        """The value of "<architecture>.<name>", such as "context_length"; None when absent."""
        return self.metadata.get(f"{self.architecture}.{name}")


def read_header(path: Path) -> GGUFHeader:
    """Read and check the header of the GGUF file `path`.

    Time and memory are bounded whatever the file declares. Raises FileMissing,
    NotAFile, UnreadableFile, NotGGUF, TruncatedModel, CorruptModel, UnsupportedModel.
    """
    path = Path(path)
    with open_regular(path) as (file, size):
        cursor = _Cursor(file, size, path)
        version, n_tensors, n_keys = _read_counts(cursor)
        metadata = _read_metadata(cursor, n_keys)
        alignment = _alignment(metadata, path)
        tensors = tuple(_read_tensors(cursor, n_tensors, alignment))
        data_offset = -(-cursor.position // alignment) * alignment
    _check_layout(tensors, data_offset, size, path)
    return GGUFHeader(
        path=path,
        version=version,
        alignment=alignment,
        metadata={key: value for key, (_, value) in metadata.items()},
        tensors=tensors,
        data_offset=data_offset,
        file_bytes=size,
    )


def read_array(header: GGUFHeader, key: str) -> list[Any]:
    """All items of the array `key`, kept or lazy; strings with bad UTF-8 get U+FFFD.

    Raises KeyError when there is no such array, and what `read_header` raises when
    the file changed in between.
    """
    value = header.metadata[key]
    if isinstance(value, tuple):
        return list(value)
    if not isinstance(value, LazyArray):
        raise KeyError(key)
    with open_regular(header.path) as (file, size):
        cursor = _Cursor(file, size, header.path)
        if value.length > MAX_ARRAY_ITEMS:
            cursor.corrupt(
                _short(key), t("formats.count_too_large", declared=value.length, limit=MAX_ARRAY_ITEMS)
            )
        cursor.seek(value.offset)
        return cursor.items(key, value.item_type, value.length)


@dataclass(frozen=True, slots=True)
class HeaderLayout:
    """Where the parts of a header stand in the file, bytes from its start: (first, one past the last)."""

    keys: dict[str, tuple[int, int]]
    """Every key with its type and value."""
    tensors: tuple[int, int]
    """The list of tensors; their offsets count from the data section, so it may move."""


def read_layout(header: GGUFHeader) -> HeaderLayout:
    """The layout of a header that was read, for copying parts of it as they are.

    Raises what `read_header` raises when the file changed in between.
    """
    with open_regular(header.path) as (file, size):
        cursor = _Cursor(file, size, header.path)
        _, n_tensors, n_keys = _read_counts(cursor)
        keys = {}
        for index in range(n_keys):
            start = cursor.position
            key = _read_name(cursor, f"metadata[{index}]", MAX_KEY_BYTES)
            _read_value(cursor, _short(key), cursor.u32())
            keys[key] = (start, cursor.position)
        start = cursor.position
        _read_tensors(cursor, n_tensors, header.alignment)
        return HeaderLayout(keys, (start, cursor.position))


def read_rows(header: GGUFHeader, tensor: TensorInfo, start: int, stop: int) -> bytes:
    """The stored bytes of rows start..stop of a tensor; a row is what the first dimension spans.

    Raises what `read_header` raises when the file changed in between.
    """
    n_rows = tensor.elements // tensor.shape[0] if tensor.shape else 1
    row_bytes = tensor.nbytes // n_rows
    with open_regular(header.path) as (file, size):
        cursor = _Cursor(file, size, header.path)
        cursor.seek(header.data_offset + tensor.offset + start * row_bytes)
        return cursor.take((min(stop, n_rows) - start) * row_bytes)


class _Cursor:
    """A reader that knows how many bytes are left and never reads past them."""

    def __init__(self, file: IO[bytes], size: int, path: Path) -> None:
        self._file = file
        self._size = size
        self.path = path
        self._buffer = b""
        self._start = 0  # file offset of the buffer's first byte
        self._at = 0  # next byte, in the buffer

    @property
    def position(self) -> int:
        return self._start + self._at

    @property
    def remaining(self) -> int:
        return self._size - self.position

    def seek(self, offset: int) -> None:
        """Go to a byte of the file; within the buffer nothing is read again."""
        if self._start <= offset <= self._start + len(self._buffer):
            self._at = offset - self._start
        else:
            self._buffer, self._start, self._at = b"", offset, 0
            self._file.seek(offset)

    def take(self, count: int) -> bytes:
        """The next `count` bytes. Raises TruncatedModel when the file ends before them."""
        self._need(count)
        if len(self._buffer) - self._at < count:
            self._refill(count)
        data = self._buffer[self._at : self._at + count]
        self._at += count
        return data

    def skip(self, count: int) -> None:
        self._need(count)
        self.seek(self.position + count)

    def _need(self, count: int) -> None:
        if count > self.remaining:
            raise TruncatedModel(path=self.path, need_bytes=self.position + count, have_bytes=self._size)

    def _refill(self, count: int) -> None:
        """Make at least `count` bytes available from the current position on."""
        rest = self._buffer[self._at :]
        self._start, self._at = self.position, 0
        self._file.seek(self._start + len(rest))
        pieces = [rest]
        have = len(rest)
        want = max(count, _CHUNK)
        while have < want:
            piece = self._file.read(want - have)
            if not piece:
                break
            pieces.append(piece)
            have += len(piece)
        self._buffer = b"".join(pieces)
        if have < count:  # the file shrank while it was being read
            raise TruncatedModel(
                path=self.path, need_bytes=self._start + count, have_bytes=self._start + have
            )

    def u32(self) -> int:
        value: int = struct.unpack("<I", self.take(4))[0]
        return value

    def u64(self) -> int:
        value: int = struct.unpack("<Q", self.take(8))[0]
        return value

    def string(self, field: str, limit: int) -> bytes:
        """A length and that many bytes. A length over `limit` is damage, not a long text."""
        length = self.u64()
        if length > limit:
            self.corrupt(field, t("formats.string_too_long", declared=length, limit=limit))
        return self.take(length)

    def scalar(self, value_type: int) -> Any:
        code, width = _SCALARS[value_type]
        data = self.take(width)
        return data != b"\0" if code == "?" else struct.unpack("<" + code, data)[0]

    def items(self, field: str, item_type: int, length: int) -> list[Any]:
        """`length` items of an array; the caller has bounded `length`."""
        if item_type == STRING:
            return [self.string(field, MAX_STRING_BYTES).decode("utf-8", "replace") for _ in range(length)]
        code, width = _SCALARS[item_type]
        data = self.take(length * width)
        if code == "?":
            return [byte != 0 for byte in data]
        return list(struct.unpack(f"<{length}{code}", data))

    def skip_strings(self, field: str, count: int) -> None:
        """Step over `count` strings. One step per string, hence the loop without calls."""
        unpack = struct.Struct("<Q").unpack_from
        limit = MAX_STRING_BYTES
        buffer, at, end = self._buffer, self._at, len(self._buffer)
        for _ in range(count):
            if end - at < 8:
                self._at = at
                self._need(8)
                self._refill(8)
                buffer, at, end = self._buffer, self._at, len(self._buffer)
            (length,) = unpack(buffer, at)
            if length > limit:
                self.corrupt(field, t("formats.string_too_long", declared=length, limit=limit))
            at += 8 + length
            if at > end:
                self._at = at - length
                self.skip(length)
                buffer, at, end = self._buffer, self._at, len(self._buffer)
        self._at = at

    def corrupt(self, field: str, detail: str) -> NoReturn:
        raise CorruptModel(path=self.path, field=field, detail=detail)


def _read_counts(cursor: _Cursor) -> tuple[int, int, int]:
    """Magic, version and the two counts, all plausible for this file."""
    path = cursor.path
    if cursor.remaining < len(MAGIC) or cursor.take(len(MAGIC)) != MAGIC:
        raise NotGGUF(path=path)
    version = cursor.u32()
    if version not in VERSIONS:
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
        if swapped in VERSIONS:
            raise UnsupportedModel(path=path, detail=t("formats.big_endian"))
        raise UnsupportedModel(path=path, detail=t("formats.gguf_version", version=version))
    n_tensors, n_keys = cursor.u64(), cursor.u64()
    for field, count, limit in (
        ("tensor_count", n_tensors, MAX_TENSORS),
        ("metadata_kv_count", n_keys, MAX_KEYS),
    ):
        if count > limit:
            cursor.corrupt(field, t("formats.count_too_large", declared=count, limit=limit))
    need = n_tensors * _MIN_TENSOR_BYTES + n_keys * _MIN_KEY_BYTES
    if need > cursor.remaining:
        raise TruncatedModel(
            path=path, need_bytes=cursor.position + need, have_bytes=cursor.position + cursor.remaining
        )
    return version, n_tensors, n_keys


def _read_name(cursor: _Cursor, place: str, limit: int) -> str:
    """A key or a tensor's name. Raises CorruptModel for one that is empty, too long or not UTF-8."""
    try:
        name = cursor.string(place, limit).decode("utf-8")
    except UnicodeDecodeError:
        name = ""
    if not name:
        cursor.corrupt(place, t("formats.bad_name"))
    return name


def _read_metadata(cursor: _Cursor, count: int) -> dict[str, tuple[int, Any]]:
    """Key -> (value type, value). Raises CorruptModel for a duplicate, empty or undecodable key."""
    metadata: dict[str, tuple[int, Any]] = {}
    kept = 0
    for index in range(count):
        key = _read_name(cursor, f"metadata[{index}]", MAX_KEY_BYTES)
        if key in metadata:
            cursor.corrupt(_short(key), t("formats.duplicate"))
        value_type = cursor.u32()
        before = cursor.position
        value = _read_value(cursor, _short(key), value_type)
        if cursor.position > MAX_METADATA_BYTES:
            cursor.corrupt(_short(key), t("formats.metadata_too_large", limit=MAX_METADATA_BYTES))
        kept += len(key.encode()) + (0 if isinstance(value, LazyArray) else cursor.position - before)
        if kept > MAX_KEPT_BYTES:
            cursor.corrupt(_short(key), t("formats.metadata_too_large", limit=MAX_KEPT_BYTES))
        metadata[key] = (value_type, value)
    return metadata


def _read_value(cursor: _Cursor, field: str, value_type: int) -> Any:
    if value_type in _SCALARS:
        return cursor.scalar(value_type)
    if value_type == STRING:
        return cursor.string(field, MAX_STRING_BYTES).decode("utf-8", "replace")
    if value_type == ARRAY:
        return _read_array_value(cursor, field)
    raise CorruptModel(
        path=cursor.path, field=field, detail=t("formats.unknown_value_type", found=value_type)
    )


def _read_array_value(cursor: _Cursor, field: str) -> tuple[Any, ...] | LazyArray:
    """A short array as a tuple, a long one as what is needed to find it again."""
    item_type, length = cursor.u32(), cursor.u64()
    if item_type != STRING and item_type not in _SCALARS:
        # llama.cpp refuses arrays of arrays too, and nesting is how a reader is made to recurse.
        cursor.corrupt(field, t("formats.unknown_value_type", found=item_type))
    width = 8 if item_type == STRING else _SCALARS[item_type][1]
    if item_type == STRING and length > MAX_ARRAY_STRINGS:
        cursor.corrupt(field, t("formats.count_too_large", declared=length, limit=MAX_ARRAY_STRINGS))
    if length * width > cursor.remaining:
        cursor.corrupt(
            field, t("formats.array_past_end", declared=length, need=length * width, room=cursor.remaining)
        )
    if length <= MAX_INLINE_ITEMS:
        return tuple(cursor.items(field, item_type, length))
    start = cursor.position
    if item_type == STRING:
        cursor.skip_strings(field, length)
    else:
        cursor.skip(length * width)
    return LazyArray(item_type, length, start, cursor.position - start)


def _alignment(metadata: dict[str, tuple[int, Any]], path: Path) -> int:
    value_type, value = metadata.get("general.alignment", (_U32, DEFAULT_ALIGNMENT))
    if value_type != _U32 or value < 1 or value & (value - 1):
        shown = value if isinstance(value, int | float) else "?"
        raise CorruptModel(
            path=path, field="general.alignment", detail=t("formats.bad_alignment", found=shown)
        )
    return int(value)


def _read_tensors(cursor: _Cursor, count: int, alignment: int) -> list[TensorInfo]:
    tensors: list[TensorInfo] = []
    seen: set[str] = set()
    for index in range(count):
        name = _read_name(cursor, f"tensors[{index}]", MAX_NAME_BYTES)
        if name in seen:
            cursor.corrupt(name, t("formats.duplicate"))
        seen.add(name)
        n_dims = cursor.u32()
        if n_dims > MAX_DIMS:
            cursor.corrupt(name, t("formats.too_many_dimensions", found=n_dims, limit=MAX_DIMS))
        shape = struct.unpack(f"<{n_dims}Q", cursor.take(8 * n_dims))
        type_id, offset = cursor.u32(), cursor.u64()
        tensors.append(_tensor(cursor, name, shape, type_id, offset, alignment))
    return tensors


def _tensor(
    cursor: _Cursor, name: str, shape: tuple[int, ...], type_id: int, offset: int, alignment: int
) -> TensorInfo:
    """One tensor whose shape, type and offset make sense by themselves."""
    if type_id not in TENSOR_TYPES:
        raise UnsupportedModel(
            path=cursor.path, detail=t("formats.unknown_tensor_type", name=name, found=type_id)
        )
    tensor_type = TENSOR_TYPES[type_id]
    elements = math.prod(shape)
    # Python's integers don't overflow, llama.cpp's do at 2^63.
    if elements < 1 or elements >= 1 << 63 or (shape and shape[0] % tensor_type.block_size):
        cursor.corrupt(name, t("formats.bad_shape", shape="x".join(map(str, shape)), type=tensor_type.name))
    if offset % alignment:
        cursor.corrupt(name, t("formats.misaligned", offset=offset, alignment=alignment))
    nbytes = elements // tensor_type.block_size * tensor_type.block_bytes
    return TensorInfo(name, shape, tensor_type.name, type_id, offset, nbytes)


def _check_layout(tensors: tuple[TensorInfo, ...], data_offset: int, size: int, path: Path) -> None:
    """Every tensor ends inside the file and before the next one starts."""
    end = 0
    for tensor in sorted(tensors, key=lambda tensor: tensor.offset):
        if tensor.offset < end:
            raise CorruptModel(path=path, field=tensor.name, detail=t("formats.overlap"))
        end = tensor.offset + tensor.nbytes
    if tensors and data_offset + end > size:
        raise TruncatedModel(path=path, need_bytes=data_offset + end, have_bytes=size)


def _short(key: str) -> str:
    """A key for an error message: printable and not endless."""
    shown = "".join(c if c.isprintable() else "?" for c in key[:60])
    return shown if len(key) <= 60 else shown + "…"
