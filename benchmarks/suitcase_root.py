"""From the stick to the first answer in an empty root file system: no network, no compiler, no pip.

    python benchmarks/suitcase_root.py --root DIR --bundle DIR [--out FILE]
    python benchmarks/suitcase_root.py --root DIR --bundle DIR --cpu cortex-a53 --cpu cortex-a76 [--out FILE]

Runs in a network namespace of its own that has nothing but an unused loopback, with the bundle mounted
read-only, as an ordinary user: installs, asks a question in Spanish and one in Portuguese, asks `doctor`
which variant of the engine is loaded, opens the chat, verifies the stick, uninstalls, and lists
what is left. Needs root (for chroot and mount) and Linux.

--root: debootstrap --variant=minbase --include=python3 bookworm DIR, with a user `maestra`; for another
architecture with --arch=arm64, and QEMU's user emulation registered with the kernel (Debian:
qemu-user-static, binfmt-support).
--cpu: processors that QEMU emulates; the first installs, each answers. An emulated time
means nothing and is not reported.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER = "maestra"
LAUNCHER = f"/home/{USER}/.local/bin/latam-edge"
QUESTIONS = {"es": "¿Cuál es la capital del Perú?", "pt": "Quanto é 7 mais 5?"}
TOOLS = ("gcc", "cc", "g++", "clang", "make", "cmake", "pip", "pip3")
SCREEN_BYTES = 3000
"""More than the words that come at once, less than the first whole screen of the chat."""
INSIDE = "LATAM_EDGE_SUITCASE_ROOT"


@dataclass(frozen=True, slots=True)
class Root:
    """A root file system to run commands in."""

    folder: Path

    def command(self, cpu: str, *words: str) -> list[str]:
        """`words` as the ordinary user, with nothing of this process's environment."""
        environment = ["PATH=/usr/bin:/bin", f"HOME=/home/{USER}", "LANG=C.UTF-8", "TERM=xterm-256color"]
        if cpu:
            environment.append(f"QEMU_CPU={cpu}")
        change = ["/usr/sbin/chroot", f"--userspec={USER}", str(self.folder)]
        return ["env", "-i", *environment, *change, *words]

    def run(self, cpu: str, *words: str) -> tuple[subprocess.CompletedProcess[str], float]:
        """The finished command and its seconds."""
        begin = time.monotonic()
        done = subprocess.run(self.command(cpu, *words), capture_output=True, text=True, errors="replace")
        return done, time.monotonic() - begin

    def first_screen(self) -> tuple[float | None, float | None]:
        """Seconds to the chat's first byte, and to its screen; None: not within 20 s."""
        first = screen = None
        said, begin = 0, time.monotonic()
        child, terminal = pty.fork()
        if child == 0:
            command = self.command("", LAUNCHER, "chat")
            os.execvp(command[0], command)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 110, 0, 0))
        while screen is None and time.monotonic() - begin < 20:
            if not select.select([terminal], [], [], 0.05)[0]:
                continue
            try:
                said += len(os.read(terminal, 65536))
            except OSError:  # Linux's way of saying that the other side is gone
                break
            first = first or time.monotonic() - begin
            if said > SCREEN_BYTES:
                screen = time.monotonic() - begin
        os.close(terminal)  # hangs up: the chat closes its worker
        os.waitpid(child, 0)
        return first, screen


def last_lines(text: str, count: int) -> list[str]:
    """What stands there in the end: a progress bar's steps are left out."""
    lines = [line.rpartition("\r")[2].strip() for line in text.split("\n")]
    return [line for line in lines if line and "%  " not in line][-count:]


def mount(root: Path, bundle: Path) -> None:
    """Into this process's own mount namespace; they go when it ends."""
    stick = root / "stick"
    stick.mkdir(exist_ok=True)
    for words in (
        ["--bind", str(bundle), str(stick)],
        ["-o", "remount,ro,bind", str(stick)],
        ["-t", "proc", "proc", str(root / "proc")],
        ["--bind", "/dev", str(root / "dev")],
    ):
        subprocess.run(["mount", *words], check=True)


def trial(root: Root, cpus: list[str], say: Any) -> dict[str, Any]:
    """Everything in turn; what came of it. `say` is called with each fact."""
    found: dict[str, Any] = {}

    def note(**facts: Any) -> None:
        found.update(facts)
        say(json.dumps(facts, ensure_ascii=False))

    emulated = bool(cpus[0])
    interfaces = (root.folder / "proc/net/dev").read_text(encoding="utf-8")
    look = "; ".join(f"command -v {tool}" for tool in TOOLS)
    note(
        interfaces=[line.partition(":")[0].strip() for line in interfaces.splitlines() if ":" in line],
        debian=(root.folder / "etc/debian_version").read_text(encoding="utf-8").strip(),
        machine=root.run(cpus[0], "uname", "-m")[0].stdout.strip(),
        compilers=root.run(cpus[0], "sh", "-c", look)[0].stdout.split(),
    )
    done, install_s = root.run(cpus[0], "sh", "/stick/instalar.sh", "--yes")
    note(install=last_lines(done.stderr, 4), install_exit=done.returncode)
    if not emulated:
        load = " ".join(f"{value:.2f}" for value in os.getloadavg())
        note(install_s=round(install_s, 1), load_average=load)
    for cpu in cpus:
        row: dict[str, Any] = {}
        for lang, question in QUESTIONS.items():
            done, answer_s = root.run(cpu, LAUNCHER, "run", "--lang", lang, question)
            row[lang] = done.stdout.strip() or done.stderr.strip()
            if not emulated:
                row[f"{lang}_s"] = round(answer_s, 1)
        engine = json.loads(root.run(cpu, LAUNCHER, "doctor", "--json")[0].stdout)["engine"]
        note(**{cpu or "this processor": row | {"variant": engine["variant"]}})
    if not emulated:
        times = [root.first_screen() for _ in range(3)]
        note(chat_first_byte_s=[first and round(first, 3) for first, _ in times])
        note(chat_screen_s=[screen and round(screen, 2) for _, screen in times])
    for name, words in {
        "verify": ("sh", "/stick/instalar.sh", "verify"),
        "uninstall": (LAUNCHER, "bundle", "uninstall", "--yes"),
    }.items():
        done, _ = root.run(cpus[0], *words)
        said = [*last_lines(done.stderr, 2), *last_lines(done.stdout, 5)]
        note(**{name: said, f"{name}_exit": done.returncode})
    home = root.folder / "home" / USER
    note(left=sorted(str(path.relative_to(home)) for path in home.glob(".local/**/*") if path.is_file()))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--cpu", action="append")
    parser.add_argument("--out", type=Path, help="a JSON file, to which this root's result is added")
    options = parser.parse_args()
    if INSIDE not in os.environ:
        return subprocess.run(
            ["unshare", "-n", "-m", sys.executable, *sys.argv], env=os.environ | {INSIDE: "1"}, check=False
        ).returncode
    root = Root(options.root.resolve())
    if any((root.folder / "home" / USER / name).exists() for name in (".local", ".config")):
        sys.exit(f"{root.folder}/home/{USER} is not empty: remove .local and .config there")
    mount(root.folder, options.bundle.resolve())
    found = trial(root, options.cpu or [""], lambda line: print(line, flush=True))
    if options.out is not None:
        results = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
        results[found["machine"]] = found
        options.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if found["install_exit"] == found["verify_exit"] == found["uninstall_exit"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
