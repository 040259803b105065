"""A question and an answer, as they stand in the conversation."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Markdown, Static

from latam_edge.core.i18n import t
from latam_edge.history.records import state_label
from tui.cutting import safe_cut
from tui.talk import Turn

# What could move the cursor or colour the terminal; tab and newline stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


PART_CHARACTERS = 600
"""From this length on, an answer that streams goes on in another widget; see tui.cutting."""


def printable(text: str) -> str:
    """`text` without control characters: a model's output never commands the terminal."""
    return _CONTROL.sub("", text)


def _markdown(text: str) -> Markdown:
    # Links are never opened: this program goes nowhere by itself.
    return Markdown(printable(text), open_links=False, classes="text")


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
        text = turn.text
        self._shown = len(text)
        self._part = 0
        """Where in the text the last Markdown widget begins; a long answer has several."""
        self._markdown = _markdown(text)
        self._note = Static("", markup=False, classes="note")

    def compose(self) -> ComposeResult:
        yield Static(self.turn.model, markup=False, classes="who")
        yield self._markdown
        yield self._note

    def on_mount(self) -> None:
        self.relabel()

    async def catch_up(self) -> bool:
        """Show what has come since the last time; only the last block is drawn anew. False: nothing."""
        text = self.turn.text
        if len(text) == self._shown or not self._markdown.is_mounted:
            return False
        self.show_progress("")
        if self._shown - self._part > PART_CHARACTERS:
            cut = safe_cut(text[self._part :], self._shown - self._part)
            if cut is not None:
                await self._show_to(text, self._part + cut)
                self._part += cut
                self._markdown = _markdown("")
                # Between blocks stands a blank line, between the items of a list none.
                self._markdown.set_class(text[: self._part].endswith("\n\n"), "-apart")
                await self.mount(self._markdown, before=self._note)
        await self._show_to(text, len(text))
        return True

    async def _show_to(self, text: str, end: int) -> None:
        new = text[self._shown : end]
        self._shown = end
        if new:
            await self._markdown.append(printable(new))

    async def complete(self) -> None:
        """Show the rest, then draw the whole once more, which settles what was ambiguous before its end."""
        await self.catch_up()
        self._progress = ""
        text = self.turn.text
        # In an answer of several parts only a link defined further down could change a part above,
        # and drawing a long list anew stops a small computer for seconds.
        if self._markdown.is_mounted and (self._part == 0 or "]:" in text):
            first, *others = self.query(Markdown)
            await first.update(printable(text))
            for part in others:
                await part.remove()
            self._markdown, self._part = first, 0
        self.relabel()

    def show_progress(self, catalog_key: str, **facts: str) -> None:
        """What is going on before the first word comes; "" for nothing."""
        text = t(catalog_key, **facts) if catalog_key else ""
        if text != self._progress:
            self._progress = text
            self.relabel()

    def relabel(self) -> None:
        """The language, or the turn's state, has changed."""
        notes = self._notes()
        self._note.update("\n".join(notes))
        self._note.display = bool(notes)
        self._note.set_class(self.turn.error is not None, "-error")

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
