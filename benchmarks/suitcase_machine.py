"""The suitcase on a machine of its own: another kernel, a real FAT32 stick, 2 GB, no network.

    python benchmarks/suitcase_machine.py --root DIR --bundle DIR --work DIR
        [--scenario first ...] [--cuts N] [--out FILE]

User-mode Linux boots Debian's kernel on an ext4 disk with an empty Debian 12; the bundle is on a
second disk of 200 MB that is formatted as a stick is. Each scenario is a shell script that runs
inside as an ordinary user, and what it says is printed and kept:

    first     from the stick to the first answer; doctor; for all users; without the C++ library
    letters   FAT32 finds files in any letter case: a renamed file, an added one, a repair
    full      a home without room, a home filled to the last byte in the middle, a full stick
    readonly  a stick whose switch is on read-only: install, verify, repair
    pull      the stick goes away in the middle; there again, the same command completes
    cut       power cuts at N moments of an installation; after each a new start and the same command

--root: debootstrap --variant=minbase --include=python3 bookworm DIR, with a user `maestra`.
--bundle: what `latam-edge bundle make` wrote. Needs Debian's user-mode-linux, busybox-static,
dosfstools, mtools and e2fsprogs; no rights but to read the root.

A power cut is a killed kernel: what it had not written to its disk is lost. Every system call
takes several times longer than outside, so that times from here are upper bounds and no benchmark.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MODULES = ("fat", "vfat", "nls_cp437", "nls_iso8859-1", "nls_utf8")
DONE = "SCENARIO DONE"
NOISE = re.compile(r"%  |^(SELinux|mmapper_init|reboot):? |^(TIMES|SCREEN) |^$")
"""Lines that are not kept: steps of a progress bar, the kernel's own, clock readings."""

START = r"""#!/bin/sh
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
S=/stick/valija
LAUNCHER=/home/maestra/.local/bin/latam-edge
say() { echo "== $*"; }
now() { date +%s.%N; }
as() { setpriv --reuid maestra --regid maestra --clear-groups \
    env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/maestra LANG=C.UTF-8 TERM=${T:-dumb} "$@"; }
stick() { mount -t vfat -o "$1" /dev/ubdb /stick && grep ' /stick ' /proc/mounts; }
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /tmp
mkdir -p /stick /dev/pts
mount -t devpts devpts /dev/pts
for module in fat vfat nls_cp437 nls_iso8859-1 nls_utf8; do
    /scenario/busybox insmod /scenario/$module.ko
done
. /scenario/$(sed 's/.*scenario=\([a-z]*\).*/\1/' /proc/cmdline)
sync
echo "SCENARIO DONE"
/scenario/busybox poweroff -f
"""

