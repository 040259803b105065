"""The first thing that runs from the stick: checks what it is about to run, then runs the installer.

It needs nothing but Python, and must itself be understood by old versions of it, so
that they can say what is missing. It runs the program's own wheel without installing it,
from a copy: a stick that is pulled out must not take along the words that say so, and
what runs is what was compared.
"""

import hashlib
import io
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)

TOO_OLD = (
    "Hace falta Python 3.11 o más nuevo; aquí hay {0}.",
    "É preciso Python 3.11 ou mais novo; aqui há {0}.",
    "Python 3.11 or newer is needed; here is {0}.",
)
DAMAGED = (
    "LE-153: {0} falta o está dañado. Vuelve a copiar la carpeta entera.",
    "LE-153: {0} está faltando ou danificado. Copie a pasta inteira de novo.",
    "LE-153: {0} is missing or damaged. Copy the whole folder again.",
)


def say(lines: "tuple[str, ...]", fact: str) -> None:
    """The same sentence in the three languages: nobody has been asked for one yet."""
    for line in lines:
        sys.stderr.write(line.format(fact) + "\n")


def keep(file: "io.FileIO", piece: bytes) -> bool:
    """Write a piece of the copy; whether there was room."""
    try:
        return file.write(piece) == len(piece)
    except OSError:
        return False


def bootstrap(place: str) -> "list[str]":
    """Paths of the wheels that the installer runs from, each compared with the list and copied to `place`.

    Where there is no room for copies, the paths are those on the stick."""
    name = "manifest.json"
    try:
        with open(os.path.join(HERE, name), "rb") as file:
            listed = json.loads(file.read(8 << 20).decode("utf-8"))
        known = dict((item["path"], item["sha256"]) for item in listed["files"])
        found = []
        for name in listed["bootstrap"]:
            # Only a plain name in the wheels' folder: the list itself has not been checked yet.
            path = os.path.join(HERE, "wheels", os.path.basename(name))
            copy = os.path.join(place, os.path.basename(path)) if place else os.devnull
            digest, whole = hashlib.sha256(), bool(place)
            with open(path, "rb") as file, open(copy, "wb", 0) as out:
                for piece in iter(lambda: file.read(1 << 20), b""):
                    digest.update(piece)
                    whole = whole and keep(out, piece)
            if digest.hexdigest() != known[name]:
                raise ValueError(name)
            found.append(copy if whole else path)
        return found
    except (OSError, ValueError, KeyError, TypeError):
        say(DAMAGED, name)
        sys.exit(3)


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if sys.version_info < (3, 11):
        say(TOO_OLD, sys.version.split()[0])
        return 3
    sys.dont_write_bytecode = True  # nothing is written to the stick
    try:
        place = tempfile.mkdtemp(prefix="latam-edge-")
    except OSError:
        place = ""
    try:
        return installer(place)
    finally:
        if place:
            shutil.rmtree(place, ignore_errors=True)


def installer(place: str) -> int:
    sys.path[:0] = bootstrap(place)
    from latam_edge.cli.main import main as command

    words = sys.argv[1:]
    if words[:1] in (["verify"], ["uninstall"]):
        action, words = words[0], words[1:]
    else:
        action = "install"
    return command(["bundle", action, *([] if action == "uninstall" else [TOP]), *words])


if __name__ == "__main__":
    sys.exit(main())
