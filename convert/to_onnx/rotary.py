"""The rotary tables: cosine and sine of every position and frequency."""

from __future__ import annotations

from typing import Any

import numpy as np

from convert.architectures import llama3_factors
from convert.shape import ModelShape

Float32s = np.ndarray[Any, np.dtype[np.float32]]


def tables(shape: ModelShape, n_positions: int) -> tuple[Float32s, Float32s]:
    """Cosines and sines: float32, each (n_positions, head_dim / 2).

    Position p turns pair i by p * theta^(-2i / head_dim), after the scaling that the
    model was trained with (Su et al. 2021, arXiv 2104.09864).
    """
    frequencies = shape.rope_theta ** -(np.arange(0, shape.head_dim, 2) / shape.head_dim)
    if shape.rope_llama3:
        frequencies = frequencies / llama3_factors(shape.rope_theta, shape.head_dim, shape.rope_llama3)
    frequencies = frequencies / shape.rope_linear_factor
    cos = np.empty((n_positions, len(frequencies)), np.float32)
    sin = np.empty_like(cos)
    # In float64, a few positions at a time: the angle of a late position has many digits.
    for start in range(0, n_positions, 4096):
        angles = np.arange(start, min(start + 4096, n_positions))[:, None] * frequencies
        cos[start : start + len(angles)] = np.cos(angles)
        sin[start : start + len(angles)] = np.sin(angles)
    return cos, sin
