"""The conversation: its turns one under the other, kept at the end unless the reader scrolled up."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from latam_edge.core.i18n import t
from tui.talk import Talk, Turn
from tui.widgets.notice import Notice
from tui.widgets.turns import AnswerView, QuestionView

SHOWN_TURNS = 40
"""How many turns are put on the screen at once: each answer is a tree of widgets, and a long
conversation of them would take seconds on a small computer. The rest come when asked for."""


class MoreAbove(Static):
    """A line that brings the earlier turns when clicked; scrolling past the top does too."""

    class Wanted(Message):
        """The user wants to see them."""

    def __init__(self, hidden: int) -> None:
        super().__init__(markup=False)
        self.hidden = hidden

    def on_mount(self) -> None:
        self.relabel()

    def relabel(self) -> None:
        """The language has changed."""
        self.update("▲ " + t("chat.more_above", count=self.hidden))

    def on_click(self) -> None:
        self.post_message(self.Wanted())


class Transcript(VerticalScroll, can_focus=False):
    """Shows one Talk at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._talk = Talk()
        self._first = 0

    def compose(self) -> ComposeResult:
        # Never less tall than the window: Textual's anchor would push a short conversation to the
        # bottom, and then every new line would move all of it, which is slow over SSH.
        yield Vertical(id="turns")

    def on_mount(self) -> None:
        self.anchor()

    @property
    def empty(self) -> bool:
        """Is there nothing to see, not even a notice?"""
        return not self._turns.children

    @property
    def _turns(self) -> Vertical:
        return self.query_one("#turns", Vertical)

    async def show(self, talk: Talk) -> None:
        """Put another conversation in this one's place, at its end."""
        self._talk = talk
        self._first = max(0, len(talk.turns) - SHOWN_TURNS)
        with self.app.batch_update():
            await self._turns.remove_children()
            await self._turns.mount_all(self._views(self._first, len(talk.turns)))
        self.anchor()

    async def add(self, *turns: Turn) -> None:
        """Show turns that were added to the conversation, and go to the end."""
        await self._turns.mount_all([self._view(turn) for turn in turns])
        self.anchor()

    async def replace(self, old: Turn, new: Turn) -> None:
        """Show `new` where `old` was."""
        if (view := self.view_of(old)) is not None:
            await self._turns.mount(self._view(new), after=view)
            await view.remove()
            self.anchor()

    async def say(self, notice: Notice) -> None:
        """Put a notice at the end."""
        await self._turns.mount(notice)

    def view_of(self, turn: Turn) -> AnswerView | None:
        """The answer's widget, when it's on the screen."""
        return next((view for view in self.query(AnswerView) if view.turn is turn), None)

    @on(MoreAbove.Wanted)
    async def _more(self, event: MoreAbove.Wanted) -> None:
        event.stop()
        await self.show_earlier()

    async def show_earlier(self) -> bool:
        """Bring the turns above the first one shown; the reader's place stays. False: there are none."""
        if not self._first:
            return False
        end, self._first = self._first, max(0, self._first - SHOWN_TURNS)
        from_bottom = self.max_scroll_y - self.scroll_y
        with self.app.batch_update():
            await self.query(MoreAbove).remove()
            await self._turns.mount_all(self._views(self._first, end), before=0)
        self.release_anchor()
        self.call_after_refresh(
            lambda: self.scroll_to(y=self.max_scroll_y - from_bottom, animate=False, force=True)
        )
        return True

    def _view(self, turn: Turn) -> AnswerView | QuestionView:
        return QuestionView(turn) if turn.role == "user" else AnswerView(turn)

    def _views(self, start: int, end: int) -> list[Static | AnswerView | QuestionView]:
        views: list[Static | AnswerView | QuestionView] = [MoreAbove(start)] if start else []
        return views + [self._view(turn) for turn in self._talk.turns[start:end]]
