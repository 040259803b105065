"""The ONNX folder against other code: transformers and llama.cpp for logits, gguf for weights."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import transformers
from test_convert_to_gguf import (
    MODELS,
    SIZES,
    TOKENS,
    Native,
    llama_config,
    reference_logits,
    save_checkpoint,
)

from convert.checkpoint import load
from convert.to_gguf import convert as convert_to_gguf
from convert.to_gguf import encodings, exporter, writer
from convert.to_onnx import convert
from latam_edge.core.errors import BadCheckpoint, UsageError
from latam_edge.core.progress import silent

torch.set_num_threads(1)


class Session:
    """A folder in ONNX Runtime, its cache in buffers that past and present share."""

    def __init__(self, folder: Path, max_length: int = 256) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.past = {i.name: i for i in self.session.get_inputs() if i.name.startswith("past_key_values.")}
        self.caches = {}
        for name, info in self.past.items():
            # Not-a-number wherever nothing was written yet: reading it would show.
            empty = np.full((1, info.shape[1], max_length, info.shape[3]), np.nan, np.float32)
            self.caches[name] = onnxruntime.OrtValue.ortvalue_from_numpy(empty)
        self.done = 0

    def step(self, tokens: list[int], logits_from: int = 0) -> np.ndarray:
        """float32, (positions, vocab_size)."""
        binding = self.session.io_binding()
        total = self.done + len(tokens)
        binding.bind_cpu_input("input_ids", np.array([tokens], np.int64))
        binding.bind_cpu_input("seqlens_k", np.array([total - 1], np.int32))
        binding.bind_cpu_input("total_sequence_length", np.array(total, np.int32))
        binding.bind_cpu_input("logits_from", np.array([logits_from], np.int64))
        binding.bind_output("logits")
        for name, cache in self.caches.items():
            binding.bind_ortvalue_input(name, cache)
            binding.bind_ortvalue_output(name.replace("past_key_values", "present"), cache)
        self.session.run_with_iobinding(binding)
        self.done = total
        logits: np.ndarray = binding.get_outputs()[0].numpy()[0]
        return logits


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference, relative to the largest logit."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("name", MODELS)
def test_onnx_runtime_gives_the_logits_that_transformers_gives(name: str, tmp_path: Path) -> None:
    config, model_class = MODELS[name]()
    model = save_checkpoint(tmp_path / "hf", config, model_class)
    result = convert(tmp_path / "hf", tmp_path / "out", "f32")
    expected = reference_logits(model, TOKENS)
    found = Session(result.path).step(TOKENS)
    assert np.abs(expected).max() > 1, "logits too small to tell models apart"
    assert relative(found, expected) < 1e-4


@pytest.mark.parametrize("name", ["llama tied", "llama 3 rope", "qwen2", "qwen3"])
def test_a_prompt_in_pieces_and_token_by_token_gives_what_the_whole_gives(name: str, tmp_path: Path) -> None:
    config, model_class = MODELS[name]()
    save_checkpoint(tmp_path / "hf", config, model_class)
    folder = convert(tmp_path / "hf", tmp_path / "out", "int4", accuracy_level=1).path
    whole = Session(folder).step(TOKENS)
    session = Session(folder)
    pieces = [session.step(TOKENS[:50]), session.step(TOKENS[50:90])]
    pieces += [session.step([token]) for token in TOKENS[90:]]
    assert relative(np.concatenate(pieces), whole) < 1e-4
    # Back to a prefix: the cache keeps what it had, only the count is smaller.
    session.done = 60
    assert relative(session.step(TOKENS[60:]), whole[60:]) < 1e-4


def test_logits_of_the_last_position_are_the_last_of_all(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "hf", llama_config(), transformers.LlamaForCausalLM)
    folder = convert(tmp_path / "hf", tmp_path / "out", "f32").path
    whole = Session(folder).step(TOKENS, 0)
    assert whole.shape == (len(TOKENS), 700)
    for start, expected in ((-1, whole[-1:]), (-5, whole[-5:]), (100, whole[100:])):
        found = Session(folder).step(TOKENS, start)
        assert found.shape == expected.shape
        assert relative(found, expected) < 1e-5


def test_a_cache_that_grows_is_the_same_as_one_that_is_shared(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "hf", llama_config(), transformers.LlamaForCausalLM)
    session = Session(convert(tmp_path / "hf", tmp_path / "out", "f32").path)
    expected = session.step(TOKENS)
    past = {name: np.zeros((1, 2, 0, 32), np.float32) for name in session.past}
    found = []
    for start, stop in ((0, 100), (100, 101), (101, len(TOKENS))):
        feed = {
            "input_ids": np.array([TOKENS[start:stop]]),
            "seqlens_k": np.array([stop - 1], np.int32),
            "total_sequence_length": np.array(stop, np.int32),
            "logits_from": np.array([0]),
        }
        logits, *present = session.session.run(None, feed | past)
        past = dict(zip(past, present, strict=True))
        found.append(logits[0])
    assert next(iter(past.values())).shape == (1, 2, len(TOKENS), 32)
    assert relative(np.concatenate(found), expected) < 1e-5


@dataclass
class Plain:
    """A tensor for the GGUF writer, its weights in float32 whatever they were."""

    name: str
    values: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def type_id(self) -> int:
        return encodings.F32.type_id

    @property
    def nbytes(self) -> int:
        return 4 * self.values.size

    def pieces(self) -> Iterator[bytes]:
        yield self.values.astype("<f4").tobytes()


def decoded_gguf(path: Path) -> dict[str, np.ndarray]:
    """Every tensor of a GGUF file, decoded by the gguf package, rows first."""
    return {
        tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1])
        for tensor in gguf.GGUFReader(path).tensors
    }


def decoded_onnx(folder: Path) -> dict[str, np.ndarray]:
    """Every matrix of the graph, decoded as the operators' schemas say, by the onnx package."""
    model = onnx.load(folder / "model.onnx")
    arrays = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    found = {}
    for name, data in arrays.items():
        stem, _, kind = name.rpartition(".")
        if kind == "codes":
            scales = arrays[f"{stem}.scales"].astype(np.float32)
            bits = 4 if data.shape[2] == 16 else 8
            codes = (
                np.stack([data & 15, data >> 4], axis=3).reshape(*data.shape[:2], 32) if bits == 4 else data
            )
            values = (codes.astype(np.float32) - 2 ** (bits - 1)) * scales[:, :, None]
            found[stem] = values.reshape(len(values), -1)
        elif kind == "weight":
            found[stem] = data.astype(np.float32)
        elif kind != "scales":
            found[name] = data
    return found


