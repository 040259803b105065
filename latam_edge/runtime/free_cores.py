"""How much of the processor the other programs leave, so that the engine can get out of their way."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from latam_edge.core.hardware import allowed_cpus

WINDOW_S = 0.1
"""Shortest stretch of time that is measured; the systems count in steps of 10 to 16 ms."""

_PLATFORM = str(sys.platform)
_TICKS_PER_S = 100  # USER_HZ, part of the kernel's interface on every architecture that we run on


class FreeCores:
    """How many of the cores that this process may use the others leave it. None where nobody tells."""

    def __init__(
        self,
        busy_s: Callable[[], float | None] | None = None,
        own_s: Callable[[], float] = time.process_time,
        clock: Callable[[], float] = time.monotonic,
        cores: int | None = None,
    ) -> None:
        """
        busy_s: seconds that those cores together have been busy since some moment, or None.
        own_s: those of this process. clock: seconds. cores: how many; None: as the affinity says.
        """
        self._cores = cores or len(allowed_cpus())
        self._busy_s = busy_s or _busy_reader()
        self._own_s = own_s
        self._clock = clock
        self._last: float | None = None
        self._mark = self._look()

    def cores(self) -> float | None:
        """Free cores on average since the last look that was WINDOW_S ago or more; our own use is free."""
        now = self._clock()
        if now - self._mark[0] < WINDOW_S:
            return self._last
        before, self._mark = self._mark, self._look()
        if before[1] is None or self._mark[1] is None:
            return None
        elapsed = self._mark[0] - before[0]
        busy = self._mark[1] - before[1]
        others = max(0.0, busy - (self._mark[2] - before[2])) / elapsed
        self._last = max(0.0, self._cores - others)
        return self._last

    def restart(self) -> None:
        """Forget the past: what follows is a new window, and what others did meanwhile is no news."""
        self._mark, self._last = self._look(), None

    def _look(self) -> tuple[float, float | None, float]:
        return self._clock(), self._busy_s(), self._own_s()


def free_now() -> int | None:
    """Cores for which nobody else has a thread that wants to run this very instant; None: not told.

    A single look: someone who wakes for a moment counts in full. Our own threads
    must be asleep but for the caller's. Source: man 5 proc_loadavg.
    """
    with suppress(OSError, ValueError, IndexError):
        runnable = Path("/proc/loadavg").read_text().split()[3].split("/")[0]
        return max(0, (os.cpu_count() or 1) - (int(runnable) - 1))
    return None


def calm_look() -> int | None:
    """Cores free now; one who was about to sleep, such as our own client, does not take one."""
    seen = free_now()
    cores = os.cpu_count() or 1
    for _ in range(3):
        if seen is None or seen >= cores:
            break
        time.sleep(0.001)
        seen = max(seen, free_now() or 0)
    return seen


def _busy_reader() -> Callable[[], float | None]:
    if _PLATFORM == "win32":
        return _windows_busy_s
    if _PLATFORM == "darwin":
        return _mac_busy_s
    return _linux_busy_s


def _linux_busy_s() -> float | None:
    """/proc/stat: user, nice, system, irq and softirq time of our cores; not idle, iowait or stolen time."""
    ours = {f"cpu{number}".encode() for number in allowed_cpus()}
    total = 0
    with suppress(OSError, ValueError, IndexError), open("/proc/stat", "rb") as file:
        for line in file:
            name, *fields = line.split()
            if not name.startswith(b"cpu"):
                return total / _TICKS_PER_S
            if name in ours:
                user, nice, system, _idle, _iowait, irq, softirq = map(int, fields[:7])
                total += user + nice + system + irq + softirq
    return None


def _windows_busy_s() -> float | None:
    """GetSystemTimes: kernel time includes idle time; units of 100 ns."""
    idle, kernel, user = (ctypes.c_ulonglong() for _ in range(3))
    call: Any = vars(ctypes)["windll"].kernel32.GetSystemTimes
    if not call(ctypes.byref(idle), ctypes.byref(kernel), ctypes.byref(user)):
        return None
    return float(kernel.value + user.value - idle.value) / 1e7


def _mac_busy_s() -> float | None:
    """host_statistics(HOST_CPU_LOAD_INFO): ticks of 10 ms for user, system, idle, nice."""
    with suppress(OSError, AttributeError):
        libc: Any = ctypes.CDLL(None)
        ticks, count = (ctypes.c_uint32 * 4)(), ctypes.c_uint32(4)
        if libc.host_statistics(libc.mach_host_self(), 3, ticks, ctypes.byref(count)) == 0:
            return (ticks[0] + ticks[1] + ticks[3]) / 100
    return None
