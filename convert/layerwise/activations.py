"""Hidden states of all calibration windows, in a file: they may be larger than memory.

float32, one batch of windows after another. The operating system keeps as much of the
file in memory as it can spare, so small models never wait for the disk. A file has its
own name only once it is complete, so a killed run knows what it may go on with.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from latam_edge.core.atomic import disk_errors

Array = np.ndarray[Any, np.dtype[np.float32]]

BATCH_TOKENS = 2048
"""Tokens computed on at a time: large enough for fast matrix products, small beside the weights."""


class Activations:
    """An array (n_windows, n_tokens, width) that is read and written batch by batch."""

    def __init__(self, path: Path, windows: tuple[int, ...], width: int) -> None:
        """Open `path` when it is complete and of that size, or begin it anew.

        windows: (n_windows, n_tokens). Raises DiskFull.
        """
        self.path = path
        n_windows, n_tokens = windows
        self._shape = (n_windows, n_tokens, width)
        self._batch = max(1, BATCH_TOKENS // n_tokens)
        self._window_bytes = 4 * n_tokens * width
        size = n_windows * self._window_bytes
        self.complete = path.exists() and path.stat().st_size == size
        """Whether it holds all windows."""
        self._open = path if self.complete else path.with_suffix(".part")
        with disk_errors(path):
            if not self.complete:
                with self._open.open("wb") as file:
                    file.truncate(size)
            self._file = self._open.open("r+b", buffering=0)

    def __len__(self) -> int:
        """Batches."""
        return -(-self._shape[0] // self._batch)

    def windows(self, index: int) -> slice:
        """Which windows batch `index` holds."""
        first = index * self._batch
        return slice(first, min(first + self._batch, self._shape[0]))

    def read(self, index: int) -> Array:
        """Batch `index`: (n_windows of the batch, n_tokens, width)."""
        part = self.windows(index)
        batch = np.empty((part.stop - part.start, *self._shape[1:]), np.float32)
        view, done = batch.data.cast("B"), 0
        with disk_errors(self.path):
            self._file.seek(part.start * self._window_bytes)
            while done < len(view):
                count = self._file.readinto(view[done:])
                if not count:
                    raise EOFError(f"{self._open} is shorter than it was")
                done += count
        return batch

    def write(self, index: int, values: Array) -> None:
        """Replace batch `index`. Raises DiskFull."""
        part = self.windows(index)
        if values.shape != (part.stop - part.start, *self._shape[1:]):
            raise ValueError(f"batch {values.shape} does not fit {self._shape}")
        view, done = np.ascontiguousarray(values).data.cast("B"), 0
        with disk_errors(self.path):
            self._file.seek(part.start * self._window_bytes)
            while done < len(view):
                done += self._file.write(view[done:])

    def finish(self) -> None:
        """All windows are written: give the file its name, durably."""
        if self.complete:
            return
        with disk_errors(self.path):
            os.fsync(self._file.fileno())
            # Windows renames no open file.
            self._file.close()
            self._open.replace(self.path)
            self._open, self.complete = self.path, True
            self._file = self._open.open("r+b", buffering=0)

    def close(self) -> None:
        self._file.close()

    def remove(self) -> None:
        """Close and delete."""
        self.close()
        self._open.unlink(missing_ok=True)
