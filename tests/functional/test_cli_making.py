"""convert and evaluate from the command line, on a checkpoint of a few kilobytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tokenizers
import torch
import transformers

from latam_edge.cli.main import main
from latam_edge.store.library import Library

Capture = pytest.CaptureFixture[str]
TEXT = "La capital de Bolivia es Sucre. A capital do Brasil é Brasília. 7 × 8 = 56.\n"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded Llama of one layer as transformers saves it, with a byte-level tokenizer."""
    folder = tmp_path_factory.mktemp("checkpoint")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.Digits(individual_digits=True),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|inicio|>", "<|fin|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 10, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    words = {"bos_token": "<|inicio|>", "eos_token": "<|fin|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(words), encoding="utf-8")
    template = "{% for m in messages %}{{ m.content }}\n{% endfor %}"
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def test_convert_writes_verifies_and_registers(checkpoint: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "pequeño.gguf"
    argv = ["convert", str(checkpoint), "-o", str(out), "--verify", "--register", "escuela", "--json"]
    assert main(argv) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["path"] == str(out)
    assert facts["file_bytes"] == out.stat().st_size
    assert 4.5 <= facts["bits_per_weight"] < 5.5
    assert facts["seconds"] > 0
    assert facts["registered"] == "escuela"
    entry = Library().resolve("escuela")
    assert entry.quantization == "Q4_0"
    assert entry.path.read_bytes() == out.read_bytes()
    assert main(["run", "hola", "--model", "escuela", "--max-tokens", "4", "--seed", "1"]) == 0


@pytest.mark.parametrize("lang", ["es", "pt", "en"])
def test_convert_tells_size_bits_and_time(
    lang: str, checkpoint: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "f16.gguf"
    assert main(["convert", str(checkpoint), "-o", str(out), "--type", "f16", "--lang", lang]) == 0
    said = capsys.readouterr()
    assert str(out) in said.out
    assert "16" in said.out
    assert f"latam-edge chat --model {out}" in said.err


def test_convert_writes_both_formats_from_one_pass_and_checks_them(
    checkpoint: Path, tmp_path: Path, capsys: Capture
) -> None:
    argv = ["convert", str(checkpoint), "--to", "gguf", "--to", "onnx", "-o", str(tmp_path / "escuela")]
    assert main([*argv, "--json", "--register", "escuela", "--verify"]) == 0
    plain, folder = json.loads(capsys.readouterr().out)
    assert (plain["target"], plain["path"]) == ("gguf", str(tmp_path / "escuela.gguf"))
    assert (folder["target"], folder["path"]) == ("onnx", str(tmp_path / "escuela-onnx"))
    assert plain["seconds"] == folder["seconds"]
    assert plain["bits_per_weight"] == folder["bits_per_weight"]
    assert 0.01 < folder["relative_error"] < 0.15
    assert folder["file_bytes"] == sum(path.stat().st_size for path in (tmp_path / "escuela-onnx").iterdir())
    assert (plain["registered"], folder["registered"]) == ("escuela", "escuela-onnx")
    assert Library().verify("escuela-onnx").quantization == "Q4_0"
    assert main(["models", "info", "escuela-onnx", "--lang", "es"]) == 0
    assert "escuela-onnx" in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["es", "pt", "en"])
def test_convert_to_onnx_tells_what_it_wrote_and_that_it_was_checked(
    lang: str, checkpoint: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "q8-onnx"
    argv = ["convert", str(checkpoint), "--to", "onnx", "--type", "q8_0", "-o", str(out), "--lang", lang]
    assert main(argv) == 0
    said = capsys.readouterr()
    assert str(out) in said.out
    assert "%" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["q8-onnx"]


def test_types_that_llama_cpp_makes_are_not_offered_in_onnx(
    checkpoint: Path, tmp_path: Path, capsys: Capture
) -> None:
    argv = ["convert", str(checkpoint), "--to", "onnx", "--type", "q4_k_m", "-o", str(tmp_path / "x")]
    assert main(argv) == 2
    assert "int4" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_evaluate_gives_one_row_per_text_against_a_reference(
    checkpoint: Path, tmp_path: Path, capsys: Capture
) -> None:
    for kind in ("f16", "int4"):
        out = tmp_path / f"{kind}.gguf"
        assert main(["convert", str(checkpoint), "-o", str(out), "--type", kind]) == 0
    texts = []
    for lang in ("es", "pt"):
        path = tmp_path / f"prueba.{lang}.txt"
        path.write_text(TEXT * 20, encoding="utf-8")
        texts.append(str(path))
    capsys.readouterr()
    argv = [
        "evaluate",
        str(tmp_path / "int4.gguf"),
        "--reference",
        str(tmp_path / "f16.gguf"),
        "--text",
        *texts,
    ]
    assert main([*argv, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["language"] for row in rows] == ["es", "pt"]
    for row in rows:
        assert row["tokens"] > 100
        assert row["perplexity"] > 1
        assert row["bits_per_byte"] > 0
        assert 0 < row["kl_mean"] < row["kl_p99"]
        assert 0 < row["top1_agreement"] <= 1
    assert main(argv) == 0
    assert "Perplejidad" in capsys.readouterr().out
