"""The converter against other code: transformers for logits, tokenizers for tokens, gguf for bytes."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import llama_cpp
import numpy as np
import pytest
import tokenizers
import torch
import transformers

from convert.to_gguf import convert
from convert.tokenizer.pretokenizers import SEMILLA_PRE_TOKENIZER
from convert.verify import verify
from latam_edge.formats.gguf import read_header

TEXT = """Hola, ¿cómo estás? ¡Qué alegría! El niño comió piñas y mangos; 12 + 345 = 357, y 7 × 8 = 56.
Não há coração sem pão. Guaraní: g̃uahẽ, mba'éichapa, ñandé, ỹ. Aymara: jach'a, ch'uxu, qhiphü.
Quechua: ñawpa, pʼunchaw. Náhuatl: tlāltikpaktli, ēhua. Mapudungun: mari mari lamngen, ḻafken, t'üfa.
  dos espacios   tres\t\ttab\n\n\nnuevas   \n líneas 🙂👩‍👩‍👧‍👦 🇧🇷 º ª ½ ² Ⅷ ٣ 日本語
"comillas" «latinas» --- ... l'eau
Electroencefalografistas e inconstitucionalissimamente son palabras muuuuuuuuuuuuuy largas.
"""


def make_tokenizer(vocab_size: int = 700) -> tokenizers.Tokenizer:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.Digits(individual_digits=True),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|inicio|>", "<|fin|>", "<|relleno|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 20, trainer)
    assert json.loads(tokenizer.to_str())["pre_tokenizer"] == SEMILLA_PRE_TOKENIZER
    return tokenizer


def save_checkpoint(folder: Path, config: Any, model_class: Any, dtype: torch.dtype = torch.float32) -> Any:
    """A seeded random model and its tokenizer, saved as transformers saves them. Returns the model."""
    torch.manual_seed(0)
    model = model_class(config).to(dtype).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Norms and biases away from 1 and 0, so that a swapped or forgotten one shows.
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            else:
                parameter.mul_(4)
    model.save_pretrained(folder)
    make_tokenizer(config.vocab_size).save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {"bos_token": "<|inicio|>", "eos_token": "<|fin|>", "pad_token": {"content": "<|relleno|>"}}
        )
    )
    (folder / "chat_template.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    # Read again: narrowing the model above also rounded its rotary frequencies.
    return model_class.from_pretrained(folder, dtype=torch.float32).eval()


SIZES = {
    "vocab_size": 700,
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LINEAR_ROPE = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}


def llama_config(**changes: Any) -> Any:
    return transformers.LlamaConfig(**(SIZES | {"tie_word_embeddings": True} | changes))


MODELS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "llama tied": lambda: (llama_config(), transformers.LlamaForCausalLM),
    "llama untied": lambda: (llama_config(tie_word_embeddings=False), transformers.LlamaForCausalLM),
    "llama biased": lambda: (llama_config(attention_bias=True), transformers.LlamaForCausalLM),
    "llama wide heads": lambda: (llama_config(head_dim=64), transformers.LlamaForCausalLM),
    "llama theta": lambda: (
        llama_config(rope_parameters={"rope_type": "default", "rope_theta": 500000.0}),
        transformers.LlamaForCausalLM,
    ),
    "llama 3 rope": lambda: (llama_config(rope_parameters=LLAMA3_ROPE), transformers.LlamaForCausalLM),
    "llama linear rope": lambda: (llama_config(rope_parameters=LINEAR_ROPE), transformers.LlamaForCausalLM),
    "qwen2": lambda: (
        transformers.Qwen2Config(**SIZES, tie_word_embeddings=True),
        transformers.Qwen2ForCausalLM,
    ),
    "qwen3": lambda: (
        transformers.Qwen3Config(**SIZES, head_dim=32, tie_word_embeddings=True),
        transformers.Qwen3ForCausalLM,
    ),
}


class Native:
    """A GGUF file in llama.cpp, asked through its C interface."""

    def __init__(self, path: Path, vocab_only: bool = False) -> None:
        llama_cpp.llama_backend_init()
        llama_cpp._logger.set_verbose(False)
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = vocab_only
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        assert self.model, "llama.cpp refused the file"
        self.vocab = llama_cpp.llama_model_get_vocab(self.model)

    def __enter__(self) -> Native:
        return self

    def __exit__(self, *_: object) -> None:
        llama_cpp.llama_model_free(self.model)

    def tokenize(self, text: str, add_special: bool = False, parse_special: bool = False) -> list[int]:
        raw = text.encode()
        buffer = (llama_cpp.llama_token * (len(raw) + 8))()
        count = llama_cpp.llama_tokenize(
            self.vocab, raw, len(raw), buffer, len(buffer), add_special, parse_special
        )
        return list(buffer[:count])

    def logits(self, tokens: list[int]) -> np.ndarray:
        """float32, (n_tokens, vocab_size), from one batch."""
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = 256
        params.n_threads = params.n_threads_batch = 1
        context = llama_cpp.llama_init_from_model(self.model, params)
        batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i], batch.pos[i] = token, i
            batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = 1, 0, 1
        assert llama_cpp.llama_decode(context, batch) == 0
        n_vocab = llama_cpp.llama_vocab_n_tokens(self.vocab)
        flat = ctypes.cast(llama_cpp.llama_get_logits(context), ctypes.POINTER(ctypes.c_float))
        found = np.ctypeslib.as_array(flat, (len(tokens), n_vocab)).copy()
        llama_cpp.llama_batch_free(batch)
        llama_cpp.llama_free(context)
        return found


def reference_logits(model: Any, tokens: list[int]) -> np.ndarray:
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0].numpy()


TOKENS = [0, *np.random.default_rng(4).integers(3, 700, 120).tolist()]


@pytest.mark.parametrize("name", MODELS)
def test_llama_cpp_gives_the_logits_that_transformers_gives(name: str, tmp_path: Path) -> None:
    config, model_class = MODELS[name]()
    model = save_checkpoint(tmp_path / "hf", config, model_class)
    convert(tmp_path / "hf", tmp_path / "model.gguf", "f32")
    expected = reference_logits(model, TOKENS)
    with Native(tmp_path / "model.gguf") as native:
        found = native.logits(TOKENS)
    assert np.abs(expected).max() > 1, "logits too small to tell models apart"
    assert np.abs(found - expected).max() < 2e-3 * np.abs(expected).max()
    assert verify(tmp_path / "hf", tmp_path / "model.gguf").ok


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A bfloat16 checkpoint with untied head: (folder, model)."""
    folder = tmp_path_factory.mktemp("llama") / "hf"
    config = llama_config(tie_word_embeddings=False)
    return folder, save_checkpoint(folder, config, transformers.LlamaForCausalLM, torch.bfloat16)


