"""A streaming answer survives the death of the program, and doesn't wear out the card."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from latam_edge.core.errors import DiskFull, LatamEdgeError
from latam_edge.history import answer as answer_module
from latam_edge.history.database import Database
from latam_edge.history.history import History

WRITER = """
import sys, time
from pathlib import Path
from latam_edge.history.history import History
history = History.open(Path(sys.argv[1]))
talk = history.create("larga")
history.add_message(talk.id, "user", "cuenta")
writer = history.begin_answer(talk.id)
n = 0
while True:
    writer.append(f"{n} ")
    # Told only after the append: each line was in the writer's hands at that moment.
    print(n, time.monotonic(), flush=True)
    n += 1
    time.sleep(0.01)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_sigkill_in_mid_answer_loses_at_most_the_last_quarter_of_a_second(path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told: list[tuple[int, float]] = []
    while not told or told[-1][1] < told[0][1] + 1.6:
        number, moment = child.stdout.readline().split()
        told.append((int(number), float(moment)))
    child.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    child.wait()
    child.stdout.close()

    with History.open(path) as history:
        (talk,) = history.conversations()
        question, answer = history.messages(talk.id)
    assert question.content == "cuenta"
    assert answer.state == "interrupted"
    saved = answer.content.split()
    assert saved == [str(n) for n in range(len(saved))]
    # 250 ms, plus slack for two busy cores.
    old_enough = [number for number, moment in told if moment < killed - 0.25 - 0.6]
    assert old_enough
    assert len(saved) >= len(old_enough)


def test_writes_come_four_times_and_syncs_once_a_second_at_most(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[bool] = []
    syncs: list[float] = []
    transaction, sync_log = Database.transaction, Database.sync_log

    def counted(self: Database, *, synced: bool = True):  # type: ignore[no-untyped-def]
        writes.append(synced)
        return transaction(self, synced=synced)

    def timed(self: Database) -> None:
        syncs.append(time.monotonic())
        sync_log(self)

    monkeypatch.setattr(Database, "transaction", counted)
    monkeypatch.setattr(Database, "sync_log", timed)
    with History.open(path) as history:
        talk = history.create("a")
        writer = history.begin_answer(talk.id)
        writes.clear()
        start = time.monotonic()
        while time.monotonic() < start + 2.3:
            writer.append("x")
            time.sleep(0.005)
        elapsed = time.monotonic() - start
        during = list(writes)
        writer.finish()
        assert writes[-1], "the whole answer is synced"
    assert 3 <= len(during) <= elapsed / answer_module.WRITE_EVERY_S + 1
    assert not any(during)
    assert 1 <= len(syncs) <= elapsed / answer_module.SYNC_EVERY_S


def test_a_slow_sync_does_not_hold_up_the_writes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "WRITE_EVERY_S", 0.02)
    monkeypatch.setattr(answer_module, "SYNC_EVERY_S", 0.02)
    syncing = threading.Event()
    done = threading.Event()

    def slow(self: Database) -> None:
        syncing.set()
        done.wait(10)

    monkeypatch.setattr(Database, "sync_log", slow)
    with History.open(path) as history:
        talk = history.create("a")
        writer = history.begin_answer(talk.id)
        writer.append("uno ")
        assert syncing.wait(5)
        writer.append("dos")
        deadline = time.monotonic() + 5
        while history.messages(talk.id)[0].content != "uno dos" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert history.messages(talk.id)[0].content == "uno dos"
        done.set()
        writer.finish()


def test_text_is_synced_even_when_no_more_comes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine may think for seconds between two words."""
    monkeypatch.setattr(answer_module, "WRITE_EVERY_S", 0.02)
    monkeypatch.setattr(answer_module, "SYNC_EVERY_S", 0.2)
    with History.open(path) as history:
        talk = history.create("a")
        writer = history.begin_answer(talk.id)
        writer.append("sola")
        deadline = time.monotonic() + 5
        while (not writer._parts or writer._unsynced) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert writer._parts == 1
        assert not writer._unsynced
        assert history.messages(talk.id)[0].content == "sola"
        writer.finish()


def test_what_a_write_costs_does_not_grow_with_the_answer(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = path.with_name(path.name + "-wal")
    with History.open(path) as history:
        talk = history.create("a")
        writer = history.begin_answer(talk.id)
        writer._stop_writing()  # by hand from here
        costs = []
        for n in range(100):
            before = log.stat().st_size
            writer._parts = n
            writer._write("palabra " * 10)
            costs.append(log.stat().st_size - before)
        writer.finish()
    # A page is 4 kB and its frame header 24 bytes; a split now and then touches a few pages.
    assert max(costs) <= 5 * (4096 + 24)
    assert sum(costs[-20:]) <= 20 * 2.5 * (4096 + 24)


def test_a_full_disk_is_told_once_and_the_answer_is_saved_when_there_is_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_module, "WRITE_EVERY_S", 0.01)
    monkeypatch.setattr(answer_module, "SYNC_EVERY_S", 0.05)
    told: list[LatamEdgeError] = []
    with History.open(path) as history:
        talk = history.create("a")
        writer = history.begin_answer(talk.id, on_error=told.append)
        connection = history._database.writer
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        writer.append("grande " * 3000)
        deadline = time.monotonic() + 5
        while not told and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        assert [type(error) for error in told] == [DiskFull]
        with pytest.raises(DiskFull):
            writer.finish()
        assert writer.text.startswith("grande ")
        connection.execute("PRAGMA max_page_count = 1000000")
        writer.finish()
        assert history.messages(talk.id)[0].content == "grande " * 3000


@pytest.mark.parametrize("words", [0, 5])
def test_a_killed_regeneration_keeps_words_or_gives_the_earlier_answer_back(path: Path, words: int) -> None:
    script = """
import os, sys, time
from pathlib import Path
from latam_edge.history.history import History
history = History.open(Path(sys.argv[1]))
talk = history.create("a")
history.add_message(talk.id, "user", "b")
first = history.begin_answer(talk.id)
first.append("primera"); first.finish()
second = history.begin_answer(talk.id, replaces=first.message.id)
for n in range(int(sys.argv[2])): second.append("palabra ")
deadline = time.monotonic() + 10
while int(sys.argv[2]) and not second._parts and time.monotonic() < deadline: time.sleep(0.01)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script, str(path), str(words)], check=False)
    assert done.returncode == -signal.SIGKILL
    with History.open(path) as history:
        (talk,) = history.conversations()
        last = history.messages(talk.id)[-1]
    if words:
        assert (last.content, last.state) == ("palabra " * words, "interrupted")
    else:
        assert (last.content, last.state) == ("primera", "done")


def test_a_file_size_limit_never_leaves_half_a_message(path: Path) -> None:
    """The system itself refuses to let the log grow: what was acknowledged is there, the rest is not."""
    script = """
import resource, sys
from pathlib import Path
from latam_edge.core.errors import LatamEdgeError
from latam_edge.history.history import History
history = History.open(Path(sys.argv[1]))
talk = history.create("a")
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    for n in range(1000):
        history.add_message(talk.id, "user", f"{n} " + "x" * 3000)
        print(n, flush=True)
except LatamEdgeError as error:
    print(error.code, flush=True)
    import os; os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", script, path], check=True, capture_output=True, text=True)
    *numbers, code = done.stdout.split()
    assert code in ("LE-302", "LE-303"), done
    assert numbers
    with History.open(path) as history:
        (talk,) = history.conversations()
        assert [m.content.split()[0] for m in history.messages(talk.id)] == numbers
