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


class ShardedMuon(torch.optim.Muon):
    """Muon for weights of which each process holds a part (FSDP2's DTensors).

    PyTorch's own runs on them too, but talks to the other processes in every
    product of the iteration; here each matrix's momentum is gathered once and
    orthogonalized whole in every process, and each keeps its part of the result.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(weight.grad)
                momentum = state["momentum_buffer"]
                momentum.lerp_(weight.grad, 1 - group["momentum"])
                update = weight.grad.lerp(momentum, group["momentum"])
                change = _like(orthogonalized(_whole(update), group["ns_steps"], group["eps"]), weight)
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                stretch = max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5
                weight.add_(change.to(weight.dtype), alpha=-group["lr"] * stretch)


NEWTON_SCHULZ = (3.4445, -4.775, 2.0315)
"""The quintic's coefficients, steep at zero (Jordan et al. 2024)."""


def orthogonalized(matrix: torch.Tensor, steps: int, eps: float) -> torch.Tensor:
    """`matrix` with all its singular values near one, by Newton-Schulz steps in bfloat16."""
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.bfloat16()
    x = x.T if tall else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


def _whole(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself, or all of it where this process holds a part."""
    from torch.distributed.tensor import (
        DTensor,
    )  # a second to load, and only wanted where weights are sharded

    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def _like(tensor: torch.Tensor, shaped: torch.Tensor) -> torch.Tensor:
    """This process's part of a tensor that all of them have whole, cut as `shaped` is."""
    from torch.distributed.tensor import DTensor, Replicate

    if not isinstance(shaped, DTensor):
        return tensor
    mesh = shaped.device_mesh
    everywhere = DTensor.from_local(tensor, mesh, [Replicate()] * mesh.ndim, run_check=False)
    return everywhere.redistribute(placements=shaped.placements)


class Optimizers:
    """The optimizers of a stage as one."""

    def __init__(self, model: nn.Module, stage: Stage, sharded: bool = False) -> None:
        """sharded: each process will hold a part of the weights only."""
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
        muon = ShardedMuon if sharded else torch.optim.Muon
        self.parts = [
            muon(matrices, lr=stage.lr_matrix, weight_decay=stage.weight_decay, momentum=0.95),
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
