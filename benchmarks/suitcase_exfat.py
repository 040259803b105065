"""A suitcase on an exFAT stick: made, checked, damaged, repaired, filled up, and installed from.

    python benchmarks/suitcase_exfat.py --wheels DIR [--work DIR] [--out FILE]

The stick is an image on a loop device, mounted with the FUSE driver of exFAT (Debian: exfat-fuse,
exfatprogs; needs root). benchmarks/suitcase_machine.py does the same and more with FAT32 in a machine
of its own, whose kernel has no exFAT.

--wheels: a folder with the portable wheel of llama-cpp-python for this machine; other packages come
from the cache of an earlier `bundle make` (--work keeps one) or from the index.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOMY, TIGHT = "160M", "24M"
"""Sizes of sticks: one that holds the suitcase twice, and one that is too small for it."""


class Trial:
    """A stick, a home, and what the commands said."""

    def __init__(self, work: Path, wheels: Path) -> None:
        self.work, self.wheels = work, wheels.resolve()
        self.place = work / "stick"
        self.suitcase = self.place / "valija"
        self.said: list[str] = []
        for folder in (self.place, work / "maker", work / "home"):
            folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def stick(self, size: str) -> Iterator[None]:
        """A freshly formatted stick of `size`, mounted."""
        image = self.work / "exfat.img"
        image.unlink(missing_ok=True)
        for words in (["truncate", "-s", size, str(image)], ["mkfs.exfat", str(image)]):
            subprocess.run(words, check=True, capture_output=True)
        with self.mounted(image):
            yield

    @contextmanager
    def mounted(self, image: Path, *, writable: bool = True) -> Iterator[None]:
        loop = ["losetup", "-f", "--show", *([] if writable else ["-r"]), str(image)]
        device = subprocess.run(loop, check=True, capture_output=True, text=True).stdout.strip()
        try:
            rights = "rw" if writable else "ro"
            command = ["mount.exfat-fuse", "-o", rights, device, str(self.place)]
            subprocess.run(command, check=True, capture_output=True)
            yield
        finally:
            subprocess.run(["umount", str(self.place)], check=False)
            subprocess.run(["losetup", "-d", device], check=True)

    def note(self, line: str) -> None:
        line = line.replace(str(self.suitcase), "/stick/valija").replace(str(self.place), "/stick")
        self.said.append(line.replace(str(self.work), ""))
        print(self.said[-1], flush=True)

    def run(self, home: str, *command: str) -> None:
        """A command with the home `maker` or `home`; what it says but for its progress, and its exit code."""
        environment = os.environ | {"LATAM_EDGE_HOME": str(self.work / home), "LATAM_EDGE_LANG": "es"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        for line in (done.stderr + done.stdout).splitlines():
            if line and "%  " not in line:
                self.note(line)
        self.note(f"rc {done.returncode}")

    def bundle(self, *words: str) -> None:
        self.run("maker", sys.executable, "-m", "latam_edge.cli.main", "bundle", *words)

    def make(self) -> None:
        self.bundle("make", str(self.suitcase), "--wheels", str(self.wheels))

    def rename(self, old: str, new: str) -> None:
        """In two steps: for the file system both names are the same file."""
        (self.suitcase / old).rename(self.suitcase / "x.tmp")
        (self.suitcase / "x.tmp").rename(self.suitcase / new)


def trial(work: Path, wheels: Path) -> list[str]:
    """Everything in turn; what was said."""
    at = Trial(work, wheels)
    with at.stick(ROOMY):
        kind = subprocess.run(["findmnt", "-no", "FSTYPE", str(at.place)], capture_output=True, text=True)
        at.note(f"file system: {kind.stdout.strip()}")
        at.note("== made, made again, checked")
        at.make()
        at.make()
        at.bundle("verify", str(at.suitcase))
        copy = work / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(at.suitcase, copy)
        at.note("== a file renamed to capitals, which exFAT finds all the same")
        at.rename("LEEME.txt", "leeme.TXT")
        at.note(f"found under its old name: {(at.suitcase / 'LEEME.txt').exists()}")
        at.bundle("verify", str(at.suitcase))
        at.rename("leeme.TXT", "LEEME.txt")
        at.note("== one byte changed, and repaired from a copy")
        wheel = next(at.suitcase.glob("latam-edge/wheels/textual-*"))
        with open(wheel, "r+b") as file:
            file.seek(99_999)
            byte = file.read(1)[0]
            file.seek(99_999)
            file.write(bytes([byte ^ 1]))
        at.bundle("verify", str(at.suitcase))
        at.run("home", "sh", str(at.suitcase / "instalar.sh"), "--yes")
        at.bundle("verify", str(at.suitcase), "--repair", str(copy))
        at.note("== filled to the last byte, a wheel gone: a repair has no room")
        wheel.unlink()
        with open(at.place / "filler", "wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 20)):
                    pass
            except OSError as error:
                at.note(f"filled: {error.strerror}")
        at.bundle("verify", str(at.suitcase), "--repair", str(copy))
        at.note(f"halves left: {len(list(at.suitcase.glob('latam-edge/wheels/*part*')))}")
        (at.place / "filler").unlink()
        at.bundle("verify", str(at.suitcase), "--repair", str(copy))
    with at.mounted(work / "exfat.img", writable=False):
        at.note("== read-only: installed from, asked, taken away")
        at.run("home", "sh", str(at.suitcase / "instalar.sh"), "--yes")
        at.run("home", str(work / "home/bin/latam-edge"), "run", "¿Cuál es la capital del Perú?")
        at.run("home", str(work / "home/bin/latam-edge"), "bundle", "uninstall", "--yes")
    with at.stick(TIGHT):
        at.note("== a stick that is too small")
        at.make()
        at.note(f"on it: {sorted(path.name for path in at.suitcase.rglob('*'))}")
    return at.said


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        said = trial((options.work or Path(folder)).resolve(), options.wheels)
    if options.out is not None:
        options.out.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
