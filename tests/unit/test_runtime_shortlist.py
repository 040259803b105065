"""A shortlist of the likeliest tokens gives what llama.cpp's chain gives on the whole vocabulary."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_edge.runtime import likeliest
from latam_edge.runtime.llama import sampler as samplers
from latam_edge.runtime.llama.native import library
from latam_edge.runtime.llama.sampler import LARGE_VOCABULARY, Sampler
from latam_edge.runtime.llama.shortlist import Shortlist
from latam_edge.runtime.types import Sampling

N_VOCAB = LARGE_VOCABULARY + 37  # no multiple of a block
GREEDY = Sampling(temperature=0.0, top_k=40, top_p=0.95, min_p=0.05, repeat_penalty=1.0)
DEFAULT = Sampling(temperature=0.7, top_k=40, top_p=0.95, min_p=0.05, repeat_penalty=1.0)


def logits_of(seed: int, *, ties: bool = False, size: int = N_VOCAB) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0, 3, size)
    return (np.round(values).clip(-4, 4) if ties else values).astype(np.float32)


class WholeVocabulary:
    """Stands for a context that computed `logits`: llama.cpp's own chain over all of them."""

    def __init__(self, sampling: Sampling, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(samplers, "LARGE_VOCABULARY", 10**9)
            self.sampler = Sampler(sampling, seed, N_VOCAB)
        self.lib = library()

    def draw(self, logits: np.ndarray) -> int:
        lib = self.lib
        items = (lib.llama_token_data * len(logits))(*((i, v, 0.0) for i, v in enumerate(logits)))
        array = lib.llama_token_data_array(items, len(logits), -1, False)
        lib.llama_sampler_apply(self.sampler._chain, ctypes.byref(array))
        token = int(array.data[array.selected].id)
        self.sampler.accept([token])
        return token


class Narrowed:
    """A Sampler with a shortlist, which sees `logits` where a context's would be."""

    def __init__(self, sampling: Sampling, seed: int) -> None:
        self.sampler = Sampler(sampling, seed, N_VOCAB)
        assert self.sampler._shortlist is not None
        self.sampler._view = self  # type: ignore[assignment]
        self.logits = np.empty(0, np.float32)

    def of(self, _: Any) -> np.ndarray:
        return self.logits

    def draw(self, logits: np.ndarray) -> int:
        self.logits = logits
        return self.sampler.draw(None)


@pytest.fixture
def both(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[WholeVocabulary, Narrowed]]:
    sampling, seed = request.param
    whole, narrowed = WholeVocabulary(sampling, seed, monkeypatch), Narrowed(sampling, seed)
    yield whole, narrowed
    whole.sampler.free()
    narrowed.sampler.free()


def changed(base: Sampling, **fields: Any) -> Sampling:
    return Sampling(**{**{name: getattr(base, name) for name in base.__slots__}, **fields})


SETTINGS = [
    (GREEDY, 1),
    (changed(GREEDY, repeat_penalty=1.3), 1),
    (DEFAULT, 7),
    (changed(DEFAULT, repeat_penalty=1.2), 8),
    (changed(DEFAULT, temperature=2.0, top_k=100, top_p=1.0, min_p=0.0), 9),
    (changed(DEFAULT, temperature=1.5, top_k=1), 10),
    (changed(DEFAULT, temperature=1.5, top_k=7, repeat_penalty=0.8), 11),
]


@pytest.mark.parametrize("both", SETTINGS, indirect=True)
def test_every_draw_is_the_one_of_the_chain_on_the_whole_vocabulary(
    both: tuple[WholeVocabulary, Narrowed],
) -> None:
    whole, narrowed = both
    prompt = [3, 5, 5, 8, 4000, 8200]
    whole.sampler.accept(prompt)
    narrowed.sampler.accept(prompt)
    few = [logits_of(seed) for seed in range(3)]  # so that tokens come again, for the penalty
    expected = [whole.draw(few[step % 3]) for step in range(60)]
    assert [narrowed.draw(few[step % 3]) for step in range(60)] == expected


@pytest.mark.parametrize("both", SETTINGS[:2], indirect=True)
def test_of_equal_logits_the_greedy_choice_is_the_first_on_both_roads(
    both: tuple[WholeVocabulary, Narrowed],
) -> None:
    whole, narrowed = both
    for seed in range(4):
        logits = logits_of(seed, ties=True)
        assert (logits == logits.max()).sum() > 1
        assert narrowed.draw(logits) == whole.draw(logits)


def test_penalties_leave_the_logits_as_they_were() -> None:
    logits = logits_of(1)
    before = logits.copy()
    shortlist = Shortlist(40, 1.5)
    shortlist.accept(np.argsort(-logits)[:10].tolist())
    assert shortlist.likeliest(logits) not in np.argsort(-before)[:1]
    assert logits.tobytes() == before.tobytes()


def test_only_the_last_64_tokens_are_penalized() -> None:
    logits = np.zeros(N_VOCAB, np.float32)
    logits[5] = 1.0
    logits[6] = 0.9
    shortlist = Shortlist(1, 2.0)
    shortlist.accept([5])
    assert shortlist.likeliest(logits) == 6
    for token in range(100, 164):
        shortlist.accept([token])
    assert shortlist.likeliest(logits) == 5


@pytest.mark.parametrize(
    ("sampling", "n_vocab", "narrowed"),
    [
        (GREEDY, LARGE_VOCABULARY, True),
        (DEFAULT, LARGE_VOCABULARY, True),
        (DEFAULT, LARGE_VOCABULARY - 1, False),
        (changed(DEFAULT, top_k=0), LARGE_VOCABULARY, False),
        (changed(DEFAULT, top_k=LARGE_VOCABULARY), LARGE_VOCABULARY, False),
    ],
)
def test_a_shortlist_is_made_where_it_pays(sampling: Sampling, n_vocab: int, narrowed: bool) -> None:
    sampler = Sampler(sampling, 1, n_vocab)
    assert (sampler._shortlist is not None) == narrowed
    sampler.free()
    sampler.free()


@settings(deadline=None, max_examples=80)
@given(
    seed=st.integers(0, 1000),
    size=st.sampled_from([1, 63, 64, 65, 129, 640, 5000, 8192]),
    k=st.sampled_from([0, 1, 2, 7, 40, 100, 10_000]),
    ties=st.booleans(),
)
def test_the_top_k_are_those_of_a_stable_sort(seed: int, size: int, k: int, ties: bool) -> None:
    logits = logits_of(seed, ties=ties, size=size)
    expected = np.argsort(-logits, kind="stable")[: k or size]
    assert likeliest.top(logits, k).tolist() == expected.tolist()
