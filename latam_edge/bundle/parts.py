"""A model's file, put together from the parts that a stick of FAT32 can hold."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import IO

from latam_edge.bundle import places, stick
from latam_edge.bundle.manifest import ModelFile
from latam_edge.bundle.offer import Offer
from latam_edge.core.atomic import disk_errors
from latam_edge.core.errors import BundleAltered
from latam_edge.core.progress import Progress, Step
from latam_edge.store.copying import hash_file


def join(offer: Offer, file: ModelFile, path: Path, progress: Progress) -> None:
    """Write the parts one after the other; those that are there already are kept.

    After a power cut the last part may be half written, or hold zeros: what is there is hashed
    part by part, and joining goes on behind the last good one.
    Raises BundleAltered, DiskFull, ReadOnlyPlace."""
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
