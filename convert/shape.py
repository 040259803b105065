"""The numbers of a decoder-only transformer, read from config.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convert.checkpoint import HFCheckpoint

_MOST_HEAD_DIM = 4096
"""Public models have up to 256; tables are made of it before any tensor shows whether it is true."""


@dataclass(frozen=True, slots=True)
class Llama3Scaling:
    """Llama 3.1's stretching of rotary frequencies."""

    factor: float
    """How much the slow frequencies are slowed."""
    low_freq_factor: float
    """Wavelengths above original_context / this are slowed fully."""
    high_freq_factor: float
    """Wavelengths below original_context / this are left alone."""
    original_context: int
    """Context length before stretching, tokens."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes and constants that decide every tensor's shape and the graph."""

    n_layers: int
    """Transformer blocks."""
    n_embd: int
    """Width of the residual stream."""
    n_ff: int
    """Width inside the feed-forward network."""
    n_heads: int
    """Query heads."""
    n_kv_heads: int
    """Key and value heads; fewer than n_heads means grouped-query attention."""
    head_dim: int
    """Width of one head; even."""
    n_vocab: int
    """Rows of the embedding."""
    n_ctx: int
    """Longest context it was made for, tokens."""
    rms_eps: float
    """Epsilon of RMSNorm."""
    rope_theta: float
    """Base of the rotary frequencies."""
    rope_linear_factor: float
    """Positions are divided by it; 1 for none."""
    rope_llama3: Llama3Scaling | None
    """Llama 3.1's frequency stretching, if any."""
    tied: bool
    """Whether the output head is the embedding."""


def read(checkpoint: HFCheckpoint) -> ModelShape:
    """The shape that config.json describes. Raises BadCheckpoint for a missing, wrong or unknown value."""
    config = checkpoint.config
    n_embd, n_heads = checkpoint.count("hidden_size"), checkpoint.count("num_attention_heads")
    n_kv_heads = checkpoint.count("num_key_value_heads", n_heads)
    head_dim = checkpoint.count("head_dim", n_embd // n_heads or 1)
    if n_heads % n_kv_heads:
        raise checkpoint.bad("convert.bad_config", name="num_key_value_heads")
    if head_dim % 2 or head_dim > _MOST_HEAD_DIM:
        raise checkpoint.bad("convert.bad_config", name="head_dim")
    if config.get("hidden_act", "silu") != "silu":
        raise checkpoint.bad("convert.unsupported", name="hidden_act", value=config.get("hidden_act"))
    if config.get("use_sliding_window"):
        raise checkpoint.bad("convert.unsupported", name="use_sliding_window", value=True)
    theta, linear, llama3 = _rope(checkpoint)
    n_layers = checkpoint.count("num_hidden_layers")
    if n_layers > len(checkpoint.tensors):  # before a list is made of them
        raise checkpoint.bad("convert.bad_config", name="num_hidden_layers")
    return ModelShape(
        n_layers=n_layers,
        n_embd=n_embd,
        n_ff=checkpoint.count("intermediate_size"),
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        head_dim=head_dim,
        n_vocab=checkpoint.count("vocab_size"),
        n_ctx=checkpoint.count("max_position_embeddings"),
        rms_eps=checkpoint.number("rms_norm_eps", 1e-6),
        rope_theta=theta,
        rope_linear_factor=linear,
        rope_llama3=llama3,
        tied=config.get("tie_word_embeddings", False) is True,
    )


def _rope(checkpoint: HFCheckpoint) -> tuple[float, float, Llama3Scaling | None]:
    """Rotary base and scaling, as transformers 4 (rope_scaling) or 5 (rope_parameters) spells them."""
    parameters = checkpoint.config.get("rope_parameters") or checkpoint.config.get("rope_scaling") or {}
    if not isinstance(parameters, Mapping):
        raise checkpoint.bad("convert.bad_config", name="rope_parameters")
    theta = parameters.get("rope_theta", checkpoint.config.get("rope_theta", 10000.0))
    kind = parameters.get("rope_type", parameters.get("type", "default"))
    theta = _positive(checkpoint, theta, "rope_theta")
    if kind == "default":
        return theta, 1.0, None
    if kind == "linear":
        return theta, _positive(checkpoint, parameters.get("factor"), "rope factor"), None
    if kind == "llama3":
        values = {
            name: _positive(checkpoint, parameters.get(name), name)
            for name in ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings")
        }
        if values["high_freq_factor"] <= values["low_freq_factor"]:
            raise checkpoint.bad("convert.bad_config", name="high_freq_factor")
        context = int(values.pop("original_max_position_embeddings"))
        return theta, 1.0, Llama3Scaling(**values, original_context=context)
    raise checkpoint.bad("convert.unsupported", name="rope_type", value=kind)


def _positive(checkpoint: HFCheckpoint, value: Any, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e18:
        raise checkpoint.bad("convert.bad_config", name=name)
    return float(value)
