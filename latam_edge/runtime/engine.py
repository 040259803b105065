"""What an engine is, and the table of those that exist.

An engine runs inside the worker process only. It is imported when a model asks
for it, so that the chat and the command line never load native code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Protocol

from latam_edge.core.errors import EngineMissing
from latam_edge.runtime.types import EngineConfig, Event, ModelInfo, Request

LEAST_N_CTX = 16
"""A window in which a question and a word of answer fit."""


class Cancelled(Exception):
    """The user ended the work in the middle of a step. The step's tokens are not in the cache."""


class Cancellation:
    """Asks a running answer to end. `cancel` may come from any thread, before or during the answer."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cancelled = False
        self._wake: Callable[[], None] | None = None

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._wake is not None:
                self._wake()

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call `wake` when `cancel` comes (at once if it came already): for engines deep in native code."""
        with self._lock:
            self._wake = wake
            if self._cancelled:
                wake()
        try:
            yield
        finally:
            with self._lock:
                self._wake = None


class Engine(Protocol):
    """Runs one model. Every call comes from one thread; only a Cancellation crosses threads."""

    def load(self, model: Path, config: EngineConfig) -> ModelInfo:
        """Load `model`. Raises BadFile, NotEnoughMemory or EngineMissing; called once."""
        ...

    def generate(self, request: Request, cancellation: Cancellation) -> Iterator[Event]:
        """Answer: Started, any number of Chunk, Done. Raises PromptTooLong or BadTemplate before Started."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a plain text, without BOS or template."""
        ...

    def close(self) -> None:
        """Free the model. Idempotent."""
        ...


ENGINES: dict[str, tuple[str, str, str]] = {
    "llama": ("latam_edge.runtime.engines.llama", "LlamaEngine", ""),
    "onnx": ("latam_edge.runtime.engines.onnx_engine", "OnnxEngine", "[onnx]"),
    "echo": ("latam_edge.runtime.engines.echo", "EchoEngine", ""),
}
"""Name -> (module, class, extra of the package that installs what it needs)."""


def engine_of(model: Path) -> str:
    """The engine that a model's form asks for: "onnx" for a folder or an .onnx file, else "llama"."""
    return "onnx" if model.suffix.lower() == ".onnx" or model.is_dir() else "llama"


def create(name: str) -> Engine:
    """A new engine of this name. Raises EngineMissing when it is unknown or not installed."""
    try:
        module, cls, extra = ENGINES[name]
    except KeyError:
        raise EngineMissing(engine=name, extra="") from None
    if find_spec(module) is None:
        raise EngineMissing(engine=name, extra=extra)
    try:
        engine: Engine = getattr(import_module(module), cls)()
    except ImportError as error:
        raise EngineMissing(engine=name, extra=extra) from error
    return engine
