"""Models that are folders: they enter the library whole or not at all, and every file of them is watched."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from tiny_onnx import write_tiny_folder

from latam_edge.core.errors import (
    BadFile,
    ChecksumMismatch,
    DiskFull,
    FileMissing,
    ModelExists,
    UnknownModel,
)
from latam_edge.core.progress import Step
from latam_edge.store import copying
from latam_edge.store.library import Library


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_folder(tmp_path_factory.mktemp("onnx") / "tiny-int4-onnx")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_folder(tmp_path_factory.mktemp("onnx") / "tiny-int4-onnx", seed_weight=0.5)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library", assets=tmp_path / "no-assets")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def held(library: Library) -> set[str]:
    found = {path.name for path in library.folder.iterdir()} if library.folder.exists() else set()
    return found - {"manifest.json", ".lock"}


def test_an_added_folder_is_a_whole_copy_with_its_facts(library: Library, model: Path) -> None:
    steps: list[Step] = []
    entry = library.add(model, "escuela", steps.append)
    assert contents(entry.path) == contents(model)
    assert (entry.architecture, entry.quantization) == ("llama", "Q4_0")
    assert entry.file_bytes == sum(path.stat().st_size for path in model.iterdir())
    assert steps[-1].done == steps[-1].total == entry.file_bytes
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert library.list() == [entry]
    assert library.resolve("escuela") == entry
    facts = library.info("escuela")
    assert facts["vocabulary"] == 12
    assert facts["context_length"] == 64
    assert facts["chat_template"] is True


def test_the_folders_sha256_is_that_of_the_list_that_sha256sum_prints(library: Library, model: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(model.iterdir())
    ]
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert library.add(model).sha256 == expected
    assert library.add(model, sha256=expected).name == "tiny-int4-onnx"
    with pytest.raises(ChecksumMismatch):
        Library(library.folder.with_name("second")).add(model, sha256="0" * 64)


def test_the_graph_file_stands_for_the_folder(library: Library, model: Path) -> None:
    assert library.add(model / "model.onnx").name == "tiny-int4-onnx"
    found = library.resolve(str(model / "model.onnx"))
    assert (found.path, found.registered, found.name) == (model, False, "tiny-int4-onnx")


def test_the_same_content_again_is_the_same_model_and_another_gets_a_number(
    library: Library, model: Path, other: Path, tmp_path: Path
) -> None:
    first = library.add(model)
    copy = shutil.copytree(model, tmp_path / "otra-carpeta")
    assert library.add(copy) == first
    assert library.add(other).name == "tiny-int4-onnx-2"
    with pytest.raises(ModelExists):
        library.add(_changed(copy), "tiny-int4-onnx")


def _changed(folder: Path) -> Path:
    """The same model with another template."""
    (folder / "chat_template.jinja").write_text("{{ 1 }}")
    return folder


def test_a_replaced_folder_gives_way_whole(library: Library, model: Path, other: Path) -> None:
    library.add(model, "escuela")
    entry = library.add(other, "escuela", replace=True)
    assert contents(entry.path) == contents(other)
    assert len(held(library)) == 1
    library.verify("escuela")


def test_verify_names_the_file_that_changed(library: Library, model: Path) -> None:
    entry = library.add(model, "escuela")
    assert library.verify("escuela").sha256 == entry.sha256
    data = entry.path / "model.onnx.data"
    spoiled = bytearray(data.read_bytes())
    spoiled[5] ^= 1
    data.write_bytes(bytes(spoiled))
    with pytest.raises(ChecksumMismatch) as caught:
        library.verify("escuela")
    assert caught.value.facts["name"] == "escuela/model.onnx.data"


def test_verify_notices_a_file_that_is_missing_or_new(library: Library, model: Path) -> None:
    entry = library.add(model, "escuela")
    (entry.path / "README.md").write_text("hola")
    with pytest.raises(ChecksumMismatch) as caught:
        library.verify("escuela")
    assert caught.value.facts["name"] == "escuela/README.md"
    (entry.path / "README.md").unlink()
    (entry.path / "chat_template.jinja").unlink()
    with pytest.raises(ChecksumMismatch) as caught:
        library.verify("escuela")
    assert caught.value.facts["name"] == "escuela/chat_template.jinja"
    (entry.path / "model.onnx.data").unlink()
    with pytest.raises(FileMissing):
        library.verify("escuela")


def test_a_linked_folder_stays_where_it_is_also_when_removed(
    library: Library, model: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(model, tmp_path / "usb"))
    entry = library.add(path, link=True)
    assert entry.linked
    assert entry.path == path
    assert held(library) == set()
    library.verify("usb")
    library.remove("usb")
    assert contents(path) == contents(model)


def test_a_removed_folder_is_gone(library: Library, model: Path) -> None:
    entry = library.add(model, "escuela")
    library.remove("escuela")
    assert not entry.path.exists()
    with pytest.raises(UnknownModel):
        library.resolve("escuela")


def test_a_full_disk_leaves_nothing(library: Library, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = copying.copy_hashed

    def full(source: Path, part: Path, *rest: object) -> str:
        if source.name == "model.onnx.data":
            raise DiskFull(path=part)
        return real(source, part)

    monkeypatch.setattr(copying, "copy_hashed", full)
    with pytest.raises(DiskFull):
        library.add(model)
    assert held(library) == set()
    assert library.list() == []


def test_a_bad_folder_does_not_enter(library: Library, model: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(model, tmp_path / "malo"))
    (path / "tokenizer.json").unlink()
    (path / "tokenizer.gguf").unlink()
    with pytest.raises(BadFile):
        library.add(path)
    assert held(library) == set()


def test_what_an_interrupted_add_left_is_cleared_away(library: Library, model: Path, other: Path) -> None:
    library.add(model)
    left = library.folder / ".123.part"
    left.mkdir()
    (left / "model.onnx").write_bytes(b"x")
    library.add(other)
    assert not left.exists()


def test_a_damaged_list_is_rebuilt_with_folders(library: Library, model: Path) -> None:
    entry = library.add(model, "qwen2.5")
    (library.folder / "manifest.json").write_text("{")
    assert library.was_rebuilt
    (found,) = library.list()
    assert (found.name, found.path, found.sha256) == ("qwen2.5", entry.path, "")
    assert library.verify("qwen2.5").sha256 == entry.sha256
    assert library.resolve("qwen2.5").sha256 == entry.sha256, "computed once, then remembered"


def test_a_manifest_can_not_have_a_folder_deleted_that_is_no_model(library: Library, model: Path) -> None:
    library.add(model, "escuela")
    thesis = library.folder / "thesis"
    thesis.mkdir()
    (thesis / "chapter.txt").write_text("years of work")
    path = library.folder / "manifest.json"
    data = json.loads(path.read_text())
    data["models"]["escuela"]["file"] = "thesis"
    path.write_text(json.dumps(data))
    library.remove("escuela")
    assert (thesis / "chapter.txt").exists()
