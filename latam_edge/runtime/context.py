"""What to leave out when a conversation outgrows the context window: the oldest, and never in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from latam_edge.core.errors import PromptTooLong
from latam_edge.runtime.types import Message

Tokenizer = Callable[[Sequence[Message]], list[int]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A prompt that fits."""

    tokens: list[int]
    dropped: int
    """Messages left out, all older than what is kept."""


def answer_room(n_ctx: int, max_tokens: int | None) -> int:
    """Tokens to keep free for the answer: a quarter of the window, at most 256, at most what is asked for."""
    room = min(256, n_ctx // 4)
    return max(1, room if max_tokens is None else min(room, max_tokens))


class ContextPolicy:
    """Fits conversations into `n_ctx` tokens and remembers where the kept part began.

    The oldest exchanges go first, each a user's turn with its answer. System
    messages and the last message stay. When something has to go, enough goes to
    leave a third of the window free, and the next turns start at the same message:
    otherwise every turn would begin with another prompt, and none could reuse the
    KV cache of the one before.
    """

    def __init__(self, n_ctx: int) -> None:
        self._n_ctx = n_ctx
        self._kept_from: tuple[Message, ...] | None = None

    def fit(self, messages: Sequence[Message], tokenize: Tokenizer, max_tokens: int | None) -> Fitted:
        """The prompt's tokens. Raises PromptTooLong when the last message alone does not fit.

        tokenize: tokens of a whole conversation through the chat template.
        """
        room = self._n_ctx - answer_room(self._n_ctx, max_tokens)
        starts = _exchange_starts(messages)

        def kept(index: int) -> list[Message]:
            return [m for i, m in enumerate(messages) if m.role == "system" or i >= starts[index]]

        first = self._remembered(messages, starts)
        tokens = tokenize(kept(first))
        if len(tokens) <= room:
            return Fitted(tokens, len(messages) - len(kept(first)))
        # Fewer messages never take more tokens: halve the range to the first start that fits.
        goal = room * 2 // 3
        low, high = first + 1, len(starts) - 1
        while low < high:
            middle = (low + high) // 2
            if len(tokenize(kept(middle))) <= goal:
                high = middle
            else:
                low = middle + 1
        if low <= high:
            tokens = tokenize(kept(low))
        if len(tokens) > room:
            raise PromptTooLong(prompt_tokens=len(tokens), n_ctx=room)
        self._kept_from = tuple(messages[: starts[low] + 1])
        return Fitted(tokens, len(messages) - len(kept(low)))

    def _remembered(self, messages: Sequence[Message], starts: list[int]) -> int:
        """Where the kept part of the turn before began, if this is the same conversation."""
        for index, start in enumerate(starts):
            if tuple(messages[: start + 1]) == self._kept_from:
                return index
        return 0


def _exchange_starts(messages: Sequence[Message]) -> list[int]:
    """Indices at which the kept part may begin: the first that is not the system's, then every user's."""
    last = len(messages) - 1
    starts = [i for i, m in enumerate(messages) if m.role == "user" and 0 < i <= last]
    first = next((i for i, m in enumerate(messages) if m.role != "system"), last)
    return [first, *(i for i in starts if i > first)]
