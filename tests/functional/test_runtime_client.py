"""The worker and its pipe, with an engine that needs no model."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from latam_edge.core.errors import EngineMissing, LatamEdgeError, RuntimeFault, WorkerDied, WorkerFault
from latam_edge.runtime import client as module
from latam_edge.runtime import protocol
from latam_edge.runtime.client import Client
from latam_edge.runtime.environment import child_environment
from latam_edge.runtime.types import Chunk, Done, EngineConfig, Event, Message, Request, Sampling, Started

ECHO = EngineConfig(engine="echo")


def ask(text: str, **sampling: int) -> Request:
    return Request((Message("user", text),), Sampling(**sampling))


def answer(client: Client, text: str, **sampling: int) -> str:
    return "".join(e.text for e in client.stream(ask(text, **sampling)) if isinstance(e, Chunk))


def collect(client: Client, text: str, pieces: list[str]) -> None:
    """Like `answer`, keeping what came before an error."""
    pieces.extend(e.text for e in client.stream(ask(text)) if isinstance(e, Chunk))


def gone(pid: int) -> bool:
    """Whether the process ended and was reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def eventually(check: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_an_answer_is_started_chunks_and_done(echo_client: Client) -> None:
    text = "¿Cuál es la capital de Bolivia? 🎉"
    events = list(echo_client.stream(ask(text)))
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Done)
    assert "".join(e.text for e in events[1:-1] if isinstance(e, Chunk)) == text
    assert events[-1].finish_reason == "stop"
    assert events[-1].timings.load_s > 0
    later = list(echo_client.stream(ask("otra vez")))[-1]
    assert isinstance(later, Done)
    assert later.timings.load_s == 0


def test_start_is_idempotent_and_tells_what_is_loaded(echo_client: Client) -> None:
    pid = echo_client.pid
    info = echo_client.start()
    assert info == echo_client.info
    assert info.engine == "echo"
    assert info.load_s > 0
    assert echo_client.pid == pid


def test_the_users_name_for_the_model_is_used() -> None:
    with Client("x.gguf", ECHO, name="semilla") as client:
        assert client.start().name == "semilla"


def test_tokens_are_counted(echo_client: Client) -> None:
    assert echo_client.tokenize_count("uno dos tres") == 3


def test_cancel_from_another_thread_ends_the_answer_with_its_reason(echo_client: Client) -> None:
    timer = threading.Timer(0.1, echo_client.cancel)
    timer.start()
    begin = time.monotonic()
    events = list(echo_client.stream(ask("uno [sleep:30] dos")))
    assert time.monotonic() - begin < 5
    assert isinstance(events[-1], Done)
    assert events[-1].finish_reason == "cancelled"
    assert answer(echo_client, "sigue vivo") == "sigue vivo"


def test_a_cancel_reaches_a_stream_of_quick_words_and_keeps_what_was_said(echo_client: Client) -> None:
    """Words come every 3 ms and travel in batches; the cancel is as prompt as without."""
    words = [f"{number} " for number in range(3000)]
    said, done = "", None
    for event in echo_client.stream(ask("".join(f"{word}[sleep:0.003] " for word in words) + ".")):
        if isinstance(event, Chunk):
            if not said:
                asked = time.monotonic()
                echo_client.cancel()
            said += event.text
        elif isinstance(event, Done):
            done = event
    took = time.monotonic() - asked
    assert done is not None
    assert done.finish_reason == "cancelled"
    assert took < 3  # the whole answer would take 15 seconds
    count = done.usage.completion_tokens
    assert count < 1000
    assert said == "".join(words[:count])


def test_cancel_when_nothing_runs_spoils_nothing(echo_client: Client) -> None:
    echo_client.cancel()
    assert answer(echo_client, "hola") == "hola"


def test_a_cancel_that_comes_before_the_answer_has_begun_still_counts() -> None:
    client = Client("x.gguf", ECHO)
    reader: list[Event] = []
    thread = threading.Thread(target=lambda: reader.extend(client.stream(ask("uno [sleep:30] dos"))))
    thread.start()
    assert eventually(lambda: client._reader is not None)
    client.cancel()  # the worker has not even started
    thread.join(10)
    client.close()
    assert isinstance(reader[-1], Done)
    assert reader[-1].finish_reason == "cancelled"


def test_a_second_answer_while_the_first_is_open_in_the_same_thread_is_an_error_not_a_deadlock(
    echo_client: Client,
) -> None:
    first = echo_client.stream(ask("uno dos"))
    next(first)
    with pytest.raises(RuntimeError):
        next(echo_client.stream(ask("tres")))
    list(first)
    assert answer(echo_client, "tres") == "tres"


