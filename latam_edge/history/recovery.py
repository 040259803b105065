"""A damaged history is put aside, never thrown away, and what can be read moves into a new one.

There is no internet in the school to look up how to repair SQLite, so the
program does it at the start and says what it did.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

from latam_edge.core.errors import BadHistory
from latam_edge.core.i18n import t
from latam_edge.history import carve
from latam_edge.history.database import connect, damage_mark
from latam_edge.history.migrations import migrate
from latam_edge.history.private import prepare
from latam_edge.history.records import MessageState, Role

ALWAYS_CHECKED_BYTES = 16_000_000
"""Below this size a check takes tens of milliseconds; above it, only after an unclean end."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What happened to a damaged history."""

    error: BadHistory
    copy: Path
    """Where the damaged file is now."""
    conversations: int
    """How many were saved from it."""
    messages: int


def damage(path: Path) -> str:
    """What is wrong with the database at `path`, in SQLite's words; "" when nothing is."""
    log = path.with_name(path.name + "-wal")
    unclean = log.exists() and log.stat().st_size > 0
    if path.stat().st_size > ALWAYS_CHECKED_BYTES and not (unclean or damage_mark(path).exists()):
        return ""
    try:
        with closing(connect(path)) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            return "" if verdict == "ok" else str(verdict).replace("\n", " ")
    except sqlite3.OperationalError:
        return ""  # locked, full, read-only: not damage; whoever opens it next will say so
    except sqlite3.DatabaseError as error:
        return str(error)
    except UnicodeDecodeError:
        return "malformed schema"  # SQLite quoted it in a message that Python can't decode


def recover(path: Path, detail: str, now: datetime) -> Recovery:
    """Put the damaged database aside and fill a new one with the rows that can still be read.

    Only for one who is alone with the file. Raises DiskFull, ReadOnlyPlace.
    """
    copy = _set_aside(path, now)
    prepare(path)
    with closing(connect(path)) as connection:
        migrate(connection, path)
        connection.execute("BEGIN IMMEDIATE")
        conversations, messages = _salvage(copy, connection)
        connection.execute("COMMIT")
    return Recovery(BadHistory(path=copy, detail=detail), copy, conversations, messages)


def _set_aside(path: Path, now: datetime) -> Path:
    copy = path.with_name(f"{path.stem}-damaged-{now:%Y%m%dT%H%M%SZ}{path.suffix}")
    number = 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.stem}-damaged-{now:%Y%m%dT%H%M%SZ}-{number}{path.suffix}")
    path.replace(copy)
    with suppress(FileNotFoundError):
        path.with_name(path.name + "-wal").replace(copy.with_name(copy.name + "-wal"))
    for leftover in (path.with_name(path.name + "-shm"), damage_mark(path)):
        with suppress(FileNotFoundError):
            leftover.unlink()
    return copy


def _salvage(copy: Path, connection: sqlite3.Connection) -> tuple[int, int]:
    """Insert every row of ours that can be told by its shape. Returns how many of each kind."""
    conversations: dict[int, list[carve.Value]] = {}
    messages: dict[int, list[carve.Value]] = {}
    for rowid, values in carve.rows(copy):
        if _is_message(values):
            messages[rowid] = values
        elif _is_conversation(values):
            conversations[rowid] = values
    for rowid, values in conversations.items():
        connection.execute("INSERT INTO conversation VALUES (?, ?, ?, ?, ?, ?)", (rowid, *values[1:6]))
    owners = {int(values[1]) for values in messages.values() if isinstance(values[1], int)}
    orphans = owners - set(conversations)
    for rowid in orphans:
        stamps = [str(v[6]) for v in messages.values() if v[1] == rowid]
        connection.execute(
            "INSERT INTO conversation VALUES (?, ?, '', ?, ?, NULL)",
            (rowid, t("history.recovered_title"), min(stamps), max(stamps)),
        )
    # The answer that replaced another has the higher number: from the last to the first, it's there in time.
    for rowid in sorted(messages, reverse=True):
        values = messages[rowid]
        replaced_by = values[7] if values[7] in messages else None
        connection.execute(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (rowid, *values[1:7], replaced_by, *values[8:10]),
        )
    return len(conversations) + len(orphans), len(messages)


def _is_message(values: list[carve.Value]) -> bool:
    return (
        len(values) >= 10
        and isinstance(values[1], int)
        and values[2] in get_args(Role)
        and isinstance(values[3], str)
        and values[4] in get_args(MessageState)
        and isinstance(values[5], str)
        and _is_stamp(values[6])
        and all(v is None or isinstance(v, int) for v in values[7:10])
    )


def _is_conversation(values: list[carve.Value]) -> bool:
    return (
        len(values) >= 6
        and isinstance(values[1], str)
        and isinstance(values[2], str)
        and _is_stamp(values[3])
        and _is_stamp(values[4])
        and (values[5] is None or _is_stamp(values[5]))
    )


def _is_stamp(value: carve.Value) -> bool:
    return isinstance(value, str) and len(value) == 24 and value.endswith("Z")
