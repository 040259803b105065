"""A wheel of llama-cpp-python made fit for travelling: every CPU variant in the package, nothing beside it.

What pip builds from the source archive is not that yet:

- the variants lie in `bin/` of site-packages, beside other packages' programs;
- headers, CMake files and a second copy of every library lie in `include/` and `lib/`;
- a library that has three names in the build folder (`X.so`, `X.so.0`, `X.so.0.25.3`, two of
  them links) is in the wheel three times, because a zip keeps no links;
- libgomp, which all variants need, is expected from the system, and a system without a
  compiler may not have it.

`repair` writes a new wheel with what is needed inside `llama_cpp/lib`, a new RECORD and a
build number, so that it can't be mistaken for an ordinary build. `check` reads a wheel and
says what is amiss. Both look at bytes only and run anywhere.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from latam_edge.bundle import elf
from latam_edge.bundle.wheel import Wheel
from latam_edge.core.atomic import atomic_write
from latam_edge.core.errors import BundleWheel
from latam_edge.runtime.llama.variants import variant_name

BUILD = "1portable"
"""Build number (PEP 427): pip prefers the wheel with one to the same version without."""
LIB = "llama_cpp/lib/"
FACTS = LIB + "portable.json"

_X86 = [
    "x64",
    "sse42",
    "sandybridge",
    "haswell",
    "skylakex",
    "cannonlake",
    "cascadelake",
    "icelake",
    "alderlake",
]
_X86_NOT_MSVC = ["ivybridge", "piledriver", "cooperlake", "zen4", "sapphirerapids"]
_ARM = ["armv8.0_1", "armv8.2_1", "armv8.2_2", "armv8.2_3", "armv8.6_1", "armv8.6_2"]

VARIANTS: dict[str, frozenset[str]] = {
    "linux-x86_64": frozenset(_X86 + _X86_NOT_MSVC),
    "linux-aarch64": frozenset(_ARM),
    "windows-x86_64": frozenset(_X86),
    "macos-arm64": frozenset({"apple_m1", "apple_m2_m3", "apple_m4"}),
    "macos-x86_64": frozenset(_X86 + _X86_NOT_MSVC),
}
"""Platform: variants that a wheel must have. Source: ggml/src/CMakeLists.txt of llama.cpp.

Two more of linux-aarch64 (armv9.2_1 and _2, with SME) are welcome and not demanded: GCC 12 can't
compile them, and no computer that this program is for has SME."""

_TAGS = {
    "linux-x86_64": "linux_x86_64",
    "linux-aarch64": "linux_aarch64",
    "windows-x86_64": "win_amd64",
}
"""Platform: the wheel's tag. On macOS what pip chose stays: it names the oldest system."""

_MACHINES = {"x86_64": 62, "aarch64": 183}
"""e_machine of an ELF header (System V ABI): what a library is compiled for."""
_LOADED_BY_NAME = re.compile(r"(?:lib)?(?:llama|ggml|mtmd)\.(?:so|dylib|dll)")
"""What the bindings open themselves; everything else is pulled in under its SONAME."""
_LINKED_IN = re.compile(r"(?:lib)?ggml-cpu\.(?:so|dll|dylib).*")
_LIBRARY = re.compile(r".+\.(?:so(?:\.\d+)*|dylib|dll|metallib|metal)")
_GLIBC = re.compile(rb"\0GLIBC_(\d+)\.(\d+)(?=[.\0])")
_STDCXX = re.compile(rb"\0GLIBCXX_(\d+)\.(\d+)\.(\d+)(?=\0)")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same input gives the same bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """What a wheel turns out to hold."""

    variants: tuple[str, ...]
    needs_glibc: str
    """Oldest GNU C library that all its libraries load with, "2.34"; "" when none is asked for."""
    needs_stdcxx: str
    """Newest GLIBCXX version that is asked for, "3.4.29"; "" when none is."""
    problems: tuple[str, ...] = field(default=())
    """Facts that make it unfit, in technical words; () for a good wheel."""


