"""Install a bundle: no network, no compiler, no root, no pip.

Everything is put together beside the place where it belongs and gets its name when
it is whole and on the disk. The one step that changes what runs is the replacement
of `current.json`. Cut short at any moment, the old version runs or the new one
does, and the same command again completes the rest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from latam_edge.bundle import launcher, layout, leftovers, models, places, stick, system
from latam_edge.bundle.bytecode import ROOM_SHARE
from latam_edge.bundle.job import Job
from latam_edge.bundle.offer import Offer, refuse_downgrade
from latam_edge.bundle.places import Places, State
from latam_edge.bundle.unpack import unpack
from latam_edge.core.atomic import atomic_write, disk_errors
from latam_edge.core.errors import (
    BundleAltered,
    BundleLibrary,
    BundleMissing,
    BundleSystem,
    LatamEdgeError,
    NotEnough,
)
from latam_edge.core.progress import Progress, silent
from latam_edge.store.copying import require_room
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


def install(
    offer: Offer,
    *,
    where: Places | None = None,
    interpreter: str | None = None,
    library: Library | None = None,
    accepted: bool = False,
    progress: Progress = silent,
) -> Installed:
    """Install what `offer.look` found.

    interpreter: the Python that will run the program; this one by default. accepted: as for `offer.look`;
    then a changed document or start file does not stop the installation. A wheel or a model that is
    not what the list says always does.
    Raises BundleAltered, BundleMissing, BundleEscape, BundleLink, BundleBomb, BundleWheel, BundleLibrary,
    BundleSystem, LibraryBusy, DiskFull, ReadOnlyPlace; what ran before still runs."""
    where = where or places.user_places()
    with _readable_by_all(where):
        python = interpreter or sys.executable
        job = Job(offer, where, library or where.library(), python, accepted, progress)
        try:
            return _install(job)
        except BundleAltered:
            if not os.path.lexists(offer.folder / layout.MANIFEST):
                raise BundleMissing(path=offer.folder) from None  # pulled out: nobody changed anything
            raise


@contextmanager
def _readable_by_all(where: Places) -> Iterator[None]:
    """For a shared place: an administrator's umask of 077 would make a program that nobody else can start."""
    if not where.shared or os.name == "nt":
        yield
        return
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


def _install(job: Job) -> Installed:
    where = job.where
    with exclusive(where.app / ".lock"):
        state = places.load_state(where)
        if state is not None:
            refuse_downgrade(state, job.offer.manifest)  # another installation may have come first
        leftovers.clear(where, state)
        _require_room(job)
        if not job.accepted:
            _check_texts(job.offer)
        try:
            done = _put_in_force(job, state)
        except LatamEdgeError as error:
            leftovers.clear(where, state)
            if state is None:
                launcher.remove(where)
            # What could be gone on with next time takes room; and here the program will never run.
            if isinstance(error, NotEnough | BundleLibrary | BundleSystem):
                leftovers.give_back(where, state)
            raise
        leftovers.clear(where, done.state)
    return done


def _put_in_force(job: Job, state: State | None) -> Installed:
    """Program, models, personas and launcher, and last the one step after which the new version runs."""
    unpack(job)
    system.require(job.version / "lib")
    kept, brought = models.take(job, state)
    _take_personas(job)
    made = launcher.write(job.where, job.interpreter)
    listed = job.offer.manifest
    fresh = State(
        version=listed.version,
        serial=listed.serial,
        key=job.offer.key.hex() if job.offer.key is not None else "",
        folder=job.version.name,
        python=job.offer.packages.python,
        interpreter=job.interpreter,
        models=kept,
        shared=job.where.shared,
    )
    places.save_state(job.where, fresh)
    return Installed(fresh, state.version if state is not None else None, brought, made[0])


def _require_room(job: Job) -> None:
    """Raises DiskFull before anything is written."""
    need = 0
    if not job.version.exists():
        unpacked = sum(item.unpacked for item in job.wheels)
        need = round(unpacked * (1 + ROOM_SHARE)) + max((item.size for item in job.wheels), default=0)
    there = {entry.sha256 for entry in job.library.list()}
    need += sum(
        model.size
        for model in job.offer.manifest.models
        if model.folder or model.files[0].sha256 not in there
    )
    app = job.where.app
    with disk_errors(app):
        app.mkdir(parents=True, exist_ok=True)
    require_room(app, need)


def _check_texts(offer: Offer) -> None:
    """The small files are compared before anything is written. Raises BundleAltered."""
    for item in offer.manifest.files:
        if item.kind in ("start", "document", "persona"):
            stick.take(offer.folder, item, lambda piece: None)


def _take_personas(job: Job) -> None:
    """Copy personas to where the chat looks for them; one that is there is left as it is."""
    for item in job.offer.manifest.files:
        target = job.where.personas / item.path.rpartition("/")[2]
        if item.kind == "persona" and not target.exists():
            with atomic_write(target) as file:
                stick.take(job.offer.folder, item, file.write)