def joined(weights: dict[str, np.ndarray], n_layers: int) -> dict[str, np.ndarray]:
    """The GGUF's tensors under the graph's names, joined as the graph joins them."""
    rows = {
        "qkv": ("attn_q", "attn_k", "attn_v"),
        "attn_output": ("attn_output",),
        "gate_up": ("ffn_gate", "ffn_up"),
        "down": ("ffn_down",),
    }
    norms = {
        "attn_norm": "attn_norm",
        "ffn_norm": "ffn_norm",
        "q_norm": "attn_q_norm",
        "k_norm": "attn_k_norm",
    }
    found = {"embedding": weights["token_embd.weight"], "final_norm": weights["output_norm.weight"]}
    if "output.weight" in weights:
        found["head"] = weights["output.weight"]
    for layer in range(n_layers):
        for name, parts in rows.items():
            for suffix in ("weight", "bias"):
                if f"blk.{layer}.{parts[0]}.{suffix}" in weights:
                    tail = ".bias" if suffix == "bias" else ""
                    found[f"layers.{layer}.{name}{tail}"] = np.concatenate(
                        [weights[f"blk.{layer}.{part}.{suffix}"] for part in parts]
                    )
        for name, part in norms.items():
            if f"blk.{layer}.{part}.weight" in weights:
                found[f"layers.{layer}.{name}"] = weights[f"blk.{layer}.{part}.weight"]
    return found