SCENARIOS = {
    "first": r"""
uname -r; grep MemTotal /proc/meminfo
echo "network: $(ls /sys/class/net | tr '\n' ' ')"
for tool in gcc cc g++ pip pip3; do command -v $tool; done; python3 -c 'import ensurepip' 2>&1 | tail -n 1
stick ro,uid=$(id -u maestra); ls $S
t0=$(now); as sh $S/instalar.sh --yes; echo "rc $?"; t1=$(now)
as $LAUNCHER run "¿Cuál es la capital del Perú?"; echo "rc $?"; t2=$(now)
as $LAUNCHER run "Quanto é 7 mais 5?"; echo "rc $?"; t3=$(now)
echo "TIMES $t0 $t1 $t2 $t3"
as $LAUNCHER doctor; as $LAUNCHER chat --persona nadie; as sh $S/instalar.sh verify; echo "rc $?"
for _ in 1 2 3; do T=xterm-256color as python3 /scenario/screen.py $LAUNCHER chat; done
as $LAUNCHER bundle uninstall --yes; echo "rc $?"; find /home/maestra -type f
say everyone
sh $S/instalar.sh --yes --all-users; echo "rc $?"
as latam-edge run "¿Cuál es la capital del Perú?"; echo "rc $?"
as sh $S/instalar.sh --yes --all-users; echo "rc $? (without the rights)"
latam-edge bundle uninstall --all-users --yes; echo "rc $?"
say libraries; LIBRARY=$(ls /usr/lib/*/libstdc++.so.6)
mv $LIBRARY $LIBRARY.aside; as sh $S/instalar.sh --yes; echo "rc $?"
find /home/maestra/.local -type f
mv $LIBRARY.aside $LIBRARY
as sh $S/instalar.sh --yes
mv $LIBRARY $LIBRARY.aside; as $LAUNCHER run hola; echo "rc $?"
mv $LIBRARY.aside $LIBRARY
""",
    "letters": r"""
stick rw,uid=$(id -u maestra)
say renamed; mv $S/latam-edge/start.py $S/latam-edge/x.tmp; mv $S/latam-edge/x.tmp $S/latam-edge/START.PY
as sh $S/instalar.sh verify; echo "rc $?"
mv $S/latam-edge/START.PY $S/latam-edge/x.tmp; mv $S/latam-edge/x.tmp $S/latam-edge/start.py
say added; echo x > $S/latam-edge/wheels/Otra.whl; mkdir "/stick/System Volume Information"
as sh $S/instalar.sh verify; echo "rc $?"; rm $S/latam-edge/wheels/Otra.whl
say damaged; cp -r $S /stick/copia
w=$(ls $S/latam-edge/wheels/numpy*x86_64.whl); printf X | dd of=$w bs=1 seek=99999 conv=notrunc 2>/dev/null
as sh $S/instalar.sh --yes; echo "rc $?"; find /home/maestra/.local -type f
as sh $S/instalar.sh verify --repair /stick/copia; echo "rc $?"
as sh $S/instalar.sh verify; echo "rc $?"
""",
    "full": r"""
mount -t tmpfs -o size=60m,uid=$(id -u maestra),mode=700 tmpfs /home/maestra
stick rw,uid=$(id -u maestra)
say "no room"; as sh $S/instalar.sh --yes; echo "rc $?"; find /home/maestra -type f
say "filled to the last byte while installing"
umount /home/maestra; mount -t tmpfs -o size=230m,uid=$(id -u maestra),mode=700 tmpfs /home/maestra
(sleep 2; cat /dev/zero > /home/maestra/filler) 2>/dev/null &
as sh $S/instalar.sh --yes; echo "rc $?"; find /home/maestra -type f ! -name filler
rm /home/maestra/filler; as sh $S/instalar.sh --yes; echo "rc $?"; as $LAUNCHER run "Hola"; echo "rc $?"
say "a full stick: repair"
cp -r $S /tmp/copia; w=$(ls $S/latam-edge/wheels/numpy*x86_64.whl); rm $w
cat /dev/zero > /stick/filler 2>/dev/null; df /stick | tail -n 1
as sh /tmp/copia/instalar.sh verify; echo "rc $?"
as $LAUNCHER bundle verify $S --repair /tmp/copia; echo "rc $?"
ls -A $S/latam-edge/wheels | grep -c part
rm /stick/filler; as $LAUNCHER bundle verify $S --repair /tmp/copia; echo "rc $?"
""",
    "readonly": r"""
stick ro,uid=$(id -u maestra)
as sh $S/instalar.sh --yes; echo "rc $?"; as $LAUNCHER run "¿Cuánto es 8 más 9?"
umount /stick; stick rw,uid=$(id -u maestra)
cp -r $S /tmp/copia; echo x >> $S/LEEME.txt
umount /stick; stick ro,uid=$(id -u maestra)
as $LAUNCHER bundle verify $S; echo "rc $?"
as $LAUNCHER bundle verify $S --repair /tmp/copia; echo "rc $?"
""",
    "pull": r"""
stick ro,uid=$(id -u maestra)
app=/home/maestra/.local/share/latam-edge/app
for moment in 0 1 2; do
    say "gone $moment s after the first file"
    (until ls -d $app/versions/.*.part; do sleep 0.02; done; sleep $moment; umount -l /stick) \
        > /dev/null 2>&1 &
    as sh $S/instalar.sh --yes; echo "rc $?"; wait
    find $app -name current.json; mountpoint -q /stick || stick ro,uid=$(id -u maestra)
done
as sh $S/instalar.sh --yes; echo "rc $?"; as $LAUNCHER run "¿Cuál es la capital del Perú?"; echo "rc $?"
""",
    "cut": r"""
stick ro,uid=$(id -u maestra)
echo "CUT FROM NOW"; as sh $S/instalar.sh --yes; echo "rc $?"; sync; echo "CUT TILL NOW"
""",
    "complete": r"""
stick ro,uid=$(id -u maestra)
app=/home/maestra/.local/share/latam-edge/app
[ -f $app/current.json ] && { as $LAUNCHER run "Hola" > /dev/null && echo "ran as it was"; }
as sh $S/instalar.sh --yes; echo "rc $?"
as $LAUNCHER run "¿Cuál es la capital del Perú?"; echo "rc $?"
find $app -name '*.part' -o -name '.*.part' | sed 's/^/LEFT /'
cd $app/versions
find . -type f ! -name '*.pyc' -exec sha256sum {} + | sort | sha256sum | sed 's/^/CONTENT /'
cd /
as $LAUNCHER bundle uninstall --yes > /dev/null 2>&1; rm -rf /home/maestra/.local /home/maestra/.config
""",
}
"""Name: what runs inside, as root, after START; `as` runs a command as the ordinary user."""

