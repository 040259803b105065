"""The conversations: kept, found, renamed, deleted for good.

>>> history = History.open(history_file())
>>> talk = history.create("Capitales", model="semilla")
>>> history.add_message(talk.id, "user", "¿Cuál es la capital de Bolivia?")   # on the disk now
>>> answer = history.begin_answer(talk.id, model="semilla")
>>> for piece in pieces: answer.append(piece)
>>> answer.finish()
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from latam_edge.core.atomic import disk_errors
from latam_edge.core.errors import LatamEdgeError
from latam_edge.history.answer import AnswerWriter, ignore
from latam_edge.history.clock import Clock, stamp, utc_now
from latam_edge.history.database import MEMORY, Database, damage_mark, database_errors, erase_mark
from latam_edge.history.migrations import migrate
from latam_edge.history.presence import Presence
from latam_edge.history.private import prepare
from latam_edge.history.records import Conversation, MessageState, Role, StoredMessage
from latam_edge.history.recovery import Recovery, damage, recover
from latam_edge.history.search import fold

# An answer in state "writing" is still in parts.
_MESSAGE_COLUMNS = """id, conversation_id, role,
    CASE state WHEN 'writing' THEN coalesce((SELECT group_concat(text, '') FROM
        (SELECT text FROM answer_part WHERE message_id = message.id ORDER BY number)), '')
    ELSE content END AS content,
    state, model, created_at, replaced_by, tokens, seed"""


class History:
    """All conversations of one user. Usable from any thread, and by several processes at once."""

    def __init__(
        self, database: Database, *, presence: Presence | None, recovery: Recovery | None, clock: Clock
    ) -> None:
        """Use `open` or `in_memory`."""
        self._database = database
        self._presence = presence
        self._clock = clock
        self._deleted: set[int] = set()
        self.recovery = recovery
        """Not None when the file was found damaged: what was saved, and where the rest is."""

    @classmethod
    def open(cls, path: Path, *, clock: Clock = utc_now) -> History:
        """Open or make the history at `path`; repair what a crash or a power cut left.

        A damaged file never stops the program: see `recovery`.
        Raises HistoryTooNew, HistoryBusy, ReadOnlyPlace, DiskFull; BadHistory only
        when another window has the damaged file open, so that it can't be put aside.
        """
        prepare(path)
        with database_errors(path):
            presence = Presence(path.with_name(path.name + "-lock"))
        recovery = None
        try:
            if presence.alone and (detail := damage(path)):
                with database_errors(path), disk_errors(path):
                    recovery = recover(path, detail, clock())
            database = Database(path)
            try:
                with database_errors(path):
                    migrate(database.writer, path)
                history = cls(database, presence=presence, recovery=recovery, clock=clock)
                if presence.alone:
                    # With no room to clean up, what is there can still be read; next time, then.
                    with suppress(LatamEdgeError):
                        history._clean_up()
            except BaseException:
                database.close()
                raise
            damage_mark(path).unlink(missing_ok=True)
        except BaseException:
            presence.close()
            raise
        return history

    @classmethod
    def in_memory(cls, *, clock: Clock = utc_now) -> History:
        """A history that leaves nothing behind, not even a temporary file."""
        database = Database(MEMORY)
        migrate(database.writer, MEMORY)
        return cls(database, presence=None, recovery=None, clock=clock)

    @property
    def kept(self) -> bool:
        """Will the conversations still be there next time?"""
        return self._database.place != MEMORY

    @property
    def place(self) -> Path:
        """The file, or MEMORY."""
        return self._database.place

    # --- conversations ---------------------------------------------------------------

    def conversations(self, search: str = "") -> list[Conversation]:
        """All that aren't deleted, the last used first.

        search: only those with this text in the title or a message, whatever its case and accents.
        """
        sql = "SELECT id, title, model, created_at, updated_at FROM conversation WHERE deleted_at IS NULL"
        arguments: tuple[str, ...] = ()
        if wanted := fold(search.strip()):
            sql += """ AND (instr(fold_bytes(CAST(title AS BLOB)), ?1) OR EXISTS (SELECT 1 FROM message
                WHERE conversation_id = conversation.id
                AND instr(fold_bytes(CAST(content AS BLOB)), ?1)))"""
            arguments = (wanted,)
        rows = self._database.read(sql + " ORDER BY updated_at DESC, id DESC", *arguments)
        return [Conversation(**dict(row)) for row in rows]

    def find(self, conversation_id: int) -> Conversation | None:
        """The conversation with this number; None when there is none, or it was deleted."""
        rows = self._database.read(
            """SELECT id, title, model, created_at, updated_at FROM conversation
            WHERE id = ? AND deleted_at IS NULL""",
            conversation_id,
        )
        return Conversation(**dict(rows[0])) if rows else None

    def create(self, title: str, *, model: str = "") -> Conversation:
        """A new, empty conversation."""
        now = self._now()
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO conversation (title, model, created_at, updated_at) VALUES (?, ?, ?, ?)",
                (title, model, now, now),
            )
        return Conversation(cursor.lastrowid or 0, title, model, now, now)

    def rename(self, conversation_id: int, title: str) -> None:
        """Give it another title; its place in the list stays."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE conversation SET title = ? WHERE id = ?", (title, conversation_id))

    def delete(self, conversation_id: int) -> None:
        """Take it out of the list. `restore` brings it back until the program ends; then it's erased."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE conversation SET deleted_at = ? WHERE id = ?", (self._now(), conversation_id)
            )
        self._deleted.add(conversation_id)

    def restore(self, conversation_id: int) -> None:
        """Undo `delete`."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE conversation SET deleted_at = NULL WHERE id = ?", (conversation_id,))
        self._deleted.discard(conversation_id)

    # --- messages --------------------------------------------------------------------

    def messages(self, conversation_id: int, *, replaced: bool = False) -> list[StoredMessage]:
        """A conversation's turns in order. replaced: with the answers that gave way to later ones."""
        sql = f"SELECT {_MESSAGE_COLUMNS} FROM message WHERE conversation_id = ?"
        if not replaced:
            sql += " AND replaced_by IS NULL"
        rows = self._database.read(sql + " ORDER BY id", conversation_id)
        return [StoredMessage(**dict(row)) for row in rows]

    def add_message(
        self, conversation_id: int, role: Role, content: str, *, state: MessageState = "done", model: str = ""
    ) -> StoredMessage:
        """Save a whole turn. When this returns it's on the disk: a power cut can't take it away."""
        now = self._now()
        with self._database.transaction() as connection:
            cursor = connection.execute(
                """INSERT INTO message (conversation_id, role, content, state, model, created_at)
                VALUES (?, ?, ?, ?, ?, ?)""",
                (conversation_id, role, content, state, model, now),
            )
            connection.execute("UPDATE conversation SET updated_at = ? WHERE id = ?", (now, conversation_id))
        return StoredMessage(cursor.lastrowid or 0, conversation_id, role, content, state, model, now)

    def begin_answer(
        self,
        conversation_id: int,
        *,
        model: str = "",
        replaces: int | None = None,
        on_error: Callable[[LatamEdgeError], None] = ignore,
    ) -> AnswerWriter:
        """Make room for an answer that is about to stream; see AnswerWriter.

        replaces: the id of the answer that is asked for anew; it's kept, but no longer counts.
        on_error: told, from another thread, when the streaming text can't be saved.
        """
        now = self._now()
        # No sync: without a word in it there's nothing to lose yet.
        with self._database.transaction(synced=False) as connection:
            cursor = connection.execute(
                """INSERT INTO message (conversation_id, role, content, state, model, created_at)
                VALUES (?, 'assistant', '', 'writing', ?, ?)""",
                (conversation_id, model, now),
            )
            answer_id = cursor.lastrowid or 0
            if replaces is not None:
                connection.execute("UPDATE message SET replaced_by = ? WHERE id = ?", (answer_id, replaces))
            connection.execute(
                "UPDATE conversation SET model = ?, updated_at = ? WHERE id = ?",
                (model, now, conversation_id),
            )
        message = StoredMessage(answer_id, conversation_id, "assistant", "", "writing", model, now)
        return AnswerWriter(self._database, message, self._now, on_error)

    # --- the end ---------------------------------------------------------------------

    def close(self) -> None:
        """Erase what was deleted, fold the log into the file, let go. Nothing is raised."""
        with suppress(LatamEdgeError, sqlite3.Error, OSError):
            if self._deleted:
                self._erase(self._deleted)
        self._database.close()
        if self._presence is not None:
            self._presence.close()

    def __enter__(self) -> History:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _clean_up(self) -> None:
        """What an earlier process couldn't do because it died. Only for one who is alone."""
        if self._database.read("SELECT 1 FROM message WHERE state = 'writing' LIMIT 1"):
            with self._database.transaction() as connection:
                # Died before the first word in place of an answer that was fine: that one counts again.
                connection.execute(
                    """DELETE FROM message WHERE state = 'writing'
                    AND NOT EXISTS (SELECT 1 FROM answer_part WHERE message_id = message.id)
                    AND EXISTS (SELECT 1 FROM message AS earlier WHERE earlier.replaced_by = message.id)"""
                )
                connection.execute(
                    """UPDATE message SET state = 'interrupted', content = coalesce(
                        (SELECT group_concat(text, '') FROM (SELECT text FROM answer_part
                        WHERE message_id = message.id ORDER BY number)), '') WHERE state = 'writing'"""
                )
                connection.execute("DELETE FROM answer_part")
        deleted = self._database.read("SELECT id FROM conversation WHERE deleted_at IS NOT NULL")
        if deleted or erase_mark(self.place).exists():
            self._erase({int(row["id"]) for row in deleted})

    def _erase(self, conversation_ids: set[int]) -> None:
        """Delete for good: from the tables, the file and its log. The mark outlives us if we die or fail."""
        if self.kept:
            erase_mark(self.place).touch(mode=0o600)
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM conversation WHERE id = ?", [(number,) for number in conversation_ids]
            )
        if self._database.scrub() and self.kept:
            erase_mark(self.place).unlink(missing_ok=True)

    def _now(self) -> str:
        return stamp(self._clock())
