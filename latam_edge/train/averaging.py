"""A moving average of the weights (EMA), which wavers less than the weights themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from latam_edge.train.world import World


class Average:
    """The average of a model's trainable weights over the last steps."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        """decay: share of the average that a step keeps; less in the first steps."""
        self._decay = decay
        self._weights = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.values = {name: weight.detach().clone() for name, weight in self._weights.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step `step`, counted from 0."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for name, value in self.values.items():
            value.lerp_(self._weights[name].detach(), 1 - decay)

    @torch.no_grad()
    def load(self, values: dict[str, torch.Tensor], world: World) -> None:
        """Go on from a checkpoint's average, whole tensors."""
        for name, value in self.values.items():
            value.copy_(world.sharded_like(values[name], value))

    @torch.no_grad()
    def _swap(self) -> None:
        for name, value in self.values.items():
            weight = self._weights[name].detach()
            kept = weight.clone()
            weight.copy_(value)
            value.copy_(kept)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside the block the model has the average in place of its weights."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def keep(self) -> None:
        """Leave the average in the model for good."""
        for name, value in self.values.items():
            self._weights[name].detach().copy_(value)
