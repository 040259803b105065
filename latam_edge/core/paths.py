"""Where things live: XDG folders on Linux, the customary ones on Windows and macOS.

LATAM_EDGE_HOME puts everything below one folder: for tests, for a USB stick,
for a school that keeps all on one disk.
"""

from __future__ import annotations

import os
from pathlib import Path

APP = "latam-edge"


def _home() -> Path | None:
    value = os.environ.get("LATAM_EDGE_HOME")
    return Path(value).expanduser() if value else None


def data_dir() -> Path:
    """Models and conversations. Not created here."""
    if home := _home():
        return home / "data"
    import platformdirs

    return Path(platformdirs.user_data_dir(APP, appauthor=False))


def config_dir() -> Path:
    """Settings. Not created here."""
    if home := _home():
        return home / "config"
    import platformdirs

    return Path(platformdirs.user_config_dir(APP, appauthor=False))


def cache_dir() -> Path:
    """What can be made again. Not created here."""
    if home := _home():
        return home / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir(APP, appauthor=False))


def models_dir() -> Path:
    """The model library."""
    return data_dir() / "models"


def history_file() -> Path:
    """The conversations, in a folder of their own: nobody but the owner may enter it."""
    return data_dir() / "history" / "history.db"


def shared_dir() -> Path | None:
    """Models and personas that were installed for all users of this machine; None: none were.

    Only read. The launcher of such an installation names it in LATAM_EDGE_SHARED."""
    value = os.environ.get("LATAM_EDGE_SHARED") or ""
    return Path(value) if Path(value).is_absolute() else None


def settings_file() -> Path:
    """The user's settings, TOML."""
    return config_dir() / "settings.toml"


def assets_dir() -> Path:
    """What comes with the program: the embedded model and its card."""
    return Path(__file__).resolve().parent.parent / "assets"
