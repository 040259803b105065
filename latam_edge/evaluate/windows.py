"""Cut a long text into windows, in one of two ways.

"overlapping" scores every token once and with context: windows overlap by half, the
first scores all its tokens, a later one the half that no window scored before, so
each of those has at least half a window of context.

"llama-perplexity" does what that tool does, to the token, so that figures can be
compared with those that it prints: windows side by side, only the second half of each
scored, the rest of the text (up to a whole window at the end) left out. It needs half
the work of the other way, and loses half of the text, which short texts can't afford.
Source: tools/perplexity/perplexity.cpp of llama.cpp, as carried by llama-cpp-python 0.3.36.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


def overlapping(tokens: Sequence[int], n_ctx: int, bos: int | None) -> Iterator[Window]:
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


def side_by_side(tokens: Sequence[int], n_ctx: int, bos: int | None) -> Iterator[Window]:
    """Whole windows of `n_ctx` tokens, the second half of each scored but for its first token.

    bos: counts as the text's first token, and replaces the first token of every window.
    None at all for a text shorter than two windows, as in llama-perplexity.
    """
    text = list(tokens) if bos is None else [bos, *tokens]
    if len(text) < 2 * n_ctx:
        return
    for start in range(0, len(text) // n_ctx * n_ctx, n_ctx):
        seen = text[start : start + n_ctx]
        if bos is not None:
            seen[0] = bos
        yield Window(seen, n_ctx // 2 + 1)


WINDOWS: dict[str, Callable[[Sequence[int], int, int | None], Iterator[Window]]] = {
    "overlapping": overlapping,
    "llama-perplexity": side_by_side,
}
"""By the name that `evaluate` takes."""
