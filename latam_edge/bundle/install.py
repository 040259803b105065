"""Install a bundle: no network, no compiler, no root, no pip.

Everything is put together beside the place where it belongs and gets its name when
it is whole and on the disk. The one step that changes what runs is the replacement
of `current.json`. Cut short at any moment, the old version runs or the new one
does, and the same command again completes the rest.
"""

from __future__ import annotations

import glob
import json
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from latam_edge.bundle import fingerprint, launcher, layout, places, stick, system
from latam_edge.bundle.bytecode import ROOM_SHARE, compile_all
from latam_edge.bundle.manifest import Manifest, Model, ModelFile, Packages
from latam_edge.bundle.places import Places, State
from latam_edge.bundle.targets import Target, here
from latam_edge.bundle.wheel import Wheel
from latam_edge.core.atomic import atomic_write, disk_errors, sync_folder, write_text
from latam_edge.core.errors import (
    BundleAltered,
    BundleDowngrade,
    BundleLibrary,
    BundleMissing,
    BundleOtherKey,
    BundleSystem,
    BundleTarget,
    BundleUnsigned,
    LatamEdgeError,
    ModelExists,
    NotEnough,
)
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.store.copying import hash_file, require_room
from latam_edge.store.entry import Entry
from latam_edge.store.library import Library
from latam_edge.store.lock import exclusive


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation did."""

    state: State
    updated_from: str | None
    """Version that was there before; None: none was."""
    models: tuple[str, ...]
    """Names in the library of the models that the bundle brought, also when they were there."""
    launcher: Path


@dataclass(frozen=True, slots=True)
class Offer:
    """A bundle that has been looked at and may be installed."""

    folder: Path
    manifest: Manifest
    digest: str
    """sha256 of the manifest's bytes: names the bundle's content."""
    key: bytes | None
    """Who signed it; None: no valid signature, and the user has been told twice."""
    packages: Packages
    known_key: bool
    """Whether what is installed now was signed by the same key."""

    @property
    def personas(self) -> list[str]:
        """Names of the personas that come along."""
        paths = (item.path for item in self.manifest.files if item.kind == "persona")
        return sorted(path.rpartition("/")[2].rpartition(".")[0] for path in paths)


def look(
    folder: Path, *, accepted: bool = False, target: Target | None = None, where: Places | None = None
) -> Offer:
    """Read the list, check the signature, and find what is for this machine. Writes nothing.

    accepted: the user has been told twice that nobody vouches for the bundle and wants it all the same.
    Raises BundleMissing, BadBundle, BundleEscape, BundleLink, BundleUnsigned, BundleOtherKey,
    BundleDowngrade, BundleTarget."""
    listed, data, key = stick.open_bundle(folder)
    state = places.load_state(where or places.user_places())
    if key is None and not accepted:
        raise BundleUnsigned(path=folder)
    if state is not None:
        if state.key and key is not None and key.hex() != state.key and not accepted:
            raise BundleOtherKey(words=fingerprint.words(key))
        _refuse_downgrade(state, listed)
    wanted = target or here()
    packages = _packages(listed, wanted)
    known = state is not None and key is not None and key.hex() == state.key
    return Offer(folder, listed, sha256(data).hexdigest(), key, packages, known)


def install(
    offer: Offer,
    *,
    where: Places | None = None,
    interpreter: str | None = None,
    library: Library | None = None,
    accepted: bool = False,
    progress: Progress = silent,
) -> Installed:
    """Install what `look` found.

    interpreter: the Python that will run the program; this one by default. accepted: as for `look`;
    then a changed document or start file does not stop the installation. A wheel or a model that is
    not what the list says always does.
    Raises BundleAltered, BundleMissing, BundleEscape, BundleLink, BundleBomb, BundleWheel, BundleLibrary,
    BundleSystem, LibraryBusy, DiskFull, ReadOnlyPlace; what ran before still runs."""
    where = where or places.user_places()
    if where.shared and os.name != "nt":
        # An administrator's umask of 077 would make a program that nobody else can start.
        before = os.umask(0o022)
        try:
            return _install(offer, where, interpreter, library, accepted, progress)
        finally:
            os.umask(before)
    return _install(offer, where, interpreter, library, accepted, progress)


def _install(
    offer: Offer,
    where: Places,
    interpreter: str | None,
    library: Library | None,
    accepted: bool,
    progress: Progress,
) -> Installed:
    try:
        return _put_in_force(offer, where, interpreter, library, accepted, progress)
    except BundleAltered:
        if not os.path.lexists(offer.folder / layout.MANIFEST):
            raise BundleMissing(path=offer.folder) from None  # pulled out: nobody changed anything
        raise


def _put_in_force(
    offer: Offer,
    where: Places,
    interpreter: str | None,
    library: Library | None,
    accepted: bool,
    progress: Progress,
) -> Installed:
    library = library or where.library()
    python = interpreter or sys.executable
    with exclusive(where.app / ".lock"):
        state = places.load_state(where)
        if state is not None:
            _refuse_downgrade(state, offer.manifest)  # another installation may have come first
        _clear(where, state)
        _require_room(offer, where, library)
        if not accepted:
            _check_texts(offer)
        try:
            name = _unpack(offer, where, progress)
            system.require(where.versions / name / "lib")
            models, brought = _take_models(offer, where, library, state, progress)
            _take_personas(offer, where)
            made = launcher.write(where, python)
            fresh = State(
                version=offer.manifest.version,
                serial=offer.manifest.serial,
                key=offer.key.hex() if offer.key is not None else "",
                folder=name,
                python=offer.packages.python,
                interpreter=python,
                models=models,
                shared=where.shared,
            )
            places.save_state(where, fresh)
        except LatamEdgeError as error:
            _clear(where, state)
            if state is None:
                launcher.remove(where)
            # What could be gone on with next time takes room; and here the program will never run.
            if isinstance(error, NotEnough | BundleLibrary | BundleSystem):
                _give_back(where, state)
            raise
        _clear(where, fresh)
    return Installed(fresh, state.version if state is not None else None, brought, made[0])


# --- may it be installed? --------------------------------------------------------------


def _refuse_downgrade(state: State, offered: Manifest) -> None:
    old, new = _order(state.version), _order(offered.version)
    if (new, offered.serial) < (old, state.serial):
        raise BundleDowngrade(
            installed=f"{state.version}, {_day(state.serial)}",
            offered=f"{offered.version}, {_day(offered.serial)}",
        )


def _order(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare by: "0.10.2" after "0.9"."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:6])


def _day(serial: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(serial, UTC).strftime("%Y-%m-%d %H:%M")


def _packages(listed: Manifest, wanted: Target) -> Packages:
    for packages in listed.packages:
        if (packages.platform, packages.python) == (wanted.platform, wanted.python):
            return packages
    offered = "; ".join(str(Target(each.platform, each.python)) for each in listed.packages)
    raise BundleTarget(machine=str(wanted), offered=offered or "-")


def _require_room(offer: Offer, where: Places, library: Library) -> None:
    """Raises DiskFull before anything is written."""
    wheels = [offer.manifest.item(path) for path in offer.packages.wheels]
    need = 0
    if not (where.versions / _name(offer)).exists():
        unpacked = sum(item.unpacked for item in wheels)
        need = round(unpacked * (1 + ROOM_SHARE)) + max((item.size for item in wheels), default=0)
    there = {entry.sha256 for entry in library.list()}
    need += sum(
        model.size for model in offer.manifest.models if model.folder or model.files[0].sha256 not in there
    )
    with disk_errors(where.app):
        where.app.mkdir(parents=True, exist_ok=True)
    require_room(where.app, need)


def _check_texts(offer: Offer) -> None:
    """The small files are compared before anything is written. Raises BundleAltered."""
    for item in offer.manifest.files:
        if item.kind in ("start", "document", "persona"):
            stick.take(offer.folder, item, lambda piece: None)


# --- the program -----------------------------------------------------------------------


def _name(offer: Offer) -> str:
    """The version's folder: the same wheels always get the same one."""
    listed = "".join(offer.manifest.item(path).sha256 for path in offer.packages.wheels)
    return f"{offer.manifest.version}-{sha256(listed.encode()).hexdigest()[:12]}"