SCREEN = r"""
import fcntl, os, pty, select, struct, sys, termios, time
begin, first, screen, said = time.monotonic(), None, None, b""
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 110, 0, 0))
while time.monotonic() - begin < 20 and (screen is None or time.monotonic() - begin < screen + 0.5):
    if select.select([terminal], [], [], 0.05)[0]:
        said += os.read(terminal, 65536)
        first = first or time.monotonic() - begin
        if screen is None and len(said) > 3000:
            screen = time.monotonic() - begin
print("SCREEN first byte after %.3f s, the chat after %.3f s" % (first or -1, screen or -1))
os.kill(child, 9)
"""


@dataclass(frozen=True, slots=True)
class Images:
    """What the machine starts from."""

    disk: Path
    stick: Path


def build(options: argparse.Namespace) -> Images:
    """Make the images in --work."""
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    scenario = options.root / "scenario"
    scenario.mkdir(exist_ok=True)
    for module in MODULES:
        shutil.copy(next(Path("/usr/lib/uml/modules").rglob(f"{module}.ko")), scenario)
    shutil.copy(shutil.which("busybox") or options.busybox, scenario / "busybox")
    for name, text in {"start": START, "screen.py": SCREEN, **SCENARIOS}.items():
        (scenario / name).write_text(text, encoding="utf-8")
    (scenario / "start").chmod(0o755)
    disk = work / "disk.img"
    disk.unlink(missing_ok=True)
    subprocess.run(["mkfs.ext4", "-q", "-d", str(options.root), str(disk), "900M"], check=True)
    shutil.rmtree(scenario)
    stick = work / "stick.img"
    stick.unlink(missing_ok=True)
    with open(stick, "wb") as file:
        file.truncate(200 << 20)
    subprocess.run(["mkfs.vfat", "-F", "32", "-n", "VALIJA", str(stick)], check=True, capture_output=True)
    subprocess.run(["mcopy", "-s", "-Q", "-i", str(stick), str(options.bundle), "::valija"], check=True)
    return Images(disk, stick)


def fresh(image: Path, copy: Path) -> None:
    """A new copy of an image; a machine that still holds the old one keeps that."""
    copy.unlink(missing_ok=True)
    shutil.copy(image, copy)


