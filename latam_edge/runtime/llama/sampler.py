"""The chain that draws the next token: penalty, top-k, top-p, min-p, temperature, draw."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from latam_edge.runtime.defaults import PENALTY_WINDOW
from latam_edge.runtime.llama.native import Handle, library
from latam_edge.runtime.types import Sampling


class Sampler:
    """A native chain. `free` it when the answer ends."""

    def __init__(self, sampling: Sampling, seed: int, n_vocab: int) -> None:
        """sampling: every field filled but seed and max_tokens."""
        lib = self._lib = library()
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        self._sample = lib.llama_sampler_sample
        add = self._add
        if sampling.repeat_penalty not in (None, 1.0):
            add(lib.llama_sampler_init_penalties(n_vocab, PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0))
        if not sampling.temperature:
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
        for token in tokens[-PENALTY_WINDOW:]:
            self._lib.llama_sampler_accept(self._chain, ctypes.c_int32(token))

    def draw(self, context: Handle) -> int:
        """The next token after what the context evaluated last."""
        token: int = self._sample(self._chain, context, -1)
        return token

    def free(self) -> None:
        """Idempotent."""
        if self._chain is not None:
            self._lib.llama_sampler_free(self._chain)
            self._chain = None
