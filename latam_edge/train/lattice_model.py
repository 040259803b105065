"""A Llama whose matrices are on the 4-bit lattice in every forward pass, for training with it in the loop.

The model's own weights are what is learnt; what the layers multiply with is always
`quant.fake_quant.fake_quantize` of them, the very weights that the exporter would write.
An embedding that is the head too is faked once and used in both places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from latam_edge.train.batch import Batch
from latam_edge.train.losses import logits_at
from quant.fake_quant import export, fake_quantize, initial_scales, inside_cells, simulate_q8_0
from quant.lattice import GROUP_SIZE, Int4Blocks

Codes = Callable[[str], Int4Blocks | None]
"""A matrix's codes by its name in the checkpoint; None for one that the lattice can't hold."""


class LatticeModel(nn.Module):
    """A model with learnable lattice scales beside its weights."""

    def __init__(self, model: PreTrainedModel, codes: Codes | None = None) -> None:
        """model: float32, on the CPU; it is taken over. codes: what its matrices begin with, such as
        GPTQ's; None searches scales and rounds to nearest."""
        super().__init__()
        self._inner = _Logits(model)
        self.names = tuple(
            name
            for name, weight in model.named_parameters()
            if weight.ndim == 2 and not weight.shape[1] % GROUP_SIZE
        )
        """The matrices on the lattice; a tied embedding is one of them, once."""
        self.scales = nn.ParameterDict()
        parameters = dict(model.named_parameters())
        for name in self.names:
            weight, blocks = parameters[name], codes(name) if codes else None
            if blocks is None:
                scales = initial_scales(weight)
            else:
                weight.data = inside_cells(weight.data, blocks)
                scales = torch.from_numpy(blocks.scales).float()
            self.scales[_key(name)] = nn.Parameter(scales)
        self._activations = _Activations(model)

    @property
    def model(self) -> PreTrainedModel:
        """The model inside, with its unrounded weights."""
        return self._inner.model

    def simulate_activations(self, on: bool) -> None:
        """Whether what goes into each matrix is rounded as llama.cpp rounds it."""
        self._activations.on = on

    def forward(self, batch: Batch) -> Tensor:
        """Logits at the learnt places of a batch: float32, (m, vocabulary)."""
        faked = {f"model.{name}": weight for name, weight in self.weights()}
        try:
            logits: Tensor = torch.func.functional_call(self._inner, faked, (batch,), tie_weights=True)
        finally:
            self._activations.forget()
        return logits

    def weights(self) -> Iterator[tuple[str, Tensor]]:
        """Each matrix on the lattice, by name, with its gradient's way back."""
        parameters = dict(self.model.named_parameters())
        for name in self.names:
            yield name, fake_quantize(parameters[name], self.scales[_key(name)])

    def blocks(self, name: str) -> Int4Blocks:
        """A matrix as the writers take it."""
        return export(dict(self.model.named_parameters())[name], self.scales[_key(name)])


class _Logits(nn.Module):
    """`logits_at` as a module, so that weights can be put in place of the model's for one call."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> Tensor:
        return logits_at(self.model, batch)


class _Activations:
    """Rounds the inputs of every linear layer while `on`."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.on = False
        self._last: tuple[Tensor, Tensor] | None = None
        for module in model.modules():
            if isinstance(module, nn.Linear) and not module.in_features % GROUP_SIZE:
                module.register_forward_pre_hook(self._round)

    def _round(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        if not self.on:
            return None
        # Q, K and V share their input, gate and up theirs: rounded once.
        if self._last is None or self._last[0] is not inputs[0]:
            self._last = inputs[0], simulate_q8_0(inputs[0])
        return (self._last[1], *inputs[1:])

    def forget(self) -> None:
        """Let go of the last input."""
        self._last = None


def _key(name: str) -> str:
    """A parameter's name without dots, which names of modules can't have."""
    return name.replace(".", "/")
