"""The `latam-edge` command as a program of its own, with a real engine and a model of a few kilobytes."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from latam_edge.core import paths
from latam_edge.store.library import Library

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "latam_edge.cli.main"]
Done = subprocess.CompletedProcess[str]


def latam_edge(*words: str, stdin: str = "", timeout: float = 60) -> Done:
    return subprocess.run(
        [*COMMAND, *words],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


@pytest.fixture(scope="module")
def talker(make_tiny_model: Callable[..., Path]) -> Path:
    """A model that answers every question in the same words."""
    return make_tiny_model(says="Sucré.\0")


@pytest.fixture(scope="module")
def endless(make_tiny_model: Callable[..., Path]) -> Path:
    """A model that never ends."""
    return make_tiny_model(says="abcdefg ", n_ctx=4096)


def test_run_answers_with_the_llama_engine(talker: Path) -> None:
    done = latam_edge("run", "¿Capital?", "--model", str(talker), "--temperature", "0")
    assert done.stdout == "Sucré.\n"
    assert done.stderr == ""
    assert done.returncode == 0


def test_run_json_has_figures_that_were_measured(talker: Path) -> None:
    done = latam_edge("run", "¿Capital?", "--model", str(talker), "--temperature", "0", "--json")
    answer = json.loads(done.stdout)
    assert answer["text"] == "Sucré."
    assert answer["finish_reason"] == "stop"
    assert answer["model"]["engine"] == "llama"
    assert answer["usage"]["prompt_tokens"] > 5
    assert answer["usage"]["completion_tokens"] >= len("Sucré.".encode())
    assert all(value > 0 for value in answer["timings"].values())


def test_the_same_seed_gives_the_same_text_twice_and_another_seed_another(tiny_model: Path) -> None:
    def text(seed: str) -> str:
        words = (
            "run",
            "hola",
            "--model",
            str(tiny_model),
            "--max-tokens",
            "40",
            "--json",
            "--temperature",
            "1.5",
        )
        answer: str = json.loads(latam_edge(*words, "--seed", seed).stdout)["text"]
        return answer

    assert text("7") == text("7")
    assert text("7") != text("8")


def test_run_streams_as_the_answer_is_made(endless: Path) -> None:
    with running(
        "run", "hola", "--model", str(endless), "--temperature", "0", "--max-tokens", "3000"
    ) as child:
        assert child.stdout is not None
        assert child.stdout.read(8) == b"abcdefg "
        assert child.poll() is None, "the first words came while the answer was still being made"


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()


def test_control_c_in_mid_answer_exits_130_and_takes_the_worker_along(endless: Path) -> None:
    # The echo engine takes its time, however fast the machine is.
    question = "hola " + "[sleep:0.1] sigue " * 100
    with running("run", question, "--engine", "echo", "--model", str(endless)) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(4)
        workers = children(child.pid)
        assert workers
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 130
        assert b"Traceback" not in child.stderr.read()
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in workers):
        assert time.monotonic() < deadline, "the worker outlived the program"
        time.sleep(0.05)


def test_a_reader_that_leaves_in_mid_answer_ends_it_quietly(endless: Path) -> None:
    with running(
        "run", "hola", "--model", str(endless), "--temperature", "0", "--max-tokens", "3000"
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(8)
        child.stdout.close()
        assert child.wait(20) == 0
        assert child.stderr.read() == b""


def test_an_output_that_is_full_exits_4(talker: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "run", "hola", "--model", str(talker), "--temperature", "0"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 4
    assert done.stderr.startswith(b"LE-302: ")
    assert done.stderr.count(b"\n") == 1


def test_four_programs_that_add_at_once_all_succeed(make_tiny_model: Callable[..., Path]) -> None:
    models = [make_tiny_model(seed=seed) for seed in range(10, 14)]
    adding = [
        subprocess.Popen([*COMMAND, "models", "add", str(model)], stderr=subprocess.DEVNULL)
        for model in models
    ]
    assert [child.wait(60) for child in adding] == [0] * 4
    entries = [entry for entry in Library().list() if not entry.embedded]
    assert [entry.name for entry in entries] == ["tiny", "tiny-2", "tiny-3", "tiny-4"]
    assert len({entry.sha256 for entry in entries}) == 4


def children(pid: int) -> list[int]:
    """Child processes of `pid`, from /proc."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_chat_without_a_terminal_asks_two_questions_and_leaves_no_history(talker: Path) -> None:
    done = latam_edge("chat", "--model", str(talker), "--lang", "es")
    assert done.returncode == 0
    assert done.stdout.count("> ") == 2
    assert "capital de Bolivia" in done.stdout
    assert not paths.history_file().exists()


def test_a_text_too_long_for_the_model_is_told_and_not_cut(talker: Path) -> None:
    done = latam_edge("run", "-", "--model", str(talker), stdin="palabra " * 500)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("LE-203: ")


def test_bench_measures_the_llama_engine(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    words = (
        "bench",
        str(tiny_model),
        "--repeats",
        "2",
        "--prefill",
        "64",
        "--decode",
        "16",
        "--json",
        str(path),
    )
    assert latam_edge(*words).returncode == 0
    (row,) = json.loads(path.read_text(encoding="utf-8"))
    assert row["engine"] == "llama"
    assert row["prefill_tps"] > row["decode_tps"] > 0
    assert row["prefill_tokens"] == 64
    assert 0 < row["ttft_s"] < 5
    assert row["peak_rss_bytes"] > 10_000_000


def test_adding_to_a_disk_that_is_full_exits_4_and_leaves_nothing(talker: Path, tmp_path: Path) -> None:
    big = tmp_path / "big.gguf"
    shutil.copy(talker, big)
    with open(big, "ab") as file:
        file.write(bytes(3_000_000))
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "from latam_edge.cli.main import main\n"
        f"sys.exit(main(['models', 'add', {str(big)!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 4
    assert "LE-302: " in done.stderr
    assert "Traceback" not in done.stderr
    assert {entry.name for entry in paths.models_dir().iterdir()} <= {".lock"}


def test_an_add_killed_half_way_leaves_nothing_that_counts(talker: Path, tmp_path: Path) -> None:
    big = tmp_path / "big.gguf"
    shutil.copy(talker, big)
    with open(big, "ab") as file:
        file.truncate(400_000_000)  # sparse: costs no disk here, takes a while to copy
    folder = paths.models_dir()
    with running("models", "add", str(big)) as child:
        deadline = time.monotonic() + 30
        while not list(folder.glob(".*.part")):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        child.wait()
    library = Library()
    assert [entry.name for entry in library.list() if not entry.embedded] == []
    assert library.add(talker, "escuela").name == "escuela"
    assert list(folder.glob(".*.part")) == []


def test_the_console_script_of_the_wheel_is_the_command_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["scripts"]["latam-edge"].partition(":")
    code = f"import sys; sys.argv = ['latam-edge', '--version']; from {module} import {name}; {name}()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == f"latam-edge {project['version']}\n"
