"""Settings: read strictly, written whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from latam_edge.core.errors import BadSetting, UnknownSetting
from latam_edge.core.settings import Settings, load_settings, save_settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_without_a_file_the_defaults_hold(file: Path) -> None:
    assert load_settings(file) == Settings()


def test_what_is_written_is_read_back(file: Path) -> None:
    settings = Settings(
        language="pt",
        model='C:\\modelos\\"mío".gguf',
        threads=2,
        gpu_layers=7,
        variant="vos",
        system="Responde\ncorto.\x7f",
        history=False,
    )
    save_settings(settings, file)
    assert load_settings(file) == settings


def test_only_what_differs_from_the_defaults_is_written(file: Path) -> None:
    save_settings(Settings(language="es"), file)
    assert file.read_text(encoding="utf-8") == 'language = "es"\n'


def test_an_unknown_key_is_refused_with_the_file_and_the_nearest_spelling(file: Path) -> None:
    file.write_text('langauge = "es"\n', encoding="utf-8")
    with pytest.raises(UnknownSetting) as caught:
        load_settings(file)
    said = str(caught.value)
    assert str(file) in said
    assert "langauge" in said
    assert "«language»" in said


@pytest.mark.parametrize(
    "line",
    [
        'language = "fr"',
        'variant = "vosotros"',
        "variant = 3",
        "language = 3",
        'threads = "2"',
        "threads = 0",
        "threads = true",
        "context = 1.5",
        "gpu_layers = -1",
        'gpu_layers = "all"',
        'history = "no"',
        'model = ""',
        "model = [",
    ],
)
def test_a_value_that_can_not_be_is_refused_with_the_file(file: Path, line: str) -> None:
    file.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(BadSetting) as caught:
        load_settings(file)
    assert str(file) in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_byte_order_mark_from_notepad_is_no_obstacle(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + b'engine = "onnx"\r\n')
    assert load_settings(file).engine == "onnx"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'language = "es"\nmodel = [', "«línea 2» debe ser TOML"),
        (b'language = "es"\n\nmodel == 3\n', "«línea 3» debe ser TOML"),
        ('language = "es"\nmodel = "ñandú"'.encode("latin-1"), "«línea 2» debe ser UTF-8"),
        (b"\xff\xfe", "«línea 1» debe ser UTF-8"),
    ],
)
def test_a_file_that_is_not_toml_is_refused_with_the_line(file: Path, data: bytes, said: str) -> None:
    file.write_bytes(data)
    with pytest.raises(BadSetting) as caught:
        load_settings(file)
    assert said in str(caught.value)
