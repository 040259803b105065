"""One SQLite database: how it is opened, how durable a write is, what its errors mean.

Two connections: writes wait for the disk (an SD card may take half a second),
and what the screen reads must not wait behind them. WAL lets both work at once.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from latam_edge.core.atomic import disk_errors
from latam_edge.core.errors import BadHistory, DiskFull, HistoryBusy, LatamEdgeError, ReadOnlyPlace
from latam_edge.history.search import fold

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

BUSY_MS = 5000
"""How long a write waits for another process's, milliseconds."""

REWRITTEN_BYTES = 64_000_000
"""Largest history that is written anew to erase something from it. SQLite holds the copy in memory."""

MEMORY = Path(":memory:")
"""The place of a history that leaves nothing behind."""


def as_error(error: sqlite3.Error, place: Path) -> LatamEdgeError:
    """What SQLite's complaint means to the user. Codes: https://sqlite.org/rescode.html."""
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary == sqlite3.SQLITE_FULL:
        return DiskFull(path=place)
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return BadHistory(path=place, detail=str(error))
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return HistoryBusy(path=place)
    return ReadOnlyPlace(path=place)


def damage_mark(place: Path) -> Path:
    """The empty file that asks the next start to check, left by one who met damage while running."""
    return place.with_name(place.name + "-damaged")


def erase_mark(place: Path) -> Path:
    """The empty file that says: something is being erased here; whoever finds it, finish the work."""
    return place.with_name(place.name + "-erase")


@contextmanager
def database_errors(place: Path) -> Iterator[None]:
    """Turn operational errors of SQLite into ours; programming errors stay what they are."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
        # Wrong SQL and broken constraints (subclasses of DatabaseError) are ours to mend.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        ours = type(error) not in (sqlite3.OperationalError, sqlite3.DatabaseError)
        if ours or code == sqlite3.SQLITE_ERROR:
            raise
        raise _noted(as_error(error, place), place) from error
    except UnicodeDecodeError as error:
        # SQLite quotes a ruined schema in its message, and Python can't decode the message.
        raise _noted(BadHistory(path=place, detail="malformed schema"), place) from error


def _noted(error: LatamEdgeError, place: Path) -> LatamEdgeError:
    """The error; if it tells of damage, with a mark left for the next start."""
    if isinstance(error, BadHistory) and place != MEMORY:
        with suppress(OSError):
            damage_mark(place).touch(mode=0o600)
    return error


def sync_file(fd: int) -> None:
    """fsync; on macOS the call that the drive's cache obeys, too."""
    if full := getattr(fcntl, "F_FULLFSYNC", None):
        fcntl.fcntl(fd, full)
    else:
        os.fsync(fd)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def connect(place: Path) -> sqlite3.Connection:
    """An open connection with this project's pragmas, in autocommit mode. Raises sqlite3.Error."""
    connection = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        # Where WAL is impossible (some network shares) SQLite answers with another mode and goes on.
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone stays in the drive's cache
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")  # no text in temporary files
        # A flipped bit in a text is no reason to lose the sight of all others.
        connection.text_factory = _decoded
        connection.create_function("fold_bytes", 1, lambda raw: fold(_decoded(raw)), deterministic=True)
    except BaseException:
        connection.close()
        raise
    return connection


class Database:
    """The two connections, each behind its lock. Usable from any thread."""

    def __init__(self, place: Path) -> None:
        """place: the file, or MEMORY. Raises what `database_errors` makes of SQLite's complaints."""
        self.place = place
        with database_errors(place):
            self._writer = connect(place)
            try:
                self._reader = self._writer if place == MEMORY else connect(place)
            except BaseException:
                self._writer.close()
                raise
        self._write_lock = threading.RLock()
        # In memory there is only one connection, hence only one lock.
        self._read_lock = self._write_lock if self._reader is self._writer else threading.RLock()
        self._synced = True

    @property
    def writer(self) -> sqlite3.Connection:
        """The writing connection itself, for migrations."""
        return self._writer

    @contextmanager
    def transaction(self, *, synced: bool = True) -> Iterator[sqlite3.Connection]:
        """A write that is all there or not at all.

        synced: on the disk itself when the block ends (fsync), safe from a power cut,
        together with all unsynced writes before it. Otherwise in the operating system's
        hands only: safe from the death of this process, not yet from a power cut, and
        never able to damage the file (WAL with synchronous=NORMAL,
        https://sqlite.org/pragma.html#pragma_synchronous).
        """
        with self._write_lock, database_errors(self.place):
            if synced is not self._synced:
                self._writer.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
                self._synced = synced
            # IMMEDIATE: a read that turns into a write could not wait for another writer.
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    with suppress(sqlite3.Error):
                        self._writer.execute("ROLLBACK")
                raise

    def read(self, sql: str, *arguments: Any) -> list[sqlite3.Row]:
        """All rows of a query, as of now."""
        with self._read_lock, database_errors(self.place):
            return self._reader.execute(sql, arguments).fetchall()

    def sync_log(self) -> None:
        """Bring all unsynced writes onto the disk, while other writes go on.

        An fsync of the log beside SQLite, which would hold its lock during its own. The
        log carries no locks, so opening and closing it here takes none away. Raises DiskFull.
        """
        if self.place == MEMORY:
            return
        try:
            with disk_errors(self.place):
                log = os.open(self.place.with_name(self.place.name + "-wal"), os.O_RDWR)
                try:
                    sync_file(log)
                finally:
                    os.close(log)
        except FileNotFoundError:
            pass  # WAL is impossible here, and SQLite's other modes have synced already
        except OSError as error:
            raise ReadOnlyPlace(path=self.place) from error

    def scrub(self) -> bool:
        """Leave no byte of what was deleted in the file or its log. False: another process is in the way.

        secure_delete zeroes a row where it lies. It misses copies in the gaps of pages
        that were rebuilt when rows moved between them (seen in 1 of 30 random histories),
        so the file is written anew as well, unless it's so large that this would take
        minutes on an SD card.
        """
        if self.place == MEMORY:
            return True
        with self._write_lock, database_errors(self.place):
            try:
                if self.place.stat().st_size <= REWRITTEN_BYTES:
                    self._writer.execute("VACUUM")
                (busy, _, _) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                return False
            return not busy

    def close(self) -> None:
        """Close both connections; the last process to close folds the log into the file."""
        with self._write_lock, self._read_lock:
            self._reader.close()
            self._writer.close()