def test_leaving_an_answer_in_the_middle_frees_the_worker(echo_client: Client) -> None:
    for event in echo_client.stream(ask("uno [sleep:30] dos")):
        if isinstance(event, Chunk):
            break
    assert answer(echo_client, "hola") == "hola"


def test_an_answer_that_is_never_begun_holds_nothing(echo_client: Client) -> None:
    unused = echo_client.stream(ask("nada"))
    assert answer(echo_client, "hola") == "hola"
    del unused


def test_a_crash_is_told_the_text_before_it_stays_and_the_next_question_works(echo_client: Client) -> None:
    pid = echo_client.pid
    pieces: list[str] = []
    with pytest.raises(WorkerDied):
        collect(echo_client, "uno [sleep:0.05] dos [sleep:0.05] [crash] tres", pieces)
    assert "".join(pieces) == "uno dos "
    assert echo_client.pid is None
    assert pid is not None
    assert gone(pid), "no zombie may stay behind"
    assert answer(echo_client, "otra vez") == "otra vez"
    assert echo_client.pid != pid


def test_a_worker_killed_while_idle_is_started_again_without_a_word(echo_client: Client) -> None:
    pid = echo_client.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: echo_client.pid is None)
    assert answer(echo_client, "hola") == "hola"


def test_an_engines_fault_is_an_error_of_that_answer_alone(echo_client: Client) -> None:
    pid = echo_client.pid
    pieces: list[str] = []
    with pytest.raises(RuntimeFault):
        collect(echo_client, "uno dos [fail] tres", pieces)
    assert "".join(pieces) == "uno dos "
    assert answer(echo_client, "hola") == "hola"
    assert echo_client.pid == pid


def test_a_worker_that_hangs_is_replaced_when_its_answer_is_left(
    echo_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSE_TIMEOUT_S", 0.3)
    for event in echo_client.stream(ask("uno [hang]")):
        if isinstance(event, Chunk):
            break
    assert answer(echo_client, "hola") == "hola"


def test_close_ends_the_child_even_in_mid_answer_and_twice_is_once() -> None:
    client = Client("x.gguf", ECHO)
    client.start()
    pid = client.pid
    assert pid is not None
    events: list[Event] = []
    reader = threading.Thread(target=lambda: events.extend(client.stream(ask("uno [sleep:30] dos"))))
    reader.start()
    assert eventually(lambda: len(events) > 1)
    client.close()
    reader.join(5)
    assert not reader.is_alive()
    assert isinstance(events[-1], Done)
    assert events[-1].finish_reason == "cancelled"
    assert gone(pid)
    client.close()


def test_a_forgotten_client_leaves_no_process() -> None:
    client = Client("x.gguf", ECHO)
    client.start()
    pid = client.pid
    assert pid is not None
    del client
    gc.collect()
    assert eventually(lambda: gone(pid))


def test_a_client_that_is_open_at_exit_leaves_no_process(
    run_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = run_python(
        "from latam_edge.runtime.client import Client\n"
        "from latam_edge.runtime.types import EngineConfig\n"
        "client = Client('x.gguf', EngineConfig(engine='echo'))\n"
        "client.start()\n"
        "print(client.pid)"
    )
    assert eventually(lambda: gone(int(done.stdout)))


def test_the_worker_ends_when_its_program_is_killed() -> None:
    code = (
        "import time\n"
        "from latam_edge.runtime.client import Client\n"
        "from latam_edge.runtime.types import *\n"
        "client = Client('x.gguf', EngineConfig(engine='echo'))\n"
        "client.start()\n"
        "print(client.pid, flush=True)\n"
        "for _ in client.stream(Request((Message('user', 'uno [sleep:60] dos'),))): pass\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert not gone(pid)
        program.kill()
    assert eventually(lambda: gone(pid))


def test_ctrl_c_in_the_terminal_does_not_reach_the_worker(echo_client: Client) -> None:
    pid = echo_client.pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)
    if hasattr(os, "getpgid"):
        assert os.getpgid(pid) != os.getpgid(0)
    assert answer(echo_client, "hola") == "hola"
    assert echo_client.pid == pid


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(EngineMissing):
        Client("x.gguf", EngineConfig(engine="steam")).start()


# --- a worker that is not ours, or not well --------------------------------------------


def impostor(code: str) -> Client:
    return Client("x.gguf", ECHO, command=[sys.executable, "-c", code])


def test_a_worker_of_another_protocol_version_is_refused() -> None:
    client = impostor(
        "import sys, json\n"
        "hello = json.loads(sys.stdin.readline())\n"
        "print(json.dumps({'event': 'hello', 'id': hello['id'], 'protocol': 99}), flush=True)\n"
        "sys.stdin.read()"
    )
    with pytest.raises(WorkerFault) as caught:
        client.start()
    assert "99" in str(caught.value)
    assert client.pid is None


def test_our_worker_refuses_a_program_of_another_version() -> None:
    hello = protocol.pack({"op": "hello", "id": 1, "protocol": 99})
    done = subprocess.run(
        [sys.executable, "-m", "latam_edge.runtime.worker"],
        input=hello + protocol.pack({"op": "close", "id": 2}),
        capture_output=True,
        env=child_environment(),
        timeout=30,
        check=False,
    )
    reply = json.loads(done.stdout.splitlines()[0])
    assert reply["event"] == "error"
    assert reply["code"] == WorkerFault.code


@pytest.mark.parametrize(
    "code",
    ["print('hola')", "print('[]')", "import sys; sys.stdout.write('x' * 70_000_000)"],
)
def test_a_worker_that_speaks_nonsense_is_refused(code: str) -> None:
    with pytest.raises(WorkerFault):
        impostor(code).start()


def test_a_worker_that_falls_at_once_is_told_with_its_last_words() -> None:
    with pytest.raises(WorkerFault) as caught:
        impostor("raise SystemExit('libllama.so: cannot open')").start()
    assert "libllama.so: cannot open" in str(caught.value)


def test_a_worker_that_never_greets_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELLO_TIMEOUT_S", 0.5)
    begin = time.monotonic()
    with pytest.raises(WorkerFault):
        impostor("import time; time.sleep(60)").start()
    assert time.monotonic() - begin < 10


def test_closing_while_the_worker_loads_is_quick_and_blames_nobody() -> None:
    client = impostor("import time; time.sleep(60)")
    errors: list[Exception] = []

    def start() -> None:
        try:
            client.start()
        except LatamEdgeError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    assert eventually(lambda: client.pid is not None)
    begin = time.monotonic()
    client.close()
    thread.join(5)
    assert time.monotonic() - begin < 2
    assert [type(error) for error in errors] == [WorkerDied]


def test_the_worker_survives_commands_that_make_no_sense() -> None:
    lines = [
        protocol.pack({"op": "dance", "id": 1}),
        protocol.pack({"op": "generate", "id": 2, "request": {"messages": []}}),
        protocol.pack({"op": "load", "id": 3}),
        protocol.pack({"id": 4}),
        protocol.pack({"op": "hello", "id": 5, "protocol": protocol.VERSION}),
        protocol.pack({"op": "close", "id": 6}),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "latam_edge.runtime.worker"],
        input=b"".join(lines),
        capture_output=True,
        env=child_environment(),
        timeout=30,
        check=False,
    )
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["event"] for r in replies[:5]] == ["error"] * 4 + ["hello"]


