"""Compile llama-cpp-python once for every processor of a platform.

    python -m latam_edge.bundle.runtime_wheel --out DIR [--platform linux-aarch64]

Fetches the pinned source archive through pip, compiles it with all CPU variants as
loadable libraries, and leaves a wheel that `pip install` and `latam-edge bundle make
--wheels DIR` take. Needs a C++ compiler; for another kind of processor than this
machine's, Debian's cross compiler (g++-aarch64-linux-gnu or g++-x86-64-linux-gnu).
About 20 CPU minutes.

The wheel loads on systems whose C library is as new as this one's or newer: compile on
the oldest system that it is for (the workflow in .github does so in a container).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from latam_edge.bundle import portable
from latam_edge.bundle.targets import here
from latam_edge.core import paths
from latam_edge.core.errors import BundleGather, LatamEdgeError
from latam_edge.core.i18n import format_bytes, t

VERSION = "0.3.36"
SOURCE_SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
"""Of llama_cpp_python-0.3.36.tar.gz as PyPI has it; llama.cpp is inside."""

FLAGS = (
    "-DGGML_NATIVE=OFF",  # nothing of this machine's own processor
    "-DGGML_BACKEND_DL=ON",  # CPU code in libraries that are loaded at run time
    "-DGGML_CPU_ALL_VARIANTS=ON",  # one for each generation
    "-DLLAVA_BUILD=OFF",  # no images
)
PLATFORM_FLAGS = {
    # A library that is loaded at run time finds libggml-base beside itself.
    "macos-arm64": ("-DCMAKE_INSTALL_RPATH=@loader_path", "-DCMAKE_OSX_DEPLOYMENT_TARGET=13.0"),
    "macos-x86_64": ("-DCMAKE_INSTALL_RPATH=@loader_path", "-DCMAKE_OSX_DEPLOYMENT_TARGET=13.0"),
    # Visual C++'s OpenMP is a library that Windows lacks; ggml has threads of its own.
    "windows-x86_64": ("-DGGML_OPENMP=OFF",),
}

_TRIPLES = {"linux-x86_64": "x86_64-linux-gnu", "linux-aarch64": "aarch64-linux-gnu"}
_WINDOWS_RUNTIME = ("msvcp140.dll", "vcruntime140.dll", "vcruntime140_1.dll")


def build(
    platform: str, out: Path, work: Path, *, source: Path | None = None, jobs: int | None = None
) -> Path:
    """Compile for `platform` and write the portable wheel into `out`; returns its path.

    work: kept between runs; an interrupted compilation goes on there. source: the archive,
    when it is at hand. jobs: compilers at a time. Raises BundleGather, BundleWheel.
    """
    work.mkdir(parents=True, exist_ok=True)
    compiler, toolchain = _toolchain(platform, work)
    archive = source or _fetch(work)
    if (found := hashlib.sha256(archive.read_bytes()).hexdigest()) != SOURCE_SHA256:
        raise BundleGather(target=archive.name, detail=t("portable.wrong_source", found=found))
    tree = _unpack(archive, work)
    left_out = prepare(tree, _compiles_sme(compiler) if platform == "linux-aarch64" else True)
    flags = (*FLAGS, *PLATFORM_FLAGS.get(platform, ()))
    wheel = _compile(tree, work, (*flags, *toolchain), jobs)
    facts = {"source": {"name": archive.name, "sha256": SOURCE_SHA256}, "flags": flags, "left_out": left_out}
    return portable.repair(wheel, out, platform, runtime=runtime_libraries(platform, compiler), facts=facts)


def prepare(tree: Path, sme: bool) -> list[str]:
    """Leave out of the source what isn't needed or can't be compiled; returns the variants left out.

    sme: does the compiler know ARM's SME? GCC 12 does not. Nothing else is touched:
    the helper code of llama.cpp's own tools is switched off in the package's CMakeLists.txt,
    where an option from outside is overridden.
    """
    path = tree / "CMakeLists.txt"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("set(LLAMA_BUILD_COMMON ON CACHE", "set(LLAMA_BUILD_COMMON OFF CACHE"), encoding="utf-8"
    )
    if sme:
        return []
    path = tree / "vendor/llama.cpp/ggml/src/CMakeLists.txt"
    lines, left_out = [], []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        match = re.match(r"[#\s]*ggml_add_cpu_backend_variant\((armv[\w.]+)\b[^)]*\bSME\b[^)]*\)", line)
        if match:
            left_out.append(match[1])
            line = line if line.lstrip().startswith("#") else "# " + line  # an earlier run's
        lines.append(line)
    path.write_text("".join(lines), encoding="utf-8")
    return left_out


def runtime_libraries(platform: str, compiler: str) -> list[Path]:
    """What the system that the wheel is for may not have: libgomp, and Visual C++'s library on Windows."""
    if platform in _TRIPLES:
        path = Path(_said(compiler, "-print-file-name=libgomp.so.1"))
        if not path.is_absolute():  # the compiler's way to say that it has none
            raise BundleGather(target=platform, detail=t("portable.no_tool", tool="libgomp.so.1"))
        return [path]
    if platform.startswith("windows"):
        system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32"
        return [path for name in _WINDOWS_RUNTIME if (path := system / name).exists()]
    return []


# --- inside ----------------------------------------------------------------------------