def _unpack(offer: Offer, where: Places, progress: Progress) -> str:
    """Unpack every wheel into a new version folder; a whole one of the same wheels is taken as it is."""
    name = _name(offer)
    final, staging = where.versions / name, where.versions / f".{name}.part"
    if final.exists():
        return name
    wheels = [offer.manifest.item(path) for path in offer.packages.wheels]
    total, done = sum(item.size for item in wheels), 0
    with disk_errors(staging):
        staging.mkdir(parents=True)
    for item in wheels:
        progress(Step("bundle.unpacking", done, total, "bytes", note=item.path.rpartition("/")[2]))
        copy = staging / "wheel.whl"
        # What is unpacked is the copy that was hashed: a stick may give other bytes the second time.
        with disk_errors(copy), open(copy, "wb") as file:
            stick.take(offer.folder, item, file.write)
        with Wheel(copy, item.path) as wheel:
            wheel.extract(staging / "lib", item.unpacked)
        with disk_errors(copy):
            copy.unlink()
        done += item.size
    progress(Step("bundle.unpacking", done, total, "bytes"))
    compile_all(staging / "lib", final / "lib", offer.packages.python, progress, rare=where.shared)
    if hasattr(os, "sync"):
        os.sync()  # one for thousands of small files: an SD card would take minutes over as many fsyncs
    with disk_errors(final):
        staging.replace(final)
        sync_folder(where.versions)
    return name


def _clear(where: Places, state: State | None) -> None:
    """Remove what an interrupted installation left, and versions that are no longer in force.

    On Windows a running program holds its files; they go the next time."""
    keep = state.folder if state is not None else None
    with suppress(OSError):
        for folder in where.versions.iterdir():
            # Without a state, a whole version is one whose installation was cut short just before the end.
            if folder.name.startswith(".") or (keep is not None and folder.name != keep):
                places.remove_quietly(folder)
    launched = [where.app / "start.py", where.app / launcher.ICON, *launcher.planned(where)]
    for path in (where.current, _replaced_file(where), *launched):
        for stale in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            places.remove_quietly(stale)


