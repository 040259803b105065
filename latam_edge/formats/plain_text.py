"""Text files of any length: read whole, and cut into pieces that tokenize as the whole does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from latam_edge.core.errors import BadFile
from latam_edge.core.i18n import t
from latam_edge.formats.opening import open_regular

BLOCK_CHARACTERS = 1 << 16
"""Text tokenized at a time: llama.cpp's regular expressions recurse on long texts."""


def read_text(path: Path) -> str:
    """The text as it is, without a byte order mark.

    Raises BadFile when it is not UTF-8 or holds zero bytes, and what `open_regular` raises.
    """
    with open_regular(path) as (file, size):
        raw = b""
        while len(raw) < size and (piece := file.read(size - len(raw))):
            raw += piece
    if b"\0" in raw:
        # Valid UTF-8, but no text has them: a binary file, or UTF-16 without a mark.
        raise BadFile(path=path, reason=t("formats.zero_bytes"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(path=path, reason=t("formats.not_utf8")) from error


def blocks(text: str, size: int = BLOCK_CHARACTERS) -> Iterator[str]:
    """Cut a long text after line ends that a word follows: no pre-tokenizer joins across those.

    A text without such places is cut at `size`.
    """
    start = 0
    while len(text) - start > size:
        end = start + size
        cut = end
        while cut > start and not (text[cut - 1] == "\n" and not text[cut].isspace()):
            cut -= 1
        yield text[start : cut if cut > start else end]
        start = cut if cut > start else end
    if start < len(text):
        yield text[start:]