def _fetch(work: Path) -> Path:
    archive = work / f"llama_cpp_python-{VERSION}.tar.gz"
    if not archive.exists():
        # pip reads a source archive's description by running its build: it brings what that needs.
        command = ["download", "--no-deps", "--no-binary", "llama-cpp-python", "--dest", str(work)]
        _run([sys.executable, "-m", "pip", *command, f"llama-cpp-python=={VERSION}"])
    return archive


def _unpack(archive: Path, work: Path) -> Path:
    """The source tree, fresh or as an interrupted run left it: a new one would be compiled from the start."""
    tree = work / f"llama_cpp_python-{VERSION}"
    if not tree.exists():
        fresh = work / "unpacking"
        shutil.rmtree(fresh, ignore_errors=True)
        with tarfile.open(archive) as file:
            file.extractall(fresh, filter="data")
        (fresh / tree.name).replace(tree)
        fresh.rmdir()
    return tree


def _toolchain(platform: str, work: Path) -> tuple[str, tuple[str, ...]]:
    """(C compiler, CMake's options for it). Raises BundleGather when there is none for the platform."""
    if platform == here().platform:
        compiler = os.environ.get("CC") or "cc"
        if platform in _TRIPLES and shutil.which(compiler) is None:
            raise BundleGather(target=platform, detail=t("portable.no_tool", tool=compiler))
        return compiler, ()
    if platform not in _TRIPLES or not here().platform.startswith("linux"):
        raise BundleGather(target=platform, detail=t("portable.no_cross", platform=platform))
    triple = _TRIPLES[platform]
    for tool in (f"{triple}-gcc", f"{triple}-g++"):
        if shutil.which(tool) is None:
            raise BundleGather(target=platform, detail=t("portable.no_tool", tool=tool))
    path = work / "toolchain.cmake"
    work.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "set(CMAKE_SYSTEM_NAME Linux)\n"
        f"set(CMAKE_SYSTEM_PROCESSOR {platform.partition('-')[2]})\n"
        f"set(CMAKE_C_COMPILER {triple}-gcc)\n"
        f"set(CMAKE_CXX_COMPILER {triple}-g++)\n"
        f"set(CMAKE_FIND_ROOT_PATH /usr/{triple})\n"
        "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)\n"
        "set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)\n"
        "set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)\n"
        "set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)\n",
        encoding="utf-8",
    )
    return f"{triple}-gcc", (f"-DCMAKE_TOOLCHAIN_FILE={path.resolve()}",)


def _compiles_sme(compiler: str) -> bool:
    command = [compiler, "-march=armv9.2-a+sme", "-fsyntax-only", "-x", "c", os.devnull]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _compile(tree: Path, work: Path, flags: Sequence[str], jobs: int | None) -> Path:
    made = work / "built"
    shutil.rmtree(made, ignore_errors=True)
    env = {**os.environ, "CMAKE_ARGS": " ".join(flags)}
    if jobs is not None:
        env["CMAKE_BUILD_PARALLEL_LEVEL"] = str(jobs)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-cache-dir", "-w", str(made)]
    _run([*command, "-C", f"build-dir={(work / 'build').resolve()}", str(tree)], env)
    return next(made.glob("llama_cpp_python-*.whl"))


def _run(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    """Run and let it talk on stderr. Raises BundleGather when it fails."""
    done = subprocess.run(command, env=env, stdout=2, check=False)
    if done.returncode != 0:
        shown = " ".join(Path(part).name if index == 0 else part for index, part in enumerate(command[:4]))
        detail = t("portable.failed", command=shown, status=done.returncode)
        raise BundleGather(target=f"llama-cpp-python {VERSION}", detail=detail)


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def main(argv: Sequence[str] | None = None) -> int:
    """The script. Exit codes are those of `latam-edge`."""
    parser = argparse.ArgumentParser(
        "python -m latam_edge.bundle.runtime_wheel", description=t("portable.help")
    )
    parser.add_argument("--out", type=Path, required=True, help=t("portable.out"))
    known = ", ".join(portable.VARIANTS)
    parser.add_argument(
        "--platform",
        choices=list(portable.VARIANTS),
        default=here().platform,
        help=t("portable.platform", platforms=known),
    )
    parser.add_argument("--source", type=Path, help=t("portable.source"))
    parser.add_argument("--work", type=Path, help=t("portable.work"))
    parser.add_argument("--jobs", type=int, help=t("portable.jobs"))
    parser.add_argument("--repair", type=Path, help=t("portable.from"))
    args = parser.parse_args(argv)
    work = args.work or paths.cache_dir() / "runtime-wheel" / f"{VERSION}-{args.platform}"
    try:
        if args.repair is not None:
            compiler, _ = _toolchain(args.platform, work)
            runtime = runtime_libraries(args.platform, compiler)
            path = portable.repair(args.repair, args.out, args.platform, runtime=runtime)
        else:
            path = build(args.platform, args.out, work, source=args.source, jobs=args.jobs)
        contents = portable.check(path, args.platform)
    except LatamEdgeError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    size = format_bytes(path.stat().st_size)
    said = [
        t("portable.made", path=path, size=size),
        t("portable.variants", names=" ".join(contents.variants)),
    ]
    if contents.needs_glibc:
        said.append(t("portable.needs", glibc=contents.needs_glibc, stdcxx=contents.needs_stdcxx))
    sys.stdout.write("\n".join([*said, ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
