"""Two runs side by side: how many times faster, and whether that may be said at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MACHINE_KEYS = ("cpu", "cores", "machine", "memory_bytes")
"""What has to be equal before two figures are one machine's."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """One model's figures, now over before."""

    model: str
    engine: str
    prefill: float | None
    """Above 1: faster now. None when a figure is missing or zero."""
    decode: float | None
    ttft: float | None
    """Above 1: the first piece comes later now."""
    overlap: bool
    """Whether the two decode spreads overlap, so that the difference may be chance."""


def compare(now: Sequence[dict[str, Any]], before: Sequence[dict[str, Any]]) -> list[Ratio]:
    """Ratios for the rows that both runs have, matched by model and engine."""
    old = {(row["model"], row["engine"]): row for row in before}
    return [_ratio(row, old[key]) for row in now if (key := (row["model"], row["engine"])) in old]


def _ratio(now: dict[str, Any], before: dict[str, Any]) -> Ratio:
    def over(name: str) -> float | None:
        a, b = now.get(name), before.get(name)
        good = isinstance(a, int | float) and isinstance(b, int | float) and a > 0 and b > 0
        return a / b if good else None  # type: ignore[operator]

    return Ratio(
        model=now["model"],
        engine=now["engine"],
        prefill=over("prefill_tps"),
        decode=over("decode_tps"),
        ttft=over("ttft_s"),
        overlap=_overlap(now, before),
    )


def _overlap(a: dict[str, Any], b: dict[str, Any]) -> bool:
    try:
        one, other = a["spread"]["decode_tps"], b["spread"]["decode_tps"]
        return bool(one["low"] <= other["high"] and other["low"] <= one["high"])
    except (KeyError, TypeError):
        return False


def same_machine(now: Sequence[dict[str, Any]], before: Sequence[dict[str, Any]]) -> bool:
    """Whether all rows come from machines that look the same."""
    seen = {tuple(str(row["machine"].get(key)) for key in MACHINE_KEYS) for row in (*now, *before)}
    return len(seen) <= 1
