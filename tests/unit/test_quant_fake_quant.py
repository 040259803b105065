"""Training sees the weights that are shipped: fake quantization against the exporter, code by code."""

from __future__ import annotations

import gguf
import numpy as np
import pytest
import torch
from torch import nn

from convert.to_gguf import q4_0
from quant import lattice
from quant.fake_quant import (
    LatticeWeight,
    _round_to_float16,
    export,
    fake_quantize,
    initial_scales,
    inside_cells,
    round_scale,
    simulate_q8_0,
)

torch.set_num_threads(1)


def awkward(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and learnt scales of every kind: clipped, negative, tiny, between two codes, zero."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(300, 256, generator=generator) * 0.05
    scales = initial_scales(weight) * torch.empty(300, 8).uniform_(0.4, 1.6, generator=generator)
    scales[::3] *= -1
    scales[5], scales[6], scales[7] = 0.0, 1e-9, 3e38
    weight[8], weight[9] = 0.0, 1e30
    # Halves between codes, where rounding rules differ.
    exact = round_scale(scales).repeat_interleave(32, 1)
    weight[10:40] = (torch.randint(-20, 20, (30, 256), generator=generator) / 2) * exact[10:40]
    return weight, scales


def test_scales_are_rounded_as_the_lattice_rounds_them() -> None:
    bits = np.arange(0, 0x7F7F0000, 90_001, dtype=np.int64).astype(np.uint32)
    values = np.concatenate([bits.view(np.float32), -bits.view(np.float32), [0.0, -0.0]]).astype(np.float32)
    expected = lattice.round_scale(values)
    np.testing.assert_array_equal(round_scale(torch.from_numpy(values)).numpy(), expected)


def test_fake_weights_are_the_exporters_code_by_code() -> None:
    weight, scales = awkward()
    faked = fake_quantize(weight, scales).numpy()
    blocks = export(weight, scales)
    np.testing.assert_array_equal(faked, lattice.dequantize(blocks))
    codes = faked.reshape(300, 8, 32) / blocks.scales.astype(np.float32)[:, :, None] + 8
    np.testing.assert_array_equal(codes.reshape(300, 256), blocks.codes)


def test_fake_weights_are_what_the_gguf_package_reads_from_the_file() -> None:
    weight, scales = awkward(1)
    decoded = gguf.quants.dequantize(q4_0.pack(export(weight, scales)), gguf.GGMLQuantizationType.Q4_0)
    np.testing.assert_array_equal(fake_quantize(weight, scales).numpy(), decoded)


def test_faking_lattice_weights_changes_nothing() -> None:
    weight, scales = awkward(2)
    once = fake_quantize(weight, scales)
    assert torch.equal(fake_quantize(once, scales), once)


def test_gradients_pass_inside_the_range_and_stop_where_a_weight_is_clipped() -> None:
    weight = torch.zeros(1, 32)
    weight[0, :4] = torch.tensor([0.30, -0.90, 5.0, -5.0])
    weight.requires_grad_()
    scales = torch.tensor([[0.25]], requires_grad=True)
    faked = fake_quantize(weight, scales)
    (faked * torch.arange(1.0, 33.0)).sum().backward()
    assert weight.grad is not None
    assert scales.grad is not None
    assert weight.grad[0, :5].tolist() == [1, 2, 0, 0, 5]
    # q - w/d inside, q where clipped: (1 - 1.2) * 1 + (-4 + 3.6) * 2 + 7 * 3 - 8 * 4
    expected = (-0.2 * 1 - 0.4 * 2 + 7 * 3 - 8 * 4) / (32 * 7) ** 0.5
    assert scales.grad.item() == pytest.approx(expected, rel=1e-5)


def test_training_through_the_lattice_beats_the_codes_that_were_searched() -> None:
    torch.manual_seed(3)
    inputs = torch.randn(512, 64) @ torch.randn(64, 64)
    linear = nn.Linear(64, 32, bias=False)
    wanted = (inputs @ linear.weight.T).detach()
    nn.utils.parametrize.register_parametrization(linear, "weight", LatticeWeight(linear.weight))
    optimizer = torch.optim.Adam(linear.parameters(), 1e-4)
    losses = []
    for step in range(150):
        optimizer.param_groups[0]["lr"] = 1e-4 * (1 - step / 150)
        loss = (linear(inputs) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses) < 0.92 * losses[0]
    trained = linear.parametrizations.weight
    blocks = export(trained.original, trained[0].scales)
    np.testing.assert_array_equal(linear.weight.detach().numpy(), lattice.dequantize(blocks))


def test_activations_are_rounded_as_gguf_rounds_q8_0() -> None:
    torch.manual_seed(4)
    x = torch.randn(50, 256) * torch.randn(50, 1).exp()
    x[3] = 0
    kind = gguf.GGMLQuantizationType.Q8_0
    expected = gguf.quants.dequantize(gguf.quants.quantize(x.numpy(), kind), kind)
    found = simulate_q8_0(x).numpy()
    # The package multiplies by a differently rounded reciprocal: a half may go the other way.
    assert (found != expected).mean() < 1e-3
    np.testing.assert_allclose(found, expected, atol=float(x.abs().max()) / 127 * 1.01)


def test_scales_of_activations_are_float16_to_the_bit() -> None:
    """Written without casts, which a compiler takes for none."""
    exact = torch.arange(0, 0x7BFF, dtype=torch.int16).view(torch.float16).float()
    between = torch.cat([exact, (exact[1:] + exact[:-1]) / 2, exact[1:] * 1.0003, exact[1:] * 0.9997])
    assert torch.equal(_round_to_float16(between), between.half().float())


def test_weights_moved_into_their_cells_have_the_codes_and_are_as_near_as_can_be() -> None:
    weight, scales = awkward(7)
    weight = weight.clamp(-1, 1)
    blocks = export(weight, scales.clamp(-1, 1))
    codes = np.random.default_rng(1).integers(0, 16, blocks.codes.shape).astype(np.uint8)
    wanted = lattice.Int4Blocks(codes, blocks.scales)
    moved = inside_cells(weight, wanted)
    again = export(moved, torch.from_numpy(blocks.scales).float())
    np.testing.assert_array_equal(again.codes, codes)
    kept = inside_cells(weight, blocks, margin=0.0)
    inner = (blocks.codes > 0) & (blocks.codes < 15)
    np.testing.assert_allclose(kept.numpy()[inner], weight.numpy()[inner], rtol=1e-6)


def test_gradients_pass_straight_through_rounded_activations() -> None:
    x = torch.randn(2, 64, requires_grad=True)
    (simulate_q8_0(x) * 3).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.full((2, 64), 3.0))


def test_what_the_lattice_cannot_hold_is_refused() -> None:
    weight, scales = torch.zeros(2, 64), torch.ones(2, 2)
    for bad_weight, bad_scales in (
        (weight[:, :40], scales),
        (weight, scales[:1]),
        (weight.bfloat16(), scales),
        (weight, scales.half()),
    ):
        with pytest.raises(ValueError):
            fake_quantize(bad_weight, bad_scales)
    with pytest.raises(ValueError):
        simulate_q8_0(torch.zeros(3, 40))
