"""A machine of 2 to 4 GB: half the context, no memory for batches that nobody evaluates, words at once."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from latam_edge.cli import output
from latam_edge.formats.footprint import BATCH, DEFAULT_CONTEXT
from latam_edge.formats.gguf import read_header
from latam_edge.runtime import memory
from latam_edge.runtime.llama.stepper import STEP_TOKENS
from latam_edge.runtime.onnx.decoder import STEP_TOKENS as ONNX_STEP_TOKENS

GB = 1_000_000_000


def machine(monkeypatch: pytest.MonkeyPatch, total: int) -> None:
    monkeypatch.setattr(memory, "memory_total", lambda: total)
    monkeypatch.setattr(memory, "memory_available", lambda: 100 * GB)


@pytest.mark.parametrize(
    ("total", "small"), [(0, False), (2 * GB, True), (int(4.1 * GB), True), (8 * GB, False)]
)
def test_two_to_four_gigabytes_are_small(monkeypatch: pytest.MonkeyPatch, total: int, small: bool) -> None:
    machine(monkeypatch, total)
    assert memory.is_small() is small


def test_a_small_machine_takes_half_the_context_by_itself_and_all_of_it_when_asked(
    make_tiny_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    header = read_header(make_tiny_model(n_ctx=32768))
    machine(monkeypatch, 2 * GB)
    assert memory.fitting_context(header, "m", None) == memory.SMALL_N_CTX == DEFAULT_CONTEXT // 2
    assert memory.fitting_context(header, "m", 4096) == 4096
    machine(monkeypatch, 16 * GB)
    assert memory.fitting_context(header, "m", None) == DEFAULT_CONTEXT


def test_a_short_context_of_the_models_own_stays(
    make_tiny_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, 2 * GB)
    assert memory.fitting_context(read_header(make_tiny_model(n_ctx=512)), "m", None) == 512


def test_the_estimate_counts_the_batch_that_the_engines_evaluate() -> None:
    assert BATCH == STEP_TOKENS == ONNX_STEP_TOKENS


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_words_are_there_at_once_and_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with output.at_once("abriendo…"):
        assert terminal.getvalue() == "abriendo…"
    assert terminal.getvalue() == "abriendo…\r" + " " * 9 + "\r"
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with output.at_once("abriendo…"):
        pass
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]