@pytest.mark.parametrize("kind", ["int4", "q8_0", "f16", "f32"])
@pytest.mark.parametrize("name", ["llama untied", "llama biased", "qwen2", "qwen3"])
def test_every_weight_is_bit_equal_to_the_ggufs(name: str, kind: str, tmp_path: Path) -> None:
    config, model_class = MODELS[name]()
    save_checkpoint(tmp_path / "hf", config, model_class)
    convert(tmp_path / "hf", tmp_path / "out", kind, gguf_out=tmp_path / "model.gguf")
    expected = joined(decoded_gguf(tmp_path / "model.gguf"), 2)
    found = decoded_onnx(tmp_path / "out")
    assert found.keys() - {"cos", "sin", "qkv_widths", "by_head", "by_token"} >= expected.keys()
    for key, values in expected.items():
        assert np.array_equal(found[key], values), key
    # And the GGUF of a shared pass is the one that is written alone.
    convert_to_gguf(tmp_path / "hf", tmp_path / "alone.gguf", kind)
    assert (tmp_path / "alone.gguf").read_bytes() == (tmp_path / "model.gguf").read_bytes()


@pytest.mark.parametrize("kind", ["int4", "q8_0"])
@pytest.mark.parametrize("name", ["llama tied", "llama biased", "llama 3 rope", "qwen2", "qwen3"])
def test_logits_are_those_of_llama_cpp_on_the_decoded_weights(name: str, kind: str, tmp_path: Path) -> None:
    """float32 activations here, a float32 GGUF of the very weights there."""
    config, model_class = MODELS[name]()
    save_checkpoint(tmp_path / "hf", config, model_class)
    convert(tmp_path / "hf", tmp_path / "out", kind, gguf_out=tmp_path / "model.gguf", accuracy_level=1)
    keys = exporter.prepare(load(tmp_path / "hf"), "f32", "rtn", {}, silent).keys
    with open(tmp_path / "decoded.gguf", "wb") as file:
        weights = decoded_gguf(tmp_path / "model.gguf")
        writer.write(file, keys, [Plain(tensor, values) for tensor, values in weights.items()])
    with Native(tmp_path / "decoded.gguf") as native:
        expected = native.logits(TOKENS)
    assert relative(Session(tmp_path / "out").step(TOKENS), expected) < 1e-3


# Largest logit difference relative to the largest logit; the bits are those of the GGUF.
@pytest.mark.parametrize(
    ("kind", "bits", "tolerance"),
    [("f32", 32, 1e-4), ("f16", 16, 1e-2), ("q8_0", 8.5, 5e-2), ("int4", 4.5, 0.6)],
)
def test_each_type_stays_close_to_the_checkpoint(
    kind: str, bits: float, tolerance: float, tmp_path: Path
) -> None:
    config = llama_config(tie_word_embeddings=False)
    model = save_checkpoint(tmp_path / "hf", config, transformers.LlamaForCausalLM, torch.bfloat16)
    result = convert(tmp_path / "hf", tmp_path / "out", kind)
    assert result.bits_per_weight == pytest.approx(bits, rel=0.02)
    assert result.file_bytes == sum(path.stat().st_size for path in (tmp_path / "out").iterdir())
    found = Session(result.path).step(TOKENS)
    assert relative(found, reference_logits(model, TOKENS)) < tolerance


