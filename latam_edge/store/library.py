"""The model library: models by name, each checked, hashed and whole.

    >>> library = Library()
    >>> entry = library.add(Path("/media/usb/qwen.gguf"))
    >>> library.resolve("qwen").path

A model is a GGUF file or a folder for ONNX Runtime. It is read by its reader in
`formats` before it enters and before anybody loads it. Models enter whole or not at
all: copied to a ".part" neighbour, synced, renamed, and only then written into the
manifest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from latam_edge.core import paths
from latam_edge.core.atomic import disk_errors, sync_folder
from latam_edge.core.errors import (
    ChecksumMismatch,
    EmbeddedModel,
    LatamEdgeError,
    ModelExists,
    UnknownModel,
)
from latam_edge.core.progress import Progress, silent
from latam_edge.formats import passport as passports
from latam_edge.formats.gguf import GGUFHeader
from latam_edge.formats.model import ModelHeader, read_model
from latam_edge.formats.onnx import GRAPH_FILE, OnnxHeader
from latam_edge.store import card as cards
from latam_edge.store import copying, folders, manifest, names
from latam_edge.store.entry import EMBEDDED, Entry
from latam_edge.store.lock import exclusive
from latam_edge.store.manifest import Manifest, Record

Entries = list[Entry]
"""Named here because inside the class `list` is the method."""


class Library:
    """The models below one folder, those that all users of the machine have, and the embedded one."""

    def __init__(
        self, folder: Path | None = None, *, assets: Path | None = None, shared: Path | None = None
    ) -> None:
        """shared: another library's folder, only read. By default, with `folder`, the machine's."""
        self.folder = folder or paths.models_dir()
        self._assets = assets or paths.assets_dir()
        if shared is None and folder is None and (machine := paths.shared_dir()) is not None:
            shared = machine / "models"
        self._shared = shared

    # --- looking -----------------------------------------------------------------------

    def list(self) -> Entries:
        """Every model, the embedded one first. Raises UnreadableFile, or BadFile for a newer library."""
        entries = [self._entry(name, record) for name, record in self._load().models.items()]
        own = {names.key(entry.name) for entry in entries}
        entries += [entry for entry in self._shared_entries() if names.key(entry.name) not in own]
        entries.sort(key=lambda entry: names.key(entry.name))
        with suppress(LatamEdgeError):
            entries.insert(0, self._embedded())
        return entries

    def default(self) -> str:
        """Name of the model used when none is asked for."""
        return self._load().default or EMBEDDED

    @property
    def was_rebuilt(self) -> bool:
        """Whether the manifest on disk is damaged, so that the list comes from scanning the folder."""
        return self._load().rebuilt

    def resolve(self, name_or_path: str | None) -> Entry:
        """The model of that name, or the file of that path, its header checked; None: the default.

        A registered name wins over a file of the same name here; "./name" means the file.
        Raises UnknownModel, and what `read_model` raises for a file that no engine should see."""
        listed = self._load()
        wanted = name_or_path or listed.default or EMBEDDED
        if found := _find(listed, wanted):
            entry = self._entry(found, listed.models[found])
            read_model(entry.path)
            return entry
        for entry in self._shared_entries():
            if names.key(entry.name) == names.key(wanted):
                read_model(entry.path)
                return entry
        if names.key(wanted) == EMBEDDED:
            return self._embedded()
        path = Path(wanted).expanduser()
        if path.exists() or path.suffix.lower() in (".gguf", ".onnx") or "/" in wanted or os.sep in wanted:
            return _unregistered(path)
        raise UnknownModel(name=wanted)

    def info(self, name: str) -> dict[str, Any]:
        """What is known about a model, ready for JSON: the entry, its header's figures, its card."""
        entry = self.resolve(name)
        header = read_model(entry.path)
        facts: dict[str, Any] = {
            "name": entry.name,
            "path": str(entry.path),
            "sha256": entry.sha256,
            "file_bytes": entry.file_bytes,
            "architecture": entry.architecture,
            "parameters": entry.parameters,
            "quantization": entry.quantization,
            "bits_per_weight": round(header.bits_per_weight, 3),
            "context_length": header.field("context_length"),
            "layers": header.field("block_count"),
            "embedding_length": header.field("embedding_length"),
            "vocabulary": _vocabulary(header),
            "chat_template": header.chat_template is not None,
            "title": header.metadata.get("general.name"),
            "license": header.metadata.get("general.license"),
            "embedded": entry.embedded,
            "linked": entry.linked,
            "default": entry.registered and names.key(entry.name) == names.key(self.default()),
            "added_at": entry.added_at,
        }
        if (passport := passports.read(header.metadata)) is not None:
            facts["passport"] = passport.to_json()
        if entry.embedded:
            facts["card"] = cards.read(self._assets / f"{EMBEDDED}.json")
        elif (found := _find(listed := self._load(), entry.name)) and entry.registered:
            facts["source"] = listed.models[found].source
        return facts

    def sha256(self, entry: Entry, progress: Progress = silent) -> str:
        """The entry's sha256, computed when nobody had; a registered model keeps it from then on."""
        if entry.sha256:
            return entry.sha256
        found, hashes = self._take_in(read_model(entry.path), None, progress)
        if entry.registered and not entry.embedded:
            with suppress(LatamEdgeError), self._writing() as listed:  # a read-only library still answers
                if entry.name in listed.models:
                    record = replace(listed.models[entry.name], sha256=found, files=dict(hashes))
                    listed.models[entry.name] = record
                    manifest.save(self.folder, listed)
        return found

    # --- changing ----------------------------------------------------------------------

    def add(
        self,
        path: Path,
        name: str | None = None,
        progress: Progress = silent,
        *,
        link: bool = False,
        move: bool = False,
        replace: bool = False,
        source: str = "",
        sha256: str | None = None,
    ) -> Entry:
        """Take the model `path`, a file or a folder, into the library.

        The same content again gives the entry that is already there. name: by default the
        file's, with a number when it is taken. link: the file stays where it is. move: the
        file is renamed into the library where possible. replace: a model of that name gives
        way. source: where it came from, when not from `path`. sha256: what it must be.

        Raises what `read_model` raises, BadName, ModelExists, EmbeddedModel, ChecksumMismatch,
        LibraryBusy, DiskFull, ReadOnlyPlace; then the library is as it was."""
        path = Path(path)
        header = read_model(path)
        path = header.path
        wanted = names.check(name) if name is not None else None
        if wanted is not None and names.key(wanted) == EMBEDDED:
            raise EmbeddedModel(name=wanted)
        with self._writing() as listed:
            taken = _find(listed, wanted) if wanted is not None else None
            part = self.folder / f".{os.getpid()}.part"
            move = move and not isinstance(header, OnnxHeader)
            digest, hashes = self._take_in(header, None if link or move else part, progress)
            try:
                if sha256 is not None and digest != sha256:
                    raise ChecksumMismatch(name=path.name, expected=sha256, found=digest)
                if same := _same_content(listed, digest, self.folder):
                    return self._entry(same, listed.models[same])
                if taken is not None and not replace:
                    raise ModelExists(name=taken)
                final = taken or wanted or self._free_name(path, listed)
                file = str(path.resolve()) if link else self._free_file(final, digest, bool(hashes))
                if not link:
                    self._place(path if move else part, self.folder / file)
                record = Record(
                    file=file,
                    sha256=digest,
                    file_bytes=header.file_bytes,
                    architecture=header.architecture,
                    quantization=header.quantization,
                    parameters=header.parameters,
                    added_at=datetime.now(UTC).isoformat(timespec="seconds"),
                    source=source or str(path.resolve()),
                    files=dict(hashes),
                )
                old = listed.models.get(final)
                listed.models[final] = record
                manifest.save(self.folder, listed)
                if old is not None:
                    self._forget_file(old)
            finally:
                folders.discard_quietly(part)
        return self._entry(final, record)

    def remove(self, name: str) -> Entry:
        """Take a model out and delete its file; a linked one's file stays. Returns what it was.

        Raises UnknownModel, EmbeddedModel, LibraryBusy, ReadOnlyPlace."""
        with self._writing() as listed:
            found = self._own(listed, name)
            record = listed.models.pop(found)
            default = None if listed.default == found else listed.default
            # The list first: a power cut in between leaves a file without a name, never the reverse.
            manifest.save(self.folder, replace(listed, default=default))
            self._forget_file(record)
        return self._entry(found, record)

    def verify(self, name: str, progress: Progress = silent) -> Entry:
        """Read the whole file again and compare.

        Raises ChecksumMismatch, UnknownModel, and what `read_model` raises."""
        entry = self.resolve(name)
        known = self._record(entry).files
        found, hashes = self._take_in(read_model(entry.path), None, progress)
        if known and (changed := folders.difference(known, hashes)):
            raise ChecksumMismatch(
                name=f"{entry.name}/{changed}",
                expected=known.get(changed, "-"),
                found=hashes.get(changed, "-"),
            )
        if entry.sha256 and found != entry.sha256:
            raise ChecksumMismatch(name=entry.name, expected=entry.sha256, found=found)
        if not entry.sha256:
            self.sha256(entry)
        return replace(entry, sha256=found)

    def set_default(self, name: str) -> Entry:
        """Use this model when none is asked for.

        Raises UnknownModel, LibraryBusy, and what `read_model` raises."""
        if names.key(name) == EMBEDDED:
            entry = self._embedded()
            with self._writing() as listed:
                manifest.save(self.folder, replace(listed, default=None))
            return entry
        with self._writing() as listed:
            shared = [each for each in self._shared_entries() if names.key(each.name) == names.key(name)]
            if shared and not _find(listed, name):
                entry = shared[0]
            else:
                found = self._own(listed, name)
                entry = self._entry(found, listed.models[found])
            read_model(entry.path)
            manifest.save(self.folder, replace(listed, default=entry.name))
        return entry

    # --- inside ------------------------------------------------------------------------

    def _take_in(
        self, header: ModelHeader, part: Path | None, progress: Progress
    ) -> tuple[str, folders.Hashes]:
        """The model's sha256, and its files' when it is a folder; copied to `part`, if that is given."""
        if isinstance(header, OnnxHeader):
            if part is None:
                hashes = folders.hash_files(header, progress)
            else:
                hashes = folders.copy_files(header, part, progress)
            return folders.digest(hashes), hashes
        if part is None:
            return copying.hash_file(header.path, progress), {}
        return copying.copy_hashed(header.path, part, progress), {}

    def _record(self, entry: Entry) -> Record:
        """The manifest's record of an entry; an empty one for models outside the list."""
        listed = self._load() if entry.registered and not entry.embedded else Manifest()
        if entry.shared and self._shared is not None:
            listed = manifest.load(self._shared)
        found = _find(listed, entry.name)
        return listed.models[found] if found else Record("-", "", 0, "", "", 0, "")

    def _load(self) -> Manifest:
        return manifest.load(self.folder)

    @contextmanager
    def _writing(self) -> Iterator[Manifest]:
        """The manifest, with the library locked. What an interrupted add left is cleared away first."""
        with exclusive(self.folder / ".lock"):
            for stale in self.folder.glob(".*.part"):
                folders.discard_quietly(stale)
            yield self._load()

    def _entry(self, name: str, record: Record) -> Entry:
        return Entry(
            name=name,
            path=Path(record.file) if record.linked else self.folder / record.file,
            sha256=record.sha256,
            file_bytes=record.file_bytes,
            architecture=record.architecture,
            parameters=record.parameters,
            quantization=record.quantization,
            embedded=False,
            added_at=record.added_at,
            linked=record.linked,
        )

    def _shared_entries(self) -> Entries:
        """Models of the machine's library."""
        if self._shared is None:
            return []
        folder = self._shared
        return [
            replace(self._entry(name, record), path=folder / record.file, shared=True)
            for name, record in manifest.load(folder).models.items()
            if not record.linked
        ]

    def _embedded(self) -> Entry:
        """The model that comes with the program. Raises what `read_model` raises."""
        header = read_model(self._assets / f"{EMBEDDED}.gguf")
        known = cards.read(self._assets / f"{EMBEDDED}.json").get("sha256")
        entry = _described(EMBEDDED, header)
        return replace(entry, sha256=known if isinstance(known, str) else "", embedded=True)

    def _own(self, listed: Manifest, name: str) -> str:
        """The name as the manifest spells it. Raises UnknownModel, EmbeddedModel."""
        if found := _find(listed, name):
            return found
        shared = {names.key(entry.name) for entry in self._shared_entries()}
        if names.key(name) in (EMBEDDED, *shared):
            raise EmbeddedModel(name=name)
        raise UnknownModel(name=name)

    def _free_name(self, path: Path, listed: Manifest) -> str:
        taken = {names.key(name) for name in listed.models} | {EMBEDDED}
        # A file that the manifest does not know (put there by hand) must not be overwritten.
        taken |= {names.key(file.stem) for file in self.folder.glob("*.gguf")}
        taken |= {names.key(file.name) for file in self.folder.glob("[!.]*/")}
        stem = path.resolve().name if path.is_dir() else path.stem
        return names.unique(names.sanitize(stem) or "model", taken)

    def _free_file(self, name: str, digest: str, folder: bool) -> str:
        """A name on disk that nothing has yet: a replaced model stays until the list names the new one."""
        suffix = "" if folder else ".gguf"
        plain = f"{name}{suffix}"
        return f"{name}.{digest[:12]}{suffix}" if (self.folder / plain).exists() else plain

    def _place(self, file: Path, target: Path) -> None:
        """Rename `file` to `target`, or copy it when it is on another disk."""
        try:
            copying.publish(file, target)
        except OSError:
            if file.is_dir():
                raise
            part = self.folder / f".{os.getpid()}.part"
            copying.copy_hashed(file, part)
            copying.publish(part, target)
            with suppress(OSError):
                file.unlink()

    def _forget_file(self, record: Record) -> None:
        path = self.folder / record.file
        # A manifest that somebody changed must not have us delete a folder that is no model.
        if record.linked or (path.is_dir() and not (path / GRAPH_FILE).exists()):
            return
        with disk_errors(path):
            folders.discard(path)
            sync_folder(self.folder)