# Largest logit difference relative to the largest logit, about twice what was seen.
@pytest.mark.parametrize(
    ("kind", "bits", "tolerance"),
    [("f32", 32, 2e-3), ("f16", 16, 1e-2), ("bf16", 16, 1e-2), ("q8_0", 8.5, 5e-2), ("int4", 4.5, 0.6)],
)
def test_each_type_loads_and_stays_close(
    llama: tuple[Path, Any], tmp_path: Path, kind: str, bits: float, tolerance: float
) -> None:
    folder, model = llama
    result = convert(folder, tmp_path / "model.gguf", kind)
    assert result.bits_per_weight == pytest.approx(bits, rel=0.02)
    assert result.file_bytes == (tmp_path / "model.gguf").stat().st_size
    report = verify(folder, tmp_path / "model.gguf")
    assert report.ok
    assert report.n_tensors == result.n_tensors
    expected = reference_logits(model, TOKENS)
    with Native(tmp_path / "model.gguf") as native:
        found = native.logits(TOKENS)
    assert np.abs(found - expected).max() < tolerance * np.abs(expected).max()


def test_int4_logits_are_those_of_the_decoded_weights(llama: tuple[Path, Any], tmp_path: Path) -> None:
    """The lattice's weights put back into transformers give what llama.cpp computes from the file."""
    folder, _ = llama
    convert(folder, tmp_path / "model.gguf", "int4")
    decoded = {
        tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        for tensor in gguf.GGUFReader(tmp_path / "model.gguf").tensors
    }
    model = transformers.LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    names = {"attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj"}
    names |= {"attn_v": "self_attn.v_proj", "ffn_down": "mlp.down_proj"}
    state = model.state_dict()
    for layer in range(2):
        for ours, theirs in names.items():
            values = decoded[f"blk.{layer}.{ours}.weight"]
            state[f"model.layers.{layer}.{theirs}.weight"].copy_(torch.tensor(values))
        for ours, theirs, heads in (("attn_q", "q_proj", 4), ("attn_k", "k_proj", 2)):
            # Neighbours back to halves of a head.
            values = decoded[f"blk.{layer}.{ours}.weight"].reshape(heads, -1, 2, 128).swapaxes(1, 2)
            values = values.reshape(-1, 128).copy()
            state[f"model.layers.{layer}.self_attn.{theirs}.weight"].copy_(torch.tensor(values))
    state["model.embed_tokens.weight"].copy_(torch.tensor(decoded["token_embd.weight"]))
    state["lm_head.weight"].copy_(torch.tensor(decoded["output.weight"]))
    expected = reference_logits(model, TOKENS)
    with Native(tmp_path / "model.gguf") as native:
        found = native.logits(TOKENS)
    # llama.cpp rounds activations to 8 bits for this product; that is all that is left.
    assert np.abs(found - expected).max() < 0.1 * np.abs(expected).max()


