"""An answer on its way to the disk.

Text is written at most 250 ms after it came and synced at most once a second:
killing the program loses a quarter of a second of text, a power cut one second.
Syncing every write would wear out an SD card and make the answer wait for it;
so the writes between two syncs go out with synchronous=NORMAL (they are in the
system's hands, not yet on the card) and one in each second with FULL, whose
fsync carries those before it along.

A thread of its own does the writing, so that neither the model nor the screen
ever waits for the card. When the disk is full the answer goes on: the text
stays here, and every second it's tried again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from latam_edge.core.errors import LatamEdgeError
from latam_edge.history.database import Database
from latam_edge.history.records import MessageState, StoredMessage

WRITE_EVERY_S = 0.25
SYNC_EVERY_S = 1.0


def ignore(error: LatamEdgeError) -> None:
    """Tell nobody."""


class AnswerWriter:
    """Append pieces from any thread; `finish` or `discard` ends it. Nothing but these two waits."""

    def __init__(
        self,
        database: Database,
        message: StoredMessage,
        now: Callable[[], str],
        on_error: Callable[[LatamEdgeError], None] = ignore,
    ) -> None:
        """message: the row to fill, in state "writing". now: the present's stamp.

        on_error: told once, from the writing thread, when text can't be saved (DiskFull ...).
        """
        self.message = message
        self._database = database
        self._now = now
        self._on_error = on_error
        self._told = False
        self._pieces: list[str] = []
        self._written = 0  # pieces on their way to the disk
        self._parts = 0  # rows of answer_part
        self._oldest_unwritten: float | None = None
        self._unsynced = False
        self._last_sync = time.monotonic()
        self._retry_at = 0.0
        self._ending = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="history-writer", daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """All text so far, saved or not."""
        with self._changed:
            return "".join(self._pieces)

    def append(self, text: str) -> None:
        """Take another piece of the answer. Returns at once."""
        if not text:
            return
        with self._changed:
            self._pieces.append(text)
            if self._oldest_unwritten is None:
                self._oldest_unwritten = time.monotonic()
                self._changed.notify()

    def finish(
        self, state: MessageState = "done", *, tokens: int | None = None, seed: int | None = None
    ) -> None:
        """Save the whole answer, synced, as one row.

        Raises DiskFull and its like; then the parts that were written before stay as they are.
        """
        self._stop_writing()
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE message SET content = ?, state = ?, tokens = ?, seed = ? WHERE id = ?",
                (self.text, state, tokens, seed, self.message.id),
            )
            connection.execute("DELETE FROM answer_part WHERE message_id = ?", (self.message.id,))
            _touch(connection, self.message.conversation_id, self._now())

    def discard(self) -> None:
        """Take the answer back; the one that it replaced counts again."""
        self._stop_writing()
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE message SET replaced_by = NULL WHERE replaced_by = ?", (self.message.id,)
            )
            connection.execute("DELETE FROM message WHERE id = ?", (self.message.id,))

    def _stop_writing(self) -> None:
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ending and (wait := self._wait_s()) != 0:
                    self._changed.wait(wait)
                if self._ending:
                    return
                batch = self._pieces[self._written :]
                self._written += len(batch)
                self._oldest_unwritten = None
            synced = time.monotonic() >= self._last_sync + SYNC_EVERY_S
            try:
                self._write("".join(batch), synced)
            except LatamEdgeError as error:
                self._put_back(len(batch))
                if not self._told:
                    self._told = True
                    self._on_error(error)

    def _wait_s(self) -> float | None:
        """Seconds until there is something to do: 0 now, None nothing in sight."""
        due = []
        if self._oldest_unwritten is not None:
            due.append(self._oldest_unwritten + WRITE_EVERY_S)
        if self._unsynced:
            due.append(self._last_sync + SYNC_EVERY_S)
        return max(0.0, max(min(due), self._retry_at) - time.monotonic()) if due else None

    def _write(self, text: str, synced: bool) -> None:
        with self._database.transaction(synced=synced) as connection:
            if text:
                connection.execute(
                    "INSERT INTO answer_part (message_id, number, text) VALUES (?, ?, ?)",
                    (self.message.id, self._parts, text),
                )
            else:  # a sync needs something to commit
                _touch(connection, self.message.conversation_id, self._now())
        self._parts += bool(text)
        self._unsynced = not synced
        if synced:
            self._last_sync = time.monotonic()

    def _put_back(self, pieces: int) -> None:
        with self._changed:
            self._written -= pieces
            self._retry_at = time.monotonic() + SYNC_EVERY_S
            if pieces:
                self._oldest_unwritten = self._oldest_unwritten or time.monotonic()


def _touch(connection: Any, conversation_id: int, now: str) -> None:
    connection.execute("UPDATE conversation SET updated_at = ? WHERE id = ?", (now, conversation_id))
