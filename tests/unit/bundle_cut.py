"""Installs an update again and again, killed each time at another moment, and looks at what is left.

A program of its own, because it forks: `python bundle_cut.py OLD NEW FOLDER MODE COUNT`
prints what was wrong, one JSON value per line, and last the number of installations that
were really killed. MODE "operations": before a file operation, COUNT of them spread over
the whole installation. "moments": after a random time, until COUNT were killed. "again":
killed at one operation after the other without ever completing in between.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs  # noqa: F401 - loaded once, before all forks

import latam_edge.core.catalogs.es.errors
import latam_edge.formats.gguf  # noqa: F401
from latam_edge.bundle import install
from latam_edge.bundle.offer import look

FILE_OPERATIONS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")
"""Events that CPython announces before it does them (docs.python.org, "Audit events table")."""
NEVER = 1 << 40
VERSIONS = ("VALUE = 1\n", "VALUE = 2\n")


def start(bundle: Path, home: Path, stop_at: int) -> tuple[int, int]:
    """An installation in a child that kills itself before its `stop_at`-th file operation: pid, pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    count = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in FILE_OPERATIONS:
            count += 1
            if count == stop_at:
                os.kill(os.getpid(), signal.SIGKILL)

    os.environ["LATAM_EDGE_HOME"] = str(home)
    sys.addaudithook(watch)
    try:
        install.install(look(bundle))
        os.write(writing, str(count).encode())
        os._exit(0)
    except BaseException as error:
        os.write(writing, repr(error).encode())
        os._exit(1)


def finish(child: int, pipe: int) -> tuple[int, str]:
    """Exit code of the child (negative: the signal), and what it said."""
    said = os.read(pipe, 4096).decode()
    os.close(pipe)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def seen(home: Path) -> dict[str, bytes]:
    """All that matters: every file, with the home's own path and the times of additions taken out.

    Bytecode is left out: it holds the time at which its module was unpacked."""
    files = {
        path.relative_to(home).as_posix(): path.read_bytes().replace(os.fsencode(home), b"HOME")
        for path in home.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    listed = json.loads(files["data/models/manifest.json"])
    for record in listed["models"].values():
        del record["added_at"], record["source"]
    files["data/models/manifest.json"] = json.dumps(listed).encode()
    return files


def version_in_force(home: Path) -> str:
    state = json.loads((home / "data" / "app" / "current.json").read_text(encoding="utf-8"))
    library = home / "data" / "app" / "versions" / state["folder"] / "lib"
    return (library / "beta" / "__init__.py").read_text(encoding="utf-8")


def main(old: Path, new: Path, folder: Path, mode: str, count: int) -> Iterator[object]:
    before, after, home = folder / "before", folder / "after", folder / "home"

    def fresh(place: Path) -> None:
        """A machine with the old version and a conversation."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(before, place)

    def whole(place: Path, bundle: Path) -> int:
        code, said = finish(*start(bundle, place, NEVER))
        if code != 0:
            raise RuntimeError(said)
        return int(said)

    whole(before, old)
    (before / "data" / "history").mkdir()
    (before / "data" / "history" / "history.db").write_bytes(os.urandom(5000))
    fresh(after)
    began = time.monotonic()
    operations = whole(after, new)
    longest = time.monotonic() - began
    wanted = seen(after)
    killed = 0

    def cut(stop_at: int, after_s: float | None) -> Iterator[object]:
        nonlocal killed
        child, pipe = start(new, home, stop_at)
        if after_s is not None:
            time.sleep(after_s)
            os.kill(child, signal.SIGKILL)
        code, said = finish(child, pipe)
        killed += code == -signal.SIGKILL
        if code not in (0, -signal.SIGKILL):
            yield "failed", stop_at, after_s, said
        if version_in_force(home) not in VERSIONS:
            yield "broken", stop_at, after_s

    def complete(what: object) -> Iterator[object]:
        whole(home, new)
        found = seen(home)
        if found != wanted:
            names = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
            yield "different", what, names

    draw = random.Random(3)
    step = max(1, -(-operations // count))
    numbers = list(range(1, operations + 1, step))
    if mode == "again":
        fresh(home)
        for number in numbers:
            yield from cut(number, None)
        yield from complete("again")
    for number in numbers if mode == "operations" else []:
        fresh(home)
        yield from cut(number, None)
        yield from complete(number)
    tries = 0
    while mode == "moments" and killed < count and tries < 5 * count:  # some come when all is done
        tries += 1
        moment = draw.uniform(0, longest)
        count_killed = killed
        fresh(home)
        yield from cut(NEVER, moment)
        if (
            count_killed == killed
        ):  # all was done before: with a warm cache it goes faster than the first time
            longest *= 0.9
        yield from complete(moment)
    yield killed


if __name__ == "__main__":
    sticks = [Path(word) for word in sys.argv[1:4]]
    for value in main(sticks[0], sticks[1], sticks[2], sys.argv[4], int(sys.argv[5])):
        sys.stdout.write(json.dumps(value) + "\n")
