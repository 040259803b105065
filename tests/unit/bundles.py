"""Bundles of a few kilobytes for the tests: invented wheels, models of noise, a key of the test's own."""

from __future__ import annotations

import base64
import random
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from latam_edge.bundle import make, manifest, signature
from latam_edge.bundle.make import Made
from latam_edge.bundle.manifest import Manifest
from latam_edge.bundle.places import Places
from latam_edge.bundle.targets import Target, here
from latam_edge.core.progress import silent

HERE = here()
TARGET = Target("linux-x86_64", HERE.python)


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()


def write_wheel(
    folder: Path,
    name: str = "alfa",
    files: dict[str, bytes] | None = None,
    *,
    version: str = "1.0",
    record: dict[str, bytes] | None = None,
    licence: str = "MIT",
    modes: dict[str, int] | None = None,
) -> Path:
    """A wheel of these files. record: what RECORD claims of a file, where that is not the truth."""
    files = {f"{name}/__init__.py": b"", **(files or {})}
    info = f"{name}-{version}.dist-info"
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: {licence}\n".encode()
    )
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    claims = {**files, **(record or {})}
    lines = [f"{path},sha256={digest(data)},{len(data)}\n" for path, data in claims.items()]
    files[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, data in files.items():
            entry = zipfile.ZipInfo(inner, (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (modes or {}).get(inner, 0o100644) << 16
            archive.writestr(entry, data)
    return path


def write_bundle(
    folder: Path,
    wheels: Sequence[Path],
    *,
    models: Sequence[Path] = (),
    key: Path | None = None,
    version: str | None = None,
    target: Target = HERE,
) -> Made:
    """A signed bundle of these wheels for the machine that the test runs on."""
    planner = make._Planner(silent)
    planner.packages(target, wheels)
    for path in models:
        planner.model(make.Library(), str(path))
    plan = planner.plan()
    if version is not None:
        plan = replace(plan, manifest=replace(plan.manifest, version=version))
    return make.write(folder, plan, key)


def edit_manifest(folder: Path, key: Path | None = None, **changes: Any) -> None:
    """Write another list into a bundle and sign it, as a maker who lies would."""
    path = folder / "latam-edge" / "manifest.json"
    listed = manifest.decode(path.read_bytes(), path)
    resign(folder, replace(listed, **changes), key)


def resign(folder: Path, listed: Manifest, key: Path | None = None) -> None:
    data = manifest.encode(listed)
    (folder / "latam-edge" / "manifest.json").write_bytes(data)
    (folder / "latam-edge" / "manifest.sig").write_text(signature.sign(data, key), encoding="ascii")


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def places_in(folder: Path) -> Places:
    return Places(folder / "data" / "app", folder / "bin", folder / "share", folder)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
