"""`latam-edge doctor`: what this machine is, what is installed, what to do."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latam_edge.cli import options, output
from latam_edge.cli.parser import Parser
from latam_edge.core.errors import LatamEdgeError
from latam_edge.core.i18n import decimal, format_bytes, t

ENGINE_TIMEOUT_S = 60.0
"""A cold start of the native library from an SD card."""
LITTLE_DISK_BYTES = 500_000_000
LITTLE_MEMORY_BYTES = 400_000_000

PACKAGES = ("llama-cpp-python", "textual", "jinja2", "numpy", "onnxruntime", "onnx", "torch", "transformers")
"""The first four are always needed; the others come with extras."""
NEEDED = PACKAGES[:4]

_PROBE = (
    "import json\n"
    "from dataclasses import asdict\n"
    "from latam_edge.runtime.llama.native import library\n"
    "from latam_edge.runtime.llama.variants import build\n"
    "lib = library()\n"
    "print(json.dumps({**asdict(build(lib)), 'gpu': bool(lib.llama_supports_gpu_offload())}))\n"
)


_ONNX_PROBE = (
    "from latam_edge.runtime.onnx.native import installed_providers\nprint(' '.join(installed_providers()))\n"
)


@dataclass(slots=True)
class Report:
    """What was found; sections keep their order."""

    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Section -> fact -> value; a value that is a number of bytes has a name ending in _bytes."""
    todo: list[str] = field(default_factory=list)
    """What to do, most urgent first; empty when all is well."""


def parser() -> Parser:
    parser = Parser("latam-edge doctor", t("cli.help.doctor"))
    parser.add_argument("--verify", action="store_true", help=t("doctor.opt.verify"))
    parser.add_argument("--json", action="store_true", help=t("cli.opt.json"))
    options.add_language(parser)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    report = Report()
    for name, look in _SECTIONS.items():
        report.sections[name] = look(report, args)
    if args.json:
        output.json({**report.sections, "todo": report.todo})
    else:
        _show(report)
    return 0


def _show(report: Report) -> None:
    for name, facts in report.sections.items():
        output.line(output.bold(t(f"doctor.section.{name}")))
        pairs = [(_label(name, fact), _say(fact, value)) for fact, value in facts.items()]
        output.facts([(f"  {label}", value) for label, value in pairs])
        output.line()
    if not report.todo:
        output.line(t("doctor.all_well"))
        return
    output.line(output.bold(t("doctor.todo")))
    for index, said in enumerate(report.todo, start=1):
        output.line(f"  {index}. {said}")


def _label(section: str, fact: str) -> str:
    """A fact's name for people; packages are called by their own."""
    return fact if section == "installed" and fact in PACKAGES else t(f"doctor.fact.{fact}")


