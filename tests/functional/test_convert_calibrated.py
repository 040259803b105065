"""Calibrated conversion: our forward pass against transformers', resuming, and bad input."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
import torch
import transformers

from convert import architectures, shape
from convert.checkpoint import load
from convert.layerwise import walk
from convert.layerwise.decoder import Decoder
from convert.layerwise.run import calibrated
from convert.layerwise.walk import Plan
from convert.to_gguf import convert
from convert.tokenizer.pretokenizers import SEMILLA_PRE_TOKENIZER
from convert.verify import verify
from latam_edge.core.errors import BadCheckpoint, BadFile, DiskFull, UsageError
from latam_edge.core.progress import Step
from latam_edge.formats.gguf import read_header
from quant.calibration import Calibration, read
from quant.gptq import Settings
from quant.lattice import dequantize, is_exact

WORDS = {
    "es": "la el una los las y con por maestra escribe pizarra niños copian suma día casa río perro lluvia "
    "camino mercado abuela canta lento hoy mañana libro agua tierra pan más pero está del su",
    "pt": "o a uma os as e com não professora escreve lousa alunos copiam soma dia casa rio cachorro chuva "
    "caminho feira avó canta devagar hoje amanhã livro água terra pão mais do da em",
}


def sentences(language: str, n_words: int, seed: int) -> str:
    """Text of real words in an order that never repeats, so that there is something to calibrate on."""
    words = np.random.default_rng(seed).choice(WORDS[language].split(), n_words)
    return "\n".join(" ".join(words[start : start + 11]) + "." for start in range(0, n_words, 11))


SPANISH, PORTUGUESE = sentences("es", 2500, 1), sentences("pt", 2500, 2)

SIZES: dict[str, Any] = {
    "vocab_size": 400,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
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
Made = tuple[transformers.PretrainedConfig, type]
MODELS: dict[str, Callable[[], Made]] = {
    "llama": lambda: (
        transformers.LlamaConfig(**SIZES, tie_word_embeddings=True, rope_parameters=LLAMA3_ROPE),
        transformers.LlamaForCausalLM,
    ),
    "llama biased": lambda: (
        transformers.LlamaConfig(**SIZES, tie_word_embeddings=False, attention_bias=True),
        transformers.LlamaForCausalLM,
    ),
    "qwen2": lambda: (
        transformers.Qwen2Config(**SIZES, tie_word_embeddings=True),
        transformers.Qwen2ForCausalLM,
    ),
    "qwen3": lambda: (
        transformers.Qwen3Config(**SIZES, head_dim=32, tie_word_embeddings=False),
        transformers.Qwen3ForCausalLM,
    ),
}


def save(folder: Path, config: Any, model_class: Any) -> Any:
    """A seeded random model with a real tokenizer; returns the model."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = model_class(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Norms and biases away from 1 and 0, so that a forgotten one shows.
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            else:
                parameter.mul_(4)
    model.save_pretrained(folder)
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.Digits(individual_digits=True),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=config.vocab_size,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|inicio|>", "<|fin|>", "<|relleno|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator([SPANISH, PORTUGUESE], trainer)
    assert json.loads(tokenizer.to_str())["pre_tokenizer"] == SEMILLA_PRE_TOKENIZER
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"bos_token": "<|inicio|>", "eos_token": "<|fin|>", "pad_token": "<|relleno|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(names))
    return model


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any]]:
    made = {}
    for name, make in MODELS.items():
        folder = tmp_path_factory.mktemp("hf") / name.replace(" ", "-")
        made[name] = (folder, save(folder, *make()))
    return made


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "uno.txt").write_text(SPANISH, "utf-8")
    (folder / "dois.txt").write_text(PORTUGUESE, "utf-8")
    return read([(folder / "uno.txt", "es"), (folder / "dois.txt", "")])