def _give_back(where: Places, state: State | None) -> None:
    """Remove also what the next run could have used: models half put together, a version never in force."""
    places.remove_quietly(where.incoming)
    if state is None:
        places.remove_quietly(where.versions)


# --- models and personas ---------------------------------------------------------------


def _take_models(
    offer: Offer, where: Places, library: Library, state: State | None, progress: Progress
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Put every model into the library: what bundles ever brought, name -> sha256, and this one's names."""
    models = dict(state.models) if state is not None else {}
    brought = []
    _forget_replaced(where, library)
    for model in offer.manifest.models:
        entry = _take_model(offer, model, where, library, models, progress)
        models[entry.name] = entry.sha256
        brought.append(entry.name)
    return models, tuple(brought)


def _take_model(
    offer: Offer,
    model: Model,
    where: Places,
    library: Library,
    ours: dict[str, str],
    progress: Progress,
) -> Entry:
    """Put a model together from its parts and into the library; what it is there."""
    if not model.folder:
        wanted = model.files[0].sha256
        for entry in library.list():
            if entry.sha256 == wanted and entry.path.exists():
                return entry
    with disk_errors(where.incoming):
        where.incoming.mkdir(parents=True, exist_ok=True)
    place = where.incoming / model.files[0].sha256[:16]
    if model.folder:
        with disk_errors(place):
            place.mkdir(exist_ok=True)
    for file in model.files:
        _join(offer, file, place / file.name if model.folder else place.with_suffix(".gguf"), progress)
    path = place if model.folder else place.with_suffix(".gguf")
    digest = None if model.folder else model.files[0].sha256
    # A model of that name which a bundle brought gives way to the new one; the user's own never does.
    mine = any(name.lower() == model.name.lower() for name in ours)
    if mine:
        _note_replaced(where, library, model.name)
    try:
        entry = library.add(
            path, model.name, progress, move=True, replace=mine, sha256=digest, source="bundle"
        )
    except ModelExists:
        entry = library.add(path, _other_name(library, model.name), progress, move=True, sha256=digest)
    places.remove_quietly(path)
    _forget_replaced(where, library)
    return entry


def _replaced_file(where: Places) -> Path:
    return where.incoming / "replaced.json"


def _note_replaced(where: Places, library: Library, name: str) -> None:
    """Write down which file is about to give way: after a power cut the library may not know it."""
    for entry in library.list():
        if entry.name.lower() == name.lower() and not entry.linked and entry.path.is_file():
            write_text(_replaced_file(where), json.dumps([str(entry.path), entry.sha256]))


def _forget_replaced(where: Places, library: Library) -> None:
    """Delete the file that gave way, when the library has let go of it and it is still what it was."""
    note = _replaced_file(where)
    try:
        name, digest = json.loads(note.read_bytes())
    except (OSError, ValueError):
        return
    path = Path(name)
    listed = {entry.path for entry in library.list()}
    if path.parent == library.folder and path not in listed and path.is_file() and hash_file(path) == digest:
        places.remove_quietly(path)
    if path not in listed or not path.exists():
        places.remove_quietly(note)


def _other_name(library: Library, name: str) -> str:
    from latam_edge.store import names

    return names.unique(name, {names.key(entry.name) for entry in library.list()})


def _join(offer: Offer, file: ModelFile, path: Path, progress: Progress) -> None:
    """Write the parts one after the other; those that are there already are kept.

    After a power cut the last part may be half written, or hold zeros: what is there is hashed
    part by part, and joining goes on behind the last good one."""
    parts = [offer.manifest.item(part) for part in file.parts]
    with disk_errors(path):
        path.touch(exist_ok=True)
        with open(path, "r+b") as whole:
            done, good = 0, 0
            for item in parts:
                if _digest(whole, item.size) != item.sha256:
                    break
                done, good = done + item.size, good + 1
            whole.seek(done)
            whole.truncate()
            for item in parts[good:]:

                def put(piece: bytes) -> None:
                    nonlocal done
                    whole.write(piece)
                    done += len(piece)
                    progress(Step("bundle.joining", done, file.size, "bytes", note=file.name))

                stick.take(offer.folder, item, put)
                whole.flush()
                os.fsync(whole.fileno())
    if hash_file(path) != file.sha256:
        places.remove_quietly(path)
        raise BundleAltered(name=file.parts[0], path=offer.folder)


def _digest(file: IO[bytes], size: int) -> str:
    """sha256 of the next `size` bytes; of fewer, when there are no more."""
    digest = sha256()
    while size and (piece := file.read(min(size, stick.PIECE_BYTES))):
        digest.update(piece)
        size -= len(piece)
    return digest.hexdigest()


def _take_personas(offer: Offer, where: Places) -> None:
    """Copy personas to where the chat looks for them; one that is there is left as it is."""
    for item in offer.manifest.files:
        target = where.personas / item.path.rpartition("/")[2]
        if item.kind == "persona" and not target.exists():
            with atomic_write(target) as file:
                stick.take(offer.folder, item, file.write)
