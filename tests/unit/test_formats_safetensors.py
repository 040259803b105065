"""The safetensors reader: equal to the reference on good files, and firm with bad ones."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latam_edge.core.errors import BadCheckpoint, BadFile, FileMissing
from latam_edge.formats.safetensors import Checkpoint, read_header, read_tensor


def file_bytes(header: object, data: bytes = b"\0" * 64) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def entry(dtype: str = "F32", shape: object = (4, 4), offsets: object = (0, 64)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "f32": rng.standard_normal((5, 7)).astype(np.float32),
        "f16": rng.standard_normal((3, 2, 2)).astype(np.float16),
        "bf16": rng.standard_normal((4, 9)).astype(ml_dtypes.bfloat16),
        "i64": np.arange(6),
        "scalar": np.array(2.5, np.float32),
        "empty": np.zeros((0, 3), np.float32),
    }


def test_tensors_equal_those_of_the_safetensors_package(tmp_path: Path, arrays) -> None:
    safetensors.numpy.save_file(arrays, tmp_path / "model.safetensors", {"format": "pt"})
    tensors = Checkpoint(tmp_path)
    assert set(tensors) == set(arrays)
    for name, expected in arrays.items():
        found = tensors.array(name)
        wide = np.float32 if expected.dtype in (np.float16, ml_dtypes.bfloat16) else expected.dtype
        assert found.dtype == wide
        np.testing.assert_array_equal(found, expected.astype(wide))
        assert found.shape == expected.shape


def test_shards_named_by_an_index_read_as_one_checkpoint(tmp_path: Path, arrays) -> None:
    for number, name in enumerate(("f32", "bf16")):
        safetensors.numpy.save_file({name: arrays[name]}, tmp_path / f"part-{number}.safetensors")
    index = {"weight_map": {"f32": "part-0.safetensors", "bf16": "part-1.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    tensors = Checkpoint(tmp_path)
    np.testing.assert_array_equal(tensors.array("bf16"), arrays["bf16"].astype(np.float32))


@pytest.mark.parametrize(
    "shard",
    ["../x.safetensors", "/etc/passwd", "a/b.safetensors", "a\\b.safetensors", "C:x", "..", "", "x\0y", 7],
)
def test_a_shard_outside_the_folder_is_refused(tmp_path: Path, shard: object) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "x.safetensors").write_bytes(file_bytes({"w": entry()}))
    index = {"weight_map": {"w": shard}}
    (tmp_path / "inside" / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BadCheckpoint):
        Checkpoint(tmp_path / "inside")


def test_an_index_that_names_a_tensor_its_shard_lacks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(file_bytes({"w": entry()}))
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"v": "x.safetensors"}}')
    with pytest.raises(BadCheckpoint, match="v"):
        Checkpoint(tmp_path)


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint):
        Checkpoint(tmp_path)


def test_a_missing_shard_is_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"v": "x.safetensors"}}')
    with pytest.raises(FileMissing):
        Checkpoint(tmp_path)


WRONG = {
    "empty": b"",
    "header of 2^60 bytes": struct.pack("<Q", 1 << 60) + b"{}",
    "header longer than the file": struct.pack("<Q", 5000) + b"{}",
    "not JSON": file_bytes(b"hola"),
    "a list": file_bytes([1]),
    "deeply nested": file_bytes(b"[" * 100_000),
    "duplicate name": file_bytes(b'{"a": {}, "a": {}}'),
    "no dtype": file_bytes({"a": {"shape": [1], "data_offsets": [0, 4]}}),
    "entry is a number": file_bytes({"a": 4}),
    "shape is a text": file_bytes({"a": entry(shape="ab")}),
    "shape is negative": file_bytes({"a": entry(shape=[-4, -4])}),
    "shape overflows": file_bytes({"a": entry(shape=[1 << 62, 1 << 62])}),
    "nine dimensions": file_bytes({"a": entry(shape=[1] * 9, offsets=[0, 4])}),
    "unknown dtype": file_bytes({"a": entry(dtype="F3")}),
    "dtype is a number": file_bytes({"a": entry(dtype=3)}),
    "offsets reversed": file_bytes({"a": entry(offsets=[64, 0])}),
    "offsets past the end": file_bytes({"a": entry(offsets=[64, 128])}),
    "offsets too short": file_bytes({"a": entry(offsets=[0, 32])}),
    "three offsets": file_bytes({"a": entry(offsets=[0, 32, 64])}),
    "offsets are floats": file_bytes({"a": entry(offsets=[0.0, 64.0])}),
    "offsets are booleans": file_bytes({"a": entry(dtype="U8", shape=[1], offsets=[False, True])}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(WRONG[name])
    with pytest.raises(BadCheckpoint):
        read_header(path)


def test_a_file_that_shrank_after_its_header_was_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(file_bytes({"a": entry()}))
    found = read_header(path)["a"]
    path.write_bytes(b"")
    with pytest.raises(BadCheckpoint):
        read_tensor(found)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 120), patch=st.binary(min_size=1, max_size=12), cut=st.integers(0, 200))
def test_any_mutated_file_is_read_or_refused(tmp_path: Path, at: int, patch: bytes, cut: int) -> None:
    content = bytearray(file_bytes({"a": entry(), "b": entry("BF16", [2], [0, 4])}))
    content[at : at + len(patch)] = patch
    path = tmp_path / "model.safetensors"
    path.write_bytes(content[: len(content) - cut])
    try:
        for found in read_header(path).values():
            read_tensor(found)
    except BadFile:
        pass


@pytest.mark.parametrize("change", [-1, 1])
def test_a_header_length_wrong_by_one_does_not_shift_the_weights(tmp_path: Path, change: int) -> None:
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file({"a": np.arange(7, dtype=np.float32), "b": np.ones(3, np.float32)}, path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    assert data[8 + length - 1 : 8 + length] == b" "  # padding, so that the shorter header is JSON too
    path.write_bytes((length + change).to_bytes(8, "little") + data[8:])
    with pytest.raises(BadCheckpoint, match=re.escape(str(path))):
        Checkpoint(tmp_path)


def test_bytes_that_no_tensor_owns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file({"a": np.arange(6, dtype=np.float32)}, path)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(BadCheckpoint, match="1 bytes"):
        Checkpoint(tmp_path)
    header = {name: {"dtype": "U8", "shape": [2], "data_offsets": [at, at + 2]} for name, at in
              (("a", 0), ("b", 4))}  # fmt: skip
    raw = json.dumps(header).encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + bytes(6))
    with pytest.raises(BadCheckpoint, match="b "):
        Checkpoint(tmp_path)


def test_a_tensor_in_two_files_without_an_index_is_refused(tmp_path: Path) -> None:
    for name in ("uno", "otro"):
        safetensors.numpy.save_file({"a": np.ones(2, np.float32)}, tmp_path / f"{name}.safetensors")
    with pytest.raises(BadCheckpoint, match="a "):
        Checkpoint(tmp_path)
