"""Drives the chat in tests: an app without a terminal, a model that says what it's told to."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Static
from textual.worker import WorkerCancelled

from latam_edge.core import i18n, paths
from latam_edge.core.errors import LatamEdgeError
from latam_edge.history.history import History
from latam_edge.runtime.types import (
    Chunk,
    Done,
    Event,
    FinishReason,
    ModelInfo,
    Request,
    Sampling,
    Started,
    Timings,
    Usage,
)
from latam_edge.store.entry import Entry
from latam_edge.store.library import Library
from tui.app import ChatApp
from tui.model import ClientFactory
from tui.options import ChatOptions
from tui.screens.chat import ChatScreen
from tui.widgets.composer import Composer
from tui.widgets.key_bar import KeyBar
from tui.widgets.sidebar import Sidebar
from tui.widgets.status_line import StatusLine
from tui.widgets.transcript import Transcript
from tui.widgets.turns import AnswerView

SMALL, LARGE = (80, 24), (120, 40)

SEMILLA = Entry(
    "semilla",
    Path("semilla.gguf"),
    "0" * 64,
    11_500_000,
    "llama",
    20_000_000,
    "Q4_0",
    embedded=True,
    added_at="",
)


class FakeClient:
    """Answers each question with "eco: " and the question, in pieces.

    `gate` holds the answer back after its first piece until it's set; `loading` holds the loading.
    """

    def __init__(self, *, n_threads: int = 2) -> None:
        self.requests: list[Request] = []
        self.gate = threading.Event()
        self.gate.set()
        self.loading = threading.Event()
        self.loading.set()
        self.load_error: LatamEdgeError | None = None
        self.answer_error: LatamEdgeError | None = None
        """Raised after the first piece of the next answer."""
        self.silent = False
        self.dropped = 0
        self.threads_at_end = n_threads
        self.info: ModelInfo | None = None
        self._n_threads = n_threads
        self._cancelled = threading.Event()
        self.closed = False

    def start(self) -> ModelInfo:
        self.loading.wait(10)
        if self.load_error is not None:
            raise self.load_error
        self.info = ModelInfo(
            "semilla", "semilla.gguf", "llama", 20_000_000, 11_500_000, 1000, 1000, 8000, "llama",
            self._n_threads, 0.1, Sampling(),
        )  # fmt: skip
        return self.info

    def stream(self, request: Request) -> Iterator[Event]:
        self.start()
        self._cancelled.clear()
        self.requests.append(request)
        yield Started(40, 0, self.dropped)
        reason: FinishReason = "stop"
        text = "" if self.silent else f"eco: {request.messages[-1].content}"
        pieces = [text[n : n + 7] for n in range(0, len(text), 7)]
        for number, piece in enumerate(pieces):
            if number == 1:
                while not self.gate.wait(0.01) and not self._cancelled.is_set():
                    pass
                if self.answer_error is not None:
                    error, self.answer_error = self.answer_error, None
                    raise error
            if self._cancelled.is_set():
                reason = "cancelled"
                break
            yield Chunk(piece)
        yield Done(
            reason, Usage(40, 60), Timings(0.1, 0.05, 200.0, 38.4), n_threads=self.threads_at_end, seed=5
        )

    def cancel(self) -> None:
        self._cancelled.set()

    def close(self) -> None:
        self.closed = True
        self._cancelled.set()
        self.gate.set()


class Chat:
    """The app, its pilot, and short words for what a user sees and does."""

    def __init__(self, app: ChatApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def screen(self) -> ChatScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, ChatScreen))

    async def ask(self, question: str, *, wait: bool = True) -> None:
        """Write a question and send it; wait for its answer's end."""
        self.screen.query_one(Composer).load_text(question)
        await self.pilot.press("enter")
        if wait:
            await self.idle()

    async def idle(self) -> None:
        """Wait until nothing runs."""
        await self.until(lambda: not self.screen.jobs)
        # A worker that a newer one of its kind replaced counts as cancelled: that is as good as done.
        for _ in range(50):
            with suppress(WorkerCancelled):
                await self.app.workers.wait_for_complete()
                break
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait for a condition; fails the test when it doesn't come true."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.text
            await asyncio.sleep(0.02)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def lines(self) -> list[str]:
        """What is on the screen, line by line."""
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """The words on the screen; no frames, and line breaks as blanks, so that sentences are found."""
        return " ".join(re.sub("[█▌▕│╭╮╰╯─]", " ", " ".join(self.lines)).split())

    @property
    def messages(self) -> list[str]:
        """What the passing messages say, however they are broken into lines."""
        return [message.message for message in self.app._notifications]

    @property
    def answers(self) -> list[str]:
        """The answers on the screen, as Markdown."""
        return [view.turn.text for view in self.screen.query(AnswerView)]

    @property
    def notes(self) -> list[str]:
        """The notes under the answers."""
        return [str(view.query_one(".note", Static).content) for view in self.screen.query(AnswerView)]

    @property
    def keys(self) -> str:
        return str(self.screen.query_one(KeyBar).render())

    @property
    def status(self) -> str:
        return str(self.screen.query_one(StatusLine).render())

    @property
    def titles(self) -> list[str]:
        """The titles in the list."""
        return [conversation.title for conversation in self.screen.query_one(Sidebar).conversations]

    @property
    def transcript(self) -> Transcript:
        return self.screen.query_one(Transcript)


@asynccontextmanager
async def chatting(
    client: FakeClient | ClientFactory,
    *,
    size: tuple[int, int] = SMALL,
    history: History | None = None,
    entry: Entry = SEMILLA,
    options: ChatOptions | None = None,
    lang: str = "es",
    notices: tuple[Callable[[], str], ...] = (),
) -> AsyncIterator[Chat]:
    """A chat in a terminal of `size` columns and rows, on the test's own history unless told otherwise."""
    i18n.set_language(lang)
    factory: ClientFactory = (lambda _: client) if isinstance(client, FakeClient) else client
    app = ChatApp(
        factory,
        history or History.open(paths.history_file()),
        Library(),
        entry,
        options,
        notices=notices,
    )
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            yield Chat(app, pilot)
    finally:
        app.close()
