"""Where the question is written: Enter sends, Ctrl+J breaks the line."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from latam_edge.core.i18n import t


class Composer(TextArea):
    """A text area that grows with its text. Pasted lines stay lines; only a typed Enter sends."""

    class Sent(Message):
        """The user sent `text`; the composer is empty again."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__(
            placeholder=t("chat.placeholder"), compact=True, soft_wrap=True, tab_behavior="focus"
        )
        self._last_sent = ""

    async def _on_key(self, event: events.Key) -> None:
        # Terminals that can tell send shift+enter; over SSH it arrives as a plain enter, hence Ctrl+J.
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.send()
        elif event.key in ("ctrl+j", "shift+enter", "alt+enter"):
            event.stop()
            event.prevent_default()
            self.newline()
        elif event.key == "up" and not self.text:
            event.stop()
            event.prevent_default()
            self.recall()
        else:
            await super()._on_key(event)

    def send(self) -> None:
        """Send what is written, unless it's blank."""
        text = self.text.strip()
        if text:
            self._last_sent = text
            self.clear()
            self.post_message(self.Sent(text))

    def recall(self) -> None:
        """Write the last question again; where there is none, go to what stands above."""
        if self._last_sent:
            self.load_text(self._last_sent)
            self.move_cursor(self.document.end)
        else:
            self.screen.focus_previous()

    def newline(self) -> None:
        """Break the line at the cursor."""
        self.insert("\n")

    def relabel(self) -> None:
        """The language has changed."""
        self.placeholder = t("chat.placeholder")
