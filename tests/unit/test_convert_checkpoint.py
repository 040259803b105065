"""Converting checkpoints made by hand: what the file says, and what is refused and why."""

from __future__ import annotations

import itertools
import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import safetensors.numpy

from convert.architectures import head_row_order
from convert.to_gguf import convert
from convert.to_gguf.metadata import size_label
from convert.to_gguf.values import infer
from convert.tokenizer.pretokenizers import SEMILLA_PRE_TOKENIZER, find, fingerprint
from convert.verify import verify
from latam_edge.core.errors import BadCheckpoint, DiskFull, FileMissing, UsageError
from latam_edge.core.progress import Step
from latam_edge.formats.gguf import read_array, read_header

WIDTH, INNER, VOCAB = 32, 64, 12


def config(**changes: Any) -> dict[str, Any]:
    base = {
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "vocab_size": VOCAB,
        "max_position_embeddings": 64,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
        "rope_theta": 20000.0,
    }
    return base | changes


def tokenizer(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "normalizer": None,
        "pre_tokenizer": SEMILLA_PRE_TOKENIZER,
        "added_tokens": [
            {"id": 0, "content": "<s>", "special": True},
            {"id": 1, "content": "</s>", "special": True},
            {"id": 9, "content": "etiqueta", "special": False},
        ],
        "model": {
            "type": "BPE",
            "vocab": {"<s>": 0, "</s>": 1, "a": 2, "b": 3, "ab": 4, "Ġ": 5, "Ġa": 6, "Ċ": 7},
            "merges": [["a", "b"], "Ġ a"],
        },
    }
    model = changes.pop("model", {})
    return base | changes | {"model": base["model"] | model}


def weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    shapes = {
        "model.embed_tokens.weight": (VOCAB, WIDTH),
        "model.norm.weight": (WIDTH,),
        "model.layers.0.input_layernorm.weight": (WIDTH,),
        "model.layers.0.post_attention_layernorm.weight": (WIDTH,),
        "model.layers.0.self_attn.q_proj.weight": (WIDTH, WIDTH),
        "model.layers.0.self_attn.k_proj.weight": (WIDTH // 2, WIDTH),
        "model.layers.0.self_attn.v_proj.weight": (WIDTH // 2, WIDTH),
        "model.layers.0.self_attn.o_proj.weight": (WIDTH, WIDTH),
        "model.layers.0.mlp.gate_proj.weight": (INNER, WIDTH),
        "model.layers.0.mlp.up_proj.weight": (INNER, WIDTH),
        "model.layers.0.mlp.down_proj.weight": (WIDTH, INNER),
    }
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Write a checkpoint folder; each part may be replaced, or left out with None."""

    def make_(**parts: Any) -> Path:
        folder = tmp_path / "maestra"
        folder.mkdir(exist_ok=True)
        files = {
            "config.json": config(),
            "tokenizer.json": tokenizer(),
            "tokenizer_config.json": {"bos_token": "<s>", "eos_token": "</s>"},
        }
        files |= {name.replace("__", "."): value for name, value in parts.items() if name != "tensors"}
        for name, value in files.items():
            if isinstance(value, str | bytes):
                (folder / name).write_bytes(value.encode() if isinstance(value, str) else value)
            elif value is not None:
                (folder / name).write_text(json.dumps(value))
        tensors = parts.get("tensors", weights())
        safetensors.numpy.save_file(tensors, folder / "model.safetensors")
        return folder

    return make_


def test_the_file_holds_what_the_checkpoint_says(make, tmp_path: Path) -> None:
    folder = make(
        generation_config__json={"temperature": 0.7, "top_k": 40, "top_p": 0.9, "repetition_penalty": 1.1},
        chat_template__jinja="{{ messages }} ñ",
    )
    extra = {
        "general.name": "Semilla",
        "general.license": "apache-2.0",
        "general.languages": ["es", "pt"],
        "latam_edge.passport.es.perplexity": 12.25,
    }
    result = convert(folder, tmp_path / "out.gguf", metadata=extra)
    header = read_header(result.path)
    expected = {
        "general.architecture": "llama",
        "general.name": "Semilla",
        "general.license": "apache-2.0",
        "general.languages": ("es", "pt"),
        "general.file_type": 2,
        "general.quantization_version": 2,
        "general.sampling.top_k": 40,
        "latam_edge.passport.es.perplexity": 12.25,
        "latam_edge.quant.method": "rtn",
        "llama.context_length": 64,
        "llama.rope.freq_base": 20000.0,
        "llama.attention.head_count_kv": 1,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.merges": ("a b", "Ġ a"),
        "tokenizer.chat_template": "{{ messages }} ñ",
    }
    assert {key: header.metadata.get(key) for key in expected} == expected
    for key, value in {"temp": 0.7, "top_p": 0.9, "penalty_repeat": 1.1}.items():
        assert header.metadata[f"general.sampling.{key}"] == pytest.approx(value)
    assert read_array(header, "tokenizer.ggml.tokens")[8:11] == ["[PAD8]", "etiqueta", "[PAD10]"]
    assert read_array(header, "tokenizer.ggml.token_type") == [3, 3, 1, 1, 1, 1, 1, 1, 5, 4, 5, 5]
    assert result.n_tensors == len(header.tensors) == 11
    assert result.bits_per_weight == pytest.approx(header.bits_per_weight)
    assert header.quantization == "Q4_0"


def test_an_independent_reader_sees_the_same_tensors(make, tmp_path: Path) -> None:
    convert(make(), tmp_path / "out.gguf", "f32")
    theirs = {tensor.name: tensor.data for tensor in gguf.GGUFReader(tmp_path / "out.gguf").tensors}
    mine = weights()
    np.testing.assert_array_equal(theirs["token_embd.weight"], mine["model.embed_tokens.weight"])
    np.testing.assert_array_equal(
        theirs["blk.0.ffn_down.weight"], mine["model.layers.0.mlp.down_proj.weight"]
    )
    order = head_row_order(WIDTH, 2)
    np.testing.assert_array_equal(
        theirs["blk.0.attn_q.weight"], mine["model.layers.0.self_attn.q_proj.weight"][order]
    )


def test_heads_are_reordered_from_halves_to_neighbours() -> None:
    assert head_row_order(8, 2).tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_rows_that_are_not_whole_groups_are_kept_and_named(make, tmp_path: Path) -> None:
    tensors = weights()
    tensors["model.layers.0.mlp.down_proj.weight"] = np.ones((WIDTH, 40), np.float32)
    tensors["model.layers.0.mlp.gate_proj.weight"] = np.ones((40, WIDTH), np.float32)
    tensors["model.layers.0.mlp.up_proj.weight"] = np.ones((40, WIDTH), np.float32)
    folder = make(config__json=config(intermediate_size=40), tensors=tensors)
    result = convert(folder, tmp_path / "out.gguf")
    assert result.kept == ("blk.0.ffn_down.weight",)
    types = {tensor.name: tensor.type_name for tensor in read_header(result.path).tensors}
    assert types["blk.0.ffn_down.weight"] == "F16"
    assert types["token_embd.weight"] == "Q4_0"
    assert verify(folder, result.path).ok


def test_progress_ends_at_the_last_weight(make, tmp_path: Path) -> None:
    steps: list[Step] = []
    convert(make(), tmp_path / "out.gguf", progress=steps.append)
    assert all(before.done < after.done for before, after in itertools.pairwise(steps))
    assert steps[-1].done == steps[-1].total == sum(array.size for array in weights().values())


def test_the_same_checkpoint_gives_the_same_file_twice(make, tmp_path: Path) -> None:
    folder = make()
    convert(folder, tmp_path / "a.gguf")
    convert(folder, tmp_path / "b.gguf")
    assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()


def test_the_file_is_readable_by_others_as_the_umask_says(make, tmp_path: Path) -> None:
    previous = os.umask(0o022)
    try:
        convert(make(), tmp_path / "out.gguf")
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "out.gguf").stat().st_mode) == 0o644


def test_verify_notices_one_changed_byte(make, tmp_path: Path) -> None:
    folder = make()
    path = convert(folder, tmp_path / "out.gguf").path
    assert verify(folder, path).ok
    header = read_header(path)
    tensor = next(tensor for tensor in header.tensors if tensor.name == "blk.0.ffn_up.weight")
    content = bytearray(path.read_bytes())
    content[header.data_offset + tensor.offset + 7] ^= 1
    path.write_bytes(content)
    assert verify(folder, path).problems == ("blk.0.ffn_up.weight",)


def test_verify_notices_another_checkpoint(make, tmp_path: Path) -> None:
    path = convert(make(), tmp_path / "out.gguf").path
    other = tokenizer(model={"merges": [["a", "b"]]})
    changed = weights()
    changed["model.norm.weight"] += 1
    problems = verify(make(tokenizer__json=other, tensors=changed), path).problems
    assert set(problems) == {"tokenizer.ggml.merges", "output_norm.weight"}


def with_tensor(name: str, value: np.ndarray | None) -> dict[str, np.ndarray]:
    tensors = weights()
    if value is None:
        del tensors[name]
    else:
        tensors[name] = value
    return tensors


def poisoned(value: float) -> dict[str, np.ndarray]:
    tensors = weights()
    tensors["model.layers.0.mlp.up_proj.weight"][5, 9] = value
    return tensors


LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no config": ({"config__json": None}, "config.json"),
    "config is a list": ({"config__json": [1]}, "config.json"),
    "config is no JSON": ({"config__json": b"{"}, "config.json"),
    "config nests without end": ({"config__json": b"[" * 200_000}, "config.json"),
    "no tokenizer": ({"tokenizer__json": None}, "tokenizer.json"),
    "unknown architecture": ({"config__json": config(architectures=["MambaForCausalLM"])}, "Mamba"),
    "no architecture": ({"config__json": config(architectures=None)}, "None"),
    "hidden size missing": ({"config__json": config(hidden_size=None)}, "hidden_size"),
    "hidden size is a text": ({"config__json": config(hidden_size="32")}, "hidden_size"),
    "layers are zero": ({"config__json": config(num_hidden_layers=0)}, "num_hidden_layers"),
    "layers are not whole": ({"config__json": config(num_hidden_layers=1.5)}, "num_hidden_layers"),
    "heads do not divide": (
        {"config__json": config(num_attention_heads=2, num_key_value_heads=3)},
        "num_key_value_heads",
    ),
    "rms eps is NaN": ({"config__json": config(rms_norm_eps=float("nan"))}, "rms_norm_eps"),
    "another activation": ({"config__json": config(hidden_act="gelu")}, "gelu"),
    "unknown rope": ({"config__json": config(rope_scaling={"rope_type": "longrope"})}, "longrope"),
    "llama3 rope without its numbers": (
        {"config__json": config(rope_scaling={"rope_type": "llama3", "factor": 8.0})},
        "low_freq_factor",
    ),
    "tensor missing": ({"tensors": with_tensor("model.norm.weight", None)}, "model.norm.weight"),
    "tensor misshapen": (
        {"tensors": with_tensor("model.norm.weight", np.ones(31, np.float32))},
        "model.norm.weight",
    ),
    "tensor of integers": (
        {"tensors": with_tensor("model.norm.weight", np.ones(32, np.int32))},
        "model.norm.weight",
    ),
    "tensor left over": (
        {"tensors": with_tensor("model.extra.weight", np.ones(3, np.float32))},
        "model.extra",
    ),
    "head missing": ({"config__json": config(tie_word_embeddings=False)}, "lm_head.weight"),
    "NaN weight": ({"tensors": poisoned(np.nan)}, "up_proj"),
    "infinite weight": ({"tensors": poisoned(-np.inf)}, "up_proj"),
    "unigram tokenizer": ({"tokenizer__json": tokenizer(model={"type": "Unigram"})}, "BPE"),
    "byte fallback": ({"tokenizer__json": tokenizer(model={"byte_fallback": True})}, "byte_fallback"),
    "lower-casing": ({"tokenizer__json": tokenizer(normalizer={"type": "Lowercase"})}, "normalizer"),
    "unknown cuts": (
        {"tokenizer__json": tokenizer(pre_tokenizer={"type": "Whitespace"})},
        fingerprint({"type": "Whitespace"}),
    ),
    "merge of three": ({"tokenizer__json": tokenizer(model={"merges": [["a", "b", "c"]]})}, "a"),
    "merge of a stranger": ({"tokenizer__json": tokenizer(model={"merges": [["a", "z"]]})}, "z"),
    "token past the embedding": (
        {"tokenizer__json": tokenizer(added_tokens=[{"id": VOCAB, "content": "x", "special": True}])},
        "x",
    ),
    "two tokens with one number": (
        {"tokenizer__json": tokenizer(added_tokens=[{"id": 2, "content": "x", "special": True}])},
        "",
    ),
    "token named as a filler": (
        {"tokenizer__json": tokenizer(added_tokens=[{"id": 10, "content": "[PAD11]", "special": True}])},
        "",
    ),
    "a stray head of its own": (
        {"tensors": with_tensor("lm_head.weight", np.ones((VOCAB, WIDTH), np.float32))},
        "lm_head.weight",
    ),
    "a stray head of another shape": (
        {"tensors": with_tensor("lm_head.weight", np.ones((VOCAB - 1, WIDTH), np.float32))},
        "lm_head.weight",
    ),
    "two thousand million layers": (
        {"config__json": config(num_hidden_layers=2**31 - 1)},
        "num_hidden_layers",
    ),
    "heads as wide as memory": (
        {"config__json": config(head_dim=2**31 - 2, rope_scaling=LLAMA3)},
        "head_dim",
    ),
    "no end of text": ({"tokenizer_config__json": {"bos_token": "<s>"}}, ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_checkpoint_is_refused_with_its_reason_and_leaves_nothing(
    make, tmp_path: Path, name: str
) -> None:
    parts, reason = WRONG[name]
    folder = make(**parts)
    with pytest.raises(BadCheckpoint) as caught:
        convert(folder, tmp_path / "out.gguf")
    assert reason in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["maestra"]


def test_a_head_stored_again_that_is_the_embedding_changes_nothing(make, tmp_path: Path) -> None:
    convert(make(), tmp_path / "once.gguf")
    again = weights()["model.embed_tokens.weight"]
    convert(make(tensors=with_tensor("lm_head.weight", again)), tmp_path / "twice.gguf")
    assert (tmp_path / "twice.gguf").read_bytes() == (tmp_path / "once.gguf").read_bytes()


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        convert(tmp_path / "nada", tmp_path / "out.gguf")
    (tmp_path / "archivo").write_text("hola")
    with pytest.raises(BadCheckpoint):
        convert(tmp_path / "archivo", tmp_path / "out.gguf")


def test_an_unknown_type_or_method_is_a_usage_error_that_lists_the_known_ones(make, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="q4_k_m"):
        convert(make(), tmp_path / "out.gguf", "q3")
    with pytest.raises(UsageError, match="absmax"):
        convert(make(), tmp_path / "out.gguf", method="magic")


def test_weights_too_large_for_f16_are_refused_there_and_fine_in_bf16(make, tmp_path: Path) -> None:
    folder = make(tensors=poisoned(1e6))
    with pytest.raises(BadCheckpoint, match="f16"):
        convert(folder, tmp_path / "out.gguf", "f16")
    assert convert(folder, tmp_path / "out.gguf", "bf16").file_bytes > 0


def test_metadata_that_gguf_cannot_hold_is_refused(make, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"my\.key"):
        convert(make(), tmp_path / "out.gguf", metadata={"my.key": {"a": 1}})


def test_a_failed_conversion_leaves_the_old_file_alone(make, tmp_path: Path) -> None:
    out = tmp_path / "out.gguf"
    out.write_text("GGUF, el de antes")
    with pytest.raises(BadCheckpoint):
        convert(make(tensors=poisoned(np.nan)), out)
    assert out.read_text() == "GGUF, el de antes"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_is_said_so_and_nothing_is_left(make, tmp_path: Path) -> None:
    folder = make()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))  # writing beyond fails as a full disk does
    try:
        with pytest.raises(DiskFull):
            convert(folder, tmp_path / "out.gguf")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir()] == ["maestra"]


def test_eot_is_the_second_end_that_generation_names(make, tmp_path: Path) -> None:
    tokens = tokenizer()["added_tokens"] + [{"id": 8, "content": "<|im_end|>", "special": True}]
    folder = make(
        tokenizer__json=tokenizer(added_tokens=tokens), generation_config__json={"eos_token_id": [1, 8]}
    )
    convert(folder, tmp_path / "out.gguf")
    assert read_header(tmp_path / "out.gguf").metadata["tokenizer.ggml.eot_token_id"] == 8


@pytest.mark.parametrize("adds", [True, False])
def test_whether_bos_is_added_comes_from_the_post_processor(make, tmp_path: Path, adds: bool) -> None:
    template = [{"Sequence": {"id": "A", "type_id": 0}}]
    if adds:
        template.insert(0, {"SpecialToken": {"id": "<s>", "type_id": 0}})
    processor = {"type": "Sequence", "processors": [{"type": "ByteLevel"}]}
    processor["processors"].append({"type": "TemplateProcessing", "single": template})
    convert(make(tokenizer__json=tokenizer(post_processor=processor)), tmp_path / "out.gguf")
    assert read_header(tmp_path / "out.gguf").metadata["tokenizer.ggml.add_bos_token"] is adds


def test_greedy_models_recommend_temperature_zero(make, tmp_path: Path) -> None:
    convert(make(generation_config__json={"do_sample": False}), tmp_path / "out.gguf")
    assert read_header(tmp_path / "out.gguf").metadata["general.sampling.temp"] == 0.0


def test_known_cuts_are_found_whatever_changes_no_token() -> None:
    assert find(SEMILLA_PRE_TOKENIZER).gguf_name == "smollm"
    level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True, "trim_offsets": False}
    assert find(level).gguf_name == "gpt-2"
    assert find({"type": "Sequence", "pretokenizers": [level]}).gguf_name == "gpt-2"
    assert find(level | {"add_prefix_space": True}) is None
    assert find({"type": "Sequence", "pretokenizers": []}) is None
    assert find(None) is None


@pytest.mark.parametrize(
    ("weights", "label"),
    [(999, "999"), (4_200, "4.2K"), (15_340_000, "15M"), (1_000_000, "1M"), (1.24e9, "1.2B")],
)
def test_size_labels_are_short(weights: int, label: str) -> None:
    assert size_label(int(weights)) == label


def test_mixed_lists_have_no_gguf_type() -> None:
    assert infer([1, 2**40]).value_type == 11
    for value in ([1, "a"], [1, 2.5], [[1]], None, object(), 2**63):
        with pytest.raises(TypeError):
            infer(value)


def test_converting_imports_neither_torch_nor_transformers_nor_tokenizers(make, tmp_path: Path) -> None:
    folder, out = str(make()), str(tmp_path / "out.gguf")
    program = f"""
import sys
from pathlib import Path
from convert.to_gguf import convert
from convert.verify import verify
convert(Path({folder!r}), Path({out!r}))
assert verify(Path({folder!r}), Path({out!r})).ok
heavy = {{"torch", "transformers", "tokenizers", "safetensors", "gguf", "llama_cpp"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
