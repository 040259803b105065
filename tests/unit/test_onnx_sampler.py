"""The numpy sampler against the definitions of its filters, and against llama.cpp's own samplers."""

from __future__ import annotations

import ctypes
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_edge.runtime.llama.native import library
from latam_edge.runtime.onnx.sampler import NumpySampler, candidates, penalized
from latam_edge.runtime.types import Sampling

GREEDY = Sampling(temperature=0.0, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0)
PLAIN = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0)


def noise(seed: int, size: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, size).astype(np.float32)


def softmax(values: np.ndarray) -> np.ndarray:
    weights = np.exp(values.astype(np.float64) - values.max())
    return weights / weights.sum()


def by_definition(logits: np.ndarray, top_k: int, top_p: float, min_p: float) -> list[int]:
    """The three filters one after the other, on a sorted list, as their papers say them."""
    order = sorted(range(len(logits)), key=lambda i: (-logits[i], i))
    if top_k:
        order = order[:top_k]
    if top_p < 1:
        kept, total = [], 0.0
        for index, share in zip(order, softmax(logits[order]), strict=True):
            kept.append(index)
            total += share
            if total >= top_p:
                break
        order = kept
    likeliest = softmax(logits[order])[0]
    return [i for i, share in zip(order, softmax(logits[order]), strict=True) if share >= min_p * likeliest]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 1000),
    top_k=st.sampled_from([0, 1, 2, 7, 40, 199, 200, 5000]),
    top_p=st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.95, 1.0]),
    min_p=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
)
def test_filters_keep_what_their_definitions_keep(seed: int, top_k: int, top_p: float, min_p: float) -> None:
    logits = noise(seed)
    ids, kept = candidates(logits, top_k, top_p, min_p)
    assert ids.tolist() == by_definition(logits, top_k, top_p, min_p)
    assert kept.tolist() == logits[ids].tolist()


def llama_candidates(logits: np.ndarray, top_k: int, top_p: float, min_p: float) -> list[int]:
    """What llama.cpp's samplers, in the order of the llama engine, leave over."""
    lib = library()
    data = (lib.llama_token_data * len(logits))()
    for i, value in enumerate(logits):
        data[i].id, data[i].logit, data[i].p = i, float(value), 0.0
    array = lib.llama_token_data_array(data=data, size=len(logits), selected=-1, sorted=False)
    makers = [
        lib.llama_sampler_init_top_k(top_k) if top_k else None,
        lib.llama_sampler_init_top_p(top_p, 1) if top_p < 1 else None,
        lib.llama_sampler_init_min_p(min_p, 1) if min_p else None,
    ]
    for sampler in filter(None, makers):
        lib.llama_sampler_apply(sampler, ctypes.byref(array))
        lib.llama_sampler_free(sampler)
    return [array.data[i].id for i in range(array.size)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("top_k", "top_p", "min_p"),
    [(40, 0.95, 0.05), (0, 0.9, 0.0), (5, 1.0, 0.0), (0, 1.0, 0.1), (20, 0.5, 0.2)],
)
def test_filters_keep_what_llama_cpp_keeps(seed: int, top_k: int, top_p: float, min_p: float) -> None:
    logits = noise(seed, 500 if seed % 2 else 9_000)
    ours = set(candidates(logits, top_k, top_p, min_p)[0].tolist())
    assert ours == set(llama_candidates(logits, top_k, top_p, min_p))


def test_the_penalty_divides_above_zero_and_multiplies_below() -> None:
    logits = np.array([2.0, -2.0, 1.0, 0.0], np.float32)
    changed = penalized(logits, np.array([0, 1, 3]), 2.0)
    assert changed.tolist() == [1.0, -4.0, 1.0, 0.0]
    assert logits.tolist() == [2.0, -2.0, 1.0, 0.0], "the model's own logits stay"


def test_the_penalty_looks_64_tokens_back_at_the_prompt_and_at_what_was_said() -> None:
    logits = np.array([1.0, 0.9, 0.5], np.float32)
    sampler = NumpySampler(Sampling(temperature=0.0, repeat_penalty=1.5), seed=1)
    sampler.accept([0])
    assert sampler.draw(logits) == 1, "0 stood in the prompt"
    assert sampler.draw(logits) == 0, "both are penalized alike now"
    fresh = NumpySampler(Sampling(temperature=0.0, repeat_penalty=1.5), seed=1)
    fresh.accept([0, *[2] * 64])
    assert fresh.draw(logits) == 0, "65 tokens ago is forgotten"


def test_temperature_zero_is_the_likeliest_whatever_the_seed() -> None:
    logits = noise(3)
    assert {NumpySampler(GREEDY, seed).draw(logits) for seed in range(5)} == {int(logits.argmax())}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_as_often_as_their_probability_says(temperature: float) -> None:
    logits = np.array([2.0, 1.0, 0.0, -1.0], np.float32)
    setting = Sampling(temperature=temperature, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0)
    sampler = NumpySampler(setting, seed=5)
    draws = 20_000
    counts = Counter(sampler.draw(logits) for _ in range(draws))
    expected = softmax(logits / temperature)
    for token, share in enumerate(expected):
        spread = 5 * np.sqrt(share * (1 - share) / draws)
        assert abs(counts[token] / draws - share) < spread


def test_a_seed_repeats_the_draws_and_another_does_not() -> None:
    logits = noise(1)

    def draws(seed: int) -> list[int]:
        sampler = NumpySampler(PLAIN, seed)
        return [sampler.draw(logits) for _ in range(30)]

    assert draws(4) == draws(4)
    assert draws(4) != draws(5)


def test_of_equal_logits_all_can_be_drawn_and_none_twice_in_the_list() -> None:
    ids, _ = candidates(np.zeros(50, np.float32), 10, 1.0, 0.0)
    assert len(set(ids.tolist())) == 10
    sampler = NumpySampler(PLAIN, seed=2)
    assert {sampler.draw(np.zeros(4, np.float32)) for _ in range(200)} == {0, 1, 2, 3}
