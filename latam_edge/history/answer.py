"""An answer on its way to the disk.

Text is written at most 250 ms after it came and synced at most once a second:
killing the program loses a quarter of a second of text, a power cut one second.
Syncing every write would wear out an SD card, and make the next write wait.
So writes go out with synchronous=NORMAL, into the system's hands, and the log
is synced beside them.

Two threads of its own do this, so that neither the model nor the screen ever
waits for the card, nor a write for a sync. When the disk is full the answer goes
on: the text stays here, and every second it's tried again.
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
        self._retry_at = 0.0
        self._ending = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._write_all, name="history-writer", daemon=True),
            threading.Thread(target=self._sync_all, name="history-sync", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

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
                self._changed.notify_all()

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
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _write_all(self) -> None:
        while True:
            with self._changed:
                while not self._ending and (wait := self._wait_s()) != 0:
                    self._changed.wait(wait)
                if self._ending:
                    return
                batch = self._pieces[self._written :]
                self._written += len(batch)
                self._oldest_unwritten = None
            try:
                self._write("".join(batch))
            except LatamEdgeError as error:
                self._put_back(len(batch))
                self._tell(error)

    def _wait_s(self) -> float | None:
        """Seconds until there is something to write: 0 now, None nothing in sight."""
        if self._oldest_unwritten is None:
            return None
        return max(0.0, max(self._oldest_unwritten + WRITE_EVERY_S, self._retry_at) - time.monotonic())

    def _write(self, text: str) -> None:
        with self._database.transaction(synced=False) as connection:
            connection.execute(
                "INSERT INTO answer_part (message_id, number, text) VALUES (?, ?, ?)",
                (self.message.id, self._parts, text),
            )
        with self._changed:
            self._parts += 1
            self._unsynced = True
            self._changed.notify_all()

    def _sync_all(self) -> None:
        last = time.monotonic()
        while True:
            with self._changed:
                while not self._ending and not (self._unsynced and time.monotonic() >= last + SYNC_EVERY_S):
                    wait = last + SYNC_EVERY_S - time.monotonic() if self._unsynced else None
                    self._changed.wait(wait)
                if self._ending:
                    return
                self._unsynced = False
            last = time.monotonic()
            try:
                self._database.sync_log()
            except LatamEdgeError as error:
                self._tell(error)

    def _tell(self, error: LatamEdgeError) -> None:
        with self._changed:
            first, self._told = not self._told, True
        if first:
            self._on_error(error)

    def _put_back(self, pieces: int) -> None:
        with self._changed:
            self._written -= pieces
            self._retry_at = time.monotonic() + SYNC_EVERY_S
            if pieces:
                self._oldest_unwritten = self._oldest_unwritten or time.monotonic()


def _touch(connection: Any, conversation_id: int, now: str) -> None:
    connection.execute("UPDATE conversation SET updated_at = ? WHERE id = ?", (now, conversation_id))