def repair(
    wheel: Path,
    folder: Path,
    platform: str,
    *,
    runtime: Iterable[Path] = (),
    facts: Mapping[str, object] | None = None,
) -> Path:
    """Write the portable form of `wheel` into `folder`; returns its path.

    platform: a key of VARIANTS. runtime: libraries that the system may lack (libgomp.so.1), packed
    beside the others. facts: kept in the wheel, with its variants, as `portable.json`.
    Raises BundleWheel when the wheel lacks a variant, DiskFull, ReadOnlyPlace.
    """
    with Wheel(wheel) as checked:  # safe names, no links, RECORD true
        about = checked.about()
    if about.name.replace("-", "_").lower() != "llama_cpp_python":
        raise BundleWheel(name=wheel.name, detail=about.name)
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    kept = _kept(files)
    for library in runtime:
        kept[LIB + library.name] = library.read_bytes()
        if library.name.startswith("libgomp"):
            kept[_info(kept) + "/licenses/libgomp.txt"] = _LIBGOMP.encode()
    tag = _TAGS.get(platform) or wheel.stem.rpartition("-")[2]
    contents = look(kept, platform, tag)
    if contents.problems:
        raise BundleWheel(name=wheel.name, detail="; ".join(contents.problems))
    told = {
        **(facts or {}),
        "platform": platform,
        "variants": contents.variants,
        "needs": {"glibc": contents.needs_glibc, "libstdc++": contents.needs_stdcxx},
    }
    kept[FACTS] = json.dumps(told, indent=2).encode() + b"\n"
    info = _info(kept)
    kept[f"{info}/WHEEL"] = _wheel_file(kept[f"{info}/WHEEL"].decode(), tag)
    kept[f"{info}/RECORD"] = _record(kept, f"{info}/RECORD")
    path = folder / f"llama_cpp_python-{about.version}-{BUILD}-py3-none-{tag}.whl"
    with atomic_write(path) as out, zipfile.ZipFile(out, "w") as archive:
        for name, data in sorted(kept.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = (0o100755 if _LIBRARY.fullmatch(name) else 0o100644) << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, compresslevel=9)
    return path


def check(wheel: Path, platform: str) -> Contents:
    """What a portable wheel holds and what is amiss. Raises BundleWheel when it is no sound wheel."""
    with Wheel(wheel):
        pass
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    return look(files, platform, wheel.stem.rpartition("-")[2])


def look(files: Mapping[str, bytes], platform: str, tag: str) -> Contents:
    """`check` on the files of a wheel: name -> bytes."""
    problems = []
    libraries = {name: data for name, data in files.items() if _LIBRARY.fullmatch(name)}
    variants = {variant_name(Path(name)) for name in libraries if _folder(name) == LIB} - {""}
    if missing := sorted(VARIANTS[platform] - variants):
        problems.append("missing variants: " + ", ".join(missing))
    if not any(_LOADED_BY_NAME.fullmatch(_name(name)) and "llama." in name for name in libraries):
        problems.append("no libllama")
    if stray := sorted(name for name in libraries if _folder(name) != LIB):
        problems.append(f"outside {LIB}: {stray[0]}")
    if linked := [name for name in libraries if _LINKED_IN.fullmatch(_name(name))]:
        # Linked in, it would be used and no variant ever asked for.
        problems.append(f"an ordinary build: {linked[0]}")
    if (machine := _MACHINES.get(tag.partition("linux_")[2])) is not None:
        packed = {_name(name) for name in libraries}
        for name, data in sorted(libraries.items()):
            facts = elf.read(data)
            if facts is None or facts.machine != machine:
                problems.append(f"for another machine: {name}")
                continue
            missing = [need for need in facts.needed if _is_ours(need) and need not in packed]
            problems += [f"{_name(name)} needs {need}" for need in missing]
    return Contents(
        variants=tuple(sorted(variants)),
        needs_glibc=_newest(_GLIBC, libraries.values()),
        needs_stdcxx=_newest(_STDCXX, libraries.values()),
        problems=tuple(problems),
    )


