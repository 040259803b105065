"""The GGUF header reader: what it reads, what it refuses, and what it costs."""

from __future__ import annotations

import struct
import time
import tracemalloc
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latam_edge.core.errors import (
    BadFile,
    CorruptModel,
    FileMissing,
    NotAFile,
    NotGGUF,
    TruncatedModel,
    UnreadableFile,
    UnsupportedModel,
)
from latam_edge.formats.ggml_types import TENSOR_TYPES
from latam_edge.formats.gguf import LazyArray, read_array, read_header


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def string_key(key: str, value: str) -> bytes:
    return text(key) + struct.pack("<I", 8) + text(value)


def u32_key(key: str, value: int) -> bytes:
    return text(key) + struct.pack("<II", 4, value)


def strings_key(key: str, values: list[str]) -> bytes:
    return text(key) + struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))


def tensor(name: str, shape: tuple[int, ...] = (32, 2), type_id: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, type_id, offset)


def model_bytes(
    keys: tuple[bytes, ...] = (),
    tensors: tuple[bytes, ...] = (),
    data: int = 256,
    version: int = 3,
    counts: tuple[int, int] | None = None,
) -> bytes:
    """A file put together by hand, right or wrong in every field."""
    n_tensors, n_keys = counts or (len(tensors), len(keys))
    head = b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_keys) + b"".join(keys) + b"".join(tensors)
    return head + b"\0" * (-len(head) % 32) + b"\1" * data


ARCH = string_key("general.architecture", "llama")


@pytest.fixture
def write(tmp_path: Path):
    def write_(content: bytes, name: str = "model.gguf") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write_


