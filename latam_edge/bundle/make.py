"""Make a bundle, or bring one up to date: only what differs is written.

Every file is planned first (where it comes from, its sha256), then compared with
what the stick holds, then written to a ".part" neighbour and renamed. While files
change there is no manifest, so that a bundle that was cut short can't be installed;
the same command again continues where it stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.resources import files as resources
from pathlib import Path

from latam_edge.bundle import gather, layout, manifest, own_wheel, signature, stick
from latam_edge.bundle.manifest import Item, Manifest, Model, ModelFile, Packages
from latam_edge.bundle.targets import Target
from latam_edge.bundle.wheel import Wheel
from latam_edge.core import paths
from latam_edge.core import personas as personas_
from latam_edge.core.atomic import atomic_write, disk_errors, sync_folder
from latam_edge.core.errors import BadFile, FileMissing, LatamEdgeError, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.core.version import __version__
from latam_edge.formats.model import read_model
from latam_edge.formats.onnx import OnnxHeader
from latam_edge.formats.opening import open_regular
from latam_edge.store.copying import require_room
from latam_edge.store.library import Library

OWN_LICENCE = "Apache-2.0"
BOOTSTRAP = ("latam_edge-", "platformdirs-")
"""Beginnings of the names of the wheels that the installer runs from."""
TEXTS = ("LEEME.txt", "LEIAME.txt", "README.txt")
DOCUMENT_SUFFIXES = (".md", ".txt", ".pdf", ".html")


@dataclass(frozen=True, slots=True)
class Source:
    """What one file of the bundle is to hold."""

    item: Item
    path: Path | None = None
    """The file that the bytes come from; None: `data`."""
    data: bytes = b""
    offset: int = 0
    """Where in `path` they begin."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a bundle is to hold."""

    manifest: Manifest
    """Its serial is 0 until it is known whether anything changed."""
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """What `make` did."""

    manifest: Manifest
    key: bytes
    written: tuple[str, ...]
    """Paths of files that were written."""
    removed: tuple[str, ...]
    """Paths of files that the bundle holds no more."""

    @property
    def total_bytes(self) -> int:
        return sum(item.size for item in self.manifest.files)


def make(
    folder: Path,
    *,
    models: Sequence[str] = (),
    targets: Sequence[Target],
    wheels: Sequence[Path] = (),
    personas: Path | None = None,
    documents: Path | None = None,
    pythons: dict[str, Path] | None = None,
    key: Path | None = None,
    offline: bool = False,
    library: Library | None = None,
    say: Callable[[str], None] = lambda target: None,
    progress: Progress = silent,
) -> Made:
    """Write the bundle into `folder`, which is made when it is not there.

    models: names in the library, or paths. wheels: folders with wheels for pip to look into first.
    personas, documents: folders with text files to carry along. pythons: archive with a whole CPython
    by platform. say: called before the network is used.
    Raises BundleGather, MissingExtra, BadFile, DiskFull, ReadOnlyPlace, and what reading a model raises."""
    work = paths.cache_dir() / "bundle"
    own = own_wheel.pack(work)
    planned = _Planner(progress)
    # What may be mistyped comes before what takes minutes.
    for name in models:
        planned.model(library or Library(), name)
    planned.texts(personas, documents)
    for platform, archive in (pythons or {}).items():
        planned.python(platform, archive)
    for target in targets:
        found = gather.wheels(target, wheels, offline=offline, say=say)
        planned.packages(target, [own, *found])
    return write(folder, planned.plan(), key, progress)


