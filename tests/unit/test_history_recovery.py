"""A damaged history: put aside, told, and what can be read is there again."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from latam_edge.core.errors import BadHistory
from latam_edge.history import carve
from latam_edge.history.database import damage_mark
from latam_edge.history.history import History

PAGE = 4096


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of 30 conversations, some with messages longer than a page."""
    path = tmp_path_factory.mktemp("sound") / "history.db"
    with History.open(path) as history:
        for n in range(30):
            talk = history.create(f"conversación {n}", model="semilla")
            for k in range(4):
                history.add_message(talk.id, "user", f"pregunta {n}/{k} ñandú")
                writer = history.begin_answer(talk.id, model="semilla")
                writer.append(f"respuesta {n}/{k} " + "larga " * (50 if k else 2000))
                writer.finish(tokens=n, seed=k)
    return path


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copy(sound, tmp_path / "history.db"))


def contents(path: Path) -> set[str]:
    with History.open(path) as history:
        return {m.content for talk in history.conversations() for m in history.messages(talk.id)}


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def test_every_row_that_sqlite_reads_is_carved_alike(path: Path) -> None:
    with History.open(path) as history:
        expected = {m.id: m.content for t in history.conversations() for m in history.messages(t.id)}
        carved = {rowid: values[3] for rowid, values in carve.rows(path) if len(values) == 10}
    assert carved == expected


def test_rows_that_are_still_in_the_log_are_carved_too(path: Path, tmp_path: Path) -> None:
    with History.open(path) as history:
        talk = history.create("nueva")
        history.add_message(talk.id, "user", "sólo en el diario")
        copy = tmp_path / "copy.db"
        for suffix in ("", "-wal"):
            shutil.copy(path.with_name(path.name + suffix), copy.with_name(copy.name + suffix))
    assert "sólo en el diario" in {values[3] for _, values in carve.rows(copy) if len(values) == 10}
    copy.with_name("copy.db-wal").unlink()
    assert "sólo en el diario" not in {values[3] for _, values in carve.rows(copy) if len(values) == 10}


@pytest.mark.parametrize("junk", [b"\0" * PAGE, b"\xff" * PAGE], ids=["zeros", "ones"])
def test_without_its_first_page_nearly_everything_is_saved(path: Path, junk: bytes) -> None:
    before = contents(path)
    overwrite(path, 0, junk)
    with History.open(path) as history:
        assert history.recovery is not None
        assert isinstance(history.recovery.error, BadHistory)
        assert str(history.recovery.copy) in str(history.recovery.error)
        assert history.recovery.messages == len(before)
        assert history.recovery.copy.read_bytes()[:PAGE] == junk
        assert len(history.conversations()) == 30
    assert contents(path) == before
    with History.open(path) as history:
        assert history.recovery is None


def test_a_ruined_page_costs_only_its_own_rows(path: Path) -> None:
    before = contents(path)
    pages = path.stat().st_size // PAGE
    random.seed(1)
    for number in random.sample(range(1, pages), 5):
        overwrite(path, number * PAGE, random.randbytes(PAGE))
    after = contents(path)
    assert len(after & before) >= 0.6 * len(before)


def test_a_file_of_something_else_is_put_aside_and_a_new_history_begins(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(b"this is not a database\n" * 500)
    with History.open(path) as history:
        assert history.recovery is not None
        assert history.recovery.copy.read_bytes().startswith(b"this is not")
        assert history.recovery.messages == 0
        assert history.conversations() == []
        history.create("nueva")


@pytest.mark.parametrize("size", [0, 1, 99, 100, 5000])
def test_a_cut_off_file_never_stops_the_start(path: Path, size: int) -> None:
    with open(path, "r+b") as file:
        file.truncate(size)
    with History.open(path) as history:
        history.create("sigue")
        assert [t.title for t in history.conversations()] == ["sigue"]


@pytest.mark.parametrize("seed", range(12))
def test_random_damage_never_stops_the_start(path: Path, seed: int) -> None:
    random.seed(seed)
    size = path.stat().st_size
    for _ in range(20):
        overwrite(path, random.randrange(size), random.randbytes(random.choice([1, 2, 8, 600])))
    with History.open(path) as history:
        history.create("sigue")
        for talk in history.conversations():
            history.messages(talk.id, replaced=True)
        history.conversations("respuesta")


def test_damage_met_while_running_is_told_and_mended_at_the_next_start(path: Path) -> None:
    with History.open(path) as history:
        history._database.close()
        size = path.stat().st_size
        overwrite(path, PAGE, b"\xff" * (size - PAGE))
        history._database.__init__(path)  # type: ignore[misc]
        with pytest.raises(BadHistory):
            [history.messages(talk.id) for talk in history.conversations()]
        assert damage_mark(path).exists()
    with History.open(path) as history:
        assert history.recovery is not None
        history.create("sigue")
    assert not damage_mark(path).exists()
