"""The chat as a program on a real (pseudo-)terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from latam_edge.core import paths
from latam_edge.history.history import History

ECHO = """
import sys
from pathlib import Path
from latam_edge.core import paths
from latam_edge.history.history import History
from latam_edge.runtime.client import Client
from latam_edge.runtime.types import EngineConfig
from latam_edge.store.entry import Entry
from latam_edge.store.library import Library
from tui.app import ChatApp
from tui.screens.chat import ChatScreen
entry = Entry("eco", Path("eco.gguf"), "", 0, "echo", 0, "", False, "")
app = ChatApp(
    lambda e: Client(e.path, EngineConfig(engine="echo"), name=e.name),
    History.open(paths.history_file()), Library(), entry)
BEFORE
try:
    app.run()
finally:
    app.close()
sys.exit(app.return_code or 0)
"""


class Terminal:
    """A program on a terminal of 80x24; what it wrote, and a keyboard for it."""

    def __init__(self, code: str, **environment: str) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._fd = ours
        self.output = b""
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "LATAM_EDGE_LANG": "es", "TERM": "xterm-256color", **environment},
        )
        os.close(theirs)

    def read(self, seconds: float) -> None:
        if select.select([self._fd], [], [], seconds)[0]:
            try:
                self.output += os.read(self._fd, 65536)
            except OSError:  # the other side is closed
                time.sleep(0.01)

    def wait_for(self, text: str, seconds: float = 40) -> None:
        """Read until `text` was written since the last call; fails the test when it never is."""
        deadline = time.monotonic() + seconds
        while text.encode() not in self.output:
            assert time.monotonic() < deadline, self.output[-2000:]
            self.read(0.1)
        self.output = self.output.split(text.encode(), 1)[1]

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def end(self) -> int:
        """Wait for the program's end; its exit code."""
        deadline = time.monotonic() + 40
        while self.process.poll() is None:
            assert time.monotonic() < deadline
            self.read(0.1)
        for _ in range(20):
            self.read(0.01)
        os.close(self._fd)
        return self.process.returncode


@pytest.mark.parametrize("term", ["xterm-256color", "xterm", "linux", "dumb"])
def test_it_chats_on_every_kind_of_terminal(term: str) -> None:
    terminal = Terminal(ECHO.replace("BEFORE", ""), TERM=term)
    terminal.wait_for("Escribe tu pregunta")
    terminal.type("hola mundo\r")
    terminal.wait_for("hola mundo")
    terminal.wait_for("listo")
    terminal.type("\x11")
    assert terminal.end() == 0
    with History.open(paths.history_file()) as history:
        (talk,) = history.conversations()
        assert [m.content for m in history.messages(talk.id)] == ["hola mundo", "hola mundo"]


def test_without_colours_no_colour_is_written() -> None:
    terminal = Terminal(ECHO.replace("BEFORE", ""), NO_COLOR="1")
    terminal.wait_for("^Q")
    everything = terminal.output
    terminal.type("\x11")
    assert terminal.end() == 0
    for colour in (b"38;2;", b"48;2;", b"38;5;", b"48;5;", b"\x1b[31m", b"\x1b[34m"):
        assert colour not in everything + terminal.output


def test_a_fault_of_ours_ends_in_a_sentence_and_keeps_the_conversation(home: Path) -> None:
    terminal = Terminal(ECHO.replace("BEFORE", "ChatScreen.action_copy = lambda self: 1 / 0"))
    terminal.wait_for("Escribe tu pregunta")
    terminal.type("hola mundo\r")
    terminal.wait_for("^R")
    terminal.type("\x19")
    assert terminal.end() == 1
    assert b"LE-999: Algo fall" in terminal.output
    assert b"Traceback" not in terminal.output
    details = (home / "cache" / "chat-error.txt").read_text()
    assert "ZeroDivisionError" in details
    assert "hola mundo" not in details
    with History.open(paths.history_file()) as history:
        assert len(history.conversations()) == 1


def test_killing_the_whole_chat_in_mid_answer_loses_nothing_that_was_on_the_screen() -> None:
    terminal = Terminal(ECHO.replace("BEFORE", ""))
    terminal.wait_for("Escribe tu pregunta")
    terminal.type("primero [sleep:0.3] segundo [sleep:30] tercero\r")
    terminal.wait_for("segundo")  # the question
    terminal.wait_for("segundo")  # the answer
    time.sleep(0.25 + 0.6)  # 250 ms until it's written, and slack for busy cores
    terminal.process.send_signal(signal.SIGKILL)
    terminal.end()
    with History.open(paths.history_file()) as history:
        (talk,) = history.conversations()
        question, answer = history.messages(talk.id)
    assert question.content == "primero [sleep:0.3] segundo [sleep:30] tercero"
    assert answer.content.split() == ["primero", "segundo"]
    assert answer.state == "interrupted"
