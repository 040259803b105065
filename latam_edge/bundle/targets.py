"""Machines that a bundle can serve: a platform and a version of Python.

The tags are those of the wheels that such a machine accepts (PEP 425, PEP 600):
Debian 12 and Raspberry Pi OS 12 have glibc 2.36, Ubuntu 22.04 has 2.35; 2.28 is
the newest that is asked for, so that all of them can load what is packed.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

PLATFORMS: dict[str, tuple[str, ...]] = {
    "linux-x86_64": (
        "manylinux_2_28_x86_64",
        "manylinux_2_27_x86_64",
        "manylinux_2_24_x86_64",
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
        "manylinux_2_12_x86_64",
        "manylinux2010_x86_64",
        "manylinux_2_5_x86_64",
        "manylinux1_x86_64",
        "linux_x86_64",
    ),
    "linux-aarch64": (
        "manylinux_2_28_aarch64",
        "manylinux_2_27_aarch64",
        "manylinux_2_24_aarch64",
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
        "linux_aarch64",
    ),
    "windows-x86_64": ("win_amd64",),
    "macos-arm64": tuple(
        f"macosx_{major}_0_{kind}" for major in (14, 13, 12, 11) for kind in ("arm64", "universal2")
    ),
    "macos-x86_64": tuple(
        f"macosx_{version}_{kind}"
        for version in ("13_0", "12_0", "11_0", "10_15", "10_14", "10_13", "10_12", "10_9")
        for kind in ("x86_64", "universal2")
    ),
}
"""Platform: the tags of wheels for it, the best first."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""CPython versions that a bundle can be made for: Debian 12 has 3.11, Ubuntu 24.04 3.12, Debian 13 3.13."""

_SYSTEMS = {"linux": "linux", "win32": "windows", "darwin": "macos"}
_MACHINES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One kind of machine."""

    platform: str
    """A key of PLATFORMS."""
    python: str
    """Version of CPython, "3.11"."""

    def __str__(self) -> str:
        return f"{self.platform}, Python {self.python}"

    @property
    def tag(self) -> str:
        """CPython's tag: "cp311"."""
        return "cp" + self.python.replace(".", "")


def here() -> Target:
    """The machine that this runs on; its platform need not be one of PLATFORMS."""
    system = _SYSTEMS.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    machine = _MACHINES.get(machine, machine)
    if system == "macos" and machine == "aarch64":
        machine = "arm64"
    # A 64-bit processor may run a 32-bit system (Raspberry Pi OS): what counts is the interpreter.
    if sys.maxsize < 2**32:
        machine += "-32bit"
    return Target(f"{system}-{machine}", f"{sys.version_info[0]}.{sys.version_info[1]}")
