"""The passport in a file's metadata, and the rewriting that puts it there."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

import gguf
import pytest

from convert.passport import write
from convert.to_gguf.rewrite import replace_metadata
from latam_edge.core.errors import BadFile, DiskFull, NotGGUF
from latam_edge.formats import passport as passports
from latam_edge.formats.gguf import read_array, read_header, read_layout
from latam_edge.formats.passport import PREFIX, Figures, Passport

FIGURES = Figures(
    tokens=1000,
    perplexity=3.25,
    perplexity_stderr=0.05,
    bits_per_byte=0.75,
    kl_mean=0.0081,
    kl_p99=0.0912,
    top1_agreement=0.971,
    reference_perplexity=3.24,
)


def passport(model: Path, engine: str = "llama", language: str = "es", text: str = "prose") -> Passport:
    return Passport(
        figures={(engine, text, language): FIGURES},
        text_sha256={(text, language): "ab" * 32},
        weights_sha256=passports.weights_digest(model),
        method="gptq",
        calibration_sha256="cd" * 32,
        reference="f16.gguf",
        reference_sha256="ef" * 32,
        program="latam-edge 0.1.0",
    )


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copia.gguf"
    copy.write_bytes(tiny_model.read_bytes())
    return copy


def test_what_is_written_is_read_back_and_nothing_else_changes(model: Path, tiny_model: Path) -> None:
    written = passport(model)
    assert write(model, written) == written
    assert passports.of_file(model) == written
    before, after = read_header(tiny_model), read_header(model)
    rest = {key: value for key, value in after.metadata.items() if not key.startswith(PREFIX)}
    assert {k: str(v) for k, v in rest.items() if not hasattr(v, "offset")} == {
        k: str(v) for k, v in before.metadata.items() if not hasattr(v, "offset")
    }
    assert read_array(after, "tokenizer.ggml.tokens") == read_array(before, "tokenizer.ggml.tokens")
    assert after.tensors == before.tensors
    assert passports.weights_digest(model) == passports.weights_digest(tiny_model)


def test_somebody_elses_reader_finds_the_same_keys_and_weights(model: Path, tiny_model: Path) -> None:
    write(model, passport(model))
    ours, original = gguf.GGUFReader(model), gguf.GGUFReader(tiny_model)
    assert ours.fields[f"{PREFIX}llama.prose.es.kl_mean"].contents() == pytest.approx(0.0081)
    assert ours.fields[f"{PREFIX}method"].contents() == "gptq"
    for mine, theirs in zip(ours.tensors, original.tensors, strict=True):
        assert mine.name == theirs.name
        assert mine.tensor_type == theirs.tensor_type
        assert (mine.data == theirs.data).all()


def test_each_engines_figures_stand_apart_and_stay_when_the_other_is_measured(model: Path) -> None:
    write(model, passport(model, "llama"))
    write(model, passport(model, "onnx", "pt"))
    found = passports.of_file(model)
    assert found is not None
    assert set(found.figures) == {("llama", "prose", "es"), ("onnx", "prose", "pt")}
    assert set(found.text_sha256) == {("prose", "es"), ("prose", "pt")}


def test_figures_of_other_weights_do_not_survive(model: Path, make_tiny_model) -> None:
    other = make_tiny_model(seed=5)
    foreign = {**passport(model, "llama").to_metadata(), f"{PREFIX}weights_sha256": "00" * 32}
    replace_metadata(other, foreign)
    write(other, passport(other, "llama", "pt"))
    found = passports.of_file(other)
    assert found is not None
    assert set(found.figures) == {("llama", "prose", "pt")}


def test_writing_twice_gives_the_same_bytes(model: Path) -> None:
    write(model, passport(model))
    once = model.read_bytes()
    write(model, passport(model))
    assert model.read_bytes() == once


def test_the_files_permissions_stay(model: Path) -> None:
    model.chmod(0o640)
    write(model, passport(model))
    assert model.stat().st_mode & 0o777 == 0o640


def test_a_failure_leaves_the_file_as_it_was(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        write(model, passport(model))
    monkeypatch.undo()
    assert model.read_bytes() == before
    assert [path.name for path in model.parent.iterdir()] == [model.name]


def test_values_that_gguf_cannot_hold_and_files_that_are_no_models_are_refused(
    model: Path, tmp_path: Path
) -> None:
    before = model.read_bytes()
    with pytest.raises(BadFile):
        replace_metadata(model, {"a.b": {"c": 1}})
    assert model.read_bytes() == before
    (tmp_path / "texto.gguf").write_text("hola")
    with pytest.raises(NotGGUF):
        replace_metadata(tmp_path / "texto.gguf", {"a.b": 1})


def test_the_layout_covers_the_whole_header_without_a_gap(tiny_model: Path) -> None:
    header = read_header(tiny_model)
    layout = read_layout(header)
    spans = [*layout.keys.values(), layout.tensors]
    assert spans[0][0] == 24  # magic, version and two counts
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    assert 0 <= header.data_offset - layout.tensors[1] < header.alignment


def test_numbers_as_text_are_read_as_onnx_keeps_them(model: Path) -> None:
    stated = passport(model)
    as_text = {key: str(value) for key, value in stated.to_metadata().items()}
    assert passports.read(as_text) == stated


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {f"{PREFIX}llama.prose.es.perplexity": 3.0},
        {f"{PREFIX}format": 2, f"{PREFIX}llama.prose.es.perplexity": 3.0},
        {f"{PREFIX}format": "uno"},
    ],
)
def test_no_passport_and_one_of_a_later_format_are_none(metadata: dict) -> None:
    assert passports.read(metadata) is None


def test_nonsense_in_a_passport_is_left_out() -> None:
    place = f"{PREFIX}llama.prose.es."
    found = passports.read(
        {
            f"{PREFIX}format": 1,
            f"{place}tokens": 10,
            f"{place}perplexity": 2.0,
            f"{place}kl_mean": float("nan"),
            f"{place}kl_p99": [1, 2],
            f"{place}invented": 1.0,
            f"{PREFIX}llama.prose.pt.kl_mean": 0.1,
            f"{PREFIX}method": "x" * 5000,
            f"{PREFIX}n_ctx": -3,
        }
    )
    assert found is not None
    assert found.figures == {("llama", "prose", "es"): Figures(tokens=10, perplexity=2.0)}
    assert len(found.method) == passports.MAX_TEXT
    assert found.n_ctx == 512


def test_what_was_written_is_intact_and_any_change_is_noticed(model: Path) -> None:
    metadata = passport(model).to_metadata()
    assert not passports.altered(metadata)
    assert not passports.altered({key: str(value) for key, value in metadata.items()})
    # Without these the passport says the same, and without its digest nothing can be told.
    defaults = {f"{PREFIX}n_ctx", f"{PREFIX}windows", passports.DIGEST_KEY}
    for key in metadata:
        if key == f"{PREFIX}format":
            continue
        assert passports.altered(metadata | {key: 7}), key
        if key not in defaults:
            assert passports.altered({name: value for name, value in metadata.items() if name != key}), key
    assert passports.altered(
        metadata | {f"{PREFIX}llama.cartilla.es.tokens": 3} | {f"{PREFIX}llama.cartilla.es.perplexity": 2.0}
    )


def test_long_names_and_values_that_are_no_numbers_do_not_look_altered(model: Path) -> None:
    stated = replace(
        passport(model),
        method="x" * 500,
        figures={("llama", "prose", "es"): replace(FIGURES, perplexity_stderr=float("nan"))},
    )
    metadata = stated.to_metadata()
    assert f"{PREFIX}llama.prose.es.perplexity_stderr" not in metadata
    assert not passports.altered(metadata)
    write(model, stated)
    assert not passports.altered(read_header(model).metadata)


def test_figures_from_another_reference_keep_no_divergence(model: Path) -> None:
    write(model, passport(model, language="es"))
    other = replace(passport(model, language="pt"), reference="otro.gguf", reference_sha256="11" * 32)
    write(model, other)
    found = passports.of_file(model)
    assert found is not None
    assert found.reference == "otro.gguf"
    assert found.figures["llama", "prose", "es"] == FIGURES.without_reference()
    assert found.figures["llama", "prose", "pt"] == FIGURES


def test_figures_of_another_version_of_a_text_or_of_other_windows_do_not_survive(model: Path) -> None:
    write(model, passport(model, "onnx"))
    newer = replace(passport(model, "llama"), text_sha256={("prose", "es"): "22" * 32})
    assert set(write(model, newer).figures) == {("llama", "prose", "es")}
    wider = replace(passport(model, "onnx", "pt"), n_ctx=256)
    assert set(write(model, wider).figures) == {("onnx", "prose", "pt")}