def test_rows_that_no_block_fits_stay_f16_in_both_files(tmp_path: Path) -> None:
    config = llama_config(intermediate_size=200, hidden_size=120, head_dim=32)
    model = save_checkpoint(tmp_path / "hf", config, transformers.LlamaForCausalLM)
    result = convert(tmp_path / "hf", tmp_path / "out", "int4", gguf_out=tmp_path / "model.gguf")
    assert "blk.0.ffn_down.weight" in result.kept
    assert result.gguf is not None
    assert result.gguf.kept == result.kept
    weights, found = joined(decoded_gguf(tmp_path / "model.gguf"), 2), decoded_onnx(tmp_path / "out")
    assert all(np.array_equal(found[key], values) for key, values in weights.items())
    assert relative(Session(result.path).step(TOKENS), reference_logits(model, TOKENS)) < 0.6


def test_the_folder_holds_tokenizer_template_settings_and_facts(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "hf", llama_config(), transformers.LlamaForCausalLM)
    generation = {"temperature": 0.3, "top_k": 20, "eos_token_id": [1, 2], "do_sample": True}
    (tmp_path / "hf" / "generation_config.json").write_text(json.dumps(generation))
    extra = {"general.license": "apache-2.0", "latam_edge.passport.es.perplexity": 12.5}
    folder = convert(tmp_path / "hf", tmp_path / "out", gguf_out=tmp_path / "model.gguf", metadata=extra).path
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json", "chat_template.jinja"):
        assert (folder / name).read_bytes() == (tmp_path / "hf" / name).read_bytes()
    config = json.loads((folder / "config.json").read_text())
    assert config["eos_token_id"] == [1, 2]
    assert config["bos_token_id"] == 0
    assert config["latam_edge"]["quantization"] == "Q4_0"
    assert config["latam_edge"]["parameters"] == sum(
        math.prod(tensor.shape) for tensor in gguf.GGUFReader(tmp_path / "model.gguf").tensors
    )
    props = {
        p.key: p.value for p in onnx.load(folder / "model.onnx", load_external_data=False).metadata_props
    }
    assert props["general.license"] == "apache-2.0"
    assert props["latam_edge.passport.es.perplexity"] == "12.5"
    # The tokenizer's GGUF says all that the model's says.
    words, whole = gguf.GGUFReader(folder / "tokenizer.gguf"), gguf.GGUFReader(tmp_path / "model.gguf")
    assert not words.tensors
    for key, field in whole.fields.items():
        if not key.startswith("GGUF."):
            assert words.fields[key].contents() == field.contents(), key
    with Native(tmp_path / "model.gguf", True) as model, Native(folder / "tokenizer.gguf", True) as bare:
        assert bare.tokenize("¿Qué tal? <|fin|>", True, True) == model.tokenize(
            "¿Qué tal? <|fin|>", True, True
        )


def test_a_failed_conversion_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    model = save_checkpoint(tmp_path / "hf", llama_config(), transformers.LlamaForCausalLM)
    convert(tmp_path / "hf", tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight[5, 5] = math.nan
    model.save_pretrained(tmp_path / "hf")
    with pytest.raises(BadCheckpoint):
        convert(tmp_path / "hf", tmp_path / "out", gguf_out=tmp_path / "model.gguf")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hf", "out"]


@pytest.mark.parametrize("options", [{"type": "bf16"}, {"type": "q4_k_m"}, {"accuracy_level": 2}])
def test_what_the_graph_can_not_hold_is_refused(options: dict[str, Any], tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "hf", llama_config(), transformers.LlamaForCausalLM)
    with pytest.raises(UsageError):
        convert(tmp_path / "hf", tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_shorter_context_makes_shorter_tables_and_the_same_logits(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "hf", llama_config(), transformers.LlamaForCausalLM)
    whole = convert(tmp_path / "hf", tmp_path / "whole", "f32")
    short = convert(tmp_path / "hf", tmp_path / "short", "f32", n_positions=128)
    saved = (SIZES["max_position_embeddings"] - 128) * 32 * 4
    assert 0 <= whole.file_bytes - short.file_bytes - saved < 4096
    assert json.loads((short.path / "config.json").read_text())["max_position_embeddings"] == 128
    assert np.array_equal(Session(whole.path).step(TOKENS), Session(short.path, 128).step(TOKENS))
