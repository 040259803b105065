"""The program's side of the worker: starts it, asks, streams, cancels, restarts it after a crash.

>>> with Client(Path("model.gguf")) as client:
...     for event in client.stream(Request(messages=(Message("user", "Hola"),))):
...         ...
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from latam_edge.core.errors import (
    EngineUnfit,
    LatamEdgeError,
    ModelRejected,
    PromptTooLong,
    WorkerDied,
    WorkerFault,
    from_json,
)
from latam_edge.runtime import protocol
from latam_edge.runtime.environment import ILLEGAL_INSTRUCTION, child_environment
from latam_edge.runtime.types import Done, EngineConfig, Event, ModelInfo, Request

HELLO_TIMEOUT_S = 60.0
"""A cold Python on a slow disk under an antivirus takes its time."""
LOAD_TIMEOUT_S = 600.0
"""A model of gigabytes read from an SD card."""
CLOSE_TIMEOUT_S = 3.0
"""How long a worker may take to say goodbye before it is killed."""


class _Process:
    """A running worker and its two pipes."""

    def __init__(self, command: list[str]) -> None:
        self.popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(),
            # Out of the terminal's foreground group, so that Ctrl-C reaches the program alone.
            process_group=None if os.name == "nt" else 0,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.commands = cast(BinaryIO, self.popen.stdin)
        self.events = cast(BinaryIO, self.popen.stdout)
        self.last_words: deque[str] = deque(maxlen=40)
        self._listener = threading.Thread(target=self._listen, name="worker-stderr", daemon=True)
        self._listener.start()
        self.ended = False
        """`end` was called, perhaps by `close` from another thread: what it breaks is no fault."""
        self._write_lock = threading.Lock()
        self._ids = 0

    def _listen(self) -> None:
        """Keep the last lines that native code wrote; they never reach the screen."""
        stream = cast(BinaryIO, self.popen.stderr)
        with suppress(ValueError, OSError):
            while line := stream.readline(4096):
                self.last_words.append(line.decode("utf-8", "replace").rstrip())

    def send(self, op: str, **fields: Any) -> int:
        """Write one command and return its id. Raises WorkerDied, or PromptTooLong for a text of many MB."""
        with self._write_lock:
            self._ids += 1
            line = protocol.pack({"op": op, "id": self._ids, **fields})
            if len(line) > protocol.MAX_LINE_BYTES:
                # No vocabulary spends less than a token on so many bytes.
                raise PromptTooLong(prompt_tokens=f"> {len(line) // 1024}", n_ctx="?")
            try:
                self.commands.write(line)
                self.commands.flush()
            except (OSError, ValueError) as error:
                raise WorkerDied from error
            return self._ids

    def receive(self, number: int) -> protocol.Fields:
        """The next event for command `number`. Raises the error that the worker reports, or WorkerDied."""
        while True:
            try:
                message = protocol.read(self.events)
            except (OSError, ValueError) as error:
                raise WorkerDied from error
            if message is None:
                raise WorkerDied
            if message.get("id") not in (number, None):
                continue  # the tail of an answer that nobody waits for
            if message.get("event") == "error":
                raise from_json(message)
            return message

    def end(self, *, gently: bool = True) -> None:
        """Stop and reap the child. Idempotent; called at exit too."""
        self.ended = True
        if gently and self.popen.poll() is None:
            with suppress(LatamEdgeError):
                self.send("close")
                with suppress(subprocess.TimeoutExpired):
                    self.popen.wait(CLOSE_TIMEOUT_S)
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        self._listener.join(1.0)
        for stream in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            with suppress(OSError, ValueError):
                cast(BinaryIO, stream).close()


class Client:
    """A model in a child process. One answer at a time; `cancel` and `close` may come from any thread."""

    def __init__(
        self,
        model: Path | str,
        config: EngineConfig | None = None,
        *,
        name: str = "",
        command: list[str] | None = None,
    ) -> None:
        """
        model: path of the model file, not checked before `start`.
        name: what the user calls it; the file's own name when empty.
        command: how to start a worker; tests give another.
        """
        self._model = Path(model)
        self._config = config or EngineConfig()
        self._name = name
        self._command = command or [sys.executable, "-P", "-m", "latam_edge.runtime.worker"]
        self._process: _Process | None = None
        self._finalizer: weakref.finalize[Any, Any] | None = None
        self._info: ModelInfo | None = None
        self._load_s = 0.0
        self._turn = threading.Lock()
        self._reader: int | None = None  # the thread that reads an answer
        self._asked = threading.Lock()  # guards the two below
        self._answering: int | None = None  # id of the running answer
        self._cancel_asked = False  # a cancel that came before the answer had an id

    def __enter__(self) -> Client:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def info(self) -> ModelInfo | None:
        """What is loaded; None before the first `start`."""
        return self._info

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        process = self._process
        return process.popen.pid if process is not None and process.popen.poll() is None else None

    @property
    def last_words(self) -> tuple[str, ...]:
        """The last lines that the worker's native code wrote, for a fault report."""
        return tuple(self._process.last_words) if self._process is not None else ()

    def start(self) -> ModelInfo:
        """Start the worker and load the model, unless that is done already.

        Raises BadFile (and what it covers), NotEnoughMemory, EngineMissing, WorkerFault.
        """
        with self._turn:
            return self._start()

    def stream(self, request: Request) -> Iterator[Event]:
        """Answer: Started, any number of Chunk, Done. A dead worker is started again first.

        Raises PromptTooLong, BadTemplate, WorkerDied when it dies in mid-answer
        (what came before is the caller's to keep), or what `start` raises. Leaving
        the iterator early cancels the answer; an answer left open blocks the next one,
        and in its own thread that is a RuntimeError.
        """
        me = threading.get_ident()
        if not self._turn.acquire(blocking=self._reader != me):
            raise RuntimeError("the answer before is still open in this thread: close its iterator")
        try:
            self._reader = me
            self._cancel_asked = False
            yield from self._answer(request)
        finally:
            self._reader = None
            self._turn.release()

    def _answer(self, request: Request) -> Iterator[Event]:
        self._start()
        process = cast(_Process, self._process)
        with self._asked:
            number = self._answering = self._asking(process, "generate", request=asdict(request))
            if self._cancel_asked:
                process.send("cancel", target=number)
        try:
            while True:
                event = protocol.event_from_json(process.receive(number))
                if isinstance(event, Done):
                    self._answering = None
                    if self._load_s:
                        event = replace(event, timings=replace(event.timings, load_s=self._load_s))
                        self._load_s = 0.0
                yield event
                if isinstance(event, Done):
                    return
        except WorkerDied:
            self._end()
            raise
        except LatamEdgeError as error:
            self._answering = None
            if isinstance(error, WorkerFault):
                self._end()  # out of step with the worker: a new one is the only sure way back
            raise
        finally:
            if self._answering is not None:
                self._abandon(process, number)

    def cancel(self) -> None:
        """End the running answer within a token; its stream still gives a Done. Harmless when none runs."""
        with self._asked:
            self._cancel_asked = True
            if self._process is not None and self._answering is not None:
                with suppress(LatamEdgeError):
                    self._process.send("cancel", target=self._answering)

    def tokenize_count(self, text: str) -> int:
        """Tokens of a plain text, without BOS or template. Waits for a running answer to end."""
        with self._turn:
            self._start()
            process = cast(_Process, self._process)
            tokens: int = process.receive(self._asking(process, "count", text=text))["tokens"]
            return tokens

    def close(self) -> None:
        """Stop the worker; a running answer ends as cancelled. Idempotent; a later call would start anew."""
        process = self._process
        if process is None:
            return
        # Without the turn: another thread may be reading an answer, and it ends only because of this.
        with suppress(LatamEdgeError):
            process.send("close")
        # A worker that is still loading has nothing to finish.
        if self._turn.acquire(timeout=CLOSE_TIMEOUT_S if self._answering is not None else 0.2):
            try:
                self._end(gently=True)
            finally:
                self._turn.release()
        else:
            process.end(gently=False)

    # --- below: with the turn held ---------------------------------------------------

    def _asking(self, process: _Process, op: str, **fields: Any) -> int:
        try:
            return process.send(op, **fields)
        except WorkerDied:
            self._end()
            raise

    def _start(self) -> ModelInfo:
        if self._process is not None and self._process.popen.poll() is None and self._info is not None:
            return self._info
        self._end()
        begin = time.perf_counter()
        process = self._process = _Process(self._command)
        self._finalizer = weakref.finalize(self, process.end, gently=False)
        try:
            self._greet(process)
            info = self._load(process)
        except BaseException:
            self._end()
            raise
        self._load_s = time.perf_counter() - begin
        self._info = replace(info, name=self._name or info.name, load_s=self._load_s)
        return self._info

    def _greet(self, process: _Process) -> None:
        """Agree on the protocol's version. Raises WorkerFault when the child fails or speaks another."""
        with _deadline(process, HELLO_TIMEOUT_S):
            try:
                hello = process.receive(process.send("hello", protocol=protocol.VERSION))
            except WorkerDied as error:
                if process.ended:
                    raise
                raise WorkerFault(detail=_reason(process)) from error
        if hello.get("event") != "hello" or hello.get("protocol") != protocol.VERSION:
            raise WorkerFault(detail=f"protocol {hello.get('protocol')}, not {protocol.VERSION}")

    def _load(self, process: _Process) -> ModelInfo:
        with _deadline(process, LOAD_TIMEOUT_S):
            try:
                number = process.send(
                    "load", model=str(self._model.absolute()), name=self._name, config=asdict(self._config)
                )
                return protocol.info_from_json(process.receive(number)["info"])
            except WorkerDied as error:
                if process.ended:
                    raise
                reason = _reason(process)
                if process.popen.returncode in ILLEGAL_INSTRUCTION:
                    raise EngineUnfit() from error
                # The header was sound and native code still fell: the file is to blame.
                raise ModelRejected(path=self._model, detail=reason) from error
            except (KeyError, TypeError) as error:
                raise WorkerFault(detail=str(error)) from error

    def _abandon(self, process: _Process, number: int) -> None:
        """The caller left the iterator early: cancel, and read what is left of the answer."""
        self._answering = None
        with _deadline(process, CLOSE_TIMEOUT_S):
            try:
                process.send("cancel", target=number)
                while process.receive(number).get("event") != "done":
                    pass
                return
            except (WorkerDied, WorkerFault):
                pass
            except LatamEdgeError:
                return
        self._end()

    def _end(self, *, gently: bool = False) -> None:
        self._answering = None
        if self._process is not None:
            if self._finalizer is not None:
                self._finalizer.detach()
            self._process.end(gently=gently)
            self._process = None


class _deadline:
    """Kill the process when the block takes longer than `seconds`; the reader then sees its end."""

    def __init__(self, process: _Process, seconds: float) -> None:
        self._timer = threading.Timer(seconds, process.popen.kill)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _reason(process: _Process) -> str:
    """Why a worker that said nothing ended: its last line on stderr, else its exit status."""
    with suppress(subprocess.TimeoutExpired):
        process.popen.wait(CLOSE_TIMEOUT_S)
    process.end(gently=False)
    words = [line for line in process.last_words if line.strip()]
    if words:
        return words[-1][:300]
    code = process.popen.returncode
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit {code}"