@pytest.fixture(scope="module")
def real_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model written by the gguf package."""
    path = tmp_path_factory.mktemp("gguf") / "real.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_chat_template("{{ messages }}")
    writer.add_array("tokenizer.ggml.tokens", [f"token{i}ñ" for i in range(600)])
    writer.add_array("tokenizer.ggml.token_type", list(range(600)))
    writer.add_array("general.languages", ["es", "pt"])
    writer.add_float32("llama.rope.freq_base", 10000.0)
    writer.add_bool("tokenizer.ggml.add_bos_token", True)
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((8, 64), dtype=np.float32)
    packed = gguf.quants.quantize(weight, gguf.GGMLQuantizationType.Q4_0)
    writer.add_tensor("blk.0.weight", packed, raw_dtype=gguf.GGMLQuantizationType.Q4_0)
    writer.add_tensor("norm.weight", np.ones(64, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_file_of_the_gguf_package_reads_the_same_here(real_file: Path) -> None:
    header = read_header(real_file)
    reader = gguf.GGUFReader(real_file)
    assert header.architecture == "llama"
    assert header.field("context_length") == 128
    assert header.chat_template == "{{ messages }}"
    assert header.metadata["general.languages"] == ("es", "pt")
    assert header.metadata["llama.rope.freq_base"] == 10000.0
    assert header.metadata["tokenizer.ggml.add_bos_token"] is True
    assert header.parameters == 8 * 64 + 64
    assert header.quantization == "Q4_0"
    assert header.data_offset == reader.data_offset
    for mine, theirs in zip(header.tensors, reader.tensors, strict=True):
        assert mine.name == theirs.name
        assert mine.shape == tuple(int(n) for n in theirs.shape)
        assert mine.nbytes == theirs.n_bytes
        assert header.data_offset + mine.offset == theirs.data_offset


def test_long_arrays_stay_in_the_file_until_asked_for(real_file: Path) -> None:
    header = read_header(real_file)
    tokens = header.metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, LazyArray)
    assert len(tokens) == 600
    assert read_array(header, "tokenizer.ggml.tokens") == [f"token{i}ñ" for i in range(600)]
    assert read_array(header, "tokenizer.ggml.token_type") == list(range(600))
    assert read_array(header, "general.languages") == ["es", "pt"]


def test_the_table_of_tensor_types_is_the_gguf_packages() -> None:
    for theirs, sizes in gguf.GGML_QUANT_SIZES.items():
        mine = TENSOR_TYPES[int(theirs)]
        assert (mine.name, (mine.block_size, mine.block_bytes)) == (theirs.name, sizes)


def test_a_tiny_file_declaring_two_million_tensors_is_refused_at_once(write) -> None:
    path = write(model_bytes((ARCH,), data=0, counts=(2_000_000, 1)).ljust(115, b"\0")[:115])
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(CorruptModel):
        read_header(path)
    assert time.perf_counter() - started < 0.1
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_the_header_of_a_150_thousand_token_vocabulary_is_read_quickly(write) -> None:
    tokens = strings_key("tokenizer.ggml.tokens", [f"tok{i}" for i in range(150_000)])
    merges = strings_key("tokenizer.ggml.merges", [f"to k{i}" for i in range(150_000)])
    path = write(model_bytes((ARCH, tokens, merges), (tensor("a"),)))
    started = time.process_time()
    header = read_header(path)
    assert time.process_time() - started < 0.5
    assert read_array(header, "tokenizer.ggml.merges")[-1] == "to k149999"


@pytest.mark.parametrize("cut", [0, 3, 4, 12, 24, 60, 95, 130, 200, 383])
def test_a_truncated_file_says_how_much_is_missing(write, cut: int) -> None:
    whole = model_bytes((ARCH, u32_key("llama.block_count", 1)), (tensor("a"),))
    path = write(whole[:cut])
    if cut < 4:
        with pytest.raises(NotGGUF):
            read_header(path)
        return
    with pytest.raises(TruncatedModel) as caught:
        read_header(path)
    assert caught.value.facts["have_bytes"] == cut
    assert cut < caught.value.facts["need_bytes"] <= len(whole)


WRONG: dict[str, tuple[bytes, type[BadFile]]] = {
    "a text file": (b"Hola, no soy un modelo.\n" * 20, NotGGUF),
    "an empty file": (b"", NotGGUF),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 1, 1) + b"\0" * 99, UnsupportedModel),
    "version 1": (model_bytes((ARCH,), version=1), UnsupportedModel),
    "version 9": (model_bytes((ARCH,), version=9), UnsupportedModel),
    "2^63 keys": (model_bytes((ARCH,), counts=(1, 1 << 63)), CorruptModel),
    "a key of 2^62 bytes": (model_bytes((struct.pack("<Q", 1 << 62),)), CorruptModel),
    "a value of 2^62 bytes": (model_bytes((text("k") + struct.pack("<IQ", 8, 1 << 62),)), CorruptModel),
    "an empty key": (model_bytes((u32_key("", 1),)), CorruptModel),
    "a key that is not UTF-8": (model_bytes((text(b"\xff\xfe") + struct.pack("<II", 4, 1),)), CorruptModel),
    "a duplicate key": (model_bytes((ARCH, ARCH)), CorruptModel),
    "an unknown value type": (model_bytes((text("k") + struct.pack("<II", 77, 1),)), CorruptModel),
    "an array of arrays": (
        model_bytes((text("k") + struct.pack("<IIQIQ", 9, 9, 1, 4, 0),)),
        CorruptModel,
    ),
    "an array of 2^60 numbers": (
        model_bytes((text("k") + struct.pack("<IIQ", 9, 10, 1 << 60),)),
        CorruptModel,
    ),
    "an array of 2^60 texts": (model_bytes((text("k") + struct.pack("<IIQ", 9, 8, 1 << 60),)), CorruptModel),
    "a long text in a long array": (
        model_bytes((text("k") + struct.pack("<IIQ", 9, 8, 300) + struct.pack("<Q", 1 << 40),), data=9000),
        CorruptModel,
    ),
    "alignment 24": (model_bytes((ARCH, u32_key("general.alignment", 24)), (tensor("a"),)), CorruptModel),
    "alignment 0": (model_bytes((ARCH, u32_key("general.alignment", 0)), (tensor("a"),)), CorruptModel),
    "alignment as text": (model_bytes((string_key("general.alignment", "32"),)), CorruptModel),
    "five dimensions": (model_bytes((), (tensor("a", (1, 1, 1, 1, 32)),)), CorruptModel),
    "2^31 dimensions": (model_bytes((), (text("a") + struct.pack("<I", 1 << 31),)), CorruptModel),
    "a zero dimension": (model_bytes((), (tensor("a", (32, 0)),)), CorruptModel),
    "a shape that overflows": (model_bytes((), (tensor("a", (1 << 40, 1 << 40)),)), CorruptModel),
    "a row that is no whole block": (model_bytes((), (tensor("a", (33, 1), 2),)), CorruptModel),
    "an unknown tensor type": (model_bytes((), (tensor("a", type_id=99),)), UnsupportedModel),
    "a removed tensor type": (model_bytes((), (tensor("a", type_id=31),)), UnsupportedModel),
    "a misaligned tensor": (model_bytes((), (tensor("a", offset=8),)), CorruptModel),
    "overlapping tensors": (model_bytes((), (tensor("a"), tensor("b", offset=32))), CorruptModel),
    "a duplicate tensor": (model_bytes((), (tensor("a"), tensor("a", offset=256)), data=512), CorruptModel),
    "a tensor past the end": (model_bytes((), (tensor("a", (32, 1000)),)), TruncatedModel),
    "a tensor at 2^60": (model_bytes((), (tensor("a", offset=1 << 60),)), TruncatedModel),
    "a tensor without a name": (model_bytes((), (tensor(""),)), CorruptModel),
    "a tensor name of 64 bytes": (model_bytes((), (tensor("x" * 64),)), CorruptModel),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_its_reason(write, name: str) -> None:
    content, expected = WRONG[name]
    with pytest.raises(expected) as caught:
        read_header(write(content))
    assert type(caught.value) is expected
    assert "model.gguf" in str(caught.value)


def test_metadata_that_would_fill_the_memory_is_refused(write) -> None:
    big = tuple(string_key(f"k{i}", "x" * 1_000_000) for i in range(6))
    with pytest.raises(CorruptModel):
        read_header(write(model_bytes(big)))


def test_metadata_that_would_take_minutes_to_step_over_is_refused(
    write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lowered to a megabyte here; the real limit is a few seconds of stepping."""
    monkeypatch.setattr("latam_edge.formats.gguf.MAX_METADATA_BYTES", 1 << 20)
    blank = strings_key("{}", [""] * 40_000)
    arrays = tuple(blank.replace(b"{}", b"k%d" % i) for i in range(6))
    with pytest.raises(CorruptModel):
        read_header(write(model_bytes(arrays)))
    read_header(write(model_bytes(arrays[:3])))


