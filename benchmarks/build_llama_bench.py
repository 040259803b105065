"""Build llama.cpp's own tools against the installed llama_cpp package's libraries.

    python benchmarks/build_llama_bench.py [FOLDER] [--tool bench|perplexity|imatrix] [--jobs N]

Fetches the package's source archive through pip (llama.cpp comes inside it), compiles
llama-bench (or another tool) and the helper code it needs, and links them to the
installed libllama and libggml, so that a comparison runs the same machine code on both
sides. Needs cmake and a C++ compiler; about five CPU minutes, at low priority. Prints
the program's path.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from latam_edge.core.paths import cache_dir

HERE = Path(__file__).resolve().parent


def library_folder() -> Path:
    """Where the installed package keeps libllama."""
    spec = find_spec("llama_cpp")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("llama_cpp is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "lib"


def default_folder() -> Path:
    return cache_dir() / "benchmarks" / f"llama-bench-{version('llama-cpp-python')}"


TOOLS = ("bench", "perplexity", "imatrix")


def program(folder: Path, tool: str = "bench") -> Path:
    name = f"llama-{tool}"
    return folder / "build" / name / (f"{name}.exe" if os.name == "nt" else name)


def build(folder: Path, tool: str = "bench", jobs: int | None = None) -> Path:
    """Build one of TOOLS into `folder` unless that is done; returns the program.

    jobs: compilers at a time; None: one per core.
    """
    if program(folder, tool).exists():
        return program(folder, tool)
    folder.mkdir(parents=True, exist_ok=True)
    release = version("llama-cpp-python")
    archive = folder / f"llama_cpp_python-{release}.tar.gz"
    nice = ["nice", "-n", "19"] if shutil.which("nice") else []
    if not archive.exists():
        fetch = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:"]
        fetch += ["-d", str(folder), f"llama-cpp-python=={release}"]
        subprocess.run([*nice, *fetch], check=True, stdout=sys.stderr)
    inside = f"llama_cpp_python-{release}/vendor/llama.cpp"
    with tarfile.open(archive) as tar:
        wanted = (m for m in tar if m.name.startswith(inside) and "/models/" not in m.name)
        tar.extractall(folder, members=wanted, filter="data")
    configure = [
        "cmake",
        "-S",
        str(HERE / "llama_bench"),
        "-B",
        str(folder / "build"),
        f"-DLLAMA_CPP_SOURCE={folder / inside}",
        f"-DLLAMA_CPP_LIB={library_folder()}",
    ]
    subprocess.run([*nice, *configure], check=True, stdout=sys.stderr)
    make = ["cmake", "--build", str(folder / "build"), "--target", f"llama-{tool}"]
    subprocess.run([*nice, *make, f"-j{jobs or os.cpu_count()}"], check=True, stdout=sys.stderr)
    return program(folder, tool)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=default_folder())
    parser.add_argument("--tool", choices=TOOLS, default="bench")
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    print(build(options.folder.absolute(), options.tool, options.jobs))
