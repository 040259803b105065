"""Put a bundle's models into the library; a name that is the user's own is never taken."""

from __future__ import annotations

import json
from pathlib import Path

from latam_edge.bundle import places
from latam_edge.bundle.job import Job
from latam_edge.bundle.manifest import Model
from latam_edge.bundle.parts import join
from latam_edge.bundle.places import State
from latam_edge.core.atomic import disk_errors, write_text
from latam_edge.core.errors import ModelExists
from latam_edge.store import names
from latam_edge.store.copying import hash_file
from latam_edge.store.entry import Entry
from latam_edge.store.library import Library


def take(job: Job, state: State | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """Put every model into the library: what bundles ever brought, name -> sha256, and this one's names.

    state: what is installed. Raises BundleAltered, LibraryBusy, DiskFull, ReadOnlyPlace."""
    models = dict(state.models) if state is not None else {}
    brought = []
    _forget_replaced(job)
    for model in job.offer.manifest.models:
        entry = _take_one(job, model, models)
        models[entry.name] = entry.sha256
        brought.append(entry.name)
    return models, tuple(brought)


def _take_one(job: Job, model: Model, ours: dict[str, str]) -> Entry:
    """Put a model together from its parts and into the library; what it is there."""
    library = job.library
    if not model.folder:
        wanted = model.files[0].sha256
        for entry in library.list():
            if entry.sha256 == wanted and entry.path.exists():
                return entry
    path = _put_together(job, model)
    digest = None if model.folder else model.files[0].sha256
    # A model of that name which a bundle brought gives way to the new one; the user's own never does.
    mine = any(name.lower() == model.name.lower() for name in ours)
    if mine:
        _note_replaced(job, model.name)
    try:
        entry = library.add(
            path, model.name, job.progress, move=True, replace=mine, sha256=digest, source="bundle"
        )
    except ModelExists:
        entry = library.add(path, _other_name(library, model.name), job.progress, move=True, sha256=digest)
    places.remove_quietly(path)
    _forget_replaced(job)
    return entry


def _put_together(job: Job, model: Model) -> Path:
    """The model's file or folder, whole, below `incoming`."""
    incoming = job.where.incoming
    with disk_errors(incoming):
        incoming.mkdir(parents=True, exist_ok=True)
    place = incoming / model.files[0].sha256[:16]
    if not model.folder:
        place = place.with_suffix(".gguf")
        join(job.offer, model.files[0], place, job.progress)
        return place
    with disk_errors(place):
        place.mkdir(exist_ok=True)
    for file in model.files:
        join(job.offer, file, place / file.name, job.progress)
    return place


def _note_replaced(job: Job, name: str) -> None:
    """Write down which file is about to give way: after a power cut the library may not know it."""
    for entry in job.library.list():
        if entry.name.lower() == name.lower() and not entry.linked and entry.path.is_file():
            write_text(job.where.replaced, json.dumps([str(entry.path), entry.sha256]))


def _forget_replaced(job: Job) -> None:
    """Delete the file that gave way, when the library has let go of it and it is still what it was."""
    library, note = job.library, job.where.replaced
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
    return names.unique(name, {names.key(entry.name) for entry in library.list()})
