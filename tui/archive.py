"""What the chat does with kept conversations, without ever making the screen wait."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from latam_edge.core.atomic import write_text
from latam_edge.core.errors import LatamEdgeError, ReadOnlyPlace
from latam_edge.history import export
from latam_edge.history.records import Conversation
from tui.recorder import Recorder
from tui.talk import Talk, from_history

T = TypeVar("T")


class Archive:
    """Changes stand in the recorder's line, behind the saves before them; mere reading does not."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._history = recorder.history

    async def conversations(self, search: str) -> list[Conversation]:
        """See History.conversations. Raises LatamEdgeError."""
        # Not in the recorder's line: a search takes its time, and saving must not wait for it.
        return await asyncio.to_thread(self._history.conversations, search)

    async def read(self, number: int) -> Talk | None:
        """A conversation as it was kept; None when it can't be had, or another window has deleted it."""

        def read() -> Talk | None:
            if (found := self._history.find(number)) is None:
                return None
            return from_history(number, found.title, self._history.messages(number, replaced=True))

        reading = self._recorder.submit(read)
        return await _of(reading)

    async def delete(self, number: int) -> Conversation | None:
        """Take a conversation out of the list; what `restore` needs to bring it back."""

        def delete() -> Conversation | None:
            if (found := self._history.find(number)) is not None:
                self._history.delete(number)
            return found

        deleting = self._recorder.submit(delete)
        return await _of(deleting)

    async def restore(self, number: int) -> None:
        """Undo `delete`."""
        await _of(self._recorder.submit(self._history.restore, number))

    async def rename(self, number: int, title: str) -> None:
        """Give a conversation another title."""
        await _of(self._recorder.submit(self._history.rename, number, title))

    async def export(self, number: int, path: Path) -> None:
        """Write a conversation to `path`, as JSON if its suffix says so, else as Markdown.

        Raises ReadOnlyPlace, DiskFull.
        """

        def save() -> None:
            if (found := self._history.find(number)) is None:
                return
            messages = self._history.messages(number, replaced=True)
            as_json = path.suffix.lower() == ".json"
            text = export.to_json(found, messages) if as_json else export.to_markdown(found, messages)
            write_text(path, text, private=True)

        try:
            await asyncio.to_thread(save)
        except LatamEdgeError:
            raise
        except OSError as error:  # a file where a folder should be, a name too long ...
            raise ReadOnlyPlace(path=path) from error


async def _of(future: Future[T]) -> T:
    return await asyncio.wrap_future(future)
