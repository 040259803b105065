"""How much memory a model is expected to take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from latam_edge.formats.footprint import footprint, kv_cache_bytes
from latam_edge.formats.gguf import GGUFHeader, read_header


def header(**fields: Any) -> GGUFHeader:
    metadata = {"general.architecture": "llama", **{f"llama.{key}": value for key, value in fields.items()}}
    return GGUFHeader(Path("x"), 3, 32, metadata, (), 0, 0)


LLAMA_3_8B = {
    "block_count": 32,
    "embedding_length": 4096,
    "attention.head_count": 32,
    "attention.head_count_kv": 8,
    "feed_forward_length": 14336,
    "context_length": 131072,
}


def test_the_kv_cache_of_a_known_model_is_what_llama_cpp_reports() -> None:
    # llama.cpp's log for Llama 3 8B: "KV self size = 1024.00 MiB" at n_ctx = 8192, f16.
    assert kv_cache_bytes(header(**LLAMA_3_8B), 8192) == 1024 << 20


def test_layers_may_have_their_own_numbers_of_heads() -> None:
    fields = {**LLAMA_3_8B, "block_count": 3, "attention.head_count_kv": (8, 4, 0)}
    assert kv_cache_bytes(header(**fields), 100) == 2 * 100 * 12 * 256


def test_heads_may_be_wider_than_the_embedding_says() -> None:
    fields = {**LLAMA_3_8B, "attention.key_length": 256, "attention.value_length": 64}
    assert kv_cache_bytes(header(**fields), 1) == 2 * 32 * 8 * 320


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"block_count": "many"},
        {**LLAMA_3_8B, "attention.head_count": 0},
        {**LLAMA_3_8B, "embedding_length": -5},
        {**LLAMA_3_8B, "attention.head_count": ()},
    ],
)
def test_a_header_without_sense_gives_no_kv_cache_instead_of_a_fault(fields: dict[str, Any]) -> None:
    assert kv_cache_bytes(header(**fields), 4096) == 0


def test_the_context_is_the_models_own_up_to_4096() -> None:
    assert footprint(header(**LLAMA_3_8B)).n_ctx == 4096
    assert footprint(header(context_length=512)).n_ctx == 512
    assert footprint(header(**LLAMA_3_8B), 9000).n_ctx == 9000


def test_a_files_weights_are_counted(tiny_model: Path) -> None:
    need = footprint(read_header(tiny_model))
    assert 0 < need.weights_bytes < tiny_model.stat().st_size
    assert need.total_bytes == (
        need.weights_bytes + need.kv_cache_bytes + need.compute_bytes + need.program_bytes
    )