def test_a_print_in_native_code_does_not_break_the_protocol(tmp_path: Path) -> None:
    # A sitecustomize runs before everything, so it can hook the first engine call.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, threading, time\n"
        "def noise():\n"
        "    while True:\n"
        "        time.sleep(0.001)\n"
        "        os.write(1, b'ggml: hello from C\\n') if os.readlink('/proc/self/fd/1') == "
        "os.readlink('/proc/self/fd/2') else None\n"
        "threading.Thread(target=noise, daemon=True).start()\n"
    )
    client = noisy_client(tmp_path)
    with client:
        assert answer(client, "uno [sleep:0.2] dos") == "uno dos"
        assert "ggml: hello from C" in client.last_words


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def noisy_client(folder: Path) -> Client:
    """A worker in which `folder`'s sitecustomize runs first."""
    with environment(PYTHONPATH=str(folder)):
        client = Client("x.gguf", ECHO)
        client.start()
    return client


def test_a_json_py_beside_the_model_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('stranger')")
    monkeypatch.chdir(tmp_path)
    with Client("x.gguf", ECHO) as client:
        assert answer(client, "hola") == "hola"


def test_answers_asked_for_at_once_come_one_after_the_other(echo_client: Client) -> None:
    texts: dict[int, str] = {}

    def one(number: int) -> None:
        texts[number] = answer(echo_client, f"pregunta {number} [sleep:0.02] fin")

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert texts == {n: f"pregunta {n} fin" for n in range(8)}


def test_errors_arrive_as_the_same_errors(echo_client: Client) -> None:
    with pytest.raises(LatamEdgeError) as caught:
        answer(echo_client, "[fail]")
    assert type(caught.value) is RuntimeFault
    assert caught.value.facts == {"detail": "[fail]"}
