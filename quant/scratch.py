"""Memory that a thread uses again and again.

The system hands out fresh pages one by one and cleared; for arrays of a megabyte that live for
microseconds this takes as long as what is computed in them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from math import prod

import numpy as np

from quant.lattice import Float32s


class Scratch(threading.local):
    """Each thread's own arrays, by name; they stay as large as the largest that was asked for."""

    def __init__(self) -> None:
        self._memory: dict[str, Float32s] = {}

    def array(self, name: str, shape: Sequence[int]) -> Float32s:
        """A float32 array of that shape with whatever it holds, good until the name is asked for again."""
        size = prod(shape)
        if name not in self._memory or self._memory[name].size < size:
            self._memory[name] = np.empty(size, np.float32)
        return self._memory[name][:size].reshape(shape)
