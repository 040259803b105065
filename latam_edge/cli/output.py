"""What reaches the terminal: data on stdout, narration and errors on stderr.

Text that comes from files and models may hold control characters that would
move the cursor or retitle the window; they never reach a terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
"""C0 and C1 controls but newline and tab: what a terminal would obey instead of show."""


PATIENCE_S = 0.7
"""Longer silence than this makes people wonder."""


def prepare() -> None:
    """Make both streams able to write any character.

    A pipe on Windows gets a code page without ¿ or ã; "C" on old systems is
    ASCII. Elsewhere the terminal's own encoding stands, and what it lacks is
    replaced instead of raising. A stream that the caller closed (`>&-`, pythonw)
    is None in Python: what would be written there goes nowhere.
    """
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:  # a test's or an embedder's own stream
            continue
        encoding = (stream.encoding or "ascii").lower()
        weak = os.name == "nt" or encoding in ("ascii", "us-ascii", "ansi_x3.4-1968")
        with suppress(OSError, ValueError):
            if weak:
                reconfigure(encoding="utf-8", errors="replace")
            else:
                reconfigure(errors="replace")


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def clean(text: str) -> str:
    """`text` without the control characters that a terminal obeys."""
    return text.translate(_CONTROLS)


def is_terminal(stream: TextIO) -> bool:
    """Whether a person is on the other side of `stream`."""
    with suppress(ValueError, AttributeError):  # closed, or missing as under pythonw
        return stream.isatty()
    return False


def use_color(stream: TextIO) -> bool:
    """Whether to emphasize: a terminal that understands it, and no NO_COLOR (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def bold(text: str, stream: TextIO | None = None) -> str:
    """`text` in bold where `stream` (stdout by default) shows it. Nothing ever depends on it being seen."""
    return f"\x1b[1m{text}\x1b[0m" if use_color(stream or sys.stdout) else text


def write(text: str) -> None:
    """A piece of an answer to stdout, at once."""
    sys.stdout.write(clean(text) if is_terminal(sys.stdout) else text)
    sys.stdout.flush()


def line(text: str = "") -> None:
    """One line of data to stdout."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """One line of narration to stderr."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def error(text: str) -> None:
    """An error to stderr. A path's newline must not make it look like two."""
    note(clean(text).replace("\n", " "))


def json(value: Any) -> None:
    """`value` as JSON to stdout, accents kept."""
    from json import dumps

    line(dumps(value, ensure_ascii=False, indent=2))


def width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """`text` filled with spaces to `columns`; right: pushed to the right, as numbers are."""
    space = " " * max(0, columns - width(text))
    return space + text if right else text + space


def columns(stream: TextIO) -> int | None:
    """Width of the terminal behind `stream`; None when there is none, so that nothing need be cut."""
    if not is_terminal(stream):
        return None
    with suppress(OSError, ValueError, AttributeError):
        return os.get_terminal_size(stream.fileno()).columns or None
    return None


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """A table to stdout: two spaces between columns, headings in bold where that shows.

    On a terminal too narrow for it, each row becomes lines of "heading: value".
    right: indices of the columns that hold numbers."""
    body = [[clean(cell) for cell in row] for row in rows]
    widths = [max(width(row[i]) for row in [list(head), *body]) for i in range(len(head))]
    room = columns(sys.stdout)
    if room is not None and sum(widths) + 2 * (len(widths) - 1) > room:
        for index, row in enumerate(body):
            if index:
                line()
            facts((name, cell) for name, cell in zip(head, row, strict=True) if name and cell)
        return

    def fill(row: Sequence[str]) -> str:
        cells = (pad(cell, widths[i], right=i in right) for i, cell in enumerate(row))
        return "  ".join(cells).rstrip()

    line(bold(fill(head)))
    for row in body:
        line(fill(row))


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Lines of "label: value" to stdout, values aligned."""
    rows = [(label, clean(value)) for label, value in pairs]
    columns = max((width(label) for label, _ in rows), default=0) + 1
    for label, value in rows:
        line(f"{pad(label + ':', columns)} {value}")


@contextmanager
def patience(text: str) -> Iterator[None]:
    """Show `text` on a terminal while the block takes longer than PATIENCE_S; then it is wiped away."""
    if not is_terminal(sys.stderr):
        yield
        return
    from threading import Timer

    shown: list[str] = []

    def show() -> None:
        shown.append(clean(text))
        sys.stderr.write(shown[0])
        sys.stderr.flush()

    timer = Timer(PATIENCE_S, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if shown:
            sys.stderr.write("\r" + " " * width(shown[0]) + "\r")
            sys.stderr.flush()


@contextmanager
def at_once(text: str) -> Iterator[None]:
    """Show `text` on a terminal while the block runs, from its first moment; then it is wiped away."""
    if not is_terminal(sys.stderr):
        yield
        return
    sys.stderr.write(clean(text))
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r" + " " * width(text) + "\r")
        sys.stderr.flush()


def confirm(question: str) -> bool:
    """Ask a yes-or-no question on the terminal; anything but a clear yes is no.

    The question goes to stderr, so that a redirected stdout stays data."""
    from latam_edge.core.i18n import t

    sys.stderr.write(f"{question} [{t('cli.yes')[0]}/{t('cli.no')[0].upper()}] ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip().lower()
    # A yes in any of the three languages; "si" is how a keyboard without accents has it.
    return answer in ("s", "sí", "si", "sim", "y", "yes")
