"""Wheels, unpacked by ourselves: the target may have neither pip nor ensurepip.

A wheel is a zip with a list, RECORD, of every file's sha256 (PEP 427, "The Wheel
Binary Package Format"). Debian's Python comes without pip, and unpacking into a
folder of our own is all that is needed. Every entry is checked against RECORD
while it is written, and its name before.

Not covered: scripts, headers and data of a wheel's ".data" folder (nothing here
needs them), signatures inside wheels.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from latam_edge.core.atomic import disk_errors
from latam_edge.core.errors import BundleBomb, BundleEscape, BundleLink, BundleWheel

MAX_ENTRIES = 60_000
MAX_TEXT_BYTES = 16 << 20
"""RECORD and METADATA are read whole; PyTorch's RECORD is 1.5 MB."""
_HASHES = ("sha256", "sha384", "sha512")
_UNSAFE = re.compile(r'[\\:*?"<>|\0-\x1f]')


@dataclass(frozen=True, slots=True)
class About:
    """What a wheel says of itself."""

    name: str
    version: str
    licence: str
    unpacked: int
    """Bytes of all its files."""


class Wheel:
    """An open wheel whose table of contents has been checked. A context manager.

    Raises BundleWheel, BundleEscape, BundleLink; `name` is what the errors call it."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.name = name or path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise BundleWheel(name=self.name, detail="zip") from error
        try:
            self.entries = self._checked()
            self._info = self._info_folder()
            self._record = self._read_record()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Wheel:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def unpacked(self) -> int:
        """Bytes that the files claim to take."""
        return sum(entry.file_size for entry in self.entries)

    def about(self) -> About:
        """Name, version and licence from METADATA."""
        text = self._text(f"{self._info}/METADATA")
        head = HeaderParser().parsestr(text.decode("utf-8", "replace"))
        return About(head.get("Name", ""), head.get("Version", ""), _licence(head), self.unpacked)

    def extract(self, folder: Path, limit: int) -> None:
        """Write the files below `folder`, at most `limit` bytes; nothing existing is overwritten.

        Raises BundleBomb before and while writing, BundleWheel when a file is not what RECORD says
        or another wheel has written the same name, DiskFull, ReadOnlyPlace."""
        if self.unpacked > limit:
            raise BundleBomb(name=self.name)
        for entry in self.entries:
            target = self._target(entry.filename)
            if target is not None:
                self._write(entry, folder / target)

    # --- inside ------------------------------------------------------------------------

    def _refuse(self, detail: str) -> BundleWheel:
        return BundleWheel(name=self.name, detail=detail)

    def _checked(self) -> list[zipfile.ZipInfo]:
        """The files, every name safe and every entry a plain file."""
        entries, seen = [], set()
        listed = self._zip.infolist()
        if len(listed) > MAX_ENTRIES:
            raise BundleBomb(name=self.name)
        for entry in listed:
            # zipfile has turned "\\" into "/" on Windows and cut at a zero byte: the name as it was is meant.
            name = entry.orig_filename
            parts = name.removesuffix("/").split("/")
            if any(part in ("", ".", "..") for part in parts) or _UNSAFE.search(name):
                raise BundleEscape(name=name[:80].replace("\0", "?"), inside=self.name)
            mode = entry.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise BundleLink(name=f"{self.name}: {name[:80]}")
            if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise self._refuse(name[:80])
            if name.endswith("/"):
                continue
            if name.lower() in seen:  # one file on Windows and on FAT
                raise self._refuse(f"{name[:80]}: 2x")
            seen.add(name.lower())
            entries.append(entry)
        return entries

    def _info_folder(self) -> str:
        found = {
            entry.filename.split("/")[0]
            for entry in self.entries
            if entry.filename.split("/")[0].endswith(".dist-info")
        }
        if len(found) != 1:
            raise self._refuse("dist-info")
        return found.pop()

    def _text(self, name: str) -> bytes:
        try:
            with self._zip.open(name) as file:
                data = file.read(MAX_TEXT_BYTES + 1)
        except (KeyError, zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
            raise self._refuse(name) from error
        if len(data) > MAX_TEXT_BYTES:
            raise BundleBomb(name=self.name)
        return data

    def _read_record(self) -> dict[str, tuple[str, bytes]]:
        """Hash name and digest of every file, by name. Raises BundleWheel when RECORD and the zip differ."""
        own = f"{self._info}/RECORD"
        try:
            rows = list(csv.reader(io.StringIO(self._text(own).decode("utf-8"))))
        except (UnicodeDecodeError, csv.Error) as error:
            raise self._refuse("RECORD") from error
        record: dict[str, tuple[str, bytes]] = {}
        for row in rows:
            if not row or row[0] in (own, f"{own}.jws", f"{own}.p7s"):
                continue
            algorithm, _, value = row[1].partition("=") if len(row) > 1 else ("", "", "")
            if algorithm not in _HASHES:
                raise self._refuse(f"RECORD: {row[0][:80]}")
            try:
                record[row[0]] = algorithm, base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
            except ValueError as error:
                raise self._refuse(f"RECORD: {row[0][:80]}") from error
        names = {entry.filename for entry in self.entries} - {own, f"{own}.jws", f"{own}.p7s"}
        if different := sorted(names ^ record.keys()):
            raise self._refuse(f"RECORD: {different[0][:80]}")
        return record

    def _target(self, name: str) -> str | None:
        """Where an entry goes below the folder; None: nowhere."""
        top, _, rest = name.partition("/")
        if not top.endswith(".data"):
            return name
        scheme, _, inner = rest.partition("/")
        return inner if scheme in ("purelib", "platlib") and inner else None

    def _write(self, entry: zipfile.ZipInfo, target: Path) -> None:
        expected = self._record.get(entry.filename)
        digest = hashlib.new(expected[0] if expected else "sha256")
        size = 0
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                file = open(target, "xb")  # noqa: SIM115 - closed by the block below
            except FileExistsError:
                raise self._refuse(f"{entry.filename[:80]}: 2x") from None
            with file:
                try:
                    with self._zip.open(entry) as source:
                        while piece := source.read(1 << 20):
                            size += len(piece)
                            if size > entry.file_size:
                                raise BundleBomb(name=self.name)
                            digest.update(piece)
                            file.write(piece)
                except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
                    raise self._refuse(entry.filename[:80]) from error
                file.flush()
                if os.name == "nt":  # elsewhere one os.sync() at the end does for all
                    os.fsync(file.fileno())
        if expected is not None and digest.digest() != expected[1]:
            raise self._refuse(entry.filename[:80])


def _licence(head: object) -> str:
    """The licence that METADATA names: the expression, the classifier, or a short text."""
    get = getattr(head, "get")  # noqa: B009 - email's Message, whose types are not exact
    if expression := get("License-Expression"):
        return str(expression)
    for line in getattr(head, "get_all")("Classifier") or []:  # noqa: B009
        if str(line).startswith("License :: OSI Approved :: "):
            return str(line).rpartition(" :: ")[2]
    text = str(get("License") or "").strip()
    return text if 0 < len(text) <= 80 and "\n" not in text else "?"
