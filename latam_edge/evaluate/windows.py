"""Cut a long text into windows, so that every token is scored once and with context.

Windows overlap by half. The first scores all its tokens, a later one the half that no
window scored before, so each of those has at least half a window of context.
llama-perplexity does without the overlap and scores only second halves: it is twice as
fast and leaves out half of the text, which short texts can't afford.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """One evaluation of the model."""

    tokens: list[int]
    """What the model sees."""
    first: int
    """Tokens before this place in `tokens` were scored by earlier windows, or can't be."""

    @property
    def targets(self) -> list[int]:
        """The tokens that this window scores; row `first - 1` of the logits predicts the first."""
        return self.tokens[self.first :]


def windows(tokens: Sequence[int], n_ctx: int, bos: int | None) -> Iterator[Window]:
    """Windows of at most `n_ctx` tokens over `tokens`.

    bos: stands first in every window when the model expects it; then the text's first
    token is scored too. Without it nothing predicts that token.
    """
    text = list(tokens) if bos is None else [bos, *tokens]
    stride = n_ctx // 2
    scored = 1
    start = 0
    while scored < len(text):
        end = min(start + n_ctx, len(text))
        seen = text[start:end]
        if bos is not None:
            seen[0] = bos
        yield Window(seen, scored - start)
        scored, start = end, start + stride
