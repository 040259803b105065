"""The few tokens of a large vocabulary that a chain can choose from.

llama.cpp's samplers want every token as a struct of 12 bytes: with 49,000 tokens that is
0.6 MB to write and to read again for each token of the answer, and the repetition penalty
looks each one up. Here numpy finds the likeliest first, and the chain sees only those.
What it chooses is the same, with the same seed.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from latam_edge.runtime.defaults import PENALTY_WINDOW
from latam_edge.runtime.likeliest import Logits, penalized, top
from latam_edge.runtime.llama.native import Handle, library

_TOKEN_DATA = np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])  # llama_token_data


class Shortlist:
    """One answer's. Applies the repetition penalty itself: the chain must not."""

    def __init__(self, top_k: int, repeat_penalty: float) -> None:
        """top_k: how many tokens there are to choose from. repeat_penalty: 1: off."""
        lib = library()
        self._top_k = top_k
        self._penalty = repeat_penalty
        self._recent: deque[int] = deque(maxlen=PENALTY_WINDOW)
        self._apply = lib.llama_sampler_apply
        self._data = np.zeros(top_k, _TOKEN_DATA)
        self._ids, self._logits = self._data["id"], self._data["logit"]
        items = self._data.ctypes.data_as(ctypes.POINTER(lib.llama_token_data))
        self._array: Any = lib.llama_token_data_array(items, top_k, -1, True)
        self._pointer = ctypes.byref(self._array)

    def accept(self, tokens: Sequence[int]) -> None:
        """Let the penalty know of tokens: the prompt's, and each that was drawn."""
        self._recent.extend(tokens[-PENALTY_WINDOW:])

    def likeliest(self, logits: Logits) -> int:
        """The first of the likeliest tokens. logits: float32, (n_vocab,); left as they are."""
        return int(self._judged(logits).argmax())

    def draw(self, logits: Logits, chain: Handle) -> int:
        """What `chain` draws from the top k. logits: float32, (n_vocab,); left as they are."""
        logits = self._judged(logits)
        ids = top(logits, self._top_k)
        count = len(ids)  # less than top_k when the vocabulary is smaller
        self._ids[:count] = ids
        self._logits[:count] = logits[ids]
        array = self._array
        array.size, array.selected, array.sorted = count, -1, True
        self._apply(chain, self._pointer)
        return int(self._ids[array.selected])

    def _judged(self, logits: Logits) -> Logits:
        if self._penalty == 1.0 or not self._recent:
            return logits
        return penalized(logits, np.fromiter(set(self._recent), np.intp), self._penalty)


class LogitsView:
    """The logits that a context computed last, as numpy sees them: no copy."""

    def __init__(self, n_vocab: int) -> None:
        # Its declaration in llama_cpp gives a ctypes pointer; the address alone is quicker, and
        # nearly always the one of the step before.
        prototype = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32)
        self._locate = prototype(("llama_get_logits_ith", library()._lib))
        self._n_vocab = n_vocab
        self._address: int | None = None
        self._view: Logits = np.empty(0, np.float32)

    def of(self, context: Handle) -> Logits:
        """float32, (n_vocab,); valid until the context's next step."""
        address = self._locate(context, -1)
        if address != self._address:
            assert address is not None
            memory = (ctypes.c_float * self._n_vocab).from_address(address)
            self._view = np.frombuffer(memory, np.float32)
            self._address = address
        return self._view