def test_a_missing_file_a_folder_and_a_pipe_are_told_apart(tmp_path: Path, monkeypatch) -> None:
    import os

    with pytest.raises(FileMissing):
        read_header(tmp_path / "nothing.gguf")
    with pytest.raises(FileMissing):
        read_header(tmp_path / "bad\0name.gguf")
    with pytest.raises(NotAFile):
        read_header(tmp_path)
    os.mkfifo(tmp_path / "pipe.gguf")
    with pytest.raises(NotAFile):
        read_header(tmp_path / "pipe.gguf")


def test_a_file_that_may_not_be_read_is_its_own_error(write, monkeypatch) -> None:
    import builtins

    path = write(model_bytes((ARCH,)))

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(UnreadableFile):
        read_header(path)


def test_a_header_without_architecture_is_read_and_says_so_when_asked(write) -> None:
    header = read_header(write(model_bytes((u32_key("x", 1),), (tensor("a"),))))
    with pytest.raises(UnsupportedModel):
        _ = header.architecture


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_mutated_header_is_read_or_refused_and_never_breaks_the_reader(
    data: st.DataObject, real_file: Path, tmp_path: Path
) -> None:
    content = bytearray(real_file.read_bytes()[:20_000])
    for _ in range(data.draw(st.integers(1, 6))):
        # Mostly the first 400 bytes: that is where the counts, types and lengths are.
        limit = data.draw(st.sampled_from([24, 400, len(content) - 9]))
        at = data.draw(st.integers(0, limit))
        patch = data.draw(st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from(EXTREMES)))
        content[at : at + len(patch)] = patch
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    path = tmp_path / "mutated.gguf"
    path.write_bytes(content[:cut])
    tracemalloc.start()
    try:
        header = read_header(path)
        for key, value in header.metadata.items():
            if isinstance(value, LazyArray):
                read_array(header, key)
    except BadFile:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 100e6


EXTREMES = [struct.pack("<Q", n) for n in (0, 1, 1 << 31, (1 << 32) - 1, 1 << 40, 1 << 63, (1 << 64) - 1)]
