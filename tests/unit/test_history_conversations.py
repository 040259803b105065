"""Conversations: kept, found, renamed, deleted for good, exported."""

from __future__ import annotations

import json
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from latam_edge.core.errors import DiskFull, HistoryTooNew, ReadOnlyPlace
from latam_edge.history import export
from latam_edge.history.history import History
from latam_edge.history.migrations import MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "history.db"


def hold(history: History, title: str, question: str, answer: str) -> int:
    talk = history.create(title, model="semilla")
    history.add_message(talk.id, "user", question)
    writer = history.begin_answer(talk.id, model="semilla")
    writer.append(answer)
    writer.finish(tokens=3, seed=7)
    return talk.id


def files(path: Path) -> list[Path]:
    return sorted(path.parent.iterdir())


def test_a_conversation_is_there_again_after_reopening(path: Path) -> None:
    with History.open(path) as history:
        number = hold(history, "Capitales", "¿La de Perú?", "Lima.")
    with History.open(path) as history:
        (talk,) = history.conversations()
        question, answer = history.messages(number)
    assert (talk.id, talk.title, talk.model) == (number, "Capitales", "semilla")
    assert (question.role, question.content, question.state) == ("user", "¿La de Perú?", "done")
    assert (answer.role, answer.content, answer.state) == ("assistant", "Lima.", "done")
    assert (answer.model, answer.tokens, answer.seed) == ("semilla", 3, 7)


def test_stamps_are_utc_whatever_the_zone(path: Path) -> None:
    moment = datetime.fromisoformat("2026-11-24T02:30:00.250-05:00")
    with History.open(path, clock=lambda: moment) as history:
        assert history.create("x").created_at == "2026-11-24T07:30:00.250Z"
    assert datetime.fromisoformat("2026-11-24T07:30:00.250Z") == moment.astimezone(UTC)


def test_files_and_folder_are_their_owners_alone(path: Path) -> None:
    with History.open(path) as history:
        hold(history, "a", "b", "c")
        names = {p.name: stat.S_IMODE(p.stat().st_mode) for p in files(path)}
        assert {"history.db", "history.db-wal", "history.db-shm"} <= set(names)
        assert set(names.values()) == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_files_that_others_could_read_are_tightened(path: Path) -> None:
    History.open(path).close()
    path.chmod(0o644)
    path.parent.chmod(0o755)
    History.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_no_history_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with History.in_memory() as history:
        number = hold(history, "secreto", "¿?", "callado")
        assert history.messages(number)[1].content == "callado"
        assert not history.kept
    assert list(tmp_path.iterdir()) == []


def test_deleted_comes_back_until_the_program_ends(path: Path) -> None:
    with History.open(path) as history:
        number = hold(history, "a", "b", "c")
        history.delete(number)
        assert history.conversations() == []
        history.restore(number)
        assert [talk.id for talk in history.conversations()] == [number]
    with History.open(path) as history:
        assert [m.content for m in history.messages(number)] == ["b", "c"]


@pytest.mark.parametrize("killed", [False, True], ids=["at the end", "at the next start"])
def test_deleted_text_is_in_no_file_any_more(path: Path, killed: bool) -> None:
    """Rows of many sizes among others of many sizes, so that pages split, merge and overflow."""
    history = History.open(path)
    kept, gone = [], []
    for n in range(60):
        mark = "BORRADO" if n % 3 else "QUEDADO"
        filler = f"{mark}-{n} " * (1 + (n * n * 37) % 900)
        number = hold(history, f"{mark} {n}", f"{mark} {filler}", filler)
        (gone if n % 3 else kept).append(number)
    assert any(b"BORRADO" in p.read_bytes() for p in files(path))
    for number in gone:
        history.delete(number)
    if killed:
        history._deleted.clear()  # as a killed process forgets
    history.close()
    with History.open(path) as history:
        for p in files(path):
            assert b"BORRADO" not in p.read_bytes(), p
        assert [talk.id for talk in history.conversations()] == kept[::-1]
        for number in kept:
            assert "QUEDADO" in history.messages(number)[1].content


def test_search_finds_words_in_titles_and_messages_without_accents_or_case(path: Path) -> None:
    with History.open(path) as history:
        first = hold(history, "Oración y verbo", "¿Qué es?", "Un grupo de palabras.")
        second = hold(history, "Países", "¿La capital de Panamá?", "Ciudad de Panamá.")
        assert [t.id for t in history.conversations("oracion")] == [first]
        assert [t.id for t in history.conversations(" PANAMA ")] == [second]
        assert [t.id for t in history.conversations("de")] == [second, first]
        assert history.conversations("100%") == []


def test_the_last_used_conversation_is_first_and_renaming_moves_nothing(path: Path) -> None:
    moments = iter(datetime(2026, 1, 1, 0, 0, n, tzinfo=UTC) for n in range(60))
    with History.open(path, clock=lambda: next(moments)) as history:
        first, second = history.create("uno"), history.create("dos")
        assert [t.title for t in history.conversations()] == ["dos", "uno"]
        history.add_message(first.id, "user", "hola")
        assert [t.title for t in history.conversations()] == ["uno", "dos"]
        history.rename(second.id, "tres")
        assert [t.title for t in history.conversations()] == ["uno", "tres"]


