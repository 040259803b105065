"""The pictures of docs/usb.es.md and docs/usb.pt.md: what the commands print, recorded from a terminal.

    python docs/usb_pictures.py --wheels DIR

Makes a suitcase, checks it, damages a byte, repairs it, installs it and takes it away again, in a
temporary folder and in both languages, and writes docs/img/usb-*.svg. The commands run in a
pseudo-terminal and are answered like a person would; nothing is typed into the pictures by hand.
Only the temporary folder's name is replaced, by the names that a stick and a home have.

--wheels: a folder with the portable wheel of llama-cpp-python for this machine (docs/portable.md).
"""

from __future__ import annotations

import argparse
import fcntl
import io
import os
import pty
import re
import select
import shutil
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from latam_edge.core.atomic import write_text

IMAGES = Path(__file__).resolve().parent / "img"
COLUMNS = 108
PROMPT = "$ "
TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Words:
    """What the folder names are in one language."""

    suitcase: str
    copy: str
    packages: str


LANGUAGES = {"es": Words("valija", "copia", "paquetes"), "pt": Words("maleta", "copia", "pacotes")}


class Desk:
    """A temporary stick and home, and a terminal that keeps what is said on it."""

    def __init__(self, folder: Path, lang: str, wheels: Path) -> None:
        self.folder, self.lang = folder, lang
        self.words = LANGUAGES[lang]
        self.stick = folder / "USB"
        self.home = folder / "home"
        for each in (self.stick, self.home):
            each.mkdir(parents=True)
        (self.stick / self.words.packages).symlink_to(wheels.resolve())
        # A command as the page has it: `latam-edge` is this project's own, `sh` and `python3` the system's.
        commands = folder / "bin"
        commands.mkdir()
        (commands / "latam-edge").symlink_to(Path(sys.executable).parent / "latam-edge")
        # Who makes the suitcase is not who installs it: her key and her packages are on another machine.
        self.maker = {"LATAM_EDGE_HOME": str(folder / "maker")}
        self.environment = {
            "PATH": f"{commands}:/usr/bin:/bin",
            "HOME": str(self.home),
            "LATAM_EDGE_LANG": lang,
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLUMNS": str(COLUMNS),
        }

    def run(self, command: str, answers: Sequence[str] = (), *, where: Path | None = None) -> str:
        """The command and what the terminal shows in the end; `answers` are typed when it asks."""
        return f"{PROMPT}{command}\n" + self._plain(
            self._recorded(command, list(answers), where or self.stick)
        )

    def _recorded(self, command: str, answers: list[str], where: Path) -> str:
        making = command.startswith("latam-edge bundle")
        environment = self.environment | (self.maker if making else {})
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(where)
            os.execve("/bin/sh", ["sh", "-c", command], environment)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        said, ends = b"", time.monotonic() + TIMEOUT_S
        while time.monotonic() < ends:
            if not select.select([terminal], [], [], 0.5)[0]:
                continue
            try:
                piece = os.read(terminal, 4096)
            except OSError:  # Linux's way of saying that the other side is gone
                break
            if not piece:
                break
            said += piece
            if answers and said.endswith(b"] "):
                os.write(terminal, answers.pop(0).encode() + b"\n")
        os.close(terminal)
        os.waitpid(child, 0)
        return said.decode("utf-8", "replace")

    def _plain(self, said: str) -> str:
        """The lines as they stand in the end: a progress bar overwrites its own."""
        lines = []
        for line in said.replace("\r\n", "\n").split("\n"):
            shown = ""
            for part in line.split("\r"):
                shown = part + shown[len(part) :]
            lines.append(shown.rstrip())
        text = "\n".join(lines).rstrip("\n")
        text = text.replace(str(self.home), "/home/maestra" if self.lang == "es" else "/home/professora")
        return text.replace(str(self.stick), "/media/USB") + "\n"


def make(desk: Desk) -> str:
    w = desk.words
    first = desk.run(f"latam-edge bundle make {w.suitcase} --wheels {w.packages}")
    return first + "\n" + desk.run(f"ls {w.suitcase}")


def check(desk: Desk) -> str:
    w = desk.words
    shutil.copytree(desk.stick / w.suitcase, desk.stick / w.copy)
    whole = desk.run(f"latam-edge bundle verify {w.suitcase}")
    wheel = next((desk.stick / w.suitcase / "latam-edge" / "wheels").glob("textual-*"))
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 1  # what a worn stick does
    wheel.write_bytes(data)
    damaged = desk.run(f"latam-edge bundle verify {w.suitcase}")
    repaired = desk.run(f"latam-edge bundle verify {w.suitcase} --repair {w.copy}")
    return "\n".join((whole, damaged, repaired))


def install(desk: Desk) -> str:
    return desk.run("sh instalar.sh", ["s", "n"], where=desk.stick / desk.words.suitcase)


def use(desk: Desk) -> str:
    launcher = "~/.local/bin/latam-edge"
    question = "¿Cuál es la capital del Perú?" if desk.lang == "es" else "Qual é a capital do Peru?"
    asked = desk.run(f'{launcher} run "{question}"', where=desk.home)
    return asked + "\n" + desk.run("sh instalar.sh uninstall", ["s"], where=desk.stick / desk.words.suitcase)


PICTURES: dict[str, Callable[[Desk], str]] = {
    "make": make,
    "check": check,
    "install": install,
    "use": use,
}
"""Name of a picture: what is done for it. In this order: each takes up where the one before ended."""


def svg(text: str, title: str) -> str:
    """The terminal as a picture, commands in bold."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in text.rstrip("\n").split("\n"):
        shown = Text.from_ansi(line)
        if line.startswith(PROMPT):
            shown.stylize("bold")
        console.print(shown, soft_wrap=False, highlight=False)
    made = console.export_svg(title=title, unique_id=f"usb-{title}")
    # Without the fonts that a reader's browser would fetch from a server.
    return re.sub(r"@font-face\s*\{[^}]*\}\s*", "", made)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--wheels", type=Path, required=True)
    options = parser.parse_args()
    for lang, words in LANGUAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            desk = Desk(Path(folder), lang, options.wheels)
            for name, record in PICTURES.items():
                text = record(desk)
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
                write_text(IMAGES / f"usb-{name}.{lang}.svg", svg(text, words.suitcase))
    return 0


if __name__ == "__main__":
    sys.exit(main())