def _say(fact: str, value: Any) -> str:
    if value is None or value == "":
        return t("doctor.none")
    if isinstance(value, bool):
        return t("cli.yes") if value else t("cli.no")
    if fact.endswith("_bytes"):
        return format_bytes(value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or t("doctor.none")
    return decimal(str(value)) if isinstance(value, float) else str(value)


def _machine(report: Report, args: argparse.Namespace) -> dict[str, Any]:
    from latam_edge.bench.bandwidth import read_bandwidth
    from latam_edge.bench.memory import load_average
    from latam_edge.core import hardware
    from latam_edge.runtime.extensions import FEATURES

    found = hardware.probe()
    available = found.memory_available_bytes
    if 0 < available < LITTLE_MEMORY_BYTES:
        report.todo.append(t("doctor.todo.memory", free=format_bytes(available)))
    return {
        "system": found.system,
        "cpu": found.cpu_name or found.machine,
        "extensions": [name for name in FEATURES if name in found.cpu_flags],
        "cores": found.cores_usable,
        "memory_bytes": found.memory_total_bytes,
        "available_bytes": available,
        "bandwidth_bytes": round(read_bandwidth()),
        "load": None if (load := load_average()) is None else round(load, 2),
    }


def _installed(report: Report, args: argparse.Namespace) -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    from latam_edge.core.version import __version__

    facts: dict[str, Any] = {"latam_edge": __version__, "python": sys.version.split()[0]}
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = None
    if missing := [package for package in NEEDED if facts[package] is None]:
        report.todo.append(t("doctor.todo.install", packages=" ".join(missing)))
    return facts


def _engine(report: Report, args: argparse.Namespace) -> dict[str, Any]:
    """Ask the native library in a child: a build for another processor dies of its first instruction."""
    said, detail, illegal = _probe(_PROBE)
    if not said:
        report.todo.append(t("doctor.todo.rebuild" if illegal else "doctor.todo.engine", detail=detail))
        return {"works": False}
    found = json.loads(said[-1])
    if found["unused"]:
        report.todo.append(t("doctor.todo.slow_build", extensions=", ".join(found["unused"])))
    return {
        "works": True,
        "variant": found["variant"] or None,
        "build": found["features"],
        "unused": found["unused"],
        "gpu": found["gpu"],
    }


def _onnx(report: Report, args: argparse.Namespace) -> dict[str, Any]:
    """The second engine is an extra: nothing is amiss when it is not there, only when it does not start."""
    from importlib.util import find_spec

    if find_spec("onnxruntime") is None:
        return {"works": False, "providers": []}
    said, detail, _ = _probe(_ONNX_PROBE)
    if not said:
        report.todo.append(t("doctor.todo.onnx", detail=detail))
    return {"works": bool(said), "providers": said[-1].split() if said else []}


def _probe(code: str) -> tuple[list[str], str, bool]:
    """Run Python in a child: (its lines, none when it failed; why; whether of an illegal instruction)."""
    from latam_edge.runtime.environment import ILLEGAL_INSTRUCTION, child_environment

    try:
        child = subprocess.run(
            [sys.executable, "-P", "-c", code],
            env=child_environment(),
            capture_output=True,
            timeout=ENGINE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], str(error), False
    if child.returncode == 0:
        return child.stdout.decode("utf-8", "replace").splitlines(), "", False
    last = child.stderr.decode("utf-8", "replace").strip().splitlines()
    detail = last[-1] if last else t("doctor.exit", status=child.returncode)
    return [], detail, child.returncode in ILLEGAL_INSTRUCTION


def _library(report: Report, args: argparse.Namespace) -> dict[str, Any]:
    from latam_edge.cli.bar import Bar
    from latam_edge.store.library import Library

    library = Library()
    facts: dict[str, Any] = {"folder": str(library.folder)}
    try:
        entries = library.list()
        facts["default"] = library.default()
        if library.was_rebuilt:
            report.todo.append(t("doctor.todo.manifest", folder=library.folder))
    except LatamEdgeError as error:
        report.todo.append(str(error))
        return facts
    if not any(entry.embedded for entry in entries):
        report.todo.append(t("doctor.todo.embedded"))
    broken = []
    with Bar() as bar:
        for entry in entries:
            try:
                if args.verify:
                    library.verify(entry.name, bar)
                else:
                    library.resolve(entry.name)
            except LatamEdgeError as error:
                broken.append(entry.name)
                report.todo.append(str(error))
    facts["models"] = [entry.name for entry in entries]
    facts["broken"] = broken
    facts["models_bytes"] = sum(entry.file_bytes for entry in entries)
    facts["disk_free_bytes"] = free = _disk_free(library.folder)
    if free is not None and free < LITTLE_DISK_BYTES:
        report.todo.append(t("doctor.todo.disk", free=format_bytes(free)))
    return facts


def _disk_free(folder: Path) -> int | None:
    """Free bytes on the disk of `folder`, which need not exist yet."""
    for place in (folder, *folder.parents):
        if place.exists():
            with suppress(OSError):
                return shutil.disk_usage(place).free
            return None
    return None


def _history(report: Report, args: argparse.Namespace) -> dict[str, Any]:
    """Look without touching: a repair is the chat's business, and it says what it did."""
    from latam_edge.core import paths
    from latam_edge.history.recovery import damage

    path = paths.history_file()
    facts: dict[str, Any] = {"file": str(path)}
    if not path.exists():
        return facts
    facts["history_bytes"] = path.stat().st_size
    if detail := damage(path):
        report.todo.append(t("doctor.todo.history", path=path, detail=detail))
    facts["sound"] = not detail
    if os.name != "nt" and path.stat().st_mode & 0o077:
        report.todo.append(t("doctor.todo.private", path=path))
    return facts


def _settings(report: Report, args: argparse.Namespace) -> dict[str, Any]:
    from latam_edge.core import paths
    from latam_edge.core.i18n import language
    from latam_edge.core.settings import load_settings

    path = paths.settings_file()
    try:
        load_settings(path)
    except LatamEdgeError as error:
        report.todo.append(str(error))
    return {"file": str(path) if path.exists() else None, "language": language()}


_SECTIONS: dict[str, Callable[[Report, argparse.Namespace], dict[str, Any]]] = {
    "machine": _machine,
    "installed": _installed,
    "engine": _engine,
    "onnx": _onnx,
    "library": _library,
    "history": _history,
    "settings": _settings,
}