class _Planner:
    """Collects what goes into a bundle, each file once."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._sources: dict[str, Source] = {}
        self._packages: list[Packages] = []
        self._models: list[Model] = []
        self._pythons: dict[str, str] = {}
        for name in ("instalar.sh", "instalar.bat"):
            self._text(name, _resource(name), "start", crlf=name.endswith(".bat"))
        self._text(layout.START, _resource("start.py"), "start")
        for name in TEXTS:
            self._text(name, _resource(name), "document", crlf=True)

    def packages(self, target: Target, paths: Sequence[Path]) -> None:
        """The wheels of one target."""
        listed = []
        for path in paths:
            name = f"{layout.DATA}/wheels/{path.name}"
            listed.append(name)
            if name not in self._sources:
                with Wheel(path) as wheel:
                    about = wheel.about()
                item = self._file(name, path, "wheel", about.licence or "?", _platform(path.name, target))
                self._add(replace(item, unpacked=about.unpacked), path)
        self._packages.append(Packages(target.platform, target.python, tuple(sorted(listed))))

    def model(self, library: Library, name: str) -> None:
        """A model of the library, or of a path, cut into parts. Raises UsageError for the embedded one."""
        entry = library.resolve(name)
        header = read_model(entry.path)
        licence = header.metadata.get("general.license")
        licence = licence if isinstance(licence, str) and licence else "?"
        folder = isinstance(header, OnnxHeader)
        paths = (
            [header.path / file for file in header.files] if isinstance(header, OnnxHeader) else [header.path]
        )
        if entry.embedded:
            raise UsageError(detail=t("bundle.embedded", name=entry.name))
        if any(model.name.lower() == entry.name.lower() for model in self._models):
            return
        number = len(self._models) + 1
        files = []
        for index, path in enumerate(paths):
            # The names on the stick are short and plain; the model's own are in the manifest.
            stem = f"{layout.DATA}/models/m{number:02}{f'-{index:02}' if folder else ''}"
            files.append(self._cut(path, stem, path.name if folder else f"{entry.name}.gguf", licence))
        self._models.append(Model(entry.name, folder, licence, tuple(files)))

    def texts(self, personas: Path | None, documents: Path | None) -> None:
        """Text files of two folders, not of those below them. Raises FileMissing, BadPersona."""
        for folder, kind, place in ((personas, "persona", "personas"), (documents, "document", "docs")):
            if folder is None:
                continue
            if not folder.is_dir():
                raise FileMissing(path=folder)
            suffixes = personas_.SUFFIXES if kind == "persona" else DOCUMENT_SUFFIXES
            for path in sorted(folder.iterdir()):
                if path.suffix.lower() in suffixes and path.is_file():
                    if kind == "persona":
                        personas_.text_of(path)  # one that no chat could use does not travel
                    self._whole(f"{layout.DATA}/{place}/{path.name}", path, kind, "?")

    def python(self, platform: str, archive: Path) -> None:
        """An archive that holds a whole CPython for machines of `platform`."""
        suffix = ".zip" if archive.suffix.lower() in (".zip", ".nupkg") else ".tgz"
        name = f"{layout.DATA}/python/{platform}{suffix}"
        self._whole(name, archive, "python", "PSF-2.0", platform)
        self._pythons[platform] = name

    def plan(self) -> Plan:
        sources = tuple(self._sources[path] for path in sorted(self._sources))
        listed = Manifest(
            version=__version__,
            serial=0,
            bootstrap=tuple(
                source.item.path
                for source in sources
                if source.item.kind == "wheel" and source.item.path.rpartition("/")[2].startswith(BOOTSTRAP)
            ),
            files=tuple(source.item for source in sources),
            models=tuple(self._models),
            packages=tuple(self._packages),
            pythons=self._pythons,
        )
        return Plan(listed, sources)

    # --- inside ------------------------------------------------------------------------

    def _add(self, item: Item, path: Path | None, data: bytes = b"", offset: int = 0) -> None:
        if (wrong := layout.problem_with(item.path)) is not None:
            raise BadFile(path=path or item.path, reason=t("bundle.bad_name", problem=wrong))
        self._sources[item.path] = Source(item, path, data, offset)

    def _text(self, name: str, text: str, kind: str, *, crlf: bool = False) -> None:
        data = (text.replace("\n", "\r\n") if crlf else text).encode()
        digest = sha256(data).hexdigest()
        self._add(Item(name, digest, len(data), kind, OWN_LICENCE), None, data)

    def _file(self, name: str, path: Path, kind: str, licence: str, platform: str = "any") -> Item:
        """The item of a whole file."""
        digest, size = sha256(), 0
        with open_regular(path) as (file, _):
            while piece := file.read(stick.PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
        if size > layout.MAX_FILE_BYTES:
            raise BadFile(path=path, reason=t("bundle.too_big"))
        return Item(name, digest.hexdigest(), size, kind, licence, platform)

    def _whole(self, name: str, path: Path, kind: str, licence: str, platform: str = "any") -> None:
        self._add(self._file(name, path, kind, licence, platform), path)

    def _cut(self, path: Path, stem: str, name: str, licence: str) -> ModelFile:
        """Plan the parts of a model's file, hashing each and the whole in one reading."""
        parts: list[str] = []
        whole, offset = sha256(), 0
        with open_regular(path) as (file, total):
            while offset < total or not parts:
                part, size = sha256(), 0
                while size < layout.PART_BYTES and (
                    piece := file.read(min(stick.PIECE_BYTES, layout.PART_BYTES - size))
                ):
                    whole.update(piece)
                    part.update(piece)
                    size += len(piece)
                    self._progress(Step("bundle.hashing", offset + size, total, "bytes"))
                if size == 0 and parts:
                    break
                item = Item(f"{stem}.{len(parts) + 1:03}", part.hexdigest(), size, "model", licence)
                self._add(item, path, offset=offset)
                parts.append(item.path)
                offset += size
        return ModelFile(name, whole.hexdigest(), offset, tuple(parts))


def _resource(name: str) -> str:
    return resources("latam_edge.bundle").joinpath("files", name).read_text(encoding="utf-8")


def _platform(wheel: str, target: Target) -> str:
    return "any" if wheel.endswith("-any.whl") else target.platform


