"""The schema, grown by numbered and named steps. Step n takes user_version from n-1 to n.

A released step is never changed: databases out there have already taken it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from latam_edge.core.errors import HistoryTooNew


@dataclass(frozen=True, slots=True)
class Migration:
    """One step."""

    name: str
    statements: tuple[str, ...]


MIGRATIONS = (
    Migration(
        "conversations and their messages",
        (
            # AUTOINCREMENT: the number of something deleted never comes back as something else's.
            """CREATE TABLE conversation (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                title TEXT NOT NULL,
                model TEXT NOT NULL DEFAULT '',
                created_at TEXT NOT NULL,
                updated_at TEXT NOT NULL,
                deleted_at TEXT
            )""",
            """CREATE TABLE message (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                conversation_id INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
                role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
                content TEXT NOT NULL,
                state TEXT NOT NULL
                    CHECK (state IN ('writing', 'done', 'length', 'cancelled', 'interrupted')),
                model TEXT NOT NULL DEFAULT '',
                created_at TEXT NOT NULL,
                replaced_by INTEGER REFERENCES message (id) ON DELETE SET NULL,
                tokens INTEGER,
                seed INTEGER
            )""",
            "CREATE INDEX message_of_conversation ON message (conversation_id, id)",
            "CREATE INDEX message_replaced_by ON message (replaced_by) WHERE replaced_by IS NOT NULL",
        ),
    ),
    Migration(
        "answers stream in parts",
        # Appending a small row costs the same one or two pages however long the answer
        # already is; growing the message's own row would rewrite all of it each time.
        (
            """CREATE TABLE answer_part (
                message_id INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
                number INTEGER NOT NULL,
                text TEXT NOT NULL,
                PRIMARY KEY (message_id, number)
            ) WITHOUT ROWID""",
        ),
    ),
)


def migrate(connection: sqlite3.Connection, place: Path) -> None:
    """Take every step that this database has not taken; all of one step or nothing of it.

    connection: in autocommit mode. Raises HistoryTooNew when a later program wrote the file.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise HistoryTooNew(path=place)
    for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have taken the step while this one waited for the lock.
            if connection.execute("PRAGMA user_version").fetchone()[0] < number:
                for statement in migration.statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