@pytest.mark.parametrize("name", MODELS)
def test_hidden_states_are_those_that_transformers_computes(checkpoints, name: str) -> None:
    folder, model = checkpoints[name]
    source = load(folder)
    model_shape = shape.read(source)
    planned = architectures.plan(source, architectures.find(source), model_shape)
    decoder = Decoder(model_shape, 128)
    tokens = np.random.default_rng(0).integers(3, 400, (2, 100))
    with torch.no_grad():
        expected = model(torch.tensor(tokens), output_hidden_states=True)
    x = source.tensors.array(walk.EMBEDDING, tokens.reshape(-1)).reshape(2, 100, -1)
    for layer in range(model_shape.n_layers):
        prefix = f"blk.{layer}."
        weights = {
            tensor.name.removeprefix(prefix): source.tensors.array(tensor.source)
            for tensor in planned
            if tensor.name.startswith(prefix)
        }
        x = decoder.layer(weights, x)
        if layer + 1 < model_shape.n_layers:  # transformers norms the last one
            hidden = expected.hidden_states[layer + 1].numpy()
            np.testing.assert_allclose(x, hidden, atol=2e-5 * np.abs(hidden).max())
    last = decoder.norm(x, source.tensors.array(walk.FINAL_NORM))
    hidden = expected.hidden_states[-1].numpy()
    np.testing.assert_allclose(last, hidden, atol=2e-5 * np.abs(hidden).max())


def divergence(model: Any, config: Any, model_class: Any, codes: Any, source: Any, planned: Any) -> float:
    """Mean KL(full precision || quantized) of transformers' own logits on new text."""
    rough = model_class(config).eval()
    state = {key: value.clone() for key, value in model.state_dict().items()}
    for tensor in planned:
        blocks = codes(tensor.source) if len(tensor.shape) == 2 else None
        if blocks is not None:
            assert is_exact(blocks.scales)
            state[tensor.source] = torch.tensor(dequantize(blocks))
    rough.load_state_dict(state)
    rough.tie_weights()
    text = sentences("es", 60, 3) + sentences("pt", 60, 4)
    ids = tokenizers.Tokenizer.from_file(str(source.folder / "tokenizer.json")).encode(text).ids[:120]
    with torch.no_grad():
        expected, found = (m(torch.tensor([ids])).logits[0].log_softmax(-1) for m in (model, rough))
    return float((expected.exp() * (expected - found)).sum(-1).mean())


@pytest.mark.parametrize("name", MODELS)
def test_calibrated_codes_stay_closer_to_the_model_than_rounded_ones(
    checkpoints, calibration, tmp_path: Path, name: str
) -> None:
    folder, model = checkpoints[name]
    config, model_class = MODELS[name]()
    source = load(folder)
    planned = architectures.plan(source, architectures.find(source), shape.read(source))
    found = {}
    for way in ("rtn", "gptq"):
        with calibrated(source, tmp_path / "out.gguf", way, calibration) as chosen:
            assert chosen is not None
            found[way] = divergence(model, config, model_class, chosen.codes, source, planned)
    assert list(tmp_path.iterdir()) == []
    assert found["gptq"] < 0.8 * found["rtn"], found


def test_the_file_says_how_it_was_calibrated_and_stands_verification(
    checkpoints, calibration, tmp_path: Path
) -> None:
    folder, _ = checkpoints["llama"]
    steps: list[Step] = []
    result = convert(
        folder, tmp_path / "m.gguf", method="gptq", calibration=calibration, progress=steps.append
    )
    assert not result.resumed
    assert [path.name for path in tmp_path.iterdir()] == ["m.gguf"]
    metadata = read_header(tmp_path / "m.gguf").metadata
    assert metadata["latam_edge.quant.method"] == "gptq"
    assert metadata["latam_edge.quant.calibration_sha256"] == calibration.sha256
    assert metadata["latam_edge.quant.calibration_tokens"] > 500
    assert verify(folder, tmp_path / "m.gguf").ok
    work = [step for step in steps if step.key == "convert.calibrating"]
    shares = [step.done / step.total for step in work]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1, abs=0.02)
    assert len(shares) > 10


