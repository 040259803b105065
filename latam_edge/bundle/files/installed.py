"""Runs the installed latam-edge: looks up the version in force and hands over to it.

The packages are in a folder of their own, found through PYTHONPATH by the child
process that holds the engine as well; the user's other packages stay out.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

AGAIN = (
    "latam-edge: esta instalación no está completa o la hizo otra versión de Python ({0}). Instala de nuevo desde la memoria USB.",
    "latam-edge: esta instalação não está completa ou foi feita por outra versão do Python ({0}). Instale de novo a partir do pen drive.",
    "latam-edge: this installation is not whole, or another version of Python made it ({0}). Install again from the stick.",
)


def main() -> int:
    try:
        with open(os.path.join(HERE, "current.json"), encoding="utf-8") as file:
            state = json.load(file)
        library = os.path.join(HERE, "versions", os.path.basename(state["folder"]), "lib")
        wanted = state["python"]
    except (OSError, ValueError, KeyError, TypeError):
        library, wanted = "", "?"
    if wanted != "%d.%d" % sys.version_info[:2] or not os.path.isdir(library):
        for line in AGAIN:
            sys.stderr.write(line.format(wanted) + "\n")
        return 3
    sys.path.insert(0, library)
    if state.get("shared") is True:
        os.environ["LATAM_EDGE_SHARED"] = HERE  # models and personas for all users of the machine
    else:
        os.environ.pop("LATAM_EDGE_SHARED", None)
    os.environ["PYTHONPATH"] = library
    os.environ["PYTHONNOUSERSITE"] = "1"
    os.environ["PYTHONSAFEPATH"] = "1"
    from latam_edge.cli.main import main as command

    return command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
