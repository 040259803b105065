"""The general door: optimum exports what our writer does not know, and the lattice is put on its graph.

optimum knows some hundred architectures and writes them out operator by operator: its
graphs decode some 2.5 times slower than ours. It runs as a child process, because it
loads torch and the whole checkpoint, and because it pins versions that other programs
can't use: LATAM_EDGE_OPTIMUM_PYTHON names the Python of an environment of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from convert import destination
from convert.to_onnx.exporter import OnnxResult, new_folder
from latam_edge.core.errors import BadCheckpoint, MissingExtra, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.onnx import read_folder

PYTHON_VARIABLE = "LATAM_EDGE_OPTIMUM_PYTHON"
TYPES = ("int4", "f32")
TIMEOUT_S = 4 * 3600.0
"""A model of some billions of weights on a small machine."""

_SIDE_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)
_EXTERNAL_FROM_BYTES = 1024
"""Smaller tensors stay in the graph: shapes and axes, which ONNX Runtime reads while it loads."""


def convert(
    checkpoint: Path,
    out: Path,
    type: str = "int4",
    *,
    method: str = "rtn",
    accuracy_level: int = 4,
    progress: Progress = silent,
) -> OnnxResult:
    """Write a checkpoint of any architecture that optimum knows as a folder for the ONNX engine.

    type: one of TYPES. method: "rtn" or "absmax". The checkpoint's own code is never run.
    A folder that is at `out` already gives way when the new one is whole.
    Raises MissingExtra, UsageError, BadCheckpoint with optimum's reason, DiskFull or ReadOnlyPlace.
    """
    started = time.monotonic()
    if type not in TYPES:
        raise UsageError(detail=t("convert.unknown_type", found=type, known=", ".join(TYPES)))
    if method not in ("rtn", "absmax"):
        raise UsageError(detail=t("convert.unknown_method", found=method, known="rtn, absmax"))
    checkpoint, out = Path(checkpoint), Path(out)
    destination.check_folder(out)
    if not (checkpoint / "config.json").is_file():
        raise BadCheckpoint(path=checkpoint, detail="config.json")
    python = _python()
    import onnx

    from convert.to_onnx.graph_codes import quantize

    with new_folder(out) as folder, tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        progress(Step("convert.exporting", 0, 1))
        _run_optimum(python, checkpoint, Path(scratch))
        progress(Step("convert.exporting", 1, 1))
        model = onnx.load(str(Path(scratch) / "model.onnx"))
        coded, kept = 0, list[str]()
        if type == "int4":
            coded, kept = quantize(model, method, accuracy_level, progress)
        onnx.save_model(
            model,
            str(folder / "model.onnx"),
            save_as_external_data=True,
            all_tensors_to_one_file=True,
            location="model.onnx.data",
            size_threshold=_EXTERNAL_FROM_BYTES,
        )
        for name in _SIDE_FILES:
            # The checkpoint's own where it has one: transformers rewrites what it reads.
            source = next((f / name for f in (checkpoint, Path(scratch)) if (f / name).exists()), None)
            if source is not None:
                shutil.copyfile(source, folder / name)
        header = read_folder(folder)
    return OnnxResult(
        path=out,
        file_bytes=header.file_bytes,
        bits_per_weight=header.bits_per_weight,
        seconds=time.monotonic() - started,
        n_tensors=coded or len(header.tensors),
        kept=tuple(kept),
    )


def _python() -> str:
    """The interpreter that has optimum. Raises MissingExtra."""
    if named := os.environ.get(PYTHON_VARIABLE):
        return named
    try:
        found = find_spec("optimum.exporters.onnx") is not None
    except ModuleNotFoundError:
        found = False
    if not found:
        raise MissingExtra(package="optimum-onnx", extra="optimum")
    return sys.executable


def _run_optimum(python: str, checkpoint: Path, out: Path) -> None:
    """Export into `out`, with the network shut. Raises BadCheckpoint with the last line that it wrote."""
    command = [python, "-m", "optimum.exporters.onnx", "--model", str(checkpoint.absolute())]
    command += ["--task", "text-generation-with-past", "--device", "cpu", str(out)]
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    env.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            command, env=env, capture_output=True, timeout=TIMEOUT_S, check=False, cwd=str(out)
        )
    except OSError as error:
        raise MissingExtra(package="optimum-onnx", extra="optimum") from error
    except subprocess.TimeoutExpired as error:
        raise BadCheckpoint(path=checkpoint, detail=f"optimum: > {TIMEOUT_S:.0f} s") from error
    if done.returncode or not (out / "model.onnx").exists():
        said = done.stderr.decode("utf-8", "replace")
        lines = [line for line in said.splitlines() if line.strip()] or [f"exit {done.returncode}"]
        if "No module named" in lines[-1]:
            raise MissingExtra(package="optimum-onnx", extra="optimum")
        detail = lines[-1][:300]
        raise BadCheckpoint(path=checkpoint, detail=f"optimum: {detail}")
