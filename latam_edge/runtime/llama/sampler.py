"""The chain that draws the next token: penalty, top-k, top-p, min-p, temperature, draw.

A large vocabulary is first cut down to a shortlist; what is drawn stays the same.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from importlib import import_module

from latam_edge.runtime.defaults import PENALTY_WINDOW
from latam_edge.runtime.llama.native import Handle, library
from latam_edge.runtime.types import Sampling

LARGE_VOCABULARY = 8192
"""Tokens from which a shortlist pays: numpy costs 17 MB and 0.1 s once, a chain over 49,000 tokens
0.09 ms for every token of the answer."""
FEW = 64
"""A shortlist holds at most this part of the vocabulary: more are not found any quicker."""


class Sampler:
    """A native chain. `free` it when the answer ends."""

    def __init__(self, sampling: Sampling, seed: int, n_vocab: int) -> None:
        """sampling: every field filled but seed and max_tokens."""
        lib = self._lib = library()
        self._chain = None
        self._shortlist = None
        self._sample = lib.llama_sampler_sample
        add = self._add
        penalty = 1.0 if sampling.repeat_penalty is None else sampling.repeat_penalty
        greedy = not sampling.temperature
        top_k = 1 if greedy else sampling.top_k or 0
        # Without top-k, or with a very large k, the chain has to see and sort them all anyway.
        if n_vocab >= LARGE_VOCABULARY and 0 < top_k <= n_vocab // FEW:
            from latam_edge.runtime.llama.shortlist import LogitsView, Shortlist

            self._view = LogitsView(n_vocab)
            self._shortlist = Shortlist(top_k, penalty)
            if greedy:
                return
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        if penalty != 1.0 and self._shortlist is None:
            add(lib.llama_sampler_init_penalties(n_vocab, PENALTY_WINDOW, penalty, 0.0, 0.0))
        if greedy:
            add(lib.llama_sampler_init_greedy())
            return
        if sampling.top_k:
            add(lib.llama_sampler_init_top_k(sampling.top_k))
        if sampling.top_p is not None and sampling.top_p < 1:
            add(lib.llama_sampler_init_top_p(sampling.top_p, 1))
        if sampling.min_p:
            add(lib.llama_sampler_init_min_p(sampling.min_p, 1))
        add(lib.llama_sampler_init_temp(sampling.temperature))
        add(lib.llama_sampler_init_dist(seed))

    def _add(self, sampler: Handle) -> None:
        self._lib.llama_sampler_chain_add(self._chain, sampler)

    def accept(self, tokens: Sequence[int]) -> None:
        """Let the penalty know of tokens that were not drawn here: the prompt's."""
        if self._shortlist is not None:
            self._shortlist.accept(tokens)
            return
        for token in tokens[-PENALTY_WINDOW:]:
            self._lib.llama_sampler_accept(self._chain, ctypes.c_int32(token))

    def draw(self, context: Handle) -> int:
        """The next token after what the context evaluated last."""
        shortlist = self._shortlist
        if shortlist is None:
            token: int = self._sample(self._chain, context, -1)
            return token
        logits = self._view.of(context)
        token = shortlist.likeliest(logits) if self._chain is None else shortlist.draw(logits, self._chain)
        shortlist.accept((token,))
        return token

    def free(self) -> None:
        """Idempotent."""
        if self._chain is not None:
            self._lib.llama_sampler_free(self._chain)
            self._chain = None


def prepare(n_vocab: int) -> None:
    """Load what samplers of such a vocabulary need, so that the first answer does not wait for it."""
    if n_vocab >= LARGE_VOCABULARY:
        import_module("latam_edge.runtime.llama.shortlist")
