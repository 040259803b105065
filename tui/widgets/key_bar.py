"""The keys that work now, each clickable, on as many lines as they need."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from latam_edge.core.i18n import t
from tui.keys import KEYS, Key

WIDE_CELLS = 100
"""From this width on there's room for two blanks between keys."""


ROWS_FOR_THE_TALK = 9
"""Title, a few lines of the talk, the question's box and the status line."""


class KeyBar(Widget):
    """Textual's own footer has one line and hides what doesn't fit; here all keys are seen.

    Only in a window of a few rows the last ones give way: the question's box comes first.
    """

    ALLOW_SELECT = False

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, min(len(self._key_lines(width)), viewport.height - ROWS_FOR_THE_TALK))

    def render(self) -> Content:
        width = self.content_size.width
        blanks = Content(" " * _gap(width))
        return Content("\n").join(
            blanks.join(self._item(key) for key in line) for line in self._key_lines(width)
        )

    def relabel(self) -> None:
        """The language, or which keys work, has changed."""
        self.refresh(layout=True)

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the mouse does."""
        inside = event.get_content_offset(self)
        lines = self._key_lines(self.content_size.width)
        if inside is None or inside.y >= len(lines):
            return
        start = 0
        for key in lines[inside.y]:
            end = start + self._item(key).cell_length
            if start <= inside.x < end:
                await self.run_action(f"screen.{key.action}")
                return
            start = end + _gap(self.content_size.width)

    def _key_lines(self, width: int) -> list[list[Key]]:
        """The keys that work now, broken into lines of at most `width` cells."""
        lines: list[list[Key]] = []
        room = 0
        for key in KEYS:
            if self.screen.check_action(key.action, ()) is not True:
                continue
            cells = self._item(key).cell_length
            if not lines or cells > room:
                lines.append([])
                room = width
            lines[-1].append(key)
            room -= cells + _gap(width)
        return lines

    def _item(self, key: Key) -> Content:
        return Content.from_markup("[b $accent]$shown[/] $label", shown=key.shown, label=self._label(key))

    def _label(self, key: Key) -> str:
        """The key's word; some mean different things at different times."""
        other = getattr(self.screen, "other_labels", {})
        return t(other.get(key.action, key.label))


def _gap(width: int) -> int:
    return 2 if width >= WIDE_CELLS else 1
