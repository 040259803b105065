"""What machine this is: cores, memory, processor. Standard library only; Linux, Windows, macOS.

Every probe answers something sensible when its source is missing: a container
without /sys, an old Windows, an unknown system.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

# A plain value: a type checker that runs on one system should see the others' branches too.
_PLATFORM = str(sys.platform)


@dataclass(frozen=True, slots=True)
class Hardware:
    """One look at the machine."""

    system: str
    """Operating system with its version, for people."""
    machine: str
    """Instruction set family: "x86_64", "aarch64", "AMD64"."""
    cpu_name: str
    """The processor's trade name; "" when nobody knows."""
    cpu_flags: frozenset[str]
    """Instruction set extensions in Linux's spelling ("avx2", "sse4_2"); empty when nobody knows."""
    cores_physical: int
    """Cores of the whole machine."""
    cores_logical: int
    """Hardware threads of the whole machine."""
    cores_usable: int
    """Physical cores that this process may use (affinity and container quota)."""
    memory_total_bytes: int
    """Memory of the machine or the container; 0 when nobody knows."""
    memory_available_bytes: int
    """What can be had without pushing others out; 0 when nobody knows."""


def probe() -> Hardware:
    """Look at the machine. Takes milliseconds."""
    return Hardware(
        system=f"{platform.system()} {platform.release()}".strip(),
        machine=platform.machine(),
        cpu_name=cpu_name(),
        cpu_flags=cpu_flags(),
        cores_physical=len(set(_siblings(range(os.cpu_count() or 1)))),
        cores_logical=os.cpu_count() or 1,
        cores_usable=usable_cores(),
        memory_total_bytes=memory_total(),
        memory_available_bytes=memory_available(),
    )


# --- cores -----------------------------------------------------------------------------


@cache
def usable_cores() -> int:
    """Physical cores that this process may use, at least 1: those of its affinity, within its CPU quota."""
    cores = len(set(_siblings(allowed_cpus())))
    quota = _cpu_quota()
    if quota is not None:
        cores = min(cores, max(1, round(quota)))
    return max(1, cores)


def allowed_cpus() -> list[int]:
    """Hardware threads that the scheduler may give this process."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _siblings(cpus: list[int] | range) -> Iterator[str]:
    """For each hardware thread a name of its physical core."""
    if _PLATFORM == "linux":
        for cpu in cpus:
            topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
            yield _read(topology / "thread_siblings_list") or str(cpu)
        return
    physical = len(cpus)
    if _PLATFORM == "darwin":
        # Performance cores only: one slow efficiency core holds all others back at every barrier.
        physical = _sysctl_number("hw.perflevel0.physicalcpu") or _sysctl_number("hw.physicalcpu") or physical
    elif _PLATFORM == "win32":
        physical = _windows_physical_cores() or physical
    yield from (str(index) for index in range(min(physical, len(cpus))))


def _cpu_quota() -> float | None:
    """CPUs' worth of time that the container grants; None without a limit."""
    for folder in _cgroup_folders("cpu"):
        limit = _read(folder / "cpu.max").split()
        if len(limit) == 2 and limit[0].isdecimal() and int(limit[1]) > 0:
            return int(limit[0]) / int(limit[1])
        quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(period) > 0:
            return int(quota) / int(period)
    return None


def _windows_physical_cores() -> int:
    """Count RelationProcessorCore records of GetLogicalProcessorInformation."""

    class Record(ctypes.Structure):
        _fields_ = (
            ("mask", ctypes.c_size_t),
            ("relation", ctypes.c_int),
            ("rest", ctypes.c_ulonglong * 2),
        )

    size = ctypes.c_ulong(0)
    call = _kernel32().GetLogicalProcessorInformation
    call(None, ctypes.byref(size))
    records = (Record * (size.value // ctypes.sizeof(Record)))()
    if not call(records, ctypes.byref(size)):
        return 0
    return sum(record.relation == 0 for record in records)


# --- memory ----------------------------------------------------------------------------


def memory_total() -> int:
    """Memory of the machine, or of the container when that is less, bytes; 0 when nobody knows."""
    total = _meminfo("MemTotal")
    if _PLATFORM == "darwin":
        total = _sysctl_number("hw.memsize")
    elif _PLATFORM == "win32":
        total = _windows_memory()[0]
    limits = [limit for limit, _ in _memory_limits()]
    return min([total, *limits]) if total else min(limits, default=0)


def memory_available() -> int:
    """Memory that a new model can take without pushing others out, bytes; 0 when nobody knows."""
    free = _meminfo("MemAvailable")
    if _PLATFORM == "darwin":
        free = _mac_free_memory()
    elif _PLATFORM == "win32":
        free = _windows_memory()[1]
    room = [max(0, limit - used) for limit, used in _memory_limits()]
    return min([free, *room]) if free else min(room, default=0)


def _meminfo(field: str) -> int:
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def _memory_limits() -> Iterator[tuple[int, int]]:
    """(limit, used without reclaimable file cache) in bytes of each container around us."""
    for folder in _cgroup_folders("memory"):
        for limit_name, used_name, cache_name in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            limit, used = _read(folder / limit_name), _read(folder / used_name)
            # Version 1 writes "no limit" as a number near 2**63.
            if limit.isdecimal() and used.isdecimal() and int(limit) < 2**60:
                cached = 0
                for line in _read(folder / "memory.stat").splitlines():
                    name, _, value = line.partition(" ")
                    if name == cache_name:
                        cached = int(value)
                yield int(limit), int(used) - cached


def _cgroup_folders(controller: str) -> Iterator[Path]:
    """The process's control group folders, from its own up to the root; versions 1 and 2."""
    if _PLATFORM != "linux":
        return
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            roots = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")]
        elif controller in controllers.split(","):
            roots = [Path("/sys/fs/cgroup", controllers), Path("/sys/fs/cgroup", controller)]
        else:
            continue
        for root in roots:
            if not root.is_dir():
                continue
            # In a container the path may be the host's and not exist here; the root then is ours.
            folder = root / path.lstrip("/")
            while folder != root.parent:
                yield folder
                folder = folder.parent
            break


def _windows_memory() -> tuple[int, int]:
    """(total, available) by GlobalMemoryStatusEx."""

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")),
        )

    status = Status(length=ctypes.sizeof(Status))
    _kernel32().GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.total), int(status.available)


