"""A model's card: JSON beside the file with what was measured about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 20


def read(path: Path) -> dict[str, Any]:
    """The card at `path`; empty when there is none or it can't be read as one."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        value = json.loads(data) if len(data) <= MAX_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
