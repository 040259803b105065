"""TOML that people write by hand: read leniently at the edges, and when it is wrong, the line is named."""

from __future__ import annotations

import re
from typing import Any


class NotTOML(ValueError):
    """What was read is not TOML, or not even text."""

    def __init__(self, line: int, expected: str) -> None:
        super().__init__(f"line {line} must be {expected}")
        self.line = line
        """Where reading stopped, counted from 1."""
        self.expected = expected
        """"TOML" or "UTF-8"."""


def parse(data: bytes) -> dict[str, Any]:
    """The tables and values of a TOML file's bytes. Raises NotTOML.

    Windows' Notepad may write a byte order mark; it is passed over.
    """
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotTOML(1 + data.count(b"\n", 0, error.start), "UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # "... (at line 3, column 7)", or "(at end of document)"
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else 1 + data.rstrip().count(b"\n")
        raise NotTOML(line, "TOML") from None
