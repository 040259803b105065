"""The metadata of a GGUF file: what llama.cpp needs, and what a person wants to know.

Keys and their meaning: llama-arch.cpp of llama.cpp (llama-cpp-python 0.3.36).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convert.architectures import Architecture
from convert.checkpoint import HFCheckpoint
from convert.shape import ModelShape
from convert.to_gguf.values import INT32, Value, boolean, f32, infer, int32s, string, strings, u32
from convert.tokenizer.vocabulary import Vocabulary

QUANTIZATION_VERSION = 2
"""GGML_QNT_VERSION: the layout of quantized blocks."""


def build(
    checkpoint: HFCheckpoint,
    architecture: Architecture,
    shape: ModelShape,
    vocabulary: Vocabulary,
    file_type: int,
    weights: int,
    extra: Mapping[str, Any],
) -> dict[str, Value]:
    """All keys, in the file's order. `extra` wins over what is derived here; its keys are whole.

    Raises BadCheckpoint for values of `extra` that GGUF can't hold.
    """
    metadata = {
        "general.architecture": string(architecture.gguf_name),
        "general.type": string("model"),
        "general.name": string(checkpoint.folder.resolve().name),
        "general.size_label": string(size_label(weights)),
        "general.file_type": u32(file_type),
        "general.quantization_version": u32(QUANTIZATION_VERSION),
    }
    metadata |= _sampling(checkpoint.generation)
    for name, value in _hyperparameters(shape).items():
        metadata[f"{architecture.gguf_name}.{name}"] = value
    metadata |= _tokenizer(vocabulary)
    if checkpoint.chat_template is not None:
        metadata["tokenizer.chat_template"] = string(checkpoint.chat_template)
    for key, value in extra.items():
        try:
            metadata[key] = infer(value)
        except TypeError as error:
            raise checkpoint.bad("convert.bad_metadata", name=key) from error
    return metadata


def size_label(weights: int) -> str:
    """How models are called by size: "15M", "1.2B"."""
    for unit, size in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if weights >= size:
            count = weights / size
            digits = f"{count:.1f}".removesuffix(".0") if count < 10 else f"{count:.0f}"
            return digits + unit
    return str(weights)


def _hyperparameters(shape: ModelShape) -> dict[str, Value]:
    values = {
        "vocab_size": u32(shape.n_vocab),
        "context_length": u32(shape.n_ctx),
        "embedding_length": u32(shape.n_embd),
        "block_count": u32(shape.n_layers),
        "feed_forward_length": u32(shape.n_ff),
        "attention.head_count": u32(shape.n_heads),
        "attention.head_count_kv": u32(shape.n_kv_heads),
        "attention.key_length": u32(shape.head_dim),
        "attention.value_length": u32(shape.head_dim),
        "attention.layer_norm_rms_epsilon": f32(shape.rms_eps),
        "rope.dimension_count": u32(shape.head_dim),
        "rope.freq_base": f32(shape.rope_theta),
    }
    if shape.rope_linear_factor != 1:
        values["rope.scaling.type"] = string("linear")
        values["rope.scaling.factor"] = f32(shape.rope_linear_factor)
    return values


def _tokenizer(vocabulary: Vocabulary) -> dict[str, Value]:
    values = {
        "tokenizer.ggml.model": string("gpt2"),  # llama.cpp's name for byte-level BPE
        "tokenizer.ggml.pre": string(vocabulary.pre_tokenizer.gguf_name),
        "tokenizer.ggml.tokens": strings(vocabulary.tokens),
        "tokenizer.ggml.token_type": int32s(vocabulary.types),
        "tokenizer.ggml.merges": strings(vocabulary.merges),
        "tokenizer.ggml.add_bos_token": boolean(vocabulary.add_bos),
    }
    for role, index in vocabulary.special_ids.items():
        values[f"tokenizer.ggml.{role}_token_id"] = u32(index)
    return values


# generation_config.json -> general.sampling.*
_SAMPLING = {
    "temperature": "temp",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "repetition_penalty": "penalty_repeat",
}


def _sampling(generation: Mapping[str, Any]) -> dict[str, Value]:
    """The sampling that the model's authors recommend. Greedy is temperature 0."""
    values: dict[str, Value] = {}
    for name, key in _SAMPLING.items():
        found = generation.get(name)
        if not isinstance(found, int | float) or isinstance(found, bool) or not 0 <= found < 1e6:
            continue
        # llama.cpp keeps top_k as a signed 32-bit number and the others as float32.
        values[f"general.sampling.{key}"] = Value(INT32, int(found)) if name == "top_k" else f32(found)
    if generation.get("do_sample") is False:
        values["general.sampling.temp"] = f32(0.0)
    return values
