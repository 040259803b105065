"""The files beside the graph: sizes, tokenizer, template, generation settings, passport."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convert.architectures import Architecture
from convert.checkpoint import HFCheckpoint
from convert.shape import ModelShape
from convert.to_gguf import writer
from convert.to_gguf.exporter import Prepared
from convert.to_gguf.values import Value
from latam_edge.core.version import __version__

FORMAT = 1
"""Version of docs/onnx-format.md."""

_COPIED = ("tokenizer.json", "tokenizer_config.json", "generation_config.json")

_MODEL_TYPES = {"llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}


def write(folder: Path, prepared: Prepared, facts: Mapping[str, Any], n_positions: int) -> None:
    """Write them all into `folder`. facts: what goes under "latam_edge" in config.json.

    n_positions: longest context that the graph's rotary tables allow.
    """
    source = prepared.source
    for name in _COPIED:
        if (source.folder / name).exists():
            shutil.copyfile(source.folder / name, folder / name)
    if source.chat_template is not None:
        (folder / "chat_template.jinja").write_text(source.chat_template, encoding="utf-8", newline="")
    config = _config(source, prepared.architecture, prepared.model, n_positions)
    config |= {
        f"{role}_token_id": ids[0] if len(ids) == 1 else ids
        for role, ids in _token_ids(source, prepared.words.special_ids).items()
    }
    config["latam_edge"] = {
        "format": FORMAT,
        "program": __version__,
        "architecture": prepared.architecture.gguf_name,
        "parameters": prepared.weights,
        "add_bos": prepared.words.add_bos,
        "pre_tokenizer": prepared.words.pre_tokenizer.gguf_name,
        **facts,
    }
    text = json.dumps(config, indent=1, ensure_ascii=False) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8", newline="\n")
    with open(folder / "tokenizer.gguf", "wb") as file:
        writer.write(file, prepared.keys, [])


def _config(
    source: HFCheckpoint, architecture: Architecture, shape: ModelShape, n_positions: int
) -> dict[str, Any]:
    """Sizes in Hugging Face's words."""
    return {
        "architectures": source.config["architectures"],
        "model_type": _MODEL_TYPES[architecture.gguf_name],
        "num_hidden_layers": shape.n_layers,
        "hidden_size": shape.n_embd,
        "intermediate_size": shape.n_ff,
        "num_attention_heads": shape.n_heads,
        "num_key_value_heads": shape.n_kv_heads,
        "head_dim": shape.head_dim,
        "vocab_size": shape.n_vocab,
        "max_position_embeddings": n_positions,
        "rms_norm_eps": shape.rms_eps,
        "tie_word_embeddings": shape.tied,
        "rope_parameters": _rope(shape),
    }


def _rope(shape: ModelShape) -> dict[str, Any]:
    if shape.rope_llama3:
        scaling = shape.rope_llama3
        return {
            "rope_type": "llama3",
            "rope_theta": shape.rope_theta,
            "factor": scaling.factor,
            "low_freq_factor": scaling.low_freq_factor,
            "high_freq_factor": scaling.high_freq_factor,
            "original_max_position_embeddings": scaling.original_context,
        }
    if shape.rope_linear_factor != 1:
        return {
            "rope_type": "linear",
            "rope_theta": shape.rope_theta,
            "factor": shape.rope_linear_factor,
        }
    return {"rope_type": "default", "rope_theta": shape.rope_theta}


def _token_ids(source: HFCheckpoint, special: Mapping[str, int]) -> dict[str, list[int]]:
    """Ids by Hugging Face's names of the roles; every end of an answer is an "eos"."""
    ids = {"bos": [special["bos"]], "eos": [special["eos"]]}
    if "eot" in special:
        ids["eos"].append(special["eot"])
    more = source.generation.get("eos_token_id")
    for end in more if isinstance(more, list) else []:
        if isinstance(end, int) and not isinstance(end, bool) and end >= 0 and end not in ids["eos"]:
            ids["eos"].append(end)
    if "padding" in special:
        ids["pad"] = [special["padding"]]
    return ids


def plain_facts(keys: Mapping[str, Value]) -> dict[str, str]:
    """What metadata_props holds: the GGUF's facts about the model, without sizes and tokenizer."""
    facts = {}
    for key, value in keys.items():
        if key.startswith(("general.", "latam_edge.")) and not value.is_array:
            facts[key] = value.value if isinstance(value.value, str) else repr(value.value)
    return facts
