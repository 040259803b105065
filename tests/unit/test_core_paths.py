"""Folders: all below LATAM_EDGE_HOME when it is set, the system's customary ones otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from latam_edge.core import paths

PLACES = (paths.models_dir, paths.history_file, paths.settings_file, paths.cache_dir)


def test_everything_is_below_the_home_that_was_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATAM_EDGE_HOME", str(tmp_path))
    for place in PLACES:
        assert tmp_path in place().parents
    assert list(tmp_path.iterdir()) == [], "asking for a folder makes none"


def test_without_it_the_folders_are_the_systems_and_named_after_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LATAM_EDGE_HOME")
    for place in PLACES:
        assert any("latam-edge" in part for part in place().parts)
        assert place().is_absolute()


def test_xdg_folders_are_followed_on_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LATAM_EDGE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert paths.data_dir() == tmp_path / "latam-edge"
