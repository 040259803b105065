"""What every test may use: a home of its own, a model of a few kilobytes, an engine without a model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Before numpy reads it: for matrices this small a second thread of BLAS only waits, and burns a core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

from latam_edge.core import i18n
from latam_edge.runtime.client import Client
from latam_edge.runtime.types import EngineConfig

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIALS = ("<|bos|>", "<|im_start|>", "<|im_end|>")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts background jobs deaf to Ctrl-C, and children inherit that: nothing could interrupt them.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees the developer's models, conversations, settings or language."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("LATAM_EDGE_HOME", str(home))
    for name in ("LATAM_EDGE_SHARED", "LATAM_EDGE_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    i18n.set_language(None)
    yield
    i18n.set_language(None)


@pytest.fixture
def home() -> Path:
    """LATAM_EDGE_HOME of this test."""
    return Path(os.environ["LATAM_EDGE_HOME"])


def byte_letters() -> list[str]:
    """GPT-2's printable letter for each of the 256 bytes, by byte."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    letters, extra = [], 0
    for byte in range(256):
        letters.append(chr(byte) if byte in shown else chr(256 + extra))
        extra += byte not in shown
    return letters


def write_tiny_model(
    path: Path,
    *,
    template: str | None = CHATML,
    n_ctx: int = 512,
    add_bos: bool = False,
    seed: int = 0,
    says: str | None = None,
    n_layers: int = 1,
    n_embd: int = 32,
    **metadata: float,
) -> Path:
    """A Llama of some 40 kB whose tokens are the 256 bytes, one word and three control tokens.

    says: the model repeats this text for ever (each byte in it once) instead of noise,
    ended by its end token when the text ends in "\\0".
    n_layers, n_embd: for a model that takes its time.
    metadata: more numbers for the header; "__" in a name stands for ".".
    """
    import gguf

    rng = np.random.default_rng(seed)
    n_ff, n_heads = 2 * n_embd, n_embd // 16
    letters = byte_letters()
    tokens = [*letters, letters[32] + "hola", *SPECIALS]
    types = [gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.CONTROL] * len(SPECIALS)
    bos, end = len(letters) + 1, len(letters) + 3

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(n_embd)
    writer.add_block_count(n_layers)
    writer.add_feed_forward_length(n_ff)
    writer.add_head_count(n_heads)
    writer.add_head_count_kv(n_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(n_embd // n_heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(
        [f"{letters[32]} h", f"{letters[32]}h o", f"{letters[32]}ho l", f"{letters[32]}hol a"]
    )
    writer.add_bos_token_id(bos)
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(add_bos)
    if template is not None:
        writer.add_chat_template(template)
    for key, value in metadata.items():
        name = key.replace("__", ".")
        writer.add_uint32(name, value) if isinstance(value, int) else writer.add_float32(name, value)

    embeddings = rng.normal(0, 0.5, (len(tokens), n_embd)).astype(np.float32)
    output = rng.normal(0, 0.5, (len(tokens), n_embd)).astype(np.float32)
    quiet = says is not None  # attention and feed-forward add nothing: the next token depends on the last
    if says is not None:
        output[:] = 0
        data = says.encode()
        assert len(set(data)) == len(data), "the last byte alone decides the next: no byte may come twice"
        sequence = [*data.rstrip(b"\0"), *([end] if data.endswith(b"\0") else [data[0]])]
        for now, following in zip([10, *sequence], sequence, strict=False):
            # 10 is the newline that ends the template's "assistant\n".
            output[following] += 40 * embeddings[now] / np.linalg.norm(embeddings[now]) ** 2

    def weights(rows: int, columns: int) -> Any:
        scale = 0.0 if quiet else 0.3
        return (rng.normal(0, scale, (rows, columns)) if scale else np.zeros((rows, columns))).astype(
            np.float16
        )

    one = np.ones(n_embd, np.float32)
    writer.add_tensor("token_embd.weight", embeddings.astype(np.float16))
    writer.add_tensor("output.weight", output.astype(np.float16))
    writer.add_tensor("output_norm.weight", one)
    for layer in range(n_layers):
        block = f"blk.{layer}"
        writer.add_tensor(f"{block}.attn_norm.weight", one)
        writer.add_tensor(f"{block}.ffn_norm.weight", one)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{block}.{name}.weight", weights(n_embd, n_embd))
        writer.add_tensor(f"{block}.ffn_gate.weight", weights(n_ff, n_embd))
        writer.add_tensor(f"{block}.ffn_up.weight", weights(n_ff, n_embd))
        writer.add_tensor(f"{block}.ffn_down.weight", weights(n_embd, n_ff))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound GGUF model of some 40 kB with a byte vocabulary; what it says is noise, always the same."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def make_tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Tiny models to order: the keywords of `write_tiny_model`."""

    def make(**options: Any) -> Path:
        return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf", **options)

    return make


@pytest.fixture
def echo_client() -> Iterator[Client]:
    """A worker whose engine repeats what it is told; runtime/engines/echo.py lists its orders."""
    with Client("echo.gguf", EngineConfig(engine="echo")) as client:
        yield client


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a piece of Python in a fresh interpreter; fails the test unless it exits 0."""

    def run(code: str, *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout, check=False
        )
        assert done.returncode == 0, done.stderr
        return done

    return run
