"""The wire format of Protocol Buffers, read from a file of a stranger, one field after the other.

A message is a list of fields: a key (number and wire type), then a value. A value of
wire type LEN may be text, packed numbers or another message; whoever reads decides, and
what is not asked for is stepped over without being loaded.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

from latam_edge.core.errors import CorruptModel, TruncatedModel
from latam_edge.core.i18n import t

VARINT, FIXED64, LEN, FIXED32 = 0, 1, 2, 5

_CHUNK = 1 << 16
_MAX_VARINT_BYTES = 10
_FIXED = {FIXED64: 8, FIXED32: 4}


class WireReader:
    """A position in a file, and what can be read from there.

    Every field costs a little, so the number of fields is bounded: `max_fields` for the
    whole file, whatever is nested how.
    """

    def __init__(self, file: IO[bytes], size: int, path: Path, max_fields: int) -> None:
        self.path = path
        self.size = size
        self._file = file
        self._fields_left = max_fields
        self._max_fields = max_fields
        self._buffer = b""
        self._start = 0  # file offset of the buffer's first byte
        self._at = 0  # next byte, in the buffer

    @property
    def position(self) -> int:
        return self._start + self._at

    def fields(self, end: int) -> Iterator[tuple[int, int, int]]:
        """(number, wire type, value) of every field up to the file offset `end`.

        The value of a LEN field is the offset where it ends; the reader stands where it starts, and
        steps over what is left of it before the next field. Others give their bits as an int.
        Raises TruncatedModel for a field that goes past the file, CorruptModel for one that goes
        past its message, for a wire type that is none, and for too many fields.
        """
        while self.position < end:
            key = self.varint(end)
            number, wire_type = key >> 3, key & 7
            self._fields_left -= 1
            if self._fields_left < 0:
                limit = self._max_fields
                self.corrupt(t("formats.count_too_large", declared=limit + 1, limit=limit))
            if not number:
                self.corrupt(t("formats.protobuf.bad_field"))
            if wire_type == VARINT:
                yield number, wire_type, self.varint(end)
            elif wire_type == LEN:
                length = self.varint(end)
                stop = self.position + length
                self._check_end(stop, end)
                yield number, wire_type, stop
                self.seek(stop)
            elif wire_type in _FIXED:
                yield number, wire_type, int.from_bytes(self.take(_FIXED[wire_type], end), "little")
            else:
                self.corrupt(t("formats.protobuf.bad_field"))

    def varint(self, end: int) -> int:
        """An unsigned number of seven bits per byte, the lowest first."""
        value, shift = 0, 0
        for _ in range(_MAX_VARINT_BYTES):
            if self._at >= len(self._buffer):
                self._refill(1)
            byte = self._buffer[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                self._check_end(self.position, end)
                return value & 0xFFFF_FFFF_FFFF_FFFF
            shift += 7
        self.corrupt(t("formats.protobuf.bad_field"))

    def take(self, count: int, end: int) -> bytes:
        """The next `count` bytes of a message that ends at `end`."""
        self._check_end(self.position + count, end)
        if len(self._buffer) - self._at < count:
            self._refill(count)
        data = self._buffer[self._at : self._at + count]
        self._at += count
        return data

    def text(self, stop: int, limit: int) -> str:
        """The text up to `stop`. Raises CorruptModel when it is longer than `limit` bytes or not UTF-8."""
        length = stop - self.position
        if length > limit:
            self.corrupt(t("formats.string_too_long", declared=length, limit=limit))
        try:
            return self.take(length, stop).decode("utf-8")
        except UnicodeDecodeError:
            self.corrupt(t("formats.bad_name"))

    def seek(self, offset: int) -> None:
        if self._start <= offset <= self._start + len(self._buffer):
            self._at = offset - self._start
        else:
            self._buffer, self._start, self._at = b"", offset, 0

    def corrupt(self, detail: str) -> NoReturn:
        raise CorruptModel(path=self.path, field=f"byte {self.position}", detail=detail)

    def _check_end(self, stop: int, end: int) -> None:
        if stop > self.size:
            raise TruncatedModel(path=self.path, need_bytes=stop, have_bytes=self.size)
        if stop > end:
            self.corrupt(t("formats.protobuf.past_message"))

    def _refill(self, count: int) -> None:
        """Make at least `count` bytes available from the current position on."""
        offset = self.position
        self._file.seek(offset)
        pieces, have = [], 0
        while have < max(count, _CHUNK) and (piece := self._file.read(max(count, _CHUNK) - have)):
            pieces.append(piece)
            have += len(piece)
        self._buffer, self._start, self._at = b"".join(pieces), offset, 0
        if have < count:
            raise TruncatedModel(path=self.path, need_bytes=offset + count, have_bytes=offset + have)


def signed(value: int) -> int:
    """A varint read as int64: negative numbers come as two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value
