"""What a bundle says it holds: read within bounds, and believed in nothing that can be checked.

The manifest is JSON, so that a person can read it on any machine. Its bytes are
signed as they are. A signature says who wrote the list, not that the list is
sane: every path, size and reference is checked all the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from latam_edge.bundle import layout
from latam_edge.core.errors import BadBundle, BundleEscape

SCHEMA = 1
MAX_BYTES = 8 << 20
"""Some twenty thousand files."""
MAX_RATIO = 100
"""Deflate packs real packages to a third or a tenth. Beyond this, a wheel is a bomb."""

KINDS = ("start", "document", "wheel", "model", "persona", "python")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the bundle."""

    path: str
    """Relative, with "/"."""
    sha256: str
    size: int
    """Bytes."""
    kind: str
    """One of KINDS."""
    licence: str
    """SPDX expression, or the package's own words."""
    platform: str = "any"
    """A key of `targets.PLATFORMS`, or "any"."""
    unpacked: int = 0
    """Of a wheel: bytes that its files take."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model, cut into parts."""

    name: str
    """What the file is called when it is whole."""
    sha256: str
    size: int
    parts: tuple[str, ...]
    """Paths of items, in order."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model to be put into the library."""

    name: str
    folder: bool
    """Whether it is a folder of files (ONNX) rather than one file."""
    licence: str
    files: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Packages:
    """The wheels that one kind of machine installs."""

    platform: str
    python: str
    wheels: tuple[str, ...]
    """Paths of items."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole list."""

    version: str
    """Version of latam-edge."""
    serial: int
    """Seconds since 1970 when the content last changed; an older bundle has a smaller one."""
    bootstrap: tuple[str, ...]
    """Wheels that the installer itself runs from, without being installed. Paths of items."""
    files: tuple[Item, ...]
    models: tuple[Model, ...] = ()
    packages: tuple[Packages, ...] = ()
    pythons: dict[str, str] = field(default_factory=dict)
    """Platform: path of an archive with a whole CPython, for machines that have none."""

    def item(self, path: str) -> Item:
        """The file of that path. Raises KeyError."""
        for item in self.files:
            if item.path == path:
                return item
        raise KeyError(path)


def encode(manifest: Manifest) -> bytes:
    """The bytes that are written and signed; the same manifest always gives the same."""
    value = {"schema": SCHEMA, **asdict(manifest)}
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def decode(data: bytes, path: Path) -> Manifest:
    """The manifest in `data`, which came from `path`. Raises BadBundle, BundleEscape."""
    try:
        value = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadBundle(path=path, detail="JSON")
    if value.pop("schema", None) != SCHEMA:
        raise BadBundle(path=path, detail="schema")
    try:
        manifest = Manifest(
            version=_typed(value.pop("version"), str),
            serial=_typed(value.pop("serial"), int),
            bootstrap=_texts(value.pop("bootstrap")),
            files=tuple(_make(Item, item) for item in _typed(value.pop("files"), list)),
            models=tuple(_model(model) for model in _typed(value.pop("models"), list)),
            packages=tuple(
                _make(Packages, {**_typed(each, dict), "wheels": _texts(each["wheels"])})
                for each in _typed(value.pop("packages"), list)
            ),
            pythons={
                _typed(key, str): _typed(each, str)
                for key, each in _typed(value.pop("pythons"), dict).items()
            },
        )
        if value:
            raise TypeError(sorted(value)[0])
    except (KeyError, TypeError) as error:
        raise BadBundle(path=path, detail=f"JSON: {error}") from None
    _check(manifest, path)
    return manifest


_T = TypeVar("_T")


def _typed(value: Any, kind: type[_T]) -> _T:
    if type(value) is not kind:
        raise TypeError(kind.__name__)
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_typed(each, str) for each in _typed(value, list))


def _make(cls: type[_T], value: Any) -> _T:
    """A flat dataclass from a JSON object whose every value has its field's type. Raises TypeError."""
    made = cls(**_typed(value, dict))
    kinds = {"str": str, "int": int, "bool": bool}
    for each in fields(cls):  # type: ignore[arg-type]
        if (kind := kinds.get(str(each.type))) is not None:
            _typed(getattr(made, each.name), kind)
    return made


def _model(value: Any) -> Model:
    files = tuple(
        _make(ModelFile, {**_typed(file, dict), "parts": _texts(file["parts"])})
        for file in _typed(_typed(value, dict)["files"], list)
    )
    return _make(Model, {**value, "files": files})


# --- what a list may not claim ----------------------------------------------------------


def _check(manifest: Manifest, path: Path) -> None:
    """Raises BadBundle or BundleEscape for the first claim that can't be true."""

    def refuse(detail: str) -> None:
        raise BadBundle(path=path, detail=detail)

    if not re.fullmatch(r"\d+(\.\d+){0,3}([a-z0-9.+-]*)", manifest.version) or len(manifest.version) > 40:
        refuse("version")
    if not 0 < manifest.serial < 1 << 40:
        refuse("serial")
    known: dict[str, Item] = {}
    folded: set[str] = set()
    folders: set[str] = set()
    for item in manifest.files:
        wrong = layout.problem_with(item.path)
        if wrong == "escape":
            raise BundleEscape(name=item.path, inside=path.name)
        if wrong or item.path in (layout.MANIFEST, layout.SIGNATURE):
            refuse(item.path[:80])
        if item.path.lower() in folded:  # FAT32 would make one file of both
            refuse(f"{item.path}: 2x")
        if not _SHA256.fullmatch(item.sha256) or not 0 <= item.size <= layout.MAX_FILE_BYTES:
            refuse(item.path)
        if item.kind not in KINDS or item.unpacked < 0 or item.unpacked > MAX_RATIO * item.size + 4096:
            refuse(item.path)
        known[item.path] = item
        folded.add(item.path.lower())
        folders.update(parent.lower() for parent in layout.parents(item.path))
    if both := folded & folders:
        refuse(sorted(both)[0])

    def named(paths: Iterable[str], kind: str) -> None:
        for each in paths:
            if each not in known or known[each].kind != kind:
                refuse(each[:80])

    named(manifest.bootstrap, "wheel")
    named(manifest.pythons.values(), "python")
    for packages in manifest.packages:
        named(packages.wheels, "wheel")
    for model in manifest.models:
        if not model.files or (not model.folder and len(model.files) != 1):
            refuse(model.name[:80])
        names = [file.name for file in model.files]
        if len({name.lower() for name in names}) != len(names):
            refuse(model.name[:80])
        for name in (model.name, *names):
            if layout.problem_with(name) or "/" in name:
                raise BundleEscape(name=name[:80], inside=path.name)
        for file in model.files:
            named(file.parts, "model")
            if not _SHA256.fullmatch(file.sha256) or file.size != sum(
                known[part].size for part in file.parts
            ):
                refuse(file.name)
