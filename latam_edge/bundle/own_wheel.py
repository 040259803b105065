"""latam-edge's own wheel, packed from what runs here: no build tool, no network.

A checkout and an installed program give the same bytes: files in order, with one
date. So a second `bundle make` finds nothing to write.
"""

from __future__ import annotations

import base64
import zipfile
from email.parser import HeaderParser
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from latam_edge.core.atomic import atomic_write
from latam_edge.core.errors import BundleGather
from latam_edge.core.version import __version__

PACKAGES = ("latam_edge", "convert", "quant", "tui")
NAME = f"latam_edge-{__version__}-py3-none-any.whl"
_DATE = (2020, 1, 1, 0, 0, 0)
_WHEEL = "Wheel-Version: 1.0\nGenerator: latam-edge bundle\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def pack(folder: Path) -> Path:
    """Write the wheel into `folder` and return its path. Raises BundleGather, DiskFull, ReadOnlyPlace."""
    info = f"latam_edge-{__version__}.dist-info"
    members = dict(_sources())
    members.update({f"{info}/{name}": data for name, data in _about().items()})
    members[f"{info}/WHEEL"] = _WHEEL.encode()
    record = "".join(
        f"{name},sha256={_urlsafe(data)},{len(data)}\n" for name, data in sorted(members.items())
    )
    members[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    path = folder / NAME
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
        # The list comes last, as the standard recommends.
        for name in sorted(members, key=lambda name: (name.startswith(info), name)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, members[name], compresslevel=6)
    return path


def root() -> Path:
    """The folder that holds the four packages."""
    return Path(__file__).resolve().parents[2]


def _sources() -> list[tuple[str, bytes]]:
    """Every file of the four packages, by its name in the wheel."""
    found = []
    for package in PACKAGES:
        folder = root() / package
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                found.append((path.relative_to(root()).as_posix(), path.read_bytes()))
    if not found:
        raise BundleGather(target="latam-edge", detail=str(root()))
    return found


def _about() -> dict[str, bytes]:
    """METADATA, entry points and licences of the installed distribution."""
    try:
        distribution = metadata.distribution("latam-edge")
    except metadata.PackageNotFoundError as error:
        raise BundleGather(target="latam-edge", detail="pip install .") from error
    files = {"METADATA": (distribution.read_text("METADATA") or "").encode()}
    files["entry_points.txt"] = (distribution.read_text("entry_points.txt") or "").encode()
    for file in distribution.files or []:
        inner = file.as_posix().partition(".dist-info/licenses/")[2]
        located = Path(str(file.locate()))
        if inner and located.is_file():
            files[f"licenses/{inner}"] = located.read_bytes()
    return files


def requirements() -> list[str]:
    """What the program needs to chat, as pip writes it: extras left out."""
    text = _about()["METADATA"].decode()
    wanted = HeaderParser().parsestr(text).get_all("Requires-Dist") or []
    return [line for line in wanted if "extra ==" not in line]


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