def test_q4_k_m_is_made_by_llama_cpp_and_nothing_is_left_beside_it(
    llama: tuple[Path, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, _ = llama
    result = convert(folder, tmp_path / "model.gguf", "q4_k_m", metadata={"general.license": "apache-2.0"})
    assert [path.name for path in tmp_path.iterdir()] == ["model.gguf"]
    header = read_header(tmp_path / "model.gguf")
    assert header.metadata["general.file_type"] == 15
    assert header.metadata["general.license"] == "apache-2.0"
    assert 4 < result.bits_per_weight < 9
    assert verify(folder, tmp_path / "model.gguf").ok
    assert capfd.readouterr().err == ""


def test_tokens_are_the_same_in_tokenizers_and_in_llama_cpp(llama: tuple[Path, Any], tmp_path: Path) -> None:
    folder, _ = llama
    convert(folder, tmp_path / "model.gguf", "int4")
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    rng = np.random.default_rng(8)
    alphabet = np.array(list("abz ñáÁ¿¡'\".,;:!? \n\t\r  01239½²º🙂‍̃ʼãgāęỹ日ー-–—\u00a0\u2003\u200b'sl"))
    texts = [TEXT, *TEXT.splitlines(keepends=True)]
    texts += ["".join(rng.choice(alphabet, rng.integers(1, 14))) for _ in range(5000)]
    with Native(tmp_path / "model.gguf", vocab_only=True) as native:
        for text in texts:
            assert native.tokenize(text) == tokenizer.encode(text, add_special_tokens=False).ids, repr(text)
        marked = "<|inicio|>hola<|fin|>"
        assert native.tokenize(marked, parse_special=True) == tokenizer.encode(marked).ids
        assert native.tokenize("hola", add_special=True) == tokenizer.encode("hola").ids
        assert llama_cpp.llama_vocab_eos(native.vocab) == 1
        assert llama_cpp.llama_vocab_pad(native.vocab) == 2
        assert llama_cpp.llama_vocab_is_control(native.vocab, 0)


def test_every_character_up_to_kana_is_cut_alike_even_by_merges_that_ignore_the_cuts(tmp_path: Path) -> None:
    """Merges learned without any cut would join whole strings, so each missed or extra cut shows."""
    config = llama_config(vocab_size=24_000, hidden_size=32, intermediate_size=32, num_hidden_layers=1)
    save_checkpoint(tmp_path / "hf", config, transformers.LlamaForCausalLM)
    texts = []
    for code in [*range(1, 0x600), *range(0x1E00, 0x2200), *range(0x3000, 0x3100)]:
        c = chr(code)
        texts += [f"a{c}b", f" {c} {c}{c}1", f".{c}.", f"  {c}x"]
    tokenizer = make_tokenizer()
    kept = tokenizer.pre_tokenizer
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=24_000,
        min_frequency=0,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|inicio|>", "<|fin|>", "<|relleno|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.pre_tokenizer = kept
    tokenizer.save(str(tmp_path / "hf" / "tokenizer.json"))
    convert(tmp_path / "hf", tmp_path / "model.gguf", "int4")
    with Native(tmp_path / "model.gguf", vocab_only=True) as native:
        for text in texts:
            assert native.tokenize(text) == tokenizer.encode(text).ids, repr(text)
