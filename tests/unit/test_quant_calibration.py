"""Calibration texts: what language they say they are, what they look like, and the wheel's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from latam_edge.core.errors import BadFile, FileMissing, UsageError
from quant.calibration import Calibration, default, read

SPANISH = "El maestro dijo que los niños y las niñas por fin están con su familia, pero el perro se fue.\n"
PORTUGUESE = "O professor disse que os alunos não estão com a família, mas o cachorro foi para o rio.\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "uno.txt").write_text(SPANISH * 5, "utf-8")
    (tmp_path / "dois.txt").write_text(PORTUGUESE * 5, "utf-8")
    return tmp_path / "uno.txt", tmp_path / "dois.txt"


def test_a_text_in_another_language_than_declared_is_suspicious(files) -> None:
    spanish, portuguese = files
    calibration = read([(spanish, "pt"), (portuguese, "pt")])
    assert [text.name for text in calibration.suspicious] == [str(spanish)]
    assert calibration.suspicious[0].guessed == "es"


def test_a_language_that_nobody_named_is_guessed_and_one_that_nobody_can_tell_is_believed(
    files, tmp_path: Path
) -> None:
    (tmp_path / "gn.txt").write_text("Mba'éichapa. Che réra ha che sy.", "utf-8")
    calibration = read([(files[0], ""), (files[1], "und"), (tmp_path / "gn.txt", "gn")])
    assert [text.language for text in calibration.texts] == ["es", "pt", "gn"]
    assert calibration.suspicious == ()


def test_texts_of_one_language_are_joined_in_order(files) -> None:
    spanish, portuguese = files
    joined = read([(spanish, "es"), (portuguese, "pt"), (spanish, "es")]).by_language()
    assert list(joined) == ["es", "pt"]
    assert joined["es"].count("El maestro") == 10


def test_the_digest_depends_on_content_and_language_and_not_on_where_the_file_lies(
    files, tmp_path: Path
) -> None:
    spanish, portuguese = files
    copy = tmp_path / "copia.txt"
    copy.write_bytes(spanish.read_bytes())
    digest = read([(spanish, "es")]).sha256
    assert read([(copy, "es")]).sha256 == digest
    assert read([(copy, "pt")]).sha256 != digest
    assert read([(portuguese, "es")]).sha256 != digest


def test_bad_texts_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "vacio.txt").write_text("\n \t\n", "utf-8")
    (tmp_path / "latin1.txt").write_bytes("año".encode("latin-1"))
    for name in ("vacio.txt", "latin1.txt"):
        with pytest.raises(BadFile, match=name):
            read([(tmp_path / name, "es")])
    with pytest.raises(FileMissing):
        read([(tmp_path / "falta.txt", "es")])
    with pytest.raises(UsageError):
        read([])


def test_the_wheels_own_text_is_varied_spanish_and_portuguese_of_like_size() -> None:
    calibration: Calibration = default()
    assert [text.language for text in calibration.texts] == ["es", "pt"]
    assert calibration.suspicious == ()
    sizes = [len(text.content.encode()) for text in calibration.texts]
    assert min(sizes) > 35_000
    assert max(sizes) < 1.2 * min(sizes)
    for text in calibration.texts:
        lines = [line for line in text.content.splitlines() if len(line) > 40]
        assert len(set(lines)) == len(lines), "no sentence twice"
        words = text.content.lower().split()
        assert len(set(words)) > 0.3 * len(words)
