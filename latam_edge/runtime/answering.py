"""One answer, token by token: the loop that all engines with a model share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from latam_edge.runtime.context import Fitted
from latam_edge.runtime.engine import Cancellation, Cancelled
from latam_edge.runtime.stopwatch import Stopwatch
from latam_edge.runtime.text import AnswerText
from latam_edge.runtime.types import Chunk, Done, Event, FinishReason, Request, Started, Usage
from latam_edge.runtime.vocabulary import Vocabulary


class Steps(Protocol):
    """A model with one conversation in its KV cache."""

    n_ctx: int
    """Context window, tokens."""

    @property
    def n_threads(self) -> int:
        """Threads in use now."""
        ...

    def begin(self) -> None:
        """An answer starts: forget an old cancel."""
        ...

    def end(self) -> None:
        """The answer is over: nothing runs any more."""
        ...

    def cancel(self) -> None:
        """End the step that runs now and start no other. From any thread."""
        ...

    def reuse(self, prompt: Sequence[int]) -> int:
        """Keep in the cache what it shares with the start of `prompt`; how many tokens that is."""
        ...

    def prefill(self, tokens: Sequence[int]) -> None:
        """Evaluate `tokens` after what is cached. Raises Cancelled, RuntimeFault."""
        ...

    def next(self, token: int) -> None:
        """Evaluate one token of the answer. Raises Cancelled, RuntimeFault."""
        ...


def answer(
    prompt: Fitted,
    request: Request,
    *,
    steps: Steps,
    vocab: Vocabulary,
    draw: Callable[[], int],
    max_tokens: int | None,
    seed: int,
    cancellation: Cancellation,
    stopwatch: Stopwatch,
) -> Iterator[Event]:
    """Started, any number of Chunk, Done.

    prompt: what `request` became. draw: the next token after the step before. max_tokens:
    most tokens of the answer, None: until the context is full. seed: for Done; `draw` has it.
    """
    text = AnswerText(request.stop, skip_leading_space=vocab.leading_space and not request.raw)
    reason: FinishReason = "cancelled"
    said = 0
    steps.begin()
    try:
        with cancellation.waking(steps.cancel):
            reused = steps.reuse(prompt.tokens)
            yield Started(len(prompt.tokens), reused, prompt.dropped)
            limit = steps.n_ctx - len(prompt.tokens)
            if max_tokens is not None:
                limit = min(limit, max(0, max_tokens))
            with stopwatch.prefilling(len(prompt.tokens), reused):
                steps.prefill(prompt.tokens[reused:])
            reason = "length"
            ends, piece = vocab.ends, vocab.piece
            while said < limit:
                if cancellation.cancelled:
                    raise Cancelled
                token = draw()
                stopwatch.token()
                if ends(token):
                    reason = "stop"
                    break
                said += 1
                if shown := text.feed(piece(token)):
                    yield Chunk(shown)
                if text.stopped:
                    reason = "stop"
                    break
                if said < limit:
                    steps.next(token)
    except Cancelled:
        reason = "cancelled"
    finally:
        steps.end()
    if rest := text.finish():
        yield Chunk(rest)
    yield Done(
        finish_reason=reason,
        usage=Usage(prompt_tokens=len(prompt.tokens), completion_tokens=said),
        timings=stopwatch.timings(),
        n_threads=steps.n_threads,
        seed=seed,
    )
