"""The native library: loaded once, quiet, its last complaints kept.

llama-cpp-python's package imports a server's worth of helpers (170 ms and numpy on
the machine of docs/decisions); the bindings alone take 25 ms. So its package
`__init__` is stepped over and only the module of ctypes declarations is loaded.
`variants` then finds the machine code for this processor, where the build is portable.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections import deque
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from latam_edge.core import system_libraries
from latam_edge.core.errors import EngineLibrary, EngineMissing, EngineUnfit
from latam_edge.runtime.llama.variants import ensure_cpu, variant_folders

Handle = Any
"""An opaque native pointer."""

_LEVEL_ERROR, _LEVEL_CONTINUES = 4, 5  # enum ggml_log_level

complaints: deque[str] = deque(maxlen=20)
"""The last errors that the native library logged, oldest first. Cleared before each attempt."""


@cache
def library() -> Any:
    """The module of ctypes declarations, its library initialized and fit for this processor.

    Raises EngineMissing when the package is not there or does not load, EngineLibrary when the
    system lacks a library that it needs, EngineUnfit when it has no code for this processor."""
    spec = find_spec("llama_cpp")
    if spec is None or not spec.submodule_search_locations:
        raise EngineMissing(engine="llama", extra="")
    package = sys.modules.get("llama_cpp")
    if package is None:
        sys.modules["llama_cpp"] = bare = ModuleType("llama_cpp")
        bare.__path__ = list(spec.submodule_search_locations)
    try:
        lib: Any = import_module("llama_cpp.llama_cpp")
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        if gone := system_libraries.named_in(error):
            raise EngineLibrary(library=gone, package=system_libraries.package(gone)) from error
        raise EngineMissing(engine="llama", extra="") from error
    finally:
        if package is None:
            # Someone who wants the whole package later gets it; our module stays shared.
            del sys.modules["llama_cpp"]
    lib._latam_edge_log = lib.llama_log_callback(_listen)  # kept alive as long as the library
    lib.llama_log_set(lib._latam_edge_log, ctypes.c_void_p(0))
    package_folder = Path(next(iter(spec.submodule_search_locations)))
    if not ensure_cpu(lib._lib, variant_folders(package_folder)):
        raise EngineUnfit
    lib.llama_backend_init()
    return lib


def _listen(level: int, text: bytes, _: Any) -> None:
    words = text.decode("utf-8", "replace").strip()
    if level == _LEVEL_ERROR:
        complaints.append(words)
    elif level == _LEVEL_CONTINUES and complaints:
        complaints[-1] += " " + words


def why() -> str:
    """The native library's first complaint: the cause, those that follow are its consequences.

    Without the names of the C++ functions that passed it on.
    """
    for line in complaints:
        if text := re.sub(r"^([\w:]+: |error loading model: )+", "", line).strip():
            return text[:300]
    return "?"
