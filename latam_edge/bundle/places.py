"""Where an installed program lies, and what it keeps about itself.

    <data>/app/versions/<id>/lib/      one version: all packages, unpacked
    <data>/app/current.json            which version is in force (State)
    <data>/app/start.py                what the launcher runs
    <data>/app/incoming/               a model that is being put together
    <data>/models  <data>/history      not ours to touch, but for models that we bring

For all users of a machine, <data>/app is /usr/local/lib/latam-edge, and models and
personas that the bundle brings lie in it.

A version folder gets its name when it is whole and synced; replacing current.json
is the one step that changes which version runs.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from latam_edge.core import paths
from latam_edge.core.atomic import write_text
from latam_edge.store.library import Library


@dataclass(frozen=True, slots=True)
class State:
    """What is installed."""

    version: str
    serial: int
    """Of the bundle that it came from."""
    key: str
    """Public key of who signed that bundle, hexadecimal; "": nobody."""
    folder: str
    """Name of the version's folder."""
    python: str
    """Version of CPython that the packages are for: "3.11"."""
    interpreter: str
    """Path of the Python that runs it."""
    models: dict[str, str] = field(default_factory=dict)
    """Models that a bundle brought: name in the library -> sha256."""
    shared: bool = False
    """Whether all users of the machine run it."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one installation."""

    app: Path
    """The program."""
    bin: Path
    """Where the launcher goes."""
    share: Path
    """Where desktop entries and icons go (XDG_DATA_HOME on Linux, the start menu's folder on Windows)."""
    home: Path | None = None
    """LATAM_EDGE_HOME, when that is set: the launcher hands it on."""
    shared: bool = False
    """Whether these are for all users of the machine."""

    @property
    def personas(self) -> Path:
        return self.app / "personas" if self.shared else paths.data_dir() / "personas"

    @property
    def python(self) -> Path:
        """Where `instalar.sh` unpacks the Python that the stick brings, on machines that have none."""
        return (self.app if self.shared else self.home or paths.data_dir()) / "python"

    def library(self) -> Library:
        """The model library that a bundle's models go to."""
        return Library(self.app / "models") if self.shared else Library()

    @property
    def versions(self) -> Path:
        return self.app / "versions"

    @property
    def incoming(self) -> Path:
        return self.app / "incoming"

    @property
    def replaced(self) -> Path:
        """Names the model's file that is giving way to a newer one."""
        return self.incoming / "replaced.json"

    @property
    def current(self) -> Path:
        return self.app / "current.json"


def user_places() -> Places:
    """Those of the user who runs this, or below LATAM_EDGE_HOME."""
    app = paths.data_dir() / "app"
    if value := os.environ.get("LATAM_EDGE_HOME"):
        home = Path(value).expanduser().resolve()
        return Places(home / "data" / "app", home / "bin", home / "share", home)
    if sys.platform == "win32":
        roaming = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
        return Places(app, app, roaming / "Microsoft" / "Windows" / "Start Menu" / "Programs")
    if sys.platform == "darwin":
        return Places(app, Path.home() / ".local" / "bin", Path.home() / "Applications")
    share = os.environ.get("XDG_DATA_HOME") or ""
    data = Path(share) if Path(share).is_absolute() else Path.home() / ".local" / "share"
    return Places(app, Path.home() / ".local" / "bin", data)


def system_places(root: Path | None = None) -> Places:
    """Those for all users of the machine. root: what stands for the file system's own, for tests."""
    top = root or Path("/")
    if sys.platform == "win32":
        app = Path(os.environ.get("PROGRAMFILES") or r"C:\Program Files") / "latam-edge"
        data = Path(os.environ.get("PROGRAMDATA") or r"C:\ProgramData")
        return Places(app, app, data / "Microsoft" / "Windows" / "Start Menu" / "Programs", shared=True)
    local = top / "usr" / "local"
    share = top / "Applications" if sys.platform == "darwin" else local / "share"
    return Places(local / "lib" / "latam-edge", local / "bin", share, shared=True)


def may_write(places: Places) -> bool:
    """Whether this user may write to all of them, as far as can be seen without trying."""
    for place in (places.app, places.bin, places.share):
        while not place.exists() and place != place.parent:
            place = place.parent
        if not os.access(place, os.W_OK | os.X_OK):
            return False
    return True


def open_to_all(program: str) -> bool:
    """Whether every user may run this program: each folder above it can be entered.

    On Windows: whether it lies outside this user's own folder."""
    if os.name == "nt":
        return not Path(program).resolve().is_relative_to(Path.home())
    path = Path(program).resolve()
    with suppress(OSError):
        return all(place.stat().st_mode & 0o001 for place in (path, *path.parents))
    return False


def load_state(places: Places) -> State | None:
    """What is installed; None: nothing, or a file that nobody can read."""
    try:
        value: Any = json.loads(places.current.read_bytes())
        state = State(**value)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    texts = (state.version, state.key, state.folder, state.python, state.interpreter)
    good = all(isinstance(text, str) for text in texts) and isinstance(state.serial, int)
    return state if good and isinstance(state.models, dict) and isinstance(state.shared, bool) else None


def save_state(places: Places, state: State) -> None:
    """Put `state` in force, atomically. Raises DiskFull, ReadOnlyPlace."""
    write_text(places.current, json.dumps(asdict(state), ensure_ascii=False, indent=1) + "\n")


def remove_quietly(path: Path) -> bool:
    """Delete a file or a folder; whether it is gone."""
    import shutil

    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return not os.path.lexists(path)
