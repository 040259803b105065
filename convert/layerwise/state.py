"""What a calibrated conversion has finished, on disk: a killed run goes on where it was.

The folder lies beside the output file and is named after it. Each finished part (the
embedding, a layer, the head) is one .npz file that appears whole; the hidden states
that the next layer needs were synced before it. The folder goes when the conversion
has ended well, or when the input turned out bad.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from latam_edge.core.atomic import atomic_write, disk_errors, write_text
from latam_edge.core.errors import BadFile
from latam_edge.core.i18n import t
from quant.lattice import Int4Blocks


class State:
    """The folder of one conversion."""

    def __init__(self, folder: Path, fingerprint: Mapping[str, Any]) -> None:
        """Open it; what another checkpoint, text or setting left there is thrown away.

        Raises DiskFull or ReadOnlyPlace.
        """
        self.folder = folder
        stamp, wanted = folder / "inputs.json", json.dumps(fingerprint, sort_keys=True)
        found = ""
        with suppress(OSError, UnicodeDecodeError):
            found = stamp.read_text("utf-8")
        self.resumed = found == wanted
        """Whether an earlier run's work is there to go on with."""
        if not self.resumed:
            if found or not folder.exists():
                # Only a folder that carries our stamp is ever emptied.
                shutil.rmtree(folder, ignore_errors=True)
            with disk_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
            write_text(stamp, wanted)

    def path(self, name: str) -> Path:
        return self.folder / name

    def has(self, part: str) -> bool:
        """Whether `part` was finished."""
        return self._file(part).exists()

    def save(self, part: str, tensors: Mapping[str, Int4Blocks]) -> None:
        """Keep a finished part; afterwards `has` says so, whatever happens to this process."""
        arrays: dict[str, Any] = {}
        for name, blocks in tensors.items():
            # Two codes to a byte.
            arrays[f"{name}.codes"] = blocks.codes[:, ::2] | blocks.codes[:, 1::2] << 4
            arrays[f"{name}.scales"] = blocks.scales
        with atomic_write(self._file(part)) as file:
            np.savez(file, **arrays)

    def load(self, part: str, name: str) -> Int4Blocks:
        """A tensor of a finished part. Raises BadFile when its file is damaged; what is kept then goes."""
        try:
            # Opened here: numpy leaves a file that it can't read open.
            with self._file(part).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                packed, scales = arrays[f"{name}.codes"], arrays[f"{name}.scales"]
        except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
            raise BadFile(path=self._file(part), reason=t("convert.state_damaged")) from error
        codes = np.empty((len(packed), 2 * packed.shape[1]), np.uint8)
        codes[:, ::2], codes[:, 1::2] = packed & 15, packed >> 4
        return Int4Blocks(codes, scales)

    def tidy(self) -> None:
        """Give back the room of what was not finished; the folder goes when nothing was."""
        for path in self.folder.glob("*.part"):
            with suppress(OSError):
                path.unlink()
        if {path.name for path in self.folder.glob("*")} <= {"inputs.json"}:
            self.remove()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, part: str) -> Path:
        return self.folder / f"{part}.npz"
