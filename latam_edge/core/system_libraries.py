"""Libraries that come from the operating system: which are missing, and what the package is called.

A system with Python alone need not have the C++ library; every desktop does. Who reads
"libstdc++.so.6: cannot open shared object file" needs the name of a package.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterable

PACKAGES = {
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libgomp.so.1": "libgomp1",
    "libz.so.1": "zlib1g",
    "libatomic.so.1": "libatomic1",
}
"""Library: its package in Debian, Ubuntu, Raspberry Pi OS and Huayra."""

_NOT_FOUND = re.compile(r"([\w+.-]+\.so[\w.]*): cannot open shared object file")
_TOO_OLD = re.compile(r"version `(GLIBC|GLIBCXX|CXXABI)_([\d.]+)' not found")


def package(library: str) -> str:
    """The package that brings a library; its own name when nobody knows."""
    return PACKAGES.get(library, library)


def packages(libraries: Iterable[str]) -> str:
    """The packages to install, as a command line wants them."""
    return " ".join(sorted({package(each) for each in libraries}))


def missing(libraries: Iterable[str]) -> list[str]:
    """Those that the system's loader does not find, sorted. Loads the others."""
    gone = []
    for name in sorted(set(libraries)):
        try:
            ctypes.CDLL(name)
        except OSError:
            gone.append(name)
    return gone


def named_in(error: BaseException) -> str:
    """The library that the loader's complaint says is not there; "" when it is about something else."""
    match = _NOT_FOUND.search(str(error))
    return match[1] if match else ""


def too_old_in(error: BaseException) -> str:
    """The version that the loader missed, "GLIBC 2.34"; "" when the complaint is about something else."""
    match = _TOO_OLD.search(str(error))
    return f"{match[1]} {match[2]}" if match else ""


def glibc() -> tuple[int, ...] | None:
    """Version of the GNU C library, (2, 36); None: the system has another one (musl), or is not Linux."""
    try:
        said = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return None
    match = re.search(r"(\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else None
