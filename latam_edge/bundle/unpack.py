"""The program of a bundle: its wheels, unpacked into a version folder that is whole or not there."""

from __future__ import annotations

import os

from latam_edge.bundle import stick
from latam_edge.bundle.bytecode import compile_all
from latam_edge.bundle.job import Job
from latam_edge.bundle.wheel import Wheel
from latam_edge.core.atomic import disk_errors, sync_folder
from latam_edge.core.progress import Step


def unpack(job: Job) -> None:
    """Unpack every wheel into `job.version`; a whole one of the same wheels is taken as it is.

    Raises BundleAltered, BundleLink, BundleEscape, BundleBomb, BundleWheel, DiskFull, ReadOnlyPlace."""
    final = job.version
    if final.exists():
        return
    staging = final.with_name(f".{final.name}.part")
    total, done = sum(item.size for item in job.wheels), 0
    with disk_errors(staging):
        staging.mkdir(parents=True)
    for item in job.wheels:
        job.progress(Step("bundle.unpacking", done, total, "bytes", note=item.path.rpartition("/")[2]))
        copy = staging / "wheel.whl"
        # What is unpacked is the copy that was hashed: a stick may give other bytes the second time.
        with disk_errors(copy), open(copy, "wb") as file:
            stick.take(job.offer.folder, item, file.write)
        with Wheel(copy, item.path) as wheel:
            wheel.extract(staging / "lib", item.unpacked)
        with disk_errors(copy):
            copy.unlink()
        done += item.size
    job.progress(Step("bundle.unpacking", done, total, "bytes"))
    python = job.offer.packages.python
    compile_all(staging / "lib", final / "lib", python, job.progress, rare=job.where.shared)
    if hasattr(os, "sync"):
        os.sync()  # one for thousands of small files: an SD card would take minutes over as many fsyncs
    with disk_errors(final):
        staging.replace(final)
        sync_folder(job.where.versions)
