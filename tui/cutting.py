"""Where a growing Markdown text may be cut in two without either half looking different.

A Markdown widget draws its last block anew for each piece that comes. A list of
a hundred lines is one block, and on a small computer each piece would then take
most of a second. So a long answer goes on in a second widget from a line where
a new block or a new list item begins.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(```|~~~)")
_ITEM = re.compile(r"([-*+]|\d{1,9}[.)]) ")


def safe_cut(text: str, start: int) -> int | None:
    """The first index from `start` on at which `text` can be cut; None when there is none.

    That's the beginning of a line outside any code fence which is a list item after a list's
    line, or follows a blank line unindented. Both halves together are the text.
    """
    fenced = False
    previous = ""
    at = 0
    for line in text.splitlines(keepends=True):
        complete_word = " " in line.strip() or line.endswith("\n")  # "-" may yet become "---"
        in_list = bool(_ITEM.match(previous)) or previous.startswith((" ", "\t"))
        item = bool(_ITEM.match(line)) and (in_list or not previous.strip())
        block = not previous.strip() and bool(line.strip()) and not line.startswith((" ", "\t"))
        if at >= max(start, 1) and not fenced and complete_word and (item or block):
            return at
        if _FENCE.match(line):
            fenced = not fenced
        previous = line
        at += len(line)
    return None
