"""The pipe between the program and the worker: one JSON object a line, UTF-8.

docs/protocol.md describes every message. This module turns them into the values
of `types` and back, and bounds the length of a line on both sides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from latam_edge.core.errors import WorkerFault
from latam_edge.runtime.types import (
    Chunk,
    Done,
    EngineConfig,
    Event,
    Message,
    ModelInfo,
    Request,
    Sampling,
    Started,
    Timings,
    Usage,
)

VERSION = 1
"""Raised when a message changes its meaning; both sides refuse another's."""

MAX_LINE_BYTES = 32 * 2**20
"""Longest line either side accepts. A whole conversation fits; a runaway peer does not."""

Fields = dict[str, Any]

# json.dumps with settings of its own makes a new encoder for every message.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pack(message: Mapping[str, Any]) -> bytes:
    """One line, with its newline."""
    try:
        text = _encode(message).encode()
    except UnicodeEncodeError:
        # A lone surrogate, as Python makes of a file name that is not UTF-8: escaped, it passes.
        text = json.dumps(message, separators=(",", ":")).encode()
    return text + b"\n"


def read(stream: BinaryIO) -> Fields | None:
    """The next message; None at the end of the stream. Raises WorkerFault for a line that is no message.

    A last line without its newline was cut by the peer's death and counts as the end.
    """
    line = stream.readline(MAX_LINE_BYTES + 1)
    if not line.endswith(b"\n"):
        if len(line) > MAX_LINE_BYTES:
            raise WorkerFault(detail=f"line > {MAX_LINE_BYTES} bytes")
        return None
    try:
        message = json.loads(line)
    except ValueError as error:
        raise WorkerFault(detail=f"{error}: {line[:60]!r}") from error
    if not isinstance(message, dict):
        raise WorkerFault(detail=repr(line[:60]))
    return message


def config_from_json(data: Fields) -> EngineConfig:
    """Inverse of dataclasses.asdict for EngineConfig. Raises TypeError for unknown fields."""
    return EngineConfig(**data)


def request_from_json(data: Fields) -> Request:
    """Inverse of dataclasses.asdict for Request. Raises TypeError or KeyError when a field is wrong."""
    return Request(
        messages=tuple(Message(**message) for message in data["messages"]),
        sampling=Sampling(**data["sampling"]),
        stop=tuple(data["stop"]),
        raw=data["raw"],
    )


def info_from_json(data: Fields) -> ModelInfo:
    """Inverse of dataclasses.asdict for ModelInfo."""
    rest = {"sampling": Sampling(**data["sampling"]), "unused": tuple(data["unused"])}
    return ModelInfo(**{**data, **rest})


def event_to_json(event: Event) -> Fields:
    """{"event": "started" | "chunk" | "done", ...its fields}."""
    if isinstance(event, Chunk):  # the frequent one; asdict copies deeply and costs ten times this
        return {"event": "chunk", "text": event.text}
    return {"event": "started" if isinstance(event, Started) else "done", **asdict(event)}


def event_from_json(data: Fields) -> Event:
    """Inverse of event_to_json; "id" is ignored. Raises WorkerFault for anything else."""
    fields = {key: value for key, value in data.items() if key not in ("event", "id")}
    try:
        match data.get("event"):
            case "chunk":
                return Chunk(**fields)
            case "started":
                return Started(**fields)
            case "done":
                usage, timings = Usage(**fields.pop("usage")), Timings(**fields.pop("timings"))
                return Done(usage=usage, timings=timings, **fields)
    except (TypeError, KeyError) as error:
        raise WorkerFault(detail=str(error)) from error
    raise WorkerFault(detail=f"event {data.get('event')!r}")
