"""Muon for the matrices, AdamW for the rest, and the learning rate's course.

Muon orthogonalizes each matrix's momentum (Jordan et al. 2024); it is PyTorch's
own (torch.optim.Muon). Embedding and norms are no linear maps of activations
and stay with AdamW.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from latam_edge.train.recipe import Stage


class Optimizers:
    """The optimizers of a stage as one."""

    def __init__(self, model: nn.Module, stage: Stage) -> None:
        matrices = [
            p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n and "lm_head" not in n
        ]
        chosen = {id(p) for p in matrices}
        others = [p for p in model.parameters() if id(p) not in chosen]
        adamw: dict[str, Any] = {"betas": (0.9, 0.95), "eps": 1e-10, "fused": True}
        if stage.optimizer == "adamw":
            groups = [
                {"params": matrices, "weight_decay": stage.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ]
            self.parts: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=stage.lr_other, **adamw)]
            self._peaks = [stage.lr_other]
            return
        self.parts = [
            torch.optim.Muon(matrices, lr=stage.lr_matrix, weight_decay=stage.weight_decay, momentum=0.95),
            torch.optim.AdamW(others, lr=stage.lr_other, weight_decay=0.0, **adamw),
        ]
        self._peaks = [stage.lr_matrix, stage.lr_other]

    def step(self, scale: float) -> None:
        """One update at `scale` of the peak rates; gradients are cleared."""
        for part, peak in zip(self.parts, self._peaks, strict=True):
            for group in part.param_groups:
                group["lr"] = peak * scale
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict[str, Any]]:
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


def rate(step: int, steps: int, stage: Stage) -> float:
    """Share of the peak learning rate at `step` of `steps`: linear up, flat, linear down to zero."""
    up = max(1, round(stage.warmup * steps))
    down = max(1, round(stage.decay * steps))
    return max(0.0, min((step + 1) / up, 1.0, (steps - step) / down))
