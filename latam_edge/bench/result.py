"""What a measurement gives: figures with their spread, and the machine they hold for."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from latam_edge.core.atomic import write_text
from latam_edge.core.errors import BadFile, FileMissing, UnreadableFile
from latam_edge.core.i18n import t

MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured."""

    system: str
    """Operating system with its version."""
    machine: str
    """Instruction set family: "x86_64"."""
    cpu: str
    """The processor's trade name."""
    cores: int
    """Physical cores that could be used."""
    memory_bytes: int
    read_bandwidth_bytes_per_s: float
    """Measured, all cores together."""
    load_average: float | None
    """Processes that wanted to run in the minute before; None where the system does not count them."""
    python: str
    version: str
    """Of latam-edge."""
    llama_cpp: str
    """Version of llama-cpp-python; empty when it is not installed."""
    onnxruntime: str = ""
    """Version of onnxruntime; empty when it is not installed."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Repeated measurements of one figure."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One model on one engine."""

    model: str
    sha256: str
    engine: str
    threads: int
    """Compute threads on a quiet machine."""
    threads_used: int
    """Fewest threads that an answer ended with: less than `threads` when the machine was busy."""
    prefill_tokens: int
    """Tokens of the long prompt."""
    decode_tokens: int
    """Tokens generated in each repeat."""
    repeats: int
    prefill_tps: Spread
    """Prompt tokens per second."""
    decode_tps: Spread
    """Generated tokens per second after the first."""
    ttft_s: Spread
    """Seconds from a short question to the first piece of its answer."""
    load_s: Spread
    """Seconds to start the worker and load the model."""
    peak_rss_bytes: int
    """Most memory that the worker took."""
    file_bytes: int
    bandwidth_fraction: float
    """Bytes of weights read per second while decoding, as a share of what the memory can deliver.
    Above 1: the weights fit a cache."""
    machine: Machine

    def to_json(self) -> dict[str, Any]:
        """Medians under their own names, lows and highs under "spread"."""
        value = asdict(self)
        spreads: dict[str, dict[str, float]] = {}
        for name in ("prefill_tps", "decode_tps", "ttft_s", "load_s"):
            spread: Spread = getattr(self, name)
            value[name] = _short(spread.median)
            spreads[name] = {"low": _short(spread.low), "high": _short(spread.high)}
        value["bandwidth_fraction"] = _short(self.bandwidth_fraction)
        value["spread"] = spreads
        return value


def _short(value: float) -> float:
    """Five significant digits: more than any of these is repeatable to."""
    return float(f"{value:.5g}")


def save(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as a JSON list, atomically. Raises DiskFull, ReadOnlyPlace."""
    text = json.dumps([row.to_json() for row in rows], ensure_ascii=False, indent=1)
    write_text(path, text + "\n")


def load(path: Path) -> list[dict[str, Any]]:
    """Rows that `save` wrote, as they are in the file. Raises FileMissing, UnreadableFile, BadFile."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise FileMissing(path=path) from None
    except OSError:
        raise UnreadableFile(path=path) from None
    try:
        rows = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        rows = None
    needed = {"model", "engine", "prefill_tps", "decode_tps", "ttft_s", "load_s", "machine"}
    good = isinstance(rows, list) and all(isinstance(row, dict) and needed <= row.keys() for row in rows)
    if not good or not isinstance(rows, list):
        raise BadFile(path=path, reason=t("bench.not_results"))
    return rows