# --- inside ----------------------------------------------------------------------------


def _kept(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The package with its libraries once each and the variants among them; RECORD is the old one still."""
    kept = {
        name: data
        for name, data in files.items()
        if name.startswith(("llama_cpp/", "llama_cpp_python-")) and _folder(name) != LIB
    }
    libraries = {_name(name): data for name, data in files.items() if _folder(name) == LIB}
    for name, data in files.items():
        # Backends that are loaded at run time: the CPU's variants, and a GPU's where one was asked for.
        if _folder(name) == "bin/" and re.fullmatch(r"(?:lib)?ggml-.+\.(?:so|dll|dylib)", _name(name)):
            libraries.setdefault(_name(name), data)
    needed = {name for name in libraries if _LOADED_BY_NAME.fullmatch(name) or _is_backend(name)}
    while True:
        more = {
            name
            for name in libraries.keys() - needed
            if any(_uses(libraries[user], name) for user in needed if libraries[user] != libraries[name])
        }
        if not more:
            break
        needed |= more
    # Not a library as we know it (Metal's shaders, a loader's file): small, and somebody may want it.
    needed |= {name for name in libraries if not _LIBRARY.fullmatch(name)}
    kept.update({LIB + name: libraries[name] for name in needed})
    return kept


def _is_backend(name: str) -> bool:
    """Is it loaded by its file name at run time, or on Windows by a name that the import table holds?"""
    if name.endswith(".dll"):
        return True
    return bool(re.fullmatch(r"(?:lib)?ggml-(?!base\b|cpu\.).+\.(?:so|dylib)", name))


def _uses(user: bytes, name: str) -> bool:
    """Does a library need the one called `name`? Known of ELF; of others, whether they name it anywhere."""
    facts = elf.read(user)
    if facts is not None:
        return name in facts.needed
    return b"\0" + name.encode() + b"\0" in user or b"/" + name.encode() + b"\0" in user


def _is_ours(name: str) -> bool:
    """A library that no system has: llama.cpp's own, and libgomp, which comes with compilers."""
    return name.startswith(("libllama", "libggml", "libmtmd", "libgomp"))


def _newest(pattern: re.Pattern[bytes], libraries: Iterable[bytes]) -> str:
    """The highest version that any library asks for; "" when none does."""
    found = (match for data in libraries for match in pattern.findall(data))
    versions = {tuple(int(part) for part in match) for match in found}
    return ".".join(map(str, max(versions))) if versions else ""


def _folder(name: str) -> str:
    return name[: len(name) - len(_name(name))]


def _name(name: str) -> str:
    return PurePosixPath(name).name


def _info(files: Mapping[str, bytes]) -> str:
    return next(name.split("/")[0] for name in files if name.split("/")[0].endswith(".dist-info"))


def _wheel_file(text: str, tag: str) -> bytes:
    """WHEEL with our tag and build number (PEP 427)."""
    lines = [line for line in text.splitlines() if line and not line.startswith(("Tag:", "Build:"))]
    return "\n".join([*lines, f"Tag: py3-none-{tag}", f"Build: {BUILD}", ""]).encode()


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for name, data in sorted(files.items()):
        if name != own:
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            writer.writerow((name, f"sha256={digest}", len(data)))
    writer.writerow((own, "", ""))
    return text.getvalue().encode()


_LIBGOMP = """libgomp.so.1, packed beside llama.cpp's libraries, is the GNU Offloading and Multi
Processing Runtime Library of the GCC project (https://gcc.gnu.org/onlinedocs/libgomp/),
unchanged as the system that built this wheel ships it. It is licensed under the GNU
General Public License, version 3 or later, with the GCC Runtime Library Exception,
version 3.1 (https://www.gnu.org/licenses/gcc-exception-3.1.html). Its source is that of GCC.
"""
