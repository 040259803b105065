"""The lattice inside training: PyTorch sees the very weights that the exporter will write.

`fake_quantize` gives the lattice's weights bit by bit as `quant.lattice.encode` and
`dequantize` do, and lets gradients pass: to each weight straight through (Bengio et al.
2013), and to each scale as in LSQ (Esser et al. 2020). `simulate_q8_0` does to
activations what llama.cpp does before it multiplies them with Q4_0 weights.

Run the products on the result in float32, TF32 or float16, where lattice weights are
exact; bfloat16 autocast would round them again. An embedding that is the head too must be
faked once and used twice.

This module needs PyTorch; nothing else in `quant` does.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from quant import lattice, rtn
from quant.lattice import GROUP_SIZE, MAX_CODE, MAX_SCALE, MIN_SCALE, ZERO, Int4Blocks

_SCALE_GRADIENT = 1 / math.sqrt(GROUP_SIZE * (MAX_CODE - ZERO))
"""A scale gathers the gradients of its whole group; this brings its steps down to the weights' (LSQ)."""


def round_scale(scale: Tensor) -> Tensor:
    """`quant.lattice.round_scale` in PyTorch, bit by bit. scale: float32, finite, any shape; no gradient."""
    with torch.no_grad():
        bits = scale.detach().contiguous().view(torch.int32)
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & -0x10000
        magnitude = bits.view(torch.float32).abs().clamp(MIN_SCALE, MAX_SCALE)
        return torch.copysign(magnitude, torch.where(scale == 0, torch.ones_like(scale), scale))


class _FakeQuantize(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, scales: Tensor) -> Tensor:
        exact = round_scale(scales)[..., None]
        # A division: a product with the reciprocal rounds differently.
        units = weight.reshape(*scales.shape, GROUP_SIZE) / exact
        nearest = units.round()
        codes = nearest.clamp(-ZERO, MAX_CODE - ZERO)
        inside = codes == nearest
        # d w^ / d scale: what rounding added, in units of the scale; the code itself where it is clipped.
        slope = torch.where(inside, codes - units, codes)
        ctx.save_for_backward(inside, slope)
        return (codes * exact).reshape(weight.shape)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor]:
        inside, slope = ctx.saved_tensors
        gradient = gradients[0].reshape(inside.shape)
        to_weight = (gradient * inside).reshape(gradients[0].shape)
        to_scale = (gradient * slope).sum(-1) * _SCALE_GRADIENT
        return to_weight, to_scale


def fake_quantize(weight: Tensor, scales: Tensor) -> Tensor:
    """The weights that the exporter would write: float32, weight's shape.

    weight: float32, (n_rows, n_columns), n_columns a multiple of 32; scales: float32,
    (n_rows, n_columns / 32), rounded here, so they may be learnt as they are. Weights
    beyond the outermost codes get no gradient, their scales do.
    """
    if weight.dtype != torch.float32 or scales.dtype != torch.float32:
        raise ValueError("the lattice is exact in float32 only")
    if weight.shape[-1] != scales.shape[-1] * GROUP_SIZE or weight.shape[:-1] != scales.shape[:-1]:
        raise ValueError(f"weight {tuple(weight.shape)} and scales {tuple(scales.shape)} do not fit together")
    faked: Tensor = _FakeQuantize.apply(weight, scales)  # type: ignore[no-untyped-call]
    return faked


def initial_scales(weight: Tensor, importance: Tensor | None = None) -> Tensor:
    """Scales to begin training with: those of the search in `quant.rtn`. float32, weight's device."""
    weights = None if importance is None else importance.detach().cpu().numpy().astype(np.float32)
    found = rtn.search_scales(weight.detach().cpu().numpy().astype(np.float32), weights)
    return torch.from_numpy(found).to(weight.device)


def export(weight: Tensor, scales: Tensor) -> Int4Blocks:
    """What training ended with, as the writers take it; `dequantize` of it is `fake_quantize`."""
    return lattice.encode(
        weight.detach().cpu().numpy().astype(np.float32), scales.detach().cpu().numpy().astype(np.float32)
    )


def inside_cells(weight: Tensor, blocks: Int4Blocks, margin: float = 0.1) -> Tensor:
    """Weights whose codes under `blocks.scales` are `blocks.codes`, each as near to `weight` as can be.

    Codes that make up for each other (GPTQ) are often not the nearest ones. Training that
    begins with them needs weights inside their cells, `margin` of a step from the border, so
    that noise in the first gradients moves none across; on the side of the full-precision weight,
    so that one that was moved far can come back.
    weight: float32, (n_rows, n_columns). Gives float32, weight's device; no gradient.
    """
    with torch.no_grad():
        scales = torch.from_numpy(blocks.scales).to(weight.device).float()[..., None]
        codes = (
            torch.from_numpy(blocks.codes).to(weight.device).float().reshape(*scales.shape[:-1], -1) - ZERO
        )
        reach = 0.5 - margin
        units = (weight.reshape(codes.shape) / scales).clamp(codes - reach, codes + reach)
        return (units * scales).reshape(weight.shape)


class LatticeWeight(nn.Module):
    """A parametrization: the module's weight becomes its lattice weight, scales are learnt beside it.

    >>> linear = nn.Linear(64, 8)
    >>> _ = nn.utils.parametrize.register_parametrization(linear, "weight", LatticeWeight(linear.weight))
    >>> tuple(linear.parametrizations.weight[0].scales.shape)
    (8, 2)
    """

    def __init__(self, weight: Tensor, scales: Tensor | None = None) -> None:
        """scales: those to begin with, such as GPTQ's; None searches them."""
        super().__init__()
        self.scales = nn.Parameter(initial_scales(weight) if scales is None else scales.clone())

    def forward(self, weight: Tensor) -> Tensor:
        return fake_quantize(weight, self.scales)


def simulate_q8_0(x: Tensor) -> Tensor:
    """Activations as llama.cpp rounds them for products with Q4_0: 32 signed bytes and a float16 scale.

    x: float32, last dimension a multiple of 32. Gradients pass straight through.
    Source: quantize_row_q8_0 in llama.cpp's ggml-quants.c; its vector versions take halves
    to the even neighbour, as is done here.
    """
    if x.shape[-1] % GROUP_SIZE:
        raise ValueError(f"rows must be multiples of {GROUP_SIZE}: {tuple(x.shape)}")
    with torch.no_grad():
        grouped = x.detach().reshape(*x.shape[:-1], -1, GROUP_SIZE)
        peak = grouped.abs().amax(-1, keepdim=True)
        inverse = torch.where(peak > 0, 127 / peak, torch.zeros_like(peak))
        scale = _round_to_float16(peak / 127)
        rounded = ((grouped * inverse).round() * scale).reshape(x.shape)
    # Written so that the value is exactly `rounded`: x + (rounded - x) would round once more.
    return _Straight.apply(x, rounded)  # type: ignore[no-untyped-call, no-any-return]


def _round_to_float16(x: Tensor) -> Tensor:
    """`x.half().float()`, x in 0..65504, by means that torch.compile can't fold away (it takes casts
    there and back for none)."""
    bits = x.contiguous().view(torch.int32)
    bits = (bits + 0xFFF + ((bits >> 13) & 1)) & -0x2000
    # Below float16's smallest normal number its steps no longer shrink.
    return torch.where(x < 2.0**-14, (x * 2.0**24).round() / 2.0**24, bits.view(torch.float32))


class _Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rounded: Tensor) -> Tensor:
        return rounded

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None]:
        return gradients[0], None
