"""How much memory a process took at most."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from contextlib import suppress
from typing import Any


def peak_rss_bytes(pid: int) -> int:
    """Largest resident set of the living process `pid`, bytes; 0 when the system won't say.

    Linux: VmHWM of /proc/PID/status. Windows: PeakWorkingSetSize. Elsewhere the
    resident set of this moment, which for a loaded model is close."""
    if sys.platform == "win32":
        return _windows(pid)
    with suppress(OSError), open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        command = ["ps", "-o", "rss=", "-p", str(pid)]
        return int(subprocess.run(command, capture_output=True, timeout=5, check=True).stdout) * 1024
    return 0


def _windows(pid: int) -> int:
    """GetProcessMemoryInfo; the structure is PROCESS_MEMORY_COUNTERS of psapi.h."""

    class Counters(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_ulong),
            ("faults", ctypes.c_ulong),
            *((name, ctypes.c_size_t) for name in ("peak", "now", "a", "b", "c", "d", "pagefile", "e")),
        )

    windll: Any = vars(ctypes)["windll"]
    kernel = windll.kernel32
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return 0
    try:
        counters = Counters(size=ctypes.sizeof(Counters))
        call = kernel.K32GetProcessMemoryInfo
        call.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong]
        return int(counters.peak) if call(handle, ctypes.byref(counters), counters.size) else 0
    finally:
        kernel.CloseHandle.argtypes = [ctypes.c_void_p]
        kernel.CloseHandle(handle)


def load_average() -> float | None:
    """Processes that wanted to run over the last minute; None where the system does not count them."""
    if not hasattr(os, "getloadavg"):
        return None
    with suppress(OSError):
        return os.getloadavg()[0]
    return None
