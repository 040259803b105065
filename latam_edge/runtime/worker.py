"""The child process that holds the model: `python -m latam_edge.runtime.worker`.

Speaks the protocol of docs/protocol.md on stdin and stdout. One thread reads
commands, so that a cancel or the end of the pipe is seen in mid-answer; the main
thread does the work. The process ends when its stdin closes: a worker never
outlives the program that started it.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from latam_edge.core.errors import LatamEdgeError, NotEnoughMemory, RuntimeFault, WorkerFault
from latam_edge.core.version import __version__
from latam_edge.runtime import protocol
from latam_edge.runtime.engine import Cancellation, Engine, create, engine_of
from latam_edge.runtime.types import Chunk

FLUSH_S = 0.040
"""Text that comes faster than this is sent together: it still flows for the eye, and the program on
the other side, which needs one of the cores that compute, wakes seldom. The first piece goes at once."""

CLOSE_S = 5.0
"""How long the worker may take to end in good order after "close", when nobody is left to wait for it."""


class Worker:
    """One engine behind the pipe.

    commands: binary stream of lines from the program; events: binary stream to it.
    """

    def __init__(self, commands: BinaryIO, events: BinaryIO) -> None:
        self._commands = commands
        self._events = events
        self._queue: queue.SimpleQueue[protocol.Fields | None] = queue.SimpleQueue()
        self._cancellations: dict[int, Cancellation] = {}
        self._engine: Engine | None = None

    def run(self) -> int:
        """Serve until told to close; returns the exit code."""
        threading.Thread(target=self._read, name="commands", daemon=True).start()
        while (command := self._queue.get()) is not None:
            try:
                if not self._serve(command):
                    break
            except Exception as error:  # told to the program, whatever it is; the worker goes on
                self._send_error(command.get("id"), error)
        if self._engine is not None:
            self._engine.close()
        return 0

    def _read(self) -> None:
        """Commands, in their own thread: all go to the queue but "cancel", which can't wait."""
        closing = False
        try:
            while (command := protocol.read(self._commands)) is not None:
                number = command.get("id")
                match command.get("op"):
                    case "cancel":
                        if cancellation := self._cancellations.get(command.get("target", -1)):
                            cancellation.cancel()
                        continue
                    case "generate" if isinstance(number, int):
                        # Made here, before the answer starts, so that no cancel comes too early.
                        self._cancellations[number] = Cancellation()
                    case "close":
                        closing = True
                        for cancellation in list(self._cancellations.values()):
                            cancellation.cancel()
                self._queue.put(command)
        except WorkerFault as error:
            self._send_error(None, error)
        if closing:
            time.sleep(CLOSE_S)  # the main thread is about to end the process in good order
        # The program is gone or speaks nonsense: nothing to save here, and native code may not return.
        os._exit(0)

    def _serve(self, command: protocol.Fields) -> bool:
        """Carry out one command; False ends the worker."""
        number = command.get("id")
        match command.get("op"):
            case "hello":
                if command.get("protocol") != protocol.VERSION:
                    raise WorkerFault(detail=f"protocol {command.get('protocol')}, not {protocol.VERSION}")
                self._send(
                    {"event": "hello", "id": number, "protocol": protocol.VERSION, "version": __version__}
                )
            case "load":
                config = protocol.config_from_json(command["config"])
                if self._engine is not None:
                    self._engine.close()
                    self._engine = None
                model = Path(command["model"])
                engine = create(engine_of(model) if config.engine == "auto" else config.engine)
                try:
                    info = engine.load(model, config)
                except BaseException:
                    engine.close()
                    raise
                self._engine = engine
                self._send({"event": "loaded", "id": number, "info": asdict(info)})
            case "generate":
                try:
                    self._answer(command)
                finally:
                    self._cancellations.pop(command["id"], None)
            case "count":
                self._send(
                    {"event": "counted", "id": number, "tokens": self._loaded().count(command["text"])}
                )
            case "close":
                return False
            case other:
                raise WorkerFault(detail=f"op {other!r}")
        return True

    def _loaded(self) -> Engine:
        if self._engine is None:
            raise WorkerFault(detail="no model")
        return self._engine

    def _answer(self, command: protocol.Fields) -> None:
        number = command["id"]
        request = protocol.request_from_json(command["request"])
        pending: list[str] = []
        sent = 0.0

        def flush() -> None:
            if pending:
                self._send({"event": "chunk", "id": number, "text": "".join(pending)})
                pending.clear()

        try:
            for event in self._loaded().generate(request, self._cancellations[number]):
                if isinstance(event, Chunk):
                    pending.append(event.text)
                    now = time.perf_counter()
                    if now - sent >= FLUSH_S:
                        flush()
                        sent = now
                else:
                    flush()
                    self._send({"id": number, **protocol.event_to_json(event)})
        finally:
            flush()

    def _send_error(self, number: int | None, error: Exception) -> None:
        match error:
            case LatamEdgeError():
                told = error
            case MemoryError():
                told = NotEnoughMemory(model="", need="?", free="?")
            case _:
                told = RuntimeFault(detail=f"{type(error).__name__}: {error}"[:300])
        self._send({"event": "error", "id": number, **told.to_json()})

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._events.write(protocol.pack(message))
            self._events.flush()
        except OSError:
            os._exit(0)  # nobody listens any more


def _reserve_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for the protocol alone.

    The pipes move to new descriptors; 0 reads nothing and 1 goes where stderr
    goes, so that a print in native code cannot break a line of the protocol.
    """
    commands = os.fdopen(os.dup(0), "rb")
    events = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return commands, events


def main() -> int:
    """Entry of the child process."""
    # Ctrl-C in a terminal reaches the whole group; the program decides what it means and cancels.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    commands, events = _reserve_pipes()
    with suppress(OSError, ValueError):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return Worker(commands, events).run()


if __name__ == "__main__":
    sys.exit(main())
