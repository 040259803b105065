"""What the user clicks: a launcher, a desktop entry and an icon, in the customary places.

The launcher starts `app/start.py` with the Python that installed it. That file
looks up the version in force, so that an update changes none of these.
"""

from __future__ import annotations

import shlex
import sys
from importlib.resources import files as resources
from pathlib import Path

from latam_edge.bundle.places import Places, remove_quietly
from latam_edge.core.atomic import atomic_write
from latam_edge.core.i18n import t

ICON = "latam-edge.svg"


def planned(places: Places, platform: str = sys.platform) -> tuple[Path, ...]:
    """Paths that `write` makes outside the app folder."""
    if platform == "win32":
        return (places.bin / "latam-edge.cmd", places.share / "latam-edge.cmd")
    if platform == "darwin":
        return (places.bin / "latam-edge", places.share / "latam-edge.command")
    return (
        places.bin / "latam-edge",
        places.share / "applications" / "latam-edge.desktop",
        places.share / "icons" / "hicolor" / "scalable" / "apps" / ICON,
    )


def write(places: Places, interpreter: str, platform: str = sys.platform) -> tuple[Path, ...]:
    """Write them all, each whole or not at all. Raises DiskFull, ReadOnlyPlace."""
    made = planned(places, platform)
    _put(places.app / "start.py", resource("installed.py"))
    _put(places.app / ICON, resource(ICON))
    if platform == "win32":
        for path in made:
            _put(path, _command_file(places, interpreter))
        return made
    _put(made[0], _shell_script(places, interpreter), executable=True)
    if platform == "darwin":
        _put(made[1], f"#!/bin/sh\nexec {shlex.quote(str(made[0]))} chat\n", executable=True)
        return made
    _put(made[1], _desktop_entry(made[0]))
    _put(made[2], resource(ICON))
    return made


def remove(places: Places) -> None:
    """Remove them; a file of the same name that leads elsewhere stays."""
    made = planned(places)
    # The icon alone does not say whose it is: it goes when its desktop entry is ours.
    ours = [path for path in made if path.name != ICON and _leads_here(path, places)]
    for path in made if ours else []:
        if path in ours or path.name == ICON:
            remove_quietly(path)


def _leads_here(path: Path, places: Places) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    start, first = places.app / "start.py", planned(places)[0]
    ours = (shlex.quote(str(start)), _batch(start), shlex.quote(str(first)))
    return text == _desktop_entry(first) or any(each in text for each in ours)


def resource(name: str) -> str:
    """A text file that comes with this package."""
    return resources("latam_edge.bundle").joinpath("files", name).read_text(encoding="utf-8")


def _put(path: Path, text: str, *, executable: bool = False) -> None:
    with atomic_write(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    if executable:
        path.chmod(0o755)


def _shell_script(places: Places, interpreter: str) -> str:
    home = f"export LATAM_EDGE_HOME={shlex.quote(str(places.home))}\n" if places.home else ""
    start = shlex.quote(str(places.app / "start.py"))
    return f'#!/bin/sh\n{home}exec {shlex.quote(interpreter)} -I {start} "$@"\n'


def _command_file(places: Places, interpreter: str) -> str:
    """A batch file. A percent sign in a path must be doubled there."""
    home = f'set "LATAM_EDGE_HOME={_batch(places.home)}"\r\n' if places.home else ""
    start = _batch(places.app / "start.py")
    return f'@echo off\r\nchcp 65001 >nul\r\n{home}"{_batch(interpreter)}" -I "{start}" %*\r\n'


def _batch(path: object) -> str:
    return str(path).replace("%", "%%")


def _desktop_entry(launcher: Path) -> str:
    """Freedesktop.org, "Desktop Entry Specification" 1.5: names by language, a quoted command."""
    quoted = str(launcher)
    for letter in '\\"`$':
        quoted = quoted.replace(letter, "\\\\" + ("\\\\" if letter == "\\" else letter))
    quoted = quoted.replace("%", "%%")
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        "Version=1.5",
        "Name=latam-edge",
        f"Comment={t('bundle.desktop', lang='en')}",
        f"Comment[es]={t('bundle.desktop', lang='es')}",
        f"Comment[pt]={t('bundle.desktop', lang='pt')}",
        f'Exec="{quoted}" chat',
        "Icon=latam-edge",
        "Terminal=true",
        "Categories=Education;",
    ]
    return "\n".join(lines) + "\n"
