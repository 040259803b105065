"""The library's list of models: one JSON file, replaced whole, read with suspicion."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from latam_edge.core.atomic import disk_errors, write_text
from latam_edge.core.errors import BadFile, LatamEdgeError, UnreadableFile
from latam_edge.core.i18n import t
from latam_edge.formats.model import read_model
from latam_edge.formats.onnx import GRAPH_FILE

FILE = "manifest.json"
SCHEMA = 1
MAX_BYTES = 4 << 20
"""A library of some ten thousand models; more than this is not ours."""


@dataclass(frozen=True, slots=True)
class Record:
    """One model as the manifest keeps it."""

    file: str
    """Name of the file or folder inside the library; a whole path when the model is linked."""
    sha256: str
    """Empty when the list was rebuilt and nobody has computed it since. Of a folder: `folders.digest`."""
    file_bytes: int
    architecture: str
    quantization: str
    parameters: int
    added_at: str
    """ISO 8601, UTC."""
    source: str = ""
    """Where it came from: a path or a download's name."""
    files: dict[str, str] = field(default_factory=dict)
    """sha256 by name of a folder's files; empty for a model that is one file."""

    @property
    def linked(self) -> bool:
        return "/" in self.file or "\\" in self.file


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole list."""

    default: str | None = None
    """Name of the model used when none is asked for; None: the embedded one."""
    models: dict[str, Record] = field(default_factory=dict)
    """By name."""
    rebuilt: bool = False
    """Whether the file was damaged and this came from looking at the folder. Not written."""


class _Damaged(Exception):
    """The file is not a manifest."""


def load(folder: Path) -> Manifest:
    """The manifest of the library in `folder`; an absent one is empty, a damaged one is rebuilt by scanning.

    Raises UnreadableFile, and BadFile when a newer version of the program wrote it: guessing
    at what that one meant could lose it."""
    path = folder / FILE
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return Manifest()
    except OSError:
        raise UnreadableFile(path=path) from None
    try:
        return _parse(data, path)
    except _Damaged:
        return scan(folder)


def _parse(data: bytes, path: Path) -> Manifest:
    try:
        value = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        raise _Damaged from None
    if not isinstance(value, dict) or not isinstance(value.get("schema"), int):
        raise _Damaged
    if value["schema"] > SCHEMA:
        raise BadFile(path=path, reason=t("models.newer_manifest"))
    models = value.get("models")
    default = value.get("default")
    if not isinstance(models, dict) or not isinstance(default, str | None):
        raise _Damaged
    return Manifest(default, {name: _record(record) for name, record in models.items()})


def _record(value: Any) -> Record:
    """A record whose every field has its type. Raises _Damaged."""
    if not isinstance(value, dict):
        raise _Damaged
    known = {f.name for f in fields(Record)}
    try:
        record = Record(**{name: value[name] for name in value if name in known})
    except TypeError:
        raise _Damaged from None
    texts = (record.file, record.sha256, record.architecture, record.quantization, record.added_at)
    numbers = (record.file_bytes, record.parameters)
    good = all(isinstance(text, str) for text in (*texts, record.source))
    if not good or not all(type(number) is int for number in numbers):
        raise _Damaged
    hashes = record.files.items() if isinstance(record.files, dict) else [("", None)]
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in hashes):
        raise _Damaged
    if not record.file or record.file in (".", "..") or "\0" in record.file:
        raise _Damaged
    return record


def scan(folder: Path) -> Manifest:
    """A manifest made from the model files in `folder`. Linked models and sha256s are not known any more."""
    from datetime import UTC, datetime

    models: dict[str, Record] = {}
    found = [(path.stem, path) for path in sorted(folder.glob("*.gguf"))]
    # A folder's name is the model's: "qwen2.5" has no suffix to lose.
    found += [(path.parent.name, path.parent) for path in sorted(folder.glob(f"[!.]*/{GRAPH_FILE}"))]
    for name, path in found:
        with suppress(LatamEdgeError, OSError):
            header = read_model(path)
            when = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
            models[name] = Record(
                file=path.name,
                sha256="",
                file_bytes=header.file_bytes,
                architecture=header.architecture,
                quantization=header.quantization,
                parameters=header.parameters,
                added_at=when,
            )
    return Manifest(None, models, rebuilt=True)


def save(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest, keeping a damaged one beside it. Raises DiskFull, ReadOnlyPlace."""
    path = folder / FILE
    if manifest.rebuilt and path.exists():
        with disk_errors(path):
            path.replace(folder / f"{FILE}.damaged")
    value = {
        "schema": SCHEMA,
        "default": manifest.default,
        "models": {name: asdict(record) for name, record in sorted(manifest.models.items())},
    }
    # ASCII: a linked file's name need not be UTF-8, and JSON's escapes carry its stray bytes.
    write_text(path, json.dumps(value, indent=1) + "\n")