class Machine:
    """One start. What it says is in `said`; its disks are copies unless `disk` is given."""

    def __init__(self, images: Images, work: Path, scenario: str, *, disk: Path | None = None) -> None:
        self._path = work / f"{scenario}.log"
        self._log = open(self._path, "wb")  # noqa: SIM115 - closed by `close`
        if disk is None:
            disk = work / "scratch.img"
            fresh(images.disk, disk)
        stick = work / "scratch-stick.img"
        fresh(images.stick, stick)
        command = ["linux.uml", "mem=2048M", f"ubd0={disk}", f"ubd1={stick}", "root=/dev/ubda", "rw"]
        command += ["init=/scenario/start", "quiet", "con=null", "con0=null,fd:1", f"scenario={scenario}"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, start_new_session=True
        )

    @property
    def said(self) -> str:
        return self._path.read_bytes().decode("utf-8", "replace").replace("\r", "")

    def wait(self, for_text: str, limit_s: float = 1200.0) -> bool:
        """Until the machine has said something, or is off; whether it did."""
        ends = time.monotonic() + limit_s
        while time.monotonic() < ends and self.process.poll() is None:
            if for_text in self.said:
                return True
            time.sleep(0.02)
        return for_text in self.said

    def close(self) -> None:
        """Off, as without power: every process of the kernel's is killed at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()


def run(images: Images, work: Path, scenario: str) -> str:
    """One scenario to its end; what it said."""
    machine = Machine(images, work, scenario)
    try:
        machine.wait(DONE)
        return machine.said
    finally:
        machine.close()


def cuts(images: Images, work: Path, count: int) -> str:
    """Power cuts, each on the disk that the one before left; what came of them."""
    disk = work / "cut.img"
    fresh(images.disk, disk)
    draw = random.Random(6)
    lines, whole = [], 0.0
    wanted = ""
    for number in range(count + 1):
        machine = Machine(images, work, "cut", disk=disk)
        machine.wait("CUT FROM NOW")
        begin = time.monotonic()
        if number == 0:  # undisturbed: how long it takes, and what comes of it
            machine.wait("CUT TILL NOW")
            whole = time.monotonic() - begin
            machine.wait(DONE)
            machine.close()
            moment = whole
        else:
            moment = draw.uniform(0.0, whole)
            time.sleep(moment)
            machine.close()
        after = Machine(images, work, "complete", disk=disk)
        after.wait(DONE)
        said = after.said
        after.close()
        content = "".join(re.findall(r"CONTENT (\w+)", said))
        wanted = wanted or content
        good = "Lima" in said and content == wanted and "LEFT" not in said and said.count("rc 0") == 2
        early = "whole before" if "ran as it was" in said else "nothing before"
        lines.append(f"cut after {moment:.2f} s: {'completed' if good else 'NOT COMPLETED'}, {early}")
        sys.stdout.write(lines[-1] + "\n")
        sys.stdout.flush()
        if not good:
            lines.append(said)
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("--root", "--bundle", "--work"):
        parser.add_argument(name, type=Path, required=True)
    names = [name for name in SCENARIOS if name != "complete"]
    parser.add_argument("--scenario", action="append", choices=names)
    parser.add_argument("--busybox", type=Path, default=Path("/bin/busybox"))
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    images = build(options)
    results = {}
    for scenario in options.scenario or names:
        cut = scenario == "cut"
        said = cuts(images, options.work, options.cuts) if cut else run(images, options.work, scenario)
        results[scenario] = [line for line in said.splitlines() if not NOISE.search(line)]
        sys.stdout.write(f"---- {scenario}\n{said}\n")
        if match := re.search(r"TIMES (\S+) (\S+) (\S+) (\S+)", said):
            times = [float(match[index]) for index in range(1, 5)]
            spans = [f"{after - before:.1f}" for before, after in itertools.pairwise(times)]
            sys.stdout.write(f"install {spans[0]} s, first answer {spans[1]} s, second {spans[2]} s\n")
        sys.stdout.flush()
    if options.out is not None:
        if options.out.exists():  # scenarios that did not run keep what they said before
            results = json.loads(options.out.read_text(encoding="utf-8")) | results
        options.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
