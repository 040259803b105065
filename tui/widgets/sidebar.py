"""The list of conversations, with a line to search in."""

from __future__ import annotations

from datetime import datetime, timedelta

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from latam_edge.core.i18n import t
from latam_edge.history.records import Conversation
from tui.widgets.turns import printable


def when(stamp: str, now: datetime) -> str:
    """A stamp for people, in local time: the hour for today and yesterday, else the date."""
    moment = datetime.fromisoformat(stamp).astimezone(now.tzinfo)
    if moment.date() == now.date():
        return t("chat.today", time=f"{moment:%H:%M}")
    if moment.date() == (now - timedelta(days=1)).date():
        return t("chat.yesterday", time=f"{moment:%H:%M}")
    return f"{moment:%Y-%m-%d}"


class Sidebar(Vertical):
    """Shows what it's given; the screen does the searching."""

    class Searched(Message):
        """The user wants to see the conversations with this text in them; "" for all."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Chosen(Message):
        """The user wants to go on with this conversation."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__()
        self._conversations: list[Conversation] = []
        self._open: int | None = None

    def compose(self) -> ComposeResult:
        yield Static(classes="title", markup=False)
        yield Input(compact=True)
        yield OptionList(markup=False)
        yield Static(classes="empty", markup=False)

    def on_mount(self) -> None:
        self.relabel()

    @property
    def conversations(self) -> list[Conversation]:
        """Those in the list."""
        return self._conversations

    @property
    def search_text(self) -> str:
        """What is searched for; "" for nothing."""
        return self.query_one(Input).value.strip()

    @property
    def highlighted(self) -> Conversation | None:
        """The conversation under the list's cursor while the list has the focus."""
        options = self.query_one(OptionList)
        if not options.has_focus or options.highlighted is None:
            return None
        return self._conversations[options.highlighted]

    def show(self, conversations: list[Conversation], open_number: int | None) -> None:
        """Put these in the list. open_number: the one on the screen."""
        if (conversations, open_number) == (self._conversations, self._open):
            return
        self._conversations, self._open = conversations, open_number
        self.relabel()

    def mark(self, open_number: int | None) -> None:
        """Another conversation is on the screen now."""
        self.show(self._conversations, open_number)

    def focus_search(self) -> None:
        self.query_one(Input).focus()

    def focus_list(self) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is None and self._conversations:
            options.highlighted = 0
        options.focus()

    def relabel(self) -> None:
        """The language or the list has changed."""
        self.query_one(".title", Static).update(t("chat.list_title"))
        self.query_one(Input).placeholder = t("chat.search")
        options = self.query_one(OptionList)
        under_cursor = options.highlighted
        now = datetime.now().astimezone()
        options.clear_options()
        options.add_options([Option(self._line(c, now)) for c in self._conversations])
        numbers = [c.id for c in self._conversations]
        if self._open in numbers:
            options.highlighted = numbers.index(self._open)
        elif numbers and under_cursor is not None:
            options.highlighted = min(under_cursor, len(numbers) - 1)
        empty = self.query_one(".empty", Static)
        empty.display = not numbers
        options.display = bool(numbers)
        empty.update(t("chat.list_none", text=self.search_text) if self.search_text else t("chat.list_empty"))

    def _line(self, conversation: Conversation, now: datetime) -> Content:
        mark = "● " if conversation.id == self._open else "  "
        title = Content(mark + printable(conversation.title).replace("\n", " "))
        return title + Content.styled("\n  " + when(conversation.updated_at, now), "dim")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Searched(event.value.strip()))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_list()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(self._conversations[event.option_index].id))
