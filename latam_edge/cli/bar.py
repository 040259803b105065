"""A progress bar on stderr: what is being done, how much, how long it still takes.

On a terminal one line is redrawn, at most four times a second. Elsewhere (a
log, a pipe) plain lines come, at most one every ten seconds.
"""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TextIO

from latam_edge.cli.output import clean, is_terminal, width
from latam_edge.core.i18n import decimal, format_bytes, format_seconds, t
from latam_edge.core.progress import Step

REDRAW_S = 0.25
"""Least seconds between two drawings on a terminal."""
LINE_S = 10.0
"""Least seconds between two plain lines."""
WIDEST_BAR = 28


class Bar:
    """A Progress that draws. A context manager: leaving it ends the line.

    >>> with Bar() as bar:
    ...     for done in range(1, 5):
    ...         bar(Step("models.copying", done, 4))
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = is_terminal(self._stream) and os.environ.get("TERM") != "dumb"
        self._step: Step | None = None
        self._drawn_at = 0.0
        self._columns_drawn = 0
        self._started = 0.0
        self._first_done = 0.0

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        fresh = self._step is None or step.key != self._step.key
        if fresh:
            self._end_line()
            # What a resumed job had done before says nothing about its speed now.
            self._started, self._first_done, self._drawn_at = now, step.done, 0.0
        self._step = step
        whole = step.total > 0 and step.done >= step.total
        if fresh or whole or now - self._drawn_at >= (REDRAW_S if self._terminal else LINE_S):
            self._draw(step, now)

    def close(self) -> None:
        """End the line, showing the last report; later output starts on a line of its own."""
        if self._step is not None and self._terminal:
            self._draw(self._step, time.monotonic())
        self._end_line()

    def _end_line(self) -> None:
        if self._columns_drawn:
            self._stream.write("\n")
            self._stream.flush()
        self._columns_drawn = 0
        self._step = None

    def _draw(self, step: Step, now: float) -> None:
        self._drawn_at = now
        if not self._terminal:
            self._stream.write(self._words(step, now) + "\n")
            self._stream.flush()
            return
        room = self._columns() - 1  # the last column makes some terminals wrap
        text = self._words(step, now)
        # The bar takes what the words leave; on a narrow terminal it goes first.
        bar_room = min(WIDEST_BAR, room - width(text) - 1)
        if step.total > 0 and bar_room >= 6:
            text = f"{self._picture(step.done / step.total, bar_room)} {text}"
        text = _cut(text, room)
        columns = width(text)
        self._stream.write("\r" + text + " " * max(0, self._columns_drawn - columns))
        self._stream.flush()
        self._columns_drawn = max(columns, 1)

    def _picture(self, share: float, room: int) -> str:
        full = round(max(0.0, min(1.0, share)) * room)
        unicode = (self._stream.encoding or "").lower().replace("-", "") == "utf8"
        return ("█" * full + "░" * (room - full)) if unicode else ("#" * full + "-" * (room - full))

    def _words(self, step: Step, now: float) -> str:
        """What the line says: Copying  42%  1.2 GB of 3.4 GB  1 min 5 s left  loss 2.31."""
        try:
            parts = [t(step.key)]
        except (KeyError, ModuleNotFoundError):
            parts = [step.key]
        elapsed = now - self._started
        if step.total > 0:
            share = max(0.0, min(1.0, step.done / step.total))
            parts.append(f"{int(share * 100)}%")
            counted = _number(step.done, step), _number(step.total, step)
            parts.append(t("cli.bar.of", done=counted[0], total=counted[1]) + _unit(step))
            advanced = step.done - self._first_done
            if step.done >= step.total:
                parts.append(format_seconds(elapsed))
            elif advanced > 0 and elapsed > 1:
                left = elapsed / advanced * (step.total - step.done)
                parts.append(t("cli.bar.left", time=format_seconds(left)))
        else:
            parts.append(_number(step.done, step) + _unit(step))
            parts.append(format_seconds(elapsed))
        if step.note:
            parts.append(clean(step.note))
        return "  ".join(parts)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError, AttributeError):
            return 80


def _number(value: float, step: Step) -> str:
    """A count for people: "1,2 GB", "12,3 M", "57"."""
    if step.unit == "bytes":
        return format_bytes(value)
    for least, size, letter in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if step.total >= least:
            # In the total's own size, so that the two figures of a line can be compared.
            return f"{decimal(f'{value / size:.1f}')} {letter}"
    return f"{value:.0f}" if value == int(value) else decimal(f"{value:.1f}")


def _unit(step: Step) -> str:
    """What is counted, in the language in force; bytes have theirs already."""
    if step.unit in ("", "bytes"):
        return ""
    try:
        return " " + t(f"cli.unit.{step.unit}")
    except KeyError:
        return " " + step.unit


def _cut(text: str, room: int) -> str:
    """`text` in at most `room` columns, an ellipsis for what is left out."""
    if width(text) <= room:
        return text
    while text and width(text) > max(0, room - 1):
        text = text[:-1]
    return text + "…" if room > 0 else ""
