"""What the command line tells the chat."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from latam_edge.runtime.types import EngineConfig, Sampling


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """How a chat begins."""

    model: str | None = None
    """A name from the library or a path. None: the library's default."""
    config: EngineConfig = field(default_factory=EngineConfig)
    """How the model is loaded."""
    system: str | None = None
    """System prompt. None: what the model's template brings."""
    sampling: Sampling = field(default_factory=Sampling)
    """How answers are drawn. Empty fields: what the model's file ships."""
    history: bool = True
    """False: keep everything in memory and leave nothing behind."""
    screenshot: Path | None = None
    """Where to write a picture of a chat that the program holds with itself; then nothing else happens."""
