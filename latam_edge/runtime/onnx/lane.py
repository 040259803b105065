"""One session with everything bound that stays the same from step to step."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from latam_edge.core.errors import RuntimeFault
from latam_edge.runtime.onnx.cache import Cache
from latam_edge.runtime.onnx.native import Session, library, reason
from latam_edge.runtime.onnx.signature import Signature

LAST, ALL = -1, 0
"""Values of the input `logits_from`."""

Logits = npt.NDArray[np.float32]


class Terminated(Exception):
    """The run was ended from another thread. The cache holds what it held before."""


class StepBuffers:
    """The small inputs and the logits of one-token steps: bound once, changed in place, for all lanes."""

    def __init__(self, signature: Signature, n_ctx: int) -> None:
        make = library().OrtValue.ortvalue_from_numpy
        types = signature.extras
        self.ids = np.zeros((1, 1), types["input_ids"])
        self.positions = np.zeros((1, 1), types.get("position_ids", np.int64))
        self.seqlens = np.zeros(1, np.int32)
        self.total = np.zeros((), np.int32)
        self.logits_from = np.full(1, LAST, np.int64)
        self.mask = np.ones((1, n_ctx), types.get("attention_mask", np.int64))
        self.logits = np.zeros((1, 1, signature.n_vocab), signature.logits_type)
        arrays = {
            "input_ids": self.ids,
            "position_ids": self.positions,
            "seqlens_k": self.seqlens,
            "total_sequence_length": self.total,
            "logits_from": self.logits_from,
        }
        self.values = {name: make(array) for name, array in arrays.items() if name in types}
        self.logits_value = make(self.logits)


class Lane:
    """Runs steps of one session on one sequence's cache."""

    def __init__(
        self,
        session: Session,
        n_threads: int,
        signature: Signature,
        cache: Cache,
        buffers: StepBuffers,
        run_options: Any,
    ) -> None:
        """run_options: shared by all lanes of a sequence; its `terminate` ends a run from any thread."""
        self.n_threads = n_threads
        self._session = session
        self._signature = signature
        self._cache = cache
        self._buffers = buffers
        self._options = run_options
        self._masked = "attention_mask" in signature.extras
        self._make = library().OrtValue.ortvalue_from_numpy
        self._single = session.io_binding()
        for name, value in buffers.values.items():
            self._single.bind_ortvalue_input(name, value)
        self._single.bind_ortvalue_output("logits", buffers.logits_value)
        if cache.fixed:
            cache.fill(self._single)

    def decode(self, token: int, past: int) -> None:
        """Evaluate one token behind `past` cached ones; its logits are in the buffers. Raises as `_run`."""
        buffers = self._buffers
        buffers.ids[0, 0] = token
        buffers.positions[0, 0] = past
        buffers.seqlens[0] = past
        buffers.total[()] = past + 1
        binding = self._single
        if self._masked:
            binding.bind_ortvalue_input("attention_mask", self._make(buffers.mask[:, : past + 1]))
        if not self._cache.fixed:
            # Outputs are given back in the order of binding, so all are bound anew, the logits first.
            binding.clear_binding_outputs()
            binding.bind_ortvalue_output("logits", buffers.logits_value)
            self._cache.fill(binding)
        self._run(binding)
        self._cache.keep(binding)

    def evaluate(self, tokens: list[int], past: int, logits_from: int = LAST) -> Logits:
        """Evaluate several tokens behind `past` cached ones. Raises as `_run`.

        Returns logits, float32, (positions, n_vocab): of the last token, or with
        `logits_from` = ALL of all. A graph that can't be asked gives all anyway.
        """
        types = self._signature.extras
        total = past + len(tokens)
        given: dict[str, Any] = {
            "input_ids": [tokens],
            "position_ids": [range(past, total)],
            "seqlens_k": [total - 1],
            "total_sequence_length": total,
            "logits_from": [logits_from],
        }
        binding = self._session.io_binding()
        kept = [self._make(np.array(given[name], types[name])) for name in given if name in types]
        for name, value in zip((name for name in given if name in types), kept, strict=True):
            binding.bind_ortvalue_input(name, value)
        if self._masked:
            kept.append(self._make(self._buffers.mask[:, :total]))
            binding.bind_ortvalue_input("attention_mask", kept[-1])
        binding.bind_output("logits", "cpu")
        self._cache.fill(binding)
        self._run(binding)
        self._cache.keep(binding)
        logits: Logits = binding.get_outputs()[0].numpy()[0]
        if logits_from == LAST:
            logits = logits[-1:]
        return logits.astype(np.float32, copy=False)

    def _run(self, binding: Any) -> None:
        """Raises Terminated when the options' `terminate` was set, RuntimeFault for anything else."""
        try:
            self._session.run_with_iobinding(binding, self._options)
        except Exception as error:  # its exceptions have no common base but this
            if self._options.terminate:
                raise Terminated from error
            raise RuntimeFault(detail=reason(error)) from error
