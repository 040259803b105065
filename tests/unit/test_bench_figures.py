"""What bench computes from what it measures."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from latam_edge.bench.bandwidth import read_bandwidth
from latam_edge.bench.compare import compare, same_machine
from latam_edge.bench.memory import peak_rss_bytes
from latam_edge.bench.result import Spread
from latam_edge.bench.runner import _Run, bytes_per_token
from latam_edge.bench.scenario import LEAST_TOKENS, Scenario
from latam_edge.formats.gguf import GGUFHeader, TensorInfo
from latam_edge.runtime.types import Chunk, Done, Event, Request, Timings, Usage


def row(model: str = "m", decode: float = 10.0, **machine: Any) -> dict[str, Any]:
    return {
        "model": model,
        "engine": "llama",
        "prefill_tps": 100.0,
        "decode_tps": decode,
        "ttft_s": 0.5,
        "load_s": 1.0,
        "spread": {"decode_tps": {"low": decode - 1, "high": decode + 1}},
        "machine": {"cpu": "x", "cores": 2, "machine": "x86_64", "memory_bytes": 1, **machine},
    }


def test_a_spread_has_its_median_between_its_ends() -> None:
    assert Spread.of([3.0, 1.0, 10.0]) == Spread(3.0, 1.0, 10.0)


def test_runs_are_compared_by_model_and_engine() -> None:
    (ratio,) = compare([row(decode=20.0), row("other")], [row(decode=10.0), row("third")])
    assert ratio.model == "m"
    assert ratio.decode == 2.0
    assert ratio.prefill == 1.0
    assert not ratio.overlap
    assert compare([row(decode=10.5)], [row(decode=10.0)])[0].overlap


def test_a_missing_figure_gives_no_ratio() -> None:
    before = row()
    before["decode_tps"] = 0
    before["prefill_tps"] = None
    (ratio,) = compare([row()], [before])
    assert ratio.decode is None
    assert ratio.prefill is None


def test_figures_of_two_machines_are_told_apart() -> None:
    assert same_machine([row()], [row("other")])
    assert not same_machine([row()], [row(cpu="y")])


def test_a_scenario_fits_a_small_context() -> None:
    small = Scenario().within(64)
    assert small.prefill_tokens <= 64
    assert small.decode_tokens <= 32
    assert Scenario().within(4096) == Scenario()


def test_a_slow_machine_measures_fewer_tokens_but_never_too_few() -> None:
    assert Scenario().for_speed(1000, 100) == Scenario()
    slow = Scenario().for_speed(10, 1)
    assert slow.prefill_tokens == 200
    assert slow.decode_tokens == 20
    assert Scenario().for_speed(0.1, 0.1).decode_tokens == LEAST_TOKENS


def tensor(name: str, nbytes: int) -> TensorInfo:
    return TensorInfo(name, (nbytes,), "I8", 24, 0, nbytes)


def test_an_embedding_that_is_not_the_output_head_is_not_read_for_every_token() -> None:
    embedding, layer, head = (
        tensor("token_embd.weight", 100),
        tensor("blk.0.x", 10),
        tensor("output.weight", 100),
    )
    tied = GGUFHeader(Path("x"), 3, 32, {}, (embedding, layer), 0, 0)
    untied = GGUFHeader(Path("x"), 3, 32, {}, (embedding, layer, head), 0, 0)
    assert bytes_per_token(tied) == 110
    assert bytes_per_token(untied) == 110


@pytest.mark.parametrize("threads", [1, None])
def test_reading_memory_takes_the_time_it_is_given_and_gives_a_plausible_speed(threads: int | None) -> None:
    begin = time.perf_counter()
    speed = read_bandwidth(threads, budget_s=0.05)
    assert time.perf_counter() - begin < 10
    assert 1e8 < speed < 1e13


def test_this_processs_memory_is_known() -> None:
    assert peak_rss_bytes(os.getpid()) > 5_000_000


class ChatOnly:
    """A client whose model ends a bare text at once and talks in a chat, 50 tokens per second."""

    def tokenize_count(self, text: str) -> int:
        return len(text.split())

    def stream(self, request: Request) -> Iterator[Event]:
        limit = request.sampling.max_tokens or 1
        made = 1 if request.raw else min(limit, 20)
        yield Chunk("x" * made)
        yield Done("stop", Usage(16, made), Timings(0.0, 0.1, 100.0, 50.0 if made > 1 else 0.0), n_threads=2)


def test_a_model_that_ends_a_bare_text_at_once_is_measured_in_a_chat() -> None:
    run = _Run(ChatOnly(), "llama", 512, 2, 2, 0)  # type: ignore[arg-type]
    tps, count = run.decode(48)
    assert count == 48
    assert tps == pytest.approx(50.0)
