"""How fast this machine reads memory: what bounds the speed of decoding.

Each thread lets the C library's memchr look for a byte that is not there, in a
buffer larger than any cache: a pure read in the widest instructions the
processor has, with Python's lock released.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from typing import Any

from latam_edge.core import hardware

LARGEST_BYTES = 256 << 20
SMALLEST_BYTES = 16 << 20
"""On a machine so short of memory, a cache of this size is not to be feared."""
BUDGET_S = 0.3
"""Time to spend on measuring; the buffer's filling comes on top."""


def read_bandwidth(threads: int | None = None, budget_s: float = BUDGET_S) -> float:
    """Bytes per second that `threads` threads (one per usable core by default) read together.

    The best of several rounds: a neighbour's work only ever slows a round down."""
    threads = threads or hardware.usable_cores()
    free = hardware.memory_available() or SMALLEST_BYTES * 8
    size = max(SMALLEST_BYTES, min(LARGEST_BYTES, free // 8)) // threads * threads
    find = _memchr()
    buffer = ctypes.create_string_buffer(size)
    # Untouched pages all map to one page of zeros, which would stay in the cache.
    ctypes.memset(buffer, 2, size)
    start, share = ctypes.addressof(buffer), size // threads
    best = 0.0
    deadline = time.perf_counter() + budget_s
    while best == 0.0 or time.perf_counter() < deadline:
        readers = [
            threading.Thread(target=find, args=(start + index * share, 1, share)) for index in range(threads)
        ]
        begin = time.perf_counter()
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        best = max(best, size / (time.perf_counter() - begin))
    return best


def _memchr() -> Any:
    """void *memchr(const void *, int, size_t) of the C library that Python itself uses."""
    library: Any = ctypes.CDLL("msvcrt") if sys.platform == "win32" else ctypes.CDLL(None)
    find = library.memchr
    find.restype = ctypes.c_void_p
    find.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    return find
