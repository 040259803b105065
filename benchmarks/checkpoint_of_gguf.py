"""A Llama GGUF in F16 or F32 as the Hugging Face checkpoint that gives it again.

So that what starts from a checkpoint can be repeated with the models in this folder alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import safetensors.numpy

from convert.architectures import head_row_order
from convert.tokenizer.pretokenizers import SEMILLA_PRE_TOKENIZER
from latam_edge.formats.gguf import GGUFHeader, read_array, read_header

_LAYER = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_CONTROL = 3


def write_checkpoint_of(model: Path, folder: Path) -> None:
    """Write the checkpoint of `model`, whose head is tied and whose pre-tokenizer is our own models'."""
    header = read_header(model)
    folder.mkdir(parents=True, exist_ok=True)
    heads, kv_heads = header.field("attention.head_count"), header.field("attention.head_count_kv")
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": header.field("embedding_length"),
        "intermediate_size": header.field("feed_forward_length"),
        "num_hidden_layers": header.field("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "head_dim": header.field("attention.key_length"),
        "vocab_size": header.field("vocab_size"),
        "max_position_embeddings": header.field("context_length"),
        "rms_norm_eps": float(np.float32(header.field("attention.layer_norm_rms_epsilon"))),
        "rope_theta": header.field("rope.freq_base"),
        "tie_word_embeddings": True,
        "bos_token_id": header.metadata["tokenizer.ggml.bos_token_id"],
        "eos_token_id": header.metadata["tokenizer.ggml.eos_token_id"],
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    _write_tokenizer(folder, header)
    tensors = {}
    for tensor in gguf.GGUFReader(model).tensors:
        values = np.array(tensor.data)
        if ".attn_q." in tensor.name or ".attn_k." in tensor.name:
            order = head_row_order(len(values), heads if ".attn_q." in tensor.name else kv_heads)
            values[order] = values.copy()
        tensors[_name(tensor.name)] = values
    safetensors.numpy.save_file(tensors, folder / "model.safetensors")


def _name(name: str) -> str:
    plain = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    if name in plain:
        return plain[name]
    _, layer, kind, _ = name.split(".")
    return f"model.layers.{layer}.{_LAYER[kind]}.weight"


def _write_tokenizer(folder: Path, header: GGUFHeader) -> None:
    words = read_array(header, "tokenizer.ggml.tokens")
    kinds = read_array(header, "tokenizer.ggml.token_type")
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added: list[dict[str, Any]] = [
        {"id": index, "content": word, **flags}
        for index, (word, kind) in enumerate(zip(words, kinds, strict=True))
        if kind == _CONTROL
    ]
    spec = {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": SEMILLA_PRE_TOKENIZER,
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "vocab": {word: index for index, word in enumerate(words)},
            "merges": [merge.split(" ") for merge in read_array(header, "tokenizer.ggml.merges")],
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": header.metadata["tokenizer.ggml.add_bos_token"],
        "bos_token": words[header.metadata["tokenizer.ggml.bos_token_id"]],
        "eos_token": words[header.metadata["tokenizer.ggml.eos_token_id"]],
        "chat_template": header.chat_template,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")
