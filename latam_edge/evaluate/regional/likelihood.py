"""How likely a model finds a sentence: the sum of its tokens' log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np

from latam_edge.evaluate import metrics
from latam_edge.runtime.scorers import Scorer


def start_tokens(scorer: Scorer) -> list[int]:
    """What stands before a sentence: BOS, or a line break for a model that has none.

    Without it the first word, often the one in question, would not be scored.
    """
    if scorer.adds_bos and scorer.bos is not None:
        return [scorer.bos]
    return scorer.tokenize("\n") or [scorer.bos or 0]


def token_scores(scorer: Scorer, text: str) -> list[tuple[int, float]]:
    """(token, its log-probability in nats) for every token of `text`, which stands alone.

    Raises PromptTooLong, RuntimeFault.
    """
    start = start_tokens(scorer)
    tokens = scorer.tokenize(text)
    whole = [*start, *tokens]
    first = len(start) - 1
    found: list[float] = []
    rows: Any = scorer.stream(whole, first, len(whole) - 1)
    with closing(rows):
        for logits in rows:
            at = len(found)
            losses = metrics.negative_log_likelihood(logits, tokens[at : at + len(logits)])
            found += [-float(loss) for loss in losses]
    return list(zip(tokens, found, strict=True))


def sentence_logprob(scorer: Scorer, text: str) -> float:
    """ln P(text), nats: what two sentences are compared by."""
    return float(np.sum([score for _, score in token_scores(scorer, text)]))


def endings_logprobs(scorer: Scorer, prompt: str, endings: Sequence[str]) -> list[tuple[float, float]]:
    """For every ending: (ln P of it after `prompt`, the same per UTF-8 byte of the ending).

    Tokens may span the seam between the two, so what all of the whole texts begin with is
    left out, whatever it is, and all that differs is counted.
    """
    scored = [token_scores(scorer, prompt + ending) for ending in endings]
    shared = 0
    while all(len(row) > shared for row in scored) and len({row[shared][0] for row in scored}) == 1:
        shared += 1
    sums = [sum(score for _, score in row[shared:]) for row in scored]
    return [
        (total, total / max(1, len(ending.strip().encode())))
        for total, ending in zip(sums, endings, strict=True)
    ]