def write(folder: Path, plan: Plan, key: Path | None = None, progress: Progress = silent) -> Made:
    """Bring `folder` to what the plan says, and sign it. Raises DiskFull, ReadOnlyPlace, MissingExtra."""
    old = _previous(folder)
    wanted = [source for source in plan.sources if not _is_there(folder, source.item)]
    gone = _superfluous(folder, old, plan.manifest)
    same = old is not None and replace(old, serial=0) == plan.manifest and not wanted and not gone
    if same and old is not None:
        with suppress(LatamEdgeError):
            found, data, public = stick.open_bundle(folder)
            # Signed by another key: it is signed anew below, for the maker is this one.
            if public is not None and signature.sign(data, key).split()[-2] == public.hex():
                return Made(found, public, (), ())
    _refuse_occupied(folder, wanted)
    serial = max(int(time.time()), old.serial + 1 if old is not None else 0)
    final = manifest.encode(replace(plan.manifest, serial=serial))
    signed = signature.sign(final, key)  # before anything is touched: the library may be missing

    with disk_errors(folder):
        (folder / layout.DATA).mkdir(parents=True, exist_ok=True)
    require_room(folder, sum(source.item.size for source in wanted) + len(final) * 2)
    _withdraw_manifest(folder)
    _sweep(folder)
    total = sum(source.item.size for source in wanted)
    done = 0
    for source in wanted:
        progress(Step("bundle.writing", done, total, "bytes", note=source.item.path))
        _write_one(folder, source)
        done += source.item.size
    progress(Step("bundle.writing", done, total, "bytes"))
    for path in gone:
        with disk_errors(folder / path):
            (folder / path).unlink(missing_ok=True)
    for name, data in ((layout.SIGNATURE, signed.encode()), (layout.MANIFEST, final)):
        with atomic_write(folder / name) as file:
            file.write(data)
    (folder / layout.PREVIOUS).unlink(missing_ok=True)
    made = manifest.decode(final, folder)
    public = bytes.fromhex(signed.splitlines()[1])
    return Made(made, public, tuple(source.item.path for source in wanted), tuple(gone))


def _previous(folder: Path) -> Manifest | None:
    """What the bundle held before, also when a `make` was cut short; None: nothing that can be read."""
    for name in (layout.MANIFEST, layout.PREVIOUS):
        with suppress(LatamEdgeError):
            return manifest.decode(stick.read(folder, name, manifest.MAX_BYTES), folder)
    return None


def _withdraw_manifest(folder: Path) -> None:
    """From here to the new manifest there is none: half a bundle can't be taken for a whole one."""
    listed, previous = folder / layout.MANIFEST, folder / layout.PREVIOUS
    with disk_errors(folder):
        if listed.exists() and not previous.exists():
            listed.replace(previous)
        listed.unlink(missing_ok=True)
        (folder / layout.SIGNATURE).unlink(missing_ok=True)
        sync_folder(folder / layout.DATA)


def _sweep(folder: Path) -> None:
    """Clear away what an interrupted `make` was writing."""
    for stale in (*folder.glob(".*.part"), *(folder / layout.DATA).rglob(".*.part")):
        with suppress(OSError):
            stale.unlink()


def _is_there(folder: Path, item: Item) -> bool:
    """Whether the stick holds this very file. It is read whole: a stick that lies about a write is common."""
    try:
        if (folder / item.path).lstat().st_size != item.size:
            return False
        stick.take(folder, item, lambda piece: None)
    except (OSError, LatamEdgeError):
        return False
    return True


def _refuse_occupied(folder: Path, wanted: list[Source]) -> None:
    """Somebody's own README.txt is not overwritten. Raises BadFile before anything is touched."""
    if (folder / layout.DATA).exists():
        return  # a bundle, or one that was cut short: those names are ours here
    for source in wanted:
        if os.path.lexists(folder / source.item.path):
            raise BadFile(path=folder / source.item.path, reason=t("bundle.occupied"))


def _superfluous(folder: Path, old: Manifest | None, new: Manifest) -> list[str]:
    """Files that only the old list names. What nobody listed is not ours to delete."""
    kept = {item.path.lower() for item in new.files}
    listed = [item.path for item in old.files] if old is not None else []
    return [path for path in listed if path.lower() not in kept and os.path.lexists(folder / path)]


def _write_one(folder: Path, source: Source) -> None:
    """One file, whole or not at all; the bytes are compared with the plan once more while they are copied."""
    item = source.item
    digest = sha256()
    with atomic_write(folder / item.path) as file:
        if source.path is None:
            file.write(source.data)
            digest.update(source.data)
        else:
            left = item.size
            with open_regular(source.path) as (origin, _):
                origin.seek(source.offset)
                while left and (piece := origin.read(min(left, stick.PIECE_BYTES))):
                    with disk_errors(folder / item.path):
                        file.write(piece)
                    digest.update(piece)
                    left -= len(piece)
        if digest.hexdigest() != item.sha256:
            raise BadFile(path=source.path or item.path, reason=t("bundle.source_changed"))
