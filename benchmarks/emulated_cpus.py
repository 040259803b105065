"""Which variant does a portable build choose on processors that aren't here, and does it answer?

    python benchmarks/emulated_cpus.py --site DIR [--cpu Nehalem ...] [--out FILE]
    python benchmarks/emulated_cpus.py --machine aarch64 --site DIR --root DIR [--cpu cortex-a53 ...]

The worker, and nothing else, runs under QEMU's user emulation (qemu-x86_64-static,
qemu-aarch64-static): this program asks it as the chat does. An instruction that the
emulated processor lacks kills the worker there as it would on the real one.

--site: a folder with the portable wheel unpacked, or what a suitcase installed here
(~/.local/share/latam-edge/app/versions/*/lib). For aarch64 the folder also needs what the worker
imports (pip install --target DIR --platform manylinux_2_28_aarch64 --only-binary=:all: jinja2
numpy platformdirs typing_extensions, and the wheel); a suitcase's arm64 folder has it.
--root: for aarch64, a root file system with Python 3.11 (debootstrap --arch=arm64).

No speed is reported: an emulated one says nothing about the processor. `unused` is given
for aarch64 alone: for x86-64 /proc/cpuinfo shows this machine's extensions, not the emulated ones.
benchmarks/suitcase_root.py runs a whole arm64 system on such processors.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from latam_edge.core.errors import LatamEdgeError
from latam_edge.runtime import client as clients
from latam_edge.runtime.types import Chunk, EngineConfig, Message, Request, Sampling
from latam_edge.store.library import Library

ROOT = Path(__file__).resolve().parents[1]
CPUS = {
    "x86_64": ("Nehalem", "Haswell"),
    "aarch64": ("cortex-a53", "cortex-a72", "cortex-a76"),
}
QUESTION = "¿Cuánto es 7 más 5?"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", choices=list(CPUS), default="x86_64")
    parser.add_argument("--site", type=Path, required=True)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--cpu", action="append")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--tokens", type=int, default=12)
    parser.add_argument("--native", action="store_true", help="ask this machine's own processor as well")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    model = options.model or Library().resolve(None).path
    rows = []
    for cpu in ["", *(options.cpu or CPUS[options.machine])][0 if options.native else 1 :]:
        row = ask(options, cpu, model)
        rows.append(row)
        print(json.dumps(row, ensure_ascii=False), flush=True)
    if options.out is not None:
        options.out.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if all(row["answered"] for row in rows) else 1


def ask(options: argparse.Namespace, cpu: str, model: Path) -> dict[str, Any]:
    """One question to a worker on `cpu` ("": this machine's own)."""
    row: dict[str, Any] = {"machine": options.machine, "cpu": cpu or "this machine", "answered": False}
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "python"
        python.write_text("#!/bin/sh\nexec " + " ".join(map(_quoted, command(options, cpu))) + ' "$@"\n')
        python.chmod(0o755)
        kept = sys.executable, os.environ.get("PYTHONPATH")
        sys.executable = str(python)
        os.environ["PYTHONPATH"] = os.pathsep.join((str(options.site.resolve()), str(ROOT)))
        # An emulated start takes minutes on a busy machine.
        clients.HELLO_TIMEOUT_S = clients.LOAD_TIMEOUT_S = 1200.0
        client = clients.Client(model, EngineConfig(engine="llama", n_ctx=1024, n_threads=1))
        try:
            info = client.start()
            row["variant"] = info.variant
            if options.machine == "aarch64":
                row["unused"] = list(info.unused)
            sampling = Sampling(temperature=0.0, max_tokens=options.tokens)
            events = client.stream(Request((Message("user", QUESTION),), sampling))
            row["answer"] = "".join(event.text for event in events if isinstance(event, Chunk))
            row["answered"] = bool(row["answer"])
        except LatamEdgeError as error:
            row["error"] = str(error)
        finally:
            client.close()
            sys.executable = kept[0]
            os.environ.pop("PYTHONPATH")
            if kept[1] is not None:
                os.environ["PYTHONPATH"] = kept[1]
    return row


def command(options: argparse.Namespace, cpu: str) -> list[str]:
    """What stands for Python in the worker's command line."""
    python = [sys.executable]
    if options.machine == "aarch64":
        if options.root is None:
            sys.exit("aarch64 needs --root")
        python = ["-L", str(options.root.resolve()), str(options.root.resolve() / "usr/bin/python3.11")]
    if not cpu:
        return python
    emulator = shutil.which(f"qemu-{options.machine}-static") or shutil.which(f"qemu-{options.machine}")
    if emulator is None:
        sys.exit(f"qemu-{options.machine} is not installed (Debian: qemu-user-static)")
    return [emulator, "-cpu", cpu, *python]


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


if __name__ == "__main__":
    sys.exit(main())
