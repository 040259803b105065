"""The worker's environment variables: what has to be set before native code loads."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from latam_edge.core.i18n import language

SPIN_COUNT = 2_000_000
"""Turns that an OpenMP thread spins, waiting for the next step, before it sleeps (GOMP_SPINCOUNT).

Finite, so that an idle chat burns nothing. See docs/decisions for the measurement.
"""

LARGE_PAGES = "glibc.malloc.hugetlb=1"
"""glibc asks the kernel for pages of 2 MB behind large allocations (from 2.35 on; source: its manual,
Memory Allocation Tunables).

A step reads all weights once, and with pages of 4 KB up to a tenth of its time goes to
translating addresses. Many kernels give larger ones only to those who ask. Elsewhere it means nothing.
"""

ILLEGAL_INSTRUCTION = (-4, 0xC000001D)
"""Exit statuses of a process that met an instruction which its processor lacks: SIGILL, Windows' number."""


def child_environment() -> dict[str, str]:
    """This process's environment plus what the worker needs. Values that the user set stay."""
    env = dict(os.environ)
    if not env.keys() & {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}:
        env["GOMP_SPINCOUNT"] = str(SPIN_COUNT)
    env.setdefault("GLIBC_TUNABLES", LARGE_PAGES)
    env["LATAM_EDGE_LANG"] = language()
    # The worker runs without the current folder in its path (python -P): a file json.py beside
    # a model on a USB stick must not be run. A source tree that is not installed is named here.
    root = Path(__file__).resolve().parents[2]
    if root != Path(sysconfig.get_paths()["purelib"]).resolve():
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [env.get("PYTHONPATH", ""), str(root)]))
    return env
