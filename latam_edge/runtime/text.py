"""From the bytes of tokens to text that may be shown: whole characters, nothing past a stop sequence."""

from __future__ import annotations

import codecs


class AnswerText:
    """Feeds on the bytes of tokens, gives text as soon as it is safe to show.

    A character whose bytes are not all there is held back, and so is an ending that
    may be the start of a stop sequence. Bytes that are no UTF-8 become U+FFFD.

    >>> text = AnswerText(stop=("FIN",))
    >>> text.feed(b"uno F"), text.feed(b"uera FI"), text.feed(b"N dos"), text.stopped
    ('uno ', 'Fuera ', '', True)
    """

    def __init__(self, stop: tuple[str, ...] = (), *, skip_leading_space: bool = False) -> None:
        """
        stop: texts that end the answer; they are not given out. Empty ones are ignored.
        skip_leading_space: drop one blank at the very start (SentencePiece writes one).
        """
        self._stops = tuple(s for s in stop if s)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._skip = skip_leading_space
        self.stopped = False
        """A stop sequence came; nothing more will be given."""

    def feed(self, data: bytes) -> str:
        """The text that `data` makes safe to show; often "" """
        return self._take(self._decoder.decode(data))

    def finish(self) -> str:
        """What was held back, when the answer ends without a stop sequence."""
        rest = self._take(self._decoder.decode(b"", True)) + self._held
        self._held = ""
        return "" if self.stopped else rest

    def _take(self, text: str) -> str:
        if self._skip and text:
            text = text.removeprefix(" ")
            self._skip = False
        if not self._stops:
            return text
        if self.stopped:
            return ""
        text = self._held + text
        found = [at for at in (text.find(stop) for stop in self._stops) if at >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        safe = len(text) - max(_overlap(text, stop) for stop in self._stops)
        self._held = text[safe:]
        return text[:safe]


def _overlap(text: str, stop: str) -> int:
    """Length of the longest ending of `text` with which `stop` begins, less than all of it."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
