"""Who else has this history open? Only one who is alone may clean up after the dead.

Two windows may chat at once. An answer marked "writing" is either another
window's, still streaming, or the remains of one that was killed; only in the
second case may it be closed. The operating system knows: it takes a dead
process's locks away. So everybody holds a shared lock on a small file, and who
can have it exclusively is alone.

The lock is SQLite's own, on an empty database in rollback-journal mode: BEGIN
and a read hold SHARED, BEGIN EXCLUSIVE needs that nobody holds any. It behaves
alike on Linux, macOS and Windows (https://sqlite.org/lockingv3.html).
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path


class Presence:
    """A shared lock, from construction to `close`."""

    def __init__(self, path: Path) -> None:
        """path: the lock file; made when missing (its folder must exist)."""
        # The exclusive owner lets go within milliseconds, so a short patience is enough.
        self._lock = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
        with suppress(OSError):
            path.chmod(0o600)
        self.alone = self._alone()
        """Was nobody else there when this one came?"""
        self._hold()

    def _alone(self) -> bool:
        self._lock.execute("PRAGMA busy_timeout = 0")
        try:
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            # On a full disk SQLite fails after it got the lock, hence alone.
            return error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY
        self._lock.execute("ROLLBACK")
        return True

    def _hold(self) -> None:
        self._lock.execute("PRAGMA busy_timeout = 2000")
        # Where locks don't work at all (some network shares) the chat goes on without one.
        with suppress(sqlite3.OperationalError):
            self._lock.execute("BEGIN")
            self._lock.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def close(self) -> None:
        """Let go."""
        self._lock.close()
