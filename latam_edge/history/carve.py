"""Read rows straight from the pages of a damaged SQLite file.

A power cut on a bad SD card can ruin the page that leads to all others; SQLite
then reads nothing at all, though nearly every row is still there. This reader
needs no tree: it looks at every page, takes those that are leaves, and decodes
their cells. A write-ahead log beside the file is laid over it first.

Deleted rows don't come back this way, because secure_delete has zeroed them.

Source: https://sqlite.org/fileformat2.html, sections 1.3 (header), 1.5 (b-tree
pages and overflow), 2.1 (records), 4.1 and 4.2 (log).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

Value = int | float | str | bytes | None

DEFAULT_PAGE_BYTES = 4096
MAX_PAYLOAD_BYTES = 64 << 20
"""No message is longer; a damaged length must not make us allocate."""
TABLE_LEAF = 0x0D


def rows(path: Path) -> Iterator[tuple[int, list[Value]]]:
    """Every (rowid, values) on any table leaf of the file; nothing when there are none.

    Rows of all tables come mixed; the caller knows its own by their shape. What
    can't be decoded is passed over. The file is read page by page and never written.
    """
    with open(path, "rb") as file:
        pages = Pages(file, path.with_name(path.name + "-wal"))
        for number in range(1, pages.count + 1):
            page = pages.get(number)
            start = 100 if number == 1 else 0  # page 1 begins with the file's header
            if len(page) == pages.page_bytes and page[start] == TABLE_LEAF:
                yield from _cells(page, start, pages)


class Pages:
    """The pages of a database file, with the committed frames of its log laid over them."""

    def __init__(self, file: IO[bytes], log: Path) -> None:
        self._file = file
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(100)
        self.page_bytes = DEFAULT_PAGE_BYTES
        if len(head) == 100 and head.startswith(b"SQLite format 3\0"):
            declared = int.from_bytes(head[16:18], "big")
            declared = 65536 if declared == 1 else declared
            if declared >= 512 and declared & (declared - 1) == 0:
                self.page_bytes = declared
        self._frames: dict[int, bytes] = {}
        with suppress(OSError):
            self._frames = _log_frames(log, self.page_bytes)
        self.count = max([size // self.page_bytes, *self._frames])

    def get(self, number: int) -> bytes:
        """Page `number`, from 1; shorter than a page, or empty, when the file has no such page."""
        if number in self._frames:
            return self._frames[number]
        self._file.seek((number - 1) * self.page_bytes)
        return self._file.read(self.page_bytes)


def _log_frames(log: Path, page_bytes: int) -> dict[int, bytes]:
    """The last committed image of each page in the log. A frame of an older log ends the reading."""
    frames: dict[int, bytes] = {}
    pending: dict[int, bytes] = {}
    with open(log, "rb") as file:
        header = file.read(32)
        if len(header) < 32 or int.from_bytes(header[8:12], "big") != page_bytes:
            return frames
        while len(head := file.read(24)) == 24 and head[8:16] == header[16:24]:
            number, committed_pages = struct.unpack(">II", head[:8])
            page = file.read(page_bytes)
            if len(page) < page_bytes or number == 0:
                break
            pending[number] = page
            if committed_pages:
                frames.update(pending)
                pending.clear()
    return frames


def _cells(page: bytes, start: int, pages: Pages) -> Iterator[tuple[int, list[Value]]]:
    (count,) = struct.unpack_from(">H", page, start + 3)
    for index in range(min(count, (len(page) - start - 8) // 2)):
        with suppress(IndexError, struct.error, ValueError):
            (at,) = struct.unpack_from(">H", page, start + 8 + 2 * index)
            payload_bytes, at = _varint(page, at)
            rowid, at = _varint(page, at)
            if 0 < payload_bytes <= MAX_PAYLOAD_BYTES:
                yield rowid, _record(_payload(page, at, payload_bytes, pages))


def _payload(page: bytes, at: int, length: int, pages: Pages) -> bytes:
    """A cell's whole payload, its overflow pages included. ValueError when the chain is broken."""
    usable = len(page)  # our databases reserve no bytes at the end of a page
    if length <= usable - 35:
        return page[at : at + length]
    least = (usable - 12) * 32 // 255 - 23
    local = least + (length - least) % (usable - 4)
    if local > usable - 35:
        local = least
    parts = [page[at : at + local]]
    missing = length - local
    (following,) = struct.unpack_from(">I", page, at + local)
    while missing > 0:
        overflow = pages.get(following) if following else b""
        if len(overflow) < usable:
            raise ValueError("broken overflow chain")
        part = overflow[4 : 4 + missing]
        parts.append(part)
        missing -= len(part)
        (following,) = struct.unpack_from(">I", overflow)
    return b"".join(parts)


def _record(payload: bytes) -> list[Value]:
    """The values of one record. Raises ValueError, IndexError or struct.error when it isn't one."""
    header_bytes, at = _varint(payload, 0)
    if not 0 < header_bytes <= len(payload):
        raise ValueError("not a record")
    types = []
    while at < header_bytes:
        kind, at = _varint(payload, at)
        types.append(kind)
    values: list[Value] = []
    for kind in types:
        value, at = _value(payload, at, kind)
        values.append(value)
    return values


_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind in _INTEGER_BYTES:
        end = at + _INTEGER_BYTES[kind]
    elif kind == 7:
        end = at + 8
    elif kind >= 12:
        end = at + (kind - 12) // 2
    else:
        raise ValueError("reserved serial type")
    if end > len(payload):
        raise ValueError("value past the end")
    raw = payload[at:end]
    if kind == 7:
        number: float = struct.unpack(">d", raw)[0]
        return number, end
    if kind < 12:
        return int.from_bytes(raw, "big", signed=True), end
    return (raw if kind % 2 == 0 else raw.decode("utf-8", errors="replace")), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer at `at`, and where the next thing begins."""
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    value = value << 8 | data[at + 8]
    return value, at + 9
