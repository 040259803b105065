"""A training stage's checkpoint: one file, whole or absent, whatever the disk says."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import torch

from latam_edge.core.atomic import atomic_write, disk_errors


class _Recording:
    """A file that remembers why a write failed: torch.save turns what the disk says into a RuntimeError."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace the checkpoint at `path`. Raises DiskFull, ReadOnlyPlace; the one before is then untouched."""
    with disk_errors(path), atomic_write(path) as file:
        recording = _Recording(file)
        try:
            torch.save(state, recording)  # type: ignore[arg-type]  # write and flush are all it needs
        except Exception:
            if recording.error is not None:
                raise recording.error from None
            raise


def load_checkpoint(path: Path, fingerprint: str, on: torch.device) -> dict[str, Any] | None:
    """The checkpoint at `path` if it is of this recipe, else None."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location=on, weights_only=True)
    return state if state["fingerprint"] == fingerprint else None