def _find(listed: Manifest, name: str) -> str | None:
    """The name as the manifest spells it, whatever the letter case asked for."""
    if name in listed.models:
        return name
    wanted = names.key(name)
    return next((known for known in listed.models if names.key(known) == wanted), None)


def _same_content(listed: Manifest, digest: str, folder: Path) -> str | None:
    """The model that holds these very bytes, if its file is still there."""
    for name, record in listed.models.items():
        path = Path(record.file) if record.linked else folder / record.file
        if record.sha256 == digest and path.exists():
            return name
    return None


def _described(name: str, header: ModelHeader) -> Entry:
    """An entry from a header alone."""
    return Entry(
        name=name,
        path=header.path,
        sha256="",
        file_bytes=header.file_bytes,
        architecture=header.architecture,
        parameters=header.parameters,
        quantization=header.quantization,
        embedded=False,
        added_at="",
    )


def _unregistered(path: Path) -> Entry:
    """A model outside the library. Raises what `read_model` raises."""
    header = read_model(path)
    name = header.path.stem if isinstance(header, GGUFHeader) else header.path.resolve().name
    return replace(_described(name, header), registered=False)


def _vocabulary(header: ModelHeader) -> int | None:
    """Number of tokens, where the file says."""
    if isinstance(header, OnnxHeader):
        count = header.field("vocab_size")
        return count if isinstance(count, int) else None
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    return len(tokens) if tokens is not None else None