def test_an_answer_that_was_asked_for_anew_keeps_the_earlier_one(path: Path) -> None:
    with History.open(path) as history:
        number = hold(history, "a", "b", "first")
        earlier = history.messages(number)[1]
        writer = history.begin_answer(number, replaces=earlier.id)
        writer.append("second")
        writer.finish()
        assert [m.content for m in history.messages(number)] == ["b", "second"]
        everything = history.messages(number, replaced=True)
        assert [m.content for m in everything] == ["b", "first", "second"]
        assert everything[1].replaced_by == everything[2].id


def test_discarding_an_answer_brings_back_the_one_it_replaced(path: Path) -> None:
    with History.open(path) as history:
        number = hold(history, "a", "b", "first")
        history.begin_answer(number, replaces=history.messages(number)[1].id).discard()
        assert [m.content for m in history.messages(number)] == ["b", "first"]


def test_two_windows_share_one_history(path: Path) -> None:
    with History.open(path) as one, History.open(path) as two:
        number = hold(one, "de una", "b", "c")
        assert [t.title for t in two.conversations()] == ["de una"]
        two.rename(number, "de dos")
        assert [t.title for t in one.conversations()] == ["de dos"]


def test_a_second_window_leaves_the_first_ones_running_answer_and_undo_alone(path: Path) -> None:
    with History.open(path) as one:
        deleted = hold(one, "a", "b", "c")
        one.delete(deleted)
        running = one.create("d")
        writer = one.begin_answer(running.id)
        with History.open(path) as two:
            assert two.messages(running.id)[0].state == "writing"
        one.restore(deleted)
        writer.append("todo bien")
        writer.finish()
    with History.open(path) as history:
        assert [m.content for m in history.messages(running.id)] == ["todo bien"]
        assert {t.title for t in history.conversations()} == {"a", "d"}


def test_migrations_from_every_earlier_version_end_in_the_same_schema(tmp_path: Path) -> None:
    schemas = set()
    for version in range(len(MIGRATIONS) + 1):
        path = tmp_path / f"{version}.db"
        connection = sqlite3.connect(path)
        for migration in MIGRATIONS[:version]:
            for statement in migration.statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        History.open(path).close()
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        schemas.add(tuple(connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name")))
        connection.close()
    assert len(schemas) == 1


def test_a_history_of_a_later_program_is_left_alone(path: Path) -> None:
    History.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(HistoryTooNew):
        History.open(path)
    assert path.read_bytes() == before


def test_a_full_disk_is_told_and_the_history_goes_on_when_there_is_room_again(path: Path) -> None:
    with History.open(path) as history:
        talk = history.create("a")
        writer = history._database.writer
        (pages,) = writer.execute("PRAGMA page_count").fetchone()
        writer.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own full disk
        with pytest.raises(DiskFull) as caught:
            history.add_message(talk.id, "user", "x" * 50_000)
        assert str(path) in str(caught.value)
        assert history.messages(talk.id) == []
        writer.execute("PRAGMA max_page_count = 1000000")
        history.add_message(talk.id, "user", "x" * 50_000)
        assert len(history.messages(talk.id)) == 1


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(ReadOnlyPlace):
        History.open(tmp_path / "a file" / "history.db")


def test_markdown_has_headings_states_and_earlier_answers(path: Path) -> None:
    with History.open(path) as history:
        number = hold(history, "Capitales", "¿La de Chile?", "**Santiago**")
        writer = history.begin_answer(number, replaces=history.messages(number)[1].id)
        writer.append("Santia")
        writer.finish("cancelled")
        (talk,) = history.conversations()
        text = export.to_markdown(talk, history.messages(number, replaced=True), "es")
    assert text.startswith("# Capitales\n")
    assert "## Tú\n\n¿La de Chile?\n" in text
    assert "## Respuesta anterior\n\n**Santiago**\n" in text
    assert text.endswith("## Respuesta\n\nSantia\n\n*Detenida.*\n")


def test_json_holds_everything(path: Path) -> None:
    with History.open(path) as history:
        number = hold(history, "Capitales", "¿La de Chile?", "Santiago ñ")
        (talk,) = history.conversations()
        data = json.loads(export.to_json(talk, history.messages(number)))
    assert data["version"] == 1
    assert data["conversation"]["title"] == "Capitales"
    assert [m["content"] for m in data["messages"]] == ["¿La de Chile?", "Santiago ñ"]
    assert data["messages"][1]["seed"] == 7


@pytest.mark.parametrize(
    ("title", "stem"), [("¿Qué es?", "que-es"), ("../../etc", "etc"), ("…", "chat"), ("a" * 80, "a" * 50)]
)
def test_file_names_are_safe_everywhere(title: str, stem: str) -> None:
    assert export.file_stem(title) == stem
