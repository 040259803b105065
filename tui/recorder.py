"""Keeps the open conversation in the history, off the screen's thread, and never stops the chat.

When the disk is full or the card was pulled out, the conversation goes on in
memory; whatever could not be saved is tried again with the next question.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from latam_edge.core.errors import LatamEdgeError
from latam_edge.history.history import History
from latam_edge.history.records import MessageState
from tui.talk import Talk, Turn

T = TypeVar("T")


class Recorder:
    """All writes to the history, one after the other, in the order in which they were asked for."""

    def __init__(self, history: History, on_error: Callable[[LatamEdgeError], None]) -> None:
        """on_error: told from another thread, once until a save works again."""
        self.history = history
        self._on_error = on_error
        self.failing = False
        """Is there something that could not be saved?"""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T | None]:
        """Do `work` after everything before it. The future gives None when it failed; that was told."""

        def guarded() -> T | None:
            try:
                return work(*arguments)
            except LatamEdgeError as error:
                self._tell(error)
                return None

        return self._thread.submit(guarded)

    def open_answer(self, talk: Talk, answer: Turn, replaces: int | None = None) -> Future[None]:
        """Save all that is unsaved before `answer`, synced, and make room for the answer's text."""
        return self.submit(self._open_answer, talk, answer, replaces)

    def close_answer(
        self, answer: Turn, state: MessageState, tokens: int | None = None, seed: int | None = None
    ) -> None:
        """Give the answer its final state and save it whole. Waits.

        One without a word, in place of another, is taken back.
        """
        self.submit(self._close_answer, answer, state, tokens, seed).result()

    def close(self) -> None:
        """Wait for all writes, then close the history."""
        self._thread.shutdown(wait=True)
        self.history.close()

    def _open_answer(self, talk: Talk, answer: Turn, replaces: int | None) -> None:
        if talk.id is None:
            talk.id = self.history.create(talk.title, model=answer.model).id
        for turn in talk.turns:
            if turn is answer:
                break
            self._catch_up(talk.id, turn)
        self.failing = False
        answer.writer = self.history.begin_answer(
            talk.id, model=answer.model, replaces=replaces, on_error=self._tell
        )
        answer.id = answer.writer.message.id

    def _catch_up(self, talk_id: int, turn: Turn) -> None:
        if turn.writer is not None and turn.state != "writing":
            turn.writer.finish(turn.state)
            turn.writer = None
        if turn.id is None and turn.state != "writing":
            stored = self.history.add_message(
                talk_id, turn.role, turn.text, state=turn.state, model=turn.model
            )
            turn.id = stored.id

    def _close_answer(self, answer: Turn, state: MessageState, tokens: int | None, seed: int | None) -> None:
        # Here and not earlier: _catch_up, in this same thread, takes an ended answer for one to save.
        answer.state = state
        if answer.writer is None:
            return
        if not answer.text and answer.earlier:
            answer.writer.discard()
        else:
            answer.writer.finish(state, tokens=tokens, seed=seed)
        answer.writer = None
        self.failing = False

    def _tell(self, error: LatamEdgeError) -> None:
        if not self.failing:
            self.failing = True
            self._on_error(error)
