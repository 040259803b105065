"""Which documents are held out, and how their text is kept out of training.

Held out is whole documents: the pieces of one novel, which carry one name
before the "#" of their source, stay together. A text that stands in two files
is one document by its letters. And since two documents may share paragraphs
(an edition and its reprint, a law and the law that quotes it), a paragraph of
a held-out document is taken out of every training text that has it too.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from latam_edge.train.readers import Text

PARAGRAPH_LETTERS = 80
"""Shorter paragraphs (titles, refrains, set phrases) may stand in both."""
_SHORT = 4000
"""Characters up to which a text is also compared as a whole: it may have no long paragraph at all."""

_NO_LETTER = re.compile(r"[\W_]+")
_BREAK = re.compile(r"\n\s*\n|\n")


def letters(text: str) -> str:
    """Letters and digits alone, without case and accents: what makes two texts the same."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFKD", text).casefold())


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def document_key(text: Text) -> int:
    """Which document a record belongs to: by the name before "#", else by its letters."""
    name, mark, _ = text.source.partition("#")
    return _digest(f"#{name}") if mark else _digest(letters(text.text))


class HeldOut:
    """What is held out, and the fingerprints of its paragraphs."""

    def __init__(self, share: float) -> None:
        """share: of the documents, about how many are held out; 0 when files of their own hold them."""
        self._below = int(share * 2**64)
        self._paragraphs: set[int] = set()
        self.removed_paragraphs = 0
        """Paragraphs taken out of training texts so far."""

    def holds(self, text: Text) -> bool:
        """Whether a record is held out: decided by its document alone, the same in every run."""
        return document_key(text) < self._below

    def remember(self, text: Text) -> None:
        """Note the paragraphs of a held-out record."""
        self._paragraphs.update(_long(text.text))
        if len(text.text) < _SHORT:
            self._paragraphs.add(_digest(letters(text.text)))

    def cleaned(self, text: str) -> str:
        """A training text without the paragraphs that a held-out one has."""
        if not self._paragraphs:
            return text
        if len(text) < _SHORT and _digest(letters(text)) in self._paragraphs:
            self.removed_paragraphs += 1
            return ""
        parts = re.split(r"(\n\s*\n|\n)", text)
        kept = [
            part
            for part in parts
            if len(part) < PARAGRAPH_LETTERS or _fingerprint(part) not in self._paragraphs
        ]
        if len(kept) == len(parts):
            return text
        self.removed_paragraphs += len(parts) - len(kept)
        return "".join(kept).strip()

    def digest(self) -> str:
        """Names what is held out, for the keys of caches."""
        joined = ",".join(f"{p:x}" for p in sorted(self._paragraphs))
        return hashlib.blake2b(f"{self._below};{joined}".encode(), digest_size=8).hexdigest()


def _fingerprint(paragraph: str) -> int | None:
    plain = letters(paragraph)
    return _digest(plain) if len(plain) >= PARAGRAPH_LETTERS else None


def _long(text: str) -> Iterable[int]:
    for paragraph in _BREAK.split(text):
        if len(paragraph) >= PARAGRAPH_LETTERS and (found := _fingerprint(paragraph)) is not None:
            yield found
