"""The portable build's machine code: one library per kind of processor, one of them loaded.

An ordinary build of llama.cpp has its CPU code linked in. A portable one
(GGML_BACKEND_DL with GGML_CPU_ALL_VARIANTS) has a dozen libraries `ggml-cpu-NAME`,
and nothing works until one is registered. llama.cpp looks for them beside the
running program and in the current folder; beside the program there is Python, and
the current folder may be a stranger's USB stick. So the folder is found here, by
what is installed, and handed to `ggml_backend_load_all_from_path`: each library is
asked for its score on this processor (0: does not run here), the best one stays.

The registry lives inside libggml. Two copies of that library, under two names, are
two registries; the functions are therefore looked up in the copy that libllama
itself has pulled in, never by loading a file.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latam_edge.core.hardware import cpu_flags
from latam_edge.runtime.extensions import parse_features, unused_extensions

_VARIANT = re.compile(r"(?:lib)?ggml-cpu-(.+)\.(?:so|dll|dylib)", re.IGNORECASE)
_REGISTRY, _BASE = "ggml", "ggml-base"
_SYSTEM = str(sys.platform)  # a plain value, so that a type checker sees every system's branch


@dataclass(frozen=True, slots=True)
class Build:
    """What the engine runs on this processor."""

    variant: str
    """Name of the loaded variant ("haswell", "armv8.2_2"); "" for an ordinary build."""
    features: tuple[str, ...]
    """Extensions that the loaded code uses, in ggml's spelling ("AVX2")."""
    unused: tuple[str, ...]
    """Extensions that the processor has and the loaded code doesn't use; () when nobody knows."""


def variant_name(path: Path) -> str:
    """What stands after "ggml-cpu-" in a library's name ("haswell"); "" for any other file."""
    match = _VARIANT.fullmatch(path.name)
    return match[1] if match else ""


def variant_folders(package: Path) -> list[Path]:
    """Folders with variants that belong to the installed package, the best first.

    package: the folder `llama_cpp`. Variants lie with its libraries when the wheel comes
    from `latam_edge.bundle.runtime_wheel`, and in site-packages/bin when it comes from pip
    with the flags alone. LLAMA_CPP_LIB_PATH, which the bindings obey, goes first.
    """
    named = os.environ.get("LLAMA_CPP_LIB_PATH")
    places = [Path(named).absolute()] if named else []
    places += [package / "lib", package.parent / "bin"]
    return [place for place in places if any(_variants(place))]


def _variants(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in sorted(folder.iterdir()) if variant_name(path))
    except OSError:
        return


def ensure_cpu(llama: Any, folders: Sequence[Path]) -> bool:
    """Is there code for this processor, loading a variant from `folders` when none is linked in?

    llama: the ctypes library libllama, loaded. True without a look at the folders for an ordinary build.
    """
    try:
        by_name = _function(llama, _REGISTRY, "ggml_backend_reg_by_name", ctypes.c_void_p, ctypes.c_char_p)
        load = _function(llama, _REGISTRY, "ggml_backend_load_all_from_path", None, ctypes.c_char_p)
    except (AttributeError, OSError):
        return True  # a libllama with all of ggml inside and nothing of it shown: it has its code
    if by_name(b"CPU"):
        return True
    for folder in folders:
        load(os.fsencode(folder))
        if by_name(b"CPU"):
            return True
    return False


def loaded_variant(llama: Any) -> str:
    """The variant that is registered, by the file that its code lies in; "" for an ordinary build."""
    try:
        by_name = _function(llama, _REGISTRY, "ggml_backend_reg_by_name", ctypes.c_void_p, ctypes.c_char_p)
        proc_types = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
        proc = _function(llama, _BASE, "ggml_backend_reg_get_proc_address", *proc_types)
    except (AttributeError, OSError):
        return ""
    registered = by_name(b"CPU")
    # Any function of the registered code will do; this is one that every CPU backend has.
    address = proc(registered, b"ggml_backend_get_features") if registered else None
    path = _file_of(address) if address else None
    return variant_name(path) if path else ""


def build(lib: Any) -> Build:
    """What `native.library()` runs on this processor."""
    features = parse_features(lib.llama_print_system_info().decode("utf-8", "replace"))
    return Build(
        variant=loaded_variant(lib._lib),
        features=tuple(features),
        unused=tuple(unused_extensions(cpu_flags(), features)),
    )


def _function(llama: Any, home: str, name: str, result: Any, *arguments: Any) -> Any:
    """A C function of the ggml that `llama` has pulled in.

    home: which library has it, asked only on Windows: elsewhere a look-up goes on into the
    libraries that the first one needs (POSIX dlsym).
    """
    library = llama
    if _SYSTEM == "win32":
        # By the path of the copy that is loaded already: a second handle to the same module.
        library = ctypes.CDLL(str(Path(llama._name).with_name(f"{home}.dll")))
    function = library[name]  # by item: a function object of our own, whose types nobody else sets
    function.restype, function.argtypes = result, list(arguments)
    return function


def _file_of(address: int) -> Path | None:
    """The file of the loaded library that `address` lies in; None when the system won't tell."""
    if _SYSTEM == "win32":
        return _file_of_windows(address)

    class Info(ctypes.Structure):  # Dl_info, <dlfcn.h>
        _fields_ = (
            ("file", ctypes.c_char_p),
            ("base", ctypes.c_void_p),
            ("symbol", ctypes.c_char_p),
            ("address", ctypes.c_void_p),
        )

    try:
        dladdr = ctypes.CDLL(None)["dladdr"]
    except (AttributeError, OSError):
        return None
    dladdr.argtypes = [ctypes.c_void_p, ctypes.POINTER(Info)]
    info = Info()
    if not dladdr(address, ctypes.byref(info)) or not info.file:
        return None
    return Path(os.fsdecode(info.file))


def _file_of_windows(address: int) -> Path | None:
    """GetModuleHandleExW by address, without taking a reference; then the module's file."""
    kernel32 = vars(ctypes)["windll"].kernel32
    module = ctypes.c_void_p()
    by_address_unchanged = 0x4 | 0x2
    if not kernel32.GetModuleHandleExW(by_address_unchanged, ctypes.c_void_p(address), ctypes.byref(module)):
        return None
    name = ctypes.create_unicode_buffer(32768)
    return Path(name.value) if kernel32.GetModuleFileNameW(module, name, len(name)) else None
