"""What a Linux library says of itself: for which machine, under which name, what it needs.

Reads the dynamic section of a 64-bit little-endian ELF file through its program headers
(System V ABI, chapters 4 and 5), so that stripped files are read as well.
Not covered: 32-bit and big-endian files, symbol versions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_SONAME = 0, 1, 5, 14
_MAX_HEADERS = 256
_MAX_ENTRIES = 4096
_MAX_NAME_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Elf:
    """The facts of one library."""

    machine: int
    """e_machine: 62 for x86-64, 183 for AArch64."""
    soname: str
    """The name that others need it by; "" without one."""
    needed: tuple[str, ...]
    """Names of the libraries that are loaded with it."""


def read(data: bytes) -> Elf | None:
    """The facts of a library; None when `data` is not an ELF file that this module reads, or a broken one."""
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    try:
        return _read(data)
    except (struct.error, IndexError, ValueError):
        return None


def _read(data: bytes) -> Elf:
    machine = struct.unpack_from("<H", data, 18)[0]
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments, dynamic = [], None
    for index in range(min(count, _MAX_HEADERS)):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", data, table + index * size)
        if kind == _PT_LOAD:
            segments.append((address, length, offset))
        elif kind == _PT_DYNAMIC:
            dynamic = offset
    if dynamic is None:
        return Elf(machine, "", ())
    entries = []
    for index in range(_MAX_ENTRIES):
        tag, value = struct.unpack_from("<qQ", data, dynamic + index * 16)
        if tag == _DT_NULL:
            break
        entries.append((tag, value))
    strings = _offset(segments, dict(entries).get(_DT_STRTAB, 0))
    needed = tuple(_string(data, strings + value) for tag, value in entries if tag == _DT_NEEDED)
    soname = next((_string(data, strings + value) for tag, value in entries if tag == _DT_SONAME), "")
    return Elf(machine, soname, needed)


def _offset(segments: list[tuple[int, int, int]], address: int) -> int:
    """Where in the file a byte of memory lies. Raises ValueError when in no segment."""
    for start, length, offset in segments:
        if start <= address < start + length:
            return address - start + offset
    raise ValueError(address)


def _string(data: bytes, at: int) -> str:
    end = data.index(b"\0", at, at + _MAX_NAME_BYTES)
    return data[at:end].decode()