def _mac_free_memory() -> int:
    """Free, inactive and speculative pages, by vm_stat."""
    pages = 0
    page_bytes = _sysctl_number("hw.pagesize") or 4096
    for line in _run("vm_stat").splitlines():
        name, _, value = line.partition(":")
        if name in ("Pages free", "Pages inactive", "Pages speculative", "Pages purgeable"):
            pages += int(value.strip().rstrip(".") or 0)
    return pages * page_bytes


# --- processor -------------------------------------------------------------------------


def cpu_name() -> str:
    """The processor's trade name; "" when nobody knows."""
    if _PLATFORM == "darwin":
        return _run("sysctl", "-n", "machdep.cpu.brand_string")
    if _PLATFORM == "linux":
        for field in ("model name", "Model", "Hardware"):
            if name := _cpuinfo(field):
                return name
        return _read(Path("/proc/device-tree/model")).rstrip("\0")
    if _PLATFORM == "win32":
        registry: Any = import_module("winreg")
        place = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        with suppress(OSError), registry.OpenKey(registry.HKEY_LOCAL_MACHINE, place) as key:
            return str(registry.QueryValueEx(key, "ProcessorNameString")[0]).strip()
    return platform.processor()


def cpu_flags() -> frozenset[str]:
    """Instruction set extensions in Linux's spelling; empty when nobody knows."""
    if _PLATFORM == "darwin":
        if platform.machine() == "arm64":
            # Names from Apple's documentation of sysctl, "Determining Instruction Set Characteristics".
            names = {"asimddp": "FEAT_DotProd", "asimdhp": "FEAT_FP16", "i8mm": "FEAT_I8MM"}
            return frozenset(n for n, apple in names.items() if _sysctl_number(f"hw.optional.arm.{apple}"))
        words = _run("sysctl", "-n", "machdep.cpu.features", "machdep.cpu.leaf7_features").lower()
        return frozenset(words.replace("sse4.", "sse4_").replace("avx1.0", "avx").split())
    if _PLATFORM == "win32":
        # Numbers of IsProcessorFeaturePresent, from winnt.h.
        present = _kernel32().IsProcessorFeaturePresent
        numbers = {"ssse3": 36, "sse4_1": 37, "sse4_2": 38, "avx": 39, "avx2": 40, "avx512f": 41, "neon": 19}
        numbers["asimddp"] = 43
        return frozenset(name for name, number in numbers.items() if present(number))
    if platform.machine() == "aarch64":
        return _arm_flags()
    return frozenset((_cpuinfo("flags") or _cpuinfo("Features")).split())


_HWCAP = {"fp": 0, "asimd": 1, "fphp": 9, "asimdhp": 10, "asimddp": 20, "sve": 22}
_HWCAP2 = {"sve2": 1, "i8mm": 13, "bf16": 14, "sme": 23}
"""Bits of the auxiliary vector's words, from Linux's arch/arm64/include/uapi/asm/hwcap.h."""


def _arm_flags() -> frozenset[str]:
    """What the kernel tells the process itself: true where /proc/cpuinfo is hidden or another machine's."""
    try:
        getauxval = ctypes.CDLL(None)["getauxval"]
    except (AttributeError, OSError):
        return frozenset(_cpuinfo("Features").split())
    getauxval.restype, getauxval.argtypes = ctypes.c_ulong, [ctypes.c_ulong]
    words = ((getauxval(16), _HWCAP), (getauxval(26), _HWCAP2))  # AT_HWCAP, AT_HWCAP2
    return frozenset(name for word, bits in words for name, bit in bits.items() if word >> bit & 1)


def _cpuinfo(field: str) -> str:
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        if name.strip() == field:
            return value.strip()
    return ""


def _sysctl_number(name: str) -> int:
    text = _run("sysctl", "-n", name)
    return int(text) if text.isdecimal() else 0


def _run(*command: str) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    return ""


def _kernel32() -> Any:
    return vars(ctypes)["windll"].kernel32


def _read(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text().strip()
    return ""
