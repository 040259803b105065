"""What the embedded model owes its users: it answers, it stays small, it never reaches for a network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from latam_edge import load
from latam_edge.cartilla import exam
from latam_edge.core import paths
from latam_edge.core.errors import WorkerDied
from latam_edge.store import card as cards
from latam_edge.store.library import Library

HERE = Path(__file__).parent
COMMAND = [sys.executable, "-m", "latam_edge.cli.main"]
SPANISH, PORTUGUESE = "¿Cuál es la capital de Bolivia?", "Qual é a capital da Bolívia?"

AUDIT = """
import sys
def hook(event, arguments, log={log!r}):
    if event.startswith("socket.") or event in ("urllib.Request", "http.client.connect"):
        family = arguments[1] if event == "socket.__new__" else None
        if family is not None and family == 1:  # AF_UNIX: the pair by which an event loop wakes itself
            return
        with open(log, "a") as file:
            file.write(f"{{event}} {{arguments[1:]!r}}\\n")
sys.addaudithook(hook)
with open({log!r} + ".alive", "a") as file:
    file.write("x")
"""


def latam_edge(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def answer(*words: str) -> dict[str, Any]:
    """What `run --json` prints."""
    done = latam_edge("run", *words, "--json")
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


# --- answers ---------------------------------------------------------------------------


@pytest.mark.parametrize("question", [SPANISH, PORTUGUESE], ids=["es", "pt"])
def test_the_capital_of_bolivia_is_known_and_the_same_seed_says_it_the_same_way(question: str) -> None:
    first, again = answer(question, "--seed", "5"), answer(question, "--seed", "5")
    assert "Sucre" in first["text"]
    assert first["text"] == again["text"]
    assert list(first) == ["text", "finish_reason", "usage", "timings", "model"]
    assert first["finish_reason"] == "stop"
    assert list(first["usage"]) == ["prompt_tokens", "completion_tokens"]
    assert first["usage"]["prompt_tokens"] > 5
    assert list(first["timings"]) == ["load_s", "ttft_s", "prefill_tps", "decode_tps"]
    assert all(value > 0 for value in first["timings"].values())
    assert list(first["model"]) == ["name", "sha256", "engine"]
    assert first["model"]["name"] == "semilla"
    assert first["model"]["engine"] == "llama"


def test_three_lines_of_python_say_what_run_says(run_python: Any) -> None:
    code = (
        "from latam_edge import load\n"
        "model = load('semilla')\n"
        f"for piece in model.chat({SPANISH!r}, seed=5): print(piece, end='')\n"
    )
    assert run_python(code).stdout == answer(SPANISH, "--seed", "5")["text"]


def test_make_chat_without_a_terminal_asks_twice_and_is_answered() -> None:
    done = latam_edge("chat")
    assert done.returncode == 0, done.stderr
    assert "Sucre" in done.stdout
    assert "56" in done.stdout
    assert not paths.history_file().exists()


def test_what_it_does_not_know_it_says() -> None:
    outside = [item for item in exam.exam(seed=0) if item.category == exam.OUTSIDE][::10]
    with load("semilla") as model:
        said = ["".join(model.chat(item.question, seed=1, max_tokens=60)) for item in outside]
    assert len(said) == 20
    # Of 200 it should be 180 (the card has the figure); a sample may be unlucky.
    assert sum(map(exam.declines, said)) >= 16, said


def test_a_worker_killed_in_mid_answer_keeps_the_text_and_the_next_question_works() -> None:
    # Semilla ends an answer within milliseconds; drawn from all tokens alike, it goes on for long.
    endless = {"temperature": 50.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "seed": 1, "max_tokens": 900}
    with load("semilla") as model:
        whole = "".join(model.chat(SPANISH, temperature=0))
        pieces = []

        def kill_at_the_first_piece() -> None:
            for piece in model.chat(SPANISH, **endless):
                pieces.append(piece)
                pid = model._client.pid
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)

        with pytest.raises(WorkerDied):
            kill_at_the_first_piece()
        assert "".join(pieces)
        assert "".join(model.chat(SPANISH, temperature=0)) == whole


# --- the file --------------------------------------------------------------------------


def test_the_file_is_small_whole_and_described_by_its_card() -> None:
    library = Library()
    entry = library.resolve("semilla")
    assert entry.embedded
    assert entry.file_bytes <= 12_000_000
    card = cards.read(paths.assets_dir() / "semilla.json")
    assert library.verify("semilla").sha256 == card["sha256"]
    assert entry.quantization == "Q4_0"


# --- memory and network ----------------------------------------------------------------


def whole_chat(*questions: str, wrap: tuple[str, ...] = (), **environment: str) -> dict[str, Any]:
    """What whole_chat.py saw."""
    done = subprocess.run(
        [*wrap, sys.executable, str(HERE / "whole_chat.py"), "semilla", *questions],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def test_chat_and_worker_together_stay_under_300_megabytes() -> None:
    seen = whole_chat(SPANISH, PORTUGUESE, "¿Cuánto es 7 por 8?", "Conjuga el verbo cantar en presente.")
    assert all(seen["answers"])
    # Peaks, and pages that both share counted twice: the true sum is smaller.
    assert seen["chat"]["peak_rss_bytes"] + seen["worker"]["peak_rss_bytes"] < 300e6


def without_interfaces() -> tuple[str, ...]:
    """The command that starts another without any network interface, where this system allows it."""
    found = shutil.which("unshare")
    for options in (("--net",), ("--map-root-user", "--net")):
        if (
            found
            and subprocess.run([found, *options, "true"], capture_output=True, check=False).returncode == 0
        ):
            return (found, *options)
    return ()


def test_a_chat_opens_no_network_socket(tmp_path: Path) -> None:
    """An audit hook listens in both processes, and where the system can, there is no network to reach."""
    log = tmp_path / "sockets.txt"
    (tmp_path / "sitecustomize.py").write_text(AUDIT.format(log=str(log)), encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    seen = whole_chat(SPANISH, PORTUGUESE, wrap=without_interfaces(), PYTHONPATH=path)
    assert ["Sucre" in text for text in seen["answers"]] == [True, True]
    alive = Path(f"{log}.alive").read_text(encoding="utf-8")
    assert alive == "xx", "the hook was in the chat and in its worker"
    assert not log.exists(), log.read_text(encoding="utf-8")
    assert seen["worker"]["sockets"] == 0
    assert seen["chat"]["sockets"] == 2, "the pair by which the event loop wakes itself, no more"


def test_the_hook_would_have_seen_a_connection(tmp_path: Path) -> None:
    log = tmp_path / "sockets.txt"
    (tmp_path / "sitecustomize.py").write_text(AUDIT.format(log=str(log)), encoding="utf-8")
    code = "import socket; a, b = socket.socketpair(); a.close(); b.close(); socket.socket().close()"
    subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True, timeout=60
    )
    assert log.read_text(encoding="utf-8").startswith("socket.__new__")
