"""The KV cache of one sequence, in the two forms that graphs know.

`fill` binds it to a step, `keep` takes what the step made, `trim` goes back to a
prefix. Shapes are (1, kv_heads, positions, head_size) for each entry.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from latam_edge.runtime.onnx.native import library
from latam_edge.runtime.onnx.signature import Signature


class Cache(Protocol):
    """Keys and values of all layers."""

    fixed: bool
    """Whether a binding, once filled, stays true for every later step."""

    def fill(self, binding: Any) -> None:
        """Bind the past as input and the present as output."""
        ...

    def keep(self, binding: Any) -> None:
        """After a step that ended well: its present is the next step's past."""
        ...

    def trim(self, length: int) -> None:
        """Forget all positions from `length` on."""
        ...


def make_cache(signature: Signature, n_ctx: int, device: str) -> Cache:
    """The form that the graph wants. device: where the buffers live, "cpu" or "cuda"."""
    if signature.shared:
        return SharedCache(signature, n_ctx, device)
    return GrowingCache(signature, device)


class SharedCache:
    """One buffer of `n_ctx` positions for each entry, which past and present share: nothing is ever copied.

    How much of it is valid is said by a number in each step, so that going back is free.
    """

    fixed = True

    def __init__(self, signature: Signature, n_ctx: int, device: str) -> None:
        make = library().OrtValue
        self._names = [(entry.past, entry.present) for entry in signature.cache]
        self._buffers = []
        for entry in signature.cache:
            shape = (1, entry.kv_heads, n_ctx, entry.head_size)
            if device == "cpu":
                # Untouched pages of zeros take no memory until a position is written.
                self._buffers.append(make.ortvalue_from_numpy(np.zeros(shape, signature.cache_type)))
            else:
                self._buffers.append(
                    make.ortvalue_from_shape_and_type(shape, signature.cache_type, device, 0)
                )

    def fill(self, binding: Any) -> None:
        for (past, present), buffer in zip(self._names, self._buffers, strict=True):
            binding.bind_ortvalue_input(past, buffer)
            binding.bind_ortvalue_output(present, buffer)

    def keep(self, binding: Any) -> None:
        """The step wrote in place."""

    def trim(self, length: int) -> None:
        """What lies behind the valid part is never read."""


class GrowingCache:
    """A new, longer tensor from every step, as graphs make that concatenate."""

    fixed = False

    def __init__(self, signature: Signature, device: str) -> None:
        self._make = library().OrtValue
        self._signature = signature
        self._device = device
        self._values = [
            self._make.ortvalue_from_numpy(
                np.zeros((1, entry.kv_heads, 0, entry.head_size), signature.cache_type)
            )
            for entry in signature.cache
        ]

    def fill(self, binding: Any) -> None:
        for entry, value in zip(self._signature.cache, self._values, strict=True):
            binding.bind_ortvalue_input(entry.past, value)
            binding.bind_output(entry.present, self._device)

    def keep(self, binding: Any) -> None:
        # In the order in which they were bound: the logits first, then the cache.
        self._values = list(binding.get_outputs())[-len(self._values) :]

    def trim(self, length: int) -> None:
        if self._values and self._values[0].shape()[2] != length:
            self._values = [
                self._make.ortvalue_from_numpy(np.ascontiguousarray(value.numpy()[:, :, :length]))
                for value in self._values
            ]
