"""Sampling settings: what is asked for, else what the model file ships, else our defaults."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from latam_edge.runtime.types import Sampling

_MEANS_RANDOM = 0xFFFFFFFF  # llama.cpp's LLAMA_DEFAULT_SEED

DEFAULTS = Sampling(temperature=0.7, top_k=40, top_p=0.95, min_p=0.05, repeat_penalty=1.0)

PENALTY_WINDOW = 64
"""Tokens back that the repetition penalty looks."""

# llama.cpp's names in a file's metadata (src/llama-arch.cpp, general.sampling.*).
_KEYS = {
    "temperature": "general.sampling.temp",
    "top_k": "general.sampling.top_k",
    "top_p": "general.sampling.top_p",
    "min_p": "general.sampling.min_p",
    "repeat_penalty": "general.sampling.penalty_repeat",
}


def shipped(metadata: Mapping[str, Any]) -> Sampling:
    """What the file's metadata asks for, filled up with DEFAULTS. Nonsense values are passed over."""
    found: dict[str, Any] = {}
    for name, key in _KEYS.items():
        value = metadata.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            found[name] = int(value) if name == "top_k" else float(value)
    return clamped(replace(DEFAULTS, **found))


_HF_NAMES = {"repeat_penalty": "repetition_penalty"}


def recommended(generation: Mapping[str, Any]) -> Sampling:
    """What a generation_config.json asks for, filled up with DEFAULTS; as the GGUF writer reads it."""
    found = {_KEYS[name]: generation.get(_HF_NAMES.get(name, name)) for name in _KEYS}
    if generation.get("do_sample") is False:
        found[_KEYS["temperature"]] = 0.0
    return shipped(found)


def resolved(asked: Sampling, base: Sampling) -> Sampling:
    """`asked` with its empty fields taken from `base`, all within their ranges."""
    changes = {f.name: v for f in fields(Sampling) if (v := getattr(asked, f.name)) is not None}
    return clamped(replace(base, **changes))


def choose_seed(asked: int | None) -> int:
    """A seed that every sampler takes as it is: 32 bits, and not the one that means "any" to llama.cpp."""
    seed = secrets.randbits(32) if asked is None else asked & 0xFFFFFFFF
    return seed if seed != _MEANS_RANDOM else 0


def clamped(sampling: Sampling) -> Sampling:
    """Every number where the sampler can use it."""

    def within(value: float | None, low: float, high: float) -> float | None:
        return None if value is None else min(max(value, low), high)

    top_k = sampling.top_k
    return replace(
        sampling,
        temperature=within(sampling.temperature, 0.0, 10.0),
        top_k=None if top_k is None else max(0, top_k),
        top_p=within(sampling.top_p, 0.0, 1.0),
        min_p=within(sampling.min_p, 0.0, 1.0),
        repeat_penalty=within(sampling.repeat_penalty, 0.01, 100.0),
    )
