"""Where a conversion may write: nothing of the user's gives way, and nothing of a killed run stays."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.numpy
from test_convert_checkpoint import config, tokenizer, weights

from convert import destination
from convert.to_gguf import convert
from convert.to_onnx import convert as convert_to_onnx
from latam_edge.cli.main import main
from latam_edge.core.errors import DiskFull, ReadOnlyPlace, UsageError


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], Path]:
    """Write a checkpoint of a few kilobytes, once."""

    def make_() -> Path:
        folder = tmp_path / "maestra"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config()))
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
        (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
        safetensors.numpy.save_file(weights(), folder / "model.safetensors")
        return folder

    return make_


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["", ".", "/", "..", "x" * 300, "a\0b"])
def test_a_name_that_no_file_can_have_is_refused(
    make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for options in ([], ["--to", "onnx"], ["--to", "onnx", "--to", "gguf"]):
        assert main(["convert", str(make()), "-o", name, *options]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["maestra"]


def test_the_checkpoint_never_gives_way_to_what_is_made_of_it(make, tmp_path: Path) -> None:
    source = make()
    before = tree(source)
    with pytest.raises(UsageError, match=r"model\.safetensors"):
        convert(source, source / "model.safetensors")
    with pytest.raises(UsageError):
        convert(source, source)
    with pytest.raises(UsageError):
        convert_to_onnx(source, source)
    with pytest.raises(UsageError):
        convert_to_onnx(source, tmp_path / "new", gguf_out=source / "tokenizer.json")
    assert tree(source) == before
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


def test_a_folder_that_holds_other_things_does_not_give_way(make, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    convert_to_onnx(make(), documents)  # an empty one does
    convert_to_onnx(make(), documents)  # and so does an earlier model
    (documents / "thesis.odt").write_text("years of work")
    before = tree(documents)
    with pytest.raises(UsageError, match=r"thesis\.odt"):
        convert_to_onnx(make(), documents)
    assert tree(documents) == before
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "config.json").write_text("{}")
    with pytest.raises(UsageError):
        convert_to_onnx(make(), tmp_path / "settings")


def test_other_files_and_devices_do_not_give_way(make, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError):
        convert(make(), tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError):
        convert(make(), tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "empty.gguf").touch()
    convert(make(), tmp_path / "empty.gguf")


@pytest.mark.parametrize(
    "options",
    [
        ["--type", "f16", "--method", "gptq"],
        ["--type", "q4_0", "--method", "rtn"],
        ["--accuracy-level", "1"],
        ["--register", "semilla"],
        ["--register", "../x"],
        ["--exporter", "optimum", "--to", "gguf"],
    ],
)
def test_options_that_do_not_agree_are_refused_before_the_work(
    make, tmp_path: Path, options: list[str]
) -> None:
    assert main(["convert", str(make()), "-o", str(tmp_path / "out.gguf"), *options]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["maestra"]


def old(path: Path) -> Path:
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
    return path


def test_what_killed_conversions_left_is_swept_away_by_the_next(make, tmp_path: Path) -> None:
    out = tmp_path / "m[1].gguf"
    left = tmp_path / ".m[1].gguf.abcd_123.part"
    left.write_bytes(b"half")
    folder = tmp_path / ".modelo.efgh5678.part"
    folder.mkdir()
    old(folder)
    (folder / "model.onnx.data").write_bytes(b"half")
    others = [tmp_path / ".other.gguf.abcd_123.part", tmp_path / ".m[1].gguf.f16.part"]
    for path in (left, folder / "model.onnx.data", *others):
        path.touch()
        old(path)
    convert(make(), out)
    convert_to_onnx(make(), tmp_path / "modelo")
    assert not left.exists()
    assert not folder.exists()
    assert all(path.exists() for path in others)


def test_what_another_process_still_writes_stays(tmp_path: Path, run_python) -> None:
    part = tmp_path / ".m.gguf.abcd1234.part"
    with part.open("wb") as file:
        destination.hold(file)
        file.write(b"some")
        file.flush()
        old(part)
        code = "from pathlib import Path; from convert import destination; "
        code += f"destination.sweep(Path({str(tmp_path / 'm.gguf')!r}))"
        run_python(code)
        assert part.exists()
    old(part)
    run_python(code)
    assert not part.exists()


def test_a_fresh_leftover_waits_for_a_later_run(tmp_path: Path) -> None:
    part = tmp_path / ".m.gguf.abcd1234.part"
    part.write_bytes(b"")
    destination.sweep(tmp_path / "m.gguf")
    assert part.exists()


def test_a_full_disk_under_the_librarys_types_is_told_by_the_name_that_was_asked_for(
    make, tmp_path: Path
) -> None:
    source, before = make(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
    try:
        with pytest.raises(DiskFull) as caught:
            convert(source, tmp_path / "out.gguf", "q4_k_m")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.facts["path"] == tmp_path / "out.gguf"
    assert [path.name for path in tmp_path.iterdir()] == ["maestra"]


def test_a_place_that_can_not_be_written_is_said_so_with_every_type(make, tmp_path: Path) -> None:
    blocked = make() / "config.json" / "out.gguf"  # below a file: refused whoever asks
    for kind in ("int4", "q4_k_m"):
        with pytest.raises(ReadOnlyPlace):
            convert(make(), blocked, kind)
