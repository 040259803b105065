"""The worker sends text that comes quickly together, loses none of it and keeps none back."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from latam_edge.runtime import protocol, worker
from latam_edge.runtime.engine import Cancellation
from latam_edge.runtime.types import Chunk, Done, Event, Request, Started, Timings, Usage

Script = list[tuple[float, str]]
"""(seconds to wait, then this text)"""


class Scripted:
    """An engine that says what it was told, on a clock of its own."""

    def __init__(self, script: Script, advance: Callable[[float], None]) -> None:
        self.script, self.advance = script, advance

    def generate(self, request: Request, cancellation: Cancellation) -> Iterator[Event]:
        yield Started(1, 0, 0)
        for seconds, text in self.script:
            if cancellation.cancelled:
                break
            self.advance(seconds)
            yield Chunk(text)
        yield Done("stop", Usage(1, len(self.script)), Timings(0, 0, 0, 0), n_threads=1)


class Sink(io.RawIOBase):
    """Keeps every message with the time at which it was sent."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.messages: list[tuple[float, protocol.Fields]] = []

    def write(self, line: object) -> int:
        data = bytes(line)  # type: ignore[call-overload]
        message = protocol.read(io.BytesIO(data))
        assert message is not None
        self.messages.append((self.clock(), message))
        return len(data)


def answer(engine: Scripted, sink: Sink) -> None:
    """Let a worker carry out "generate" number 7 with this engine."""
    one = worker.Worker(io.BytesIO(), sink)  # type: ignore[arg-type]
    one._engine = engine  # type: ignore[assignment]
    one._cancellations[7] = Cancellation()
    request = {"messages": [{"role": "user", "content": ""}], "sampling": {}, "stop": [], "raw": False}
    one._answer({"id": 7, "request": request})


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Callable[[Script], list[tuple[float, protocol.Fields]]]:
    def run(script: Script) -> list[tuple[float, protocol.Fields]]:
        now = [100.0]

        def advance(seconds: float) -> None:
            now[0] += seconds

        monkeypatch.setattr(worker.time, "perf_counter", lambda: now[0])
        sink = Sink(lambda: now[0])
        answer(Scripted(script, advance), sink)
        return sink.messages

    return run


def chunks(messages: list[tuple[float, protocol.Fields]]) -> list[tuple[float, str]]:
    return [(when, m["text"]) for when, m in messages if m["event"] == "chunk"]


def test_the_first_piece_is_sent_at_once_and_the_others_in_batches(
    sent: Callable[[Script], list[tuple[float, protocol.Fields]]],
) -> None:
    messages = sent([(0.005, f"{number} ") for number in range(100)])
    got = chunks(messages)
    assert got[0] == (pytest.approx(100.005), "0 ")
    assert "".join(text for _, text in got) == "".join(f"{number} " for number in range(100))
    assert len(got) <= 15  # half a second of text
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(got)]
    assert max(gaps) <= 0.050
    assert [m["event"] for _, m in messages[:1] + messages[-1:]] == ["started", "done"]
    assert {m["id"] for _, m in messages} == {7}


def test_text_that_comes_slowly_is_never_kept_back(
    sent: Callable[[Script], list[tuple[float, protocol.Fields]]],
) -> None:
    got = chunks(sent([(0.060, "a"), (0.060, "b"), (1.0, "c")]))
    assert got == [(pytest.approx(100.06), "a"), (pytest.approx(100.12), "b"), (pytest.approx(101.12), "c")]


def test_the_last_words_go_before_the_end_is_told(
    sent: Callable[[Script], list[tuple[float, protocol.Fields]]],
) -> None:
    messages = sent([(0.001, "a"), (0.001, "b"), (0.001, "c")])
    assert [m.get("text", m["event"]) for _, m in messages] == ["started", "a", "bc", "done"]


def test_what_was_said_before_a_fault_is_sent_all_the_same() -> None:
    class Failing(Scripted):
        def generate(self, request: Request, cancellation: Cancellation) -> Iterator[Event]:
            yield from list(super().generate(request, cancellation))[:-1]
            raise RuntimeError("broken")

    sink = Sink(lambda: 0.0)
    with pytest.raises(RuntimeError, match="broken"):
        answer(Failing([(0.0, "a"), (0.0, "b"), (0.0, "c")], lambda _: None), sink)
    assert [m.get("text", m["event"]) for _, m in sink.messages] == ["started", "a", "bc"]
