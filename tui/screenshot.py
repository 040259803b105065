"""A picture of the chat, made by the chat: the real app and a real model, without a terminal.

The README's picture comes from here, so that it can't show what isn't there.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.pilot import Pilot

from latam_edge.core.atomic import write_text
from latam_edge.core.i18n import t
from latam_edge.history.history import History
from latam_edge.runtime.types import Sampling
from latam_edge.store.entry import Entry
from latam_edge.store.library import Library
from tui.app import ChatApp
from tui.model import ClientFactory
from tui.options import ChatOptions
from tui.screens.chat import ChatScreen
from tui.widgets.composer import Composer

SIZE = (110, 30)
"""Columns and rows: the list beside the chat, and all of both."""

TALKS = (
    ("chat.example_3",),
    ("chat.example_1", "chat.picture_question", "chat.example_2"),
)
"""Questions by conversation, catalog keys; the last conversation is the one in the picture."""

SEED = 1


def render(path: Path, factory: ClientFactory, entry: Entry, options: ChatOptions) -> None:
    """Hold TALKS with the model, in the language in force, and write what the screen shows as SVG.

    Raises DiskFull or ReadOnlyPlace. An answer that fails shows its error, as to a user.
    """
    options = replace(options, sampling=Sampling(seed=SEED))
    # A real history, as users have one; but the user's own is nobody's picture.
    with TemporaryDirectory() as folder:
        app = ChatApp(factory, History.open(Path(folder) / "history.db"), Library(), entry, options)
        app.theme = "latam-dark"
        try:
            svg = asyncio.run(_hold(app))
        finally:
            app.close()
    write_text(path, svg)


async def _hold(app: ChatApp) -> str:
    async with app.run_test(size=SIZE) as pilot:
        screen = app.screen
        assert isinstance(screen, ChatScreen)
        for number, questions in enumerate(TALKS):
            if number:
                await pilot.press("ctrl+n")
            for question in questions:
                await _ask(screen, pilot, t(question))
        return without_fonts(app.export_screenshot(title="latam-edge"))


async def _ask(screen: ChatScreen, pilot: Pilot[None], question: str) -> None:
    screen.query_one(Composer).load_text(question)
    await pilot.press("enter")
    while screen.jobs:
        await asyncio.sleep(0.05)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def without_fonts(svg: str) -> str:
    """The picture without the fonts that Textual would have the reader's browser fetch from a server."""
    return re.sub(r"@font-face\s*\{[^}]*\}\s*", "", svg)
