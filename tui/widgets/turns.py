"""A question and an answer, as they stand in the conversation."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Markdown, Static

from latam_edge.core.i18n import t
from latam_edge.history.records import state_label
from tui.talk import Turn

# What could move the cursor or colour the terminal; tab and newline stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """`text` without control characters: a model's output never commands the terminal."""
    return _CONTROL.sub("", text)


class QuestionView(Vertical):
    """The user's words, shown as they were written: no Markdown in them."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn

    def compose(self) -> ComposeResult:
        yield Static(t("chat.you"), classes="who")
        yield Static(printable(self.turn.text), markup=False, classes="text")

    def relabel(self) -> None:
        """The language has changed."""
        self.query_one(".who", Static).update(t("chat.you"))


class AnswerView(Vertical):
    """The model's words: Markdown that grows at its end, and a note when there's something to tell."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn
        self._progress = ""

    def compose(self) -> ComposeResult:
        yield Static(self.turn.model, markup=False, classes="who")
        # Links are never opened: this program goes nowhere by itself.
        yield Markdown(printable(self.turn.text), open_links=False, classes="text")
        yield Static("", markup=False, classes="note")

    def on_mount(self) -> None:
        self.relabel()

    async def append(self, text: str) -> None:
        """Add to the end; only the last block is drawn anew."""
        await self.query_one(Markdown).append(printable(text))

    async def complete(self) -> None:
        """Draw the whole answer once more: what was ambiguous while it streamed is settled now."""
        self._progress = ""
        await self.query_one(Markdown).update(printable(self.turn.text))
        self.relabel()

    def show_progress(self, catalog_key: str, **facts: str) -> None:
        """What is going on before the first word comes; "" for nothing."""
        text = t(catalog_key, **facts) if catalog_key else ""
        if text != self._progress:
            self._progress = text
            self.relabel()

    def relabel(self) -> None:
        """The language, or the turn's state, has changed."""
        note = self.query_one(".note", Static)
        note.update("\n".join(self._notes()))
        note.display = bool(self._notes())
        note.set_class(self.turn.error is not None, "-error")

    def _notes(self) -> list[str]:
        turn = self.turn
        notes = [self._progress] if self._progress else []
        if turn.dropped:
            notes.append(t("chat.dropped", count=turn.dropped))
        if label := state_label(turn.state):
            notes.append(label)
        elif turn.state == "done" and not turn.text.strip():
            notes.append(t("chat.empty_answer"))
        if turn.error is not None:
            notes.append(str(turn.error))
        if turn.earlier:
            notes.append(t("chat.earlier", count=len(turn.earlier)))
        return notes
