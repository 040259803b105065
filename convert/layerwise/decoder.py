"""A decoder layer of the Llama family, forward only, in numpy.

Calibration needs what goes into each matrix, and nothing else: no gradients, no cache.
With numpy alone, a school can quantize without installing PyTorch, and matrix products
take the same time in both. Tests hold the hidden states equal to transformers'.

Everything is float32. Weights are in the checkpoint's own row order, by short names:
"attn_q.weight", "attn_q.bias", "ffn_down.weight".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convert.architectures import llama3_factors
from convert.shape import ModelShape

Array = np.ndarray[Any, np.dtype[np.float32]]
Weights = Mapping[str, Array]


class Decoder:
    """The arithmetic of one model's layers, on windows of at most `n_ctx` tokens."""

    def __init__(self, shape: ModelShape, n_ctx: int) -> None:
        self.shape = shape
        self._cos, self._sin = rotary_tables(shape, n_ctx)
        self._future = np.triu(np.full((n_ctx, n_ctx), -np.inf, np.float32), 1)

    def norm(self, x: Array, gain: Array) -> Array:
        """RMSNorm over the last axis."""
        power = np.einsum("...i,...i->...", x, x) / np.float32(x.shape[-1])
        scaled: Array = x / np.sqrt(power + np.float32(self.shape.rms_eps))[..., None]
        scaled *= gain
        return scaled

    def attend(self, weights: Weights, x: Array) -> Array:
        """What goes into the output projection: (n_windows, n_tokens, n_heads * head_dim).

        x: the normed input of the layer, (n_windows, n_tokens, n_embd).
        """
        q = self._heads(weights, "attn_q", x, self.shape.n_heads)
        k = self._heads(weights, "attn_k", x, self.shape.n_kv_heads)
        v = linear(weights, "attn_v", x)
        mixed = np.empty((*x.shape[:2], self.shape.n_heads * self.shape.head_dim), np.float32)
        for window in range(len(x)):
            mixed[window] = self._mix(q[window], k[window], v[window])
        return mixed

    def feed(self, weights: Weights, x: Array) -> Array:
        """What goes into the down projection: silu(gate) * up, (n_windows, n_tokens, n_ff)."""
        gate = linear(weights, "ffn_gate", x)
        inner = linear(weights, "ffn_up", x)
        inner *= gate
        # silu(g) = g / (1 + exp(-g)); a very negative g overflows to infinity, and g / inf is zero.
        with np.errstate(over="ignore"):
            np.negative(gate, out=gate)
            np.exp(gate, out=gate)
        gate += 1
        inner /= gate
        return inner

    def layer(self, weights: Weights, x: Array) -> Array:
        """The whole layer: residual stream in, residual stream out."""
        mixed = self.attend(weights, self.norm(x, weights["attn_norm.weight"]))
        x = x + linear(weights, "attn_output", mixed)
        x += linear(weights, "ffn_down", self.feed(weights, self.norm(x, weights["ffn_norm.weight"])))
        return x

    def _heads(self, weights: Weights, name: str, x: Array, n_heads: int) -> Array:
        """A projection cut into heads, normed where the model does so, and rotated."""
        heads: Array = linear(weights, name, x).reshape(*x.shape[:2], n_heads, self.shape.head_dim)
        gain = weights.get(f"{name}_norm.weight")
        if gain is not None:
            heads = self.norm(heads, gain)
        half, n = self.shape.head_dim // 2, x.shape[1]
        cos, sin = self._cos[:n, None], self._sin[:n, None]
        first, second = heads[..., :half], heads[..., half:]
        rotated = np.empty_like(heads)
        rotated[..., :half] = first * cos - second * sin
        rotated[..., half:] = second * cos + first * sin
        return rotated

    def _mix(self, q: Array, k: Array, v: Array) -> Array:
        """Causal attention of one window.

        q: (n_tokens, n_heads, head_dim); result: (n_tokens, n_heads * head_dim).
        """
        n, n_heads, dim = q.shape
        n_kv = k.shape[1]
        share = n_heads // n_kv
        # All query heads that share a key head make one tall matrix.
        queries = q.transpose(1, 0, 2).reshape(n_kv, share * n, dim)
        scores = queries @ k.transpose(1, 2, 0)
        scores *= np.float32(dim**-0.5)
        scores = scores.reshape(n_kv, share, n, n)
        scores += self._future[:n, :n]
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        values = v.reshape(n, n_kv, dim).transpose(1, 0, 2)
        mixed = scores.reshape(n_kv, share * n, n) @ values
        return np.asarray(mixed.reshape(n_heads, n, dim).transpose(1, 0, 2).reshape(n, n_heads * dim))


def linear(weights: Weights, name: str, x: Array) -> Array:
    """x W^T, plus the bias where there is one."""
    weight = weights[f"{name}.weight"]
    y: Array = (x.reshape(-1, x.shape[-1]) @ weight.T).reshape(*x.shape[:-1], len(weight))
    bias = weights.get(f"{name}.bias")
    if bias is not None:
        y += bias
    return y


def rotary_tables(shape: ModelShape, n_ctx: int) -> tuple[Array, Array]:
    """Cosines and sines of every position and frequency: (n_ctx, head_dim / 2) each."""
    frequencies = shape.rope_theta ** -(np.arange(0, shape.head_dim, 2) / shape.head_dim)
    frequencies /= shape.rope_linear_factor
    if shape.rope_llama3:
        frequencies /= llama3_factors(shape.rope_theta, shape.head_dim, shape.rope_llama3)
    angles = np.arange(n_ctx)[:, None] * frequencies
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