class Killed(BaseException):
    """What a power cut is to a test."""


@pytest.fixture(scope="module")
def unbroken(checkpoints, calibration, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of conversions that nobody killed."""
    made = {}
    for name in ("llama", "qwen3"):
        whole = tmp_path_factory.mktemp("whole") / "m.gguf"
        convert(checkpoints[name][0], whole, method="gptq", calibration=calibration)
        made[name] = whole.read_bytes()
    return made


@pytest.mark.parametrize("name", ["llama", "qwen3"])
@pytest.mark.parametrize("at", [3, 14, 25])
def test_a_conversion_that_was_killed_goes_on_and_ends_in_the_same_file(
    checkpoints, calibration, unbroken, tmp_path: Path, name: str, at: int
) -> None:
    folder, _ = checkpoints[name]
    cut = tmp_path / "b" / "m.gguf"
    steps = 0

    def kill(step: Step) -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            raise Killed

    with pytest.raises(Killed):
        convert(folder, cut, method="gptq", calibration=calibration, progress=kill)
    assert not cut.exists()
    result = convert(folder, cut, method="gptq", calibration=calibration)
    assert result.resumed
    assert cut.read_bytes() == unbroken[name]
    assert [path.name for path in cut.parent.iterdir()] == ["m.gguf"]


def test_finished_layers_are_not_calibrated_again(checkpoints, calibration, tmp_path: Path) -> None:
    folder, _ = checkpoints["qwen3"]
    source = load(folder)
    with pytest.raises(Killed), calibrated(source, tmp_path / "m.gguf", "gptq", calibration):
        raise Killed  # all layers are done, the file is not
    steps: list[Step] = []
    with calibrated(source, tmp_path / "m.gguf", "gptq", calibration, progress=steps.append) as chosen:
        assert chosen is not None
        assert chosen.resumed
        assert steps == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a file"])
def test_what_is_kept_and_got_damaged_is_said_so_and_the_next_run_begins_anew(
    checkpoints, calibration, unbroken, tmp_path: Path, content: bytes
) -> None:
    folder, _ = checkpoints["qwen3"]
    out = tmp_path / "m.gguf"
    with pytest.raises(Killed), calibrated(load(folder), out, "gptq", calibration):
        raise Killed
    (tmp_path / ".m.gguf.calibrating" / "layer-000.npz").write_bytes(content)
    with pytest.raises(BadFile, match=r"layer-000\.npz"):
        convert(folder, out, method="gptq", calibration=calibration)
    assert list(tmp_path.iterdir()) == []
    convert(folder, out, method="gptq", calibration=calibration)
    assert out.read_bytes() == unbroken["qwen3"]


def test_a_full_disk_leaves_nothing_where_nothing_was_finished(
    checkpoints, calibration, tmp_path: Path
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))  # writing beyond fails as a full disk does
    try:
        with pytest.raises(DiskFull):
            convert(checkpoints["qwen3"][0], tmp_path / "m.gguf", method="gptq", calibration=calibration)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_another_text_or_setting_starts_anew(checkpoints, calibration, tmp_path: Path) -> None:
    source = load(checkpoints["llama"][0])
    out = tmp_path / "m.gguf"
    with pytest.raises(Killed), calibrated(source, out, "gptq", calibration):
        raise Killed
    with calibrated(source, out, "gptq", calibration, Plan(Settings(sweeps=1))) as chosen:
        assert chosen is not None
        assert not chosen.resumed


def test_rows_that_are_not_whole_groups_are_kept_and_the_rest_is_calibrated(
    calibration, tmp_path: Path
) -> None:
    sizes = SIZES | {"intermediate_size": 80}
    save(tmp_path / "hf", transformers.LlamaConfig(**sizes), transformers.LlamaForCausalLM)
    result = convert(tmp_path / "hf", tmp_path / "m.gguf", method="gptq", calibration=calibration)
    assert result.kept == ("blk.0.ffn_down.weight", "blk.1.ffn_down.weight")
    types = {tensor.name: tensor.type_name for tensor in read_header(tmp_path / "m.gguf").tensors}
    assert types["blk.0.ffn_down.weight"] == "F16"
    assert types["blk.0.ffn_up.weight"] == types["token_embd.weight"] == "Q4_0"
    assert verify(tmp_path / "hf", tmp_path / "m.gguf").ok


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_by_name_before_any_work(
    calibration, tmp_path: Path, value: float
) -> None:
    from safetensors.numpy import load_file, save_file

    save(tmp_path / "hf", *MODELS["llama"]())
    weights = load_file(tmp_path / "hf" / "model.safetensors")
    weights["model.layers.1.mlp.up_proj.weight"][3, 5] = value
    save_file(weights, tmp_path / "hf" / "model.safetensors", {"format": "pt"})
    steps: list[Step] = []
    with pytest.raises(BadCheckpoint, match=r"model\.layers\.1\.mlp\.up_proj\.weight"):
        convert(
            tmp_path / "hf",
            tmp_path / "m.gguf",
            method="gptq",
            calibration=calibration,
            progress=steps.append,
        )
    assert steps == []
    assert [path.name for path in tmp_path.iterdir()] == ["hf"]


def test_hidden_states_that_overflow_are_an_error_that_names_the_layer(calibration, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    save(tmp_path / "hf", *MODELS["llama"]())
    weights = load_file(tmp_path / "hf" / "model.safetensors")
    for name in ("gate", "up"):
        weights[f"model.layers.1.mlp.{name}_proj.weight"] *= np.float32(1e25)
    save_file(weights, tmp_path / "hf" / "model.safetensors", {"format": "pt"})
    with pytest.raises(BadCheckpoint, match="LE-110"):
        convert(tmp_path / "hf", tmp_path / "m.gguf", method="gptq", calibration=calibration)
    assert [path.name for path in tmp_path.iterdir()] == ["hf"]


def test_a_text_that_is_empty_or_too_short_is_refused_and_nothing_is_left(
    checkpoints, tmp_path: Path
) -> None:
    folder, _ = checkpoints["llama"]
    (tmp_path / "nada.txt").write_text(" \n\n", "utf-8")
    (tmp_path / "poco.txt").write_text("Hola, ¿cómo estás?", "utf-8")
    with pytest.raises(BadFile, match=r"nada\.txt"):
        read([(tmp_path / "nada.txt", "es")])
    with pytest.raises(UsageError):
        read([])
    with pytest.raises(UsageError, match="es"):
        convert(folder, tmp_path / "m.gguf", method="gptq", calibration=read([(tmp_path / "poco.txt", "es")]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nada.txt", "poco.txt"]


def test_absmax_and_f16_have_no_use_for_a_text(checkpoints, calibration, tmp_path: Path) -> None:
    folder, _ = checkpoints["llama"]
    for options in ({"method": "absmax"}, {"type": "f16"}):
        with pytest.raises(UsageError):
            convert(folder, tmp_path / "m.gguf", calibration=calibration, **options)
    assert list(tmp_path.iterdir()) == []


def test_the_command_warns_of_another_language_and_the_file_is_written_all_the_same(
    checkpoints, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from latam_edge.cli.main import main

    folder, _ = checkpoints["llama"]
    (tmp_path / "uno.txt").write_text(SPANISH, "utf-8")
    out = tmp_path / "m.gguf"
    arguments = ["convert", str(folder), "--method", "gptq", "-o", str(out), "--lang", "en"]
    assert main([*arguments, "--calibration", f"pt:{tmp_path / 'uno.txt'}"]) == 0
    told = capsys.readouterr().err
    assert "uno.txt was declared as “pt” but looks like “es”" in told
    assert read_header(out).metadata["latam_edge.quant.calibration_languages"] == ("pt",)
    assert main([*arguments, "--calibration", f"es:{tmp_path / 'uno.txt'}"]) == 0
    assert "declared" not in capsys.readouterr().err
