from __future__ import annotations

import io
import json
from dataclasses import asdict

import pytest

from latam_edge.core.errors import WorkerFault
from latam_edge.runtime import protocol
from latam_edge.runtime.types import (
    Chunk,
    Done,
    EngineConfig,
    Event,
    Message,
    ModelInfo,
    Request,
    Sampling,
    Started,
    Timings,
    Usage,
)

DONE = Done("stop", Usage(3, 4), Timings(0.1, 0.2, 30.0, 40.0), n_threads=2, seed=7)
INFO = ModelInfo(
    name="semilla",
    path="/m/semilla.gguf",
    architecture="llama",
    parameters=1,
    file_bytes=2,
    n_ctx=3,
    n_ctx_train=4,
    n_vocab=5,
    engine="llama",
    n_threads=2,
    load_s=0.5,
    sampling=Sampling(temperature=0.7),
    variant="haswell",
    unused=("AVX512",),
)


@pytest.mark.parametrize("event", [Started(1, 2, 3), Chunk("¿ñ?\n\u2028🎉"), Chunk(""), DONE])
def test_events_survive_the_pipe(event: Event) -> None:
    line = protocol.pack({"id": 1, **protocol.event_to_json(event)})
    assert line.count(b"\n") == 1
    message = protocol.read(io.BytesIO(line))
    assert message is not None
    assert protocol.event_from_json(message) == event


def test_requests_configurations_and_descriptions_survive_the_pipe() -> None:
    messages = (Message("system", "a"), Message("user", "b\n\x00"))
    request = Request(messages, Sampling(seed=1), ("FIN",), raw=True)
    config = EngineConfig(engine="echo", n_ctx=7)
    line = protocol.pack({"r": asdict(request), "c": asdict(config), "i": asdict(INFO)})
    data = protocol.read(io.BytesIO(line))
    assert data is not None
    assert protocol.request_from_json(data["r"]) == request
    assert protocol.config_from_json(data["c"]) == config
    assert protocol.info_from_json(data["i"]) == INFO


def test_a_file_name_that_is_not_utf_8_passes_the_pipe() -> None:
    assert json.loads(protocol.pack({"model": "a\udce1b"})) == {"model": "a\udce1b"}


def test_the_end_of_the_stream_and_a_line_cut_by_death_are_the_end() -> None:
    assert protocol.read(io.BytesIO(b"")) is None
    assert protocol.read(io.BytesIO(b'{"event": "chu')) is None


@pytest.mark.parametrize("line", [b"\n", b"hola\n", b"[1]\n", b"\xff\xfe\n", b'{"a":\n'])
def test_a_line_that_is_no_message_is_a_fault(line: bytes) -> None:
    with pytest.raises(WorkerFault):
        protocol.read(io.BytesIO(line))


def test_a_line_without_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_LINE_BYTES", 1000)
    endless = io.BytesIO(b"x" * 100_000)
    with pytest.raises(WorkerFault):
        protocol.read(endless)
    assert endless.tell() == 1001


@pytest.mark.parametrize(
    "data",
    [{"event": "party"}, {"event": "chunk"}, {"event": "done"}, {"event": "started", "prompt_tokens": 1}, {}],
)
def test_an_event_that_is_none_is_a_fault(data: protocol.Fields) -> None:
    with pytest.raises(WorkerFault):
        protocol.event_from_json(data)
