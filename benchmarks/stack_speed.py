"""Our whole stack against llama-bench, and the thread count that it chooses against the best one.

    python benchmarks/stack_speed.py [--rounds 5]

All are measured in turn, round after round and every other round backwards, so that a noisy
minute hurts all alike. Both sides start a process anew for every turn: where a process's pages
happen to lie in memory is worth some percent for as long as it lives.
Meant for a quiet machine: the load average is printed first and kept with the result.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from peers import (
    DECODE_TOKENS,
    PREFILL_TOKENS,
    LlamaBench,
    Ours,
    arguments,
    load_average,
    model_path,
    report,
    row,
    show,
)

from latam_edge.core.hardware import usable_cores


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    load = load_average()
    model = model_path(options.model)
    peer = LlamaBench.find(options.llama_bench, model)
    counts = sorted({1, max(1, usable_cores() // 2), usable_cores()})
    values: dict[tuple[str, str], list[float]] = defaultdict(list)

    def theirs(n: int) -> None:
        for kind, tokens in (("decode", DECODE_TOKENS), ("prefill", PREFILL_TOKENS)):
            values[f"llama-bench, {n} threads", kind].append(peer.measure(kind, n, tokens))

    def ours(n: int | None) -> None:
        name = "ours, chosen threads" if n is None else f"ours, {n} threads"
        stack = Ours.start(model, n)
        try:
            # Once unmeasured, as llama-bench does: the governor makes its comparison.
            stack.decode(DECODE_TOKENS, "greedy")
            stack.prefill(PREFILL_TOKENS)
            for sampling in ("greedy", "default"):
                values[f"{name}, {sampling}", "decode"].append(stack.decode(DECODE_TOKENS, sampling)[0])
            values[name, "prefill"].append(stack.prefill(PREFILL_TOKENS))
        finally:
            stack.client.close()

    turns: list[Callable[[], None]] = [partial(ours, None)]
    for n in reversed(counts):
        turns += [partial(theirs, n), partial(ours, n)]
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", flush=True)
        for turn in turns if number % 2 == 0 else reversed(turns):
            turn()

    rows = [row(what, kind, found) for (what, kind), found in sorted(values.items(), key=lambda v: v[0][1])]
    show(rows)
    ratios = compare(values, counts)
    print()
    for name, ratio in ratios.items():
        print(f"{name:46} {ratio:.3f}")
    report("stack_speed", rows, {"load_average": load, "ratios": ratios}, options.json)


def compare(values: dict[tuple[str, str], list[float]], counts: list[int]) -> dict[str, float]:
    """Each ratio is the median of the rounds' own ratios; the best count is the one with the best median."""

    def best(name: str, kind: str) -> list[float]:
        return max((values[name.format(n), kind] for n in counts), key=statistics.median)

    def ratio(above: list[float], below: list[float]) -> float:
        return round(statistics.median(a / b for a, b in zip(above, below, strict=True)), 3)

    chosen = "ours, chosen threads"
    greedy, default, prefill = (
        values[f"{chosen}, greedy", "decode"],
        values[f"{chosen}, default", "decode"],
        values[chosen, "prefill"],
    )
    bench, fixed = "llama-bench, {} threads", "ours, {} threads"
    return {
        "decode greedy / best llama-bench": ratio(greedy, best(bench, "decode")),
        "decode default sampling / best llama-bench": ratio(default, best(bench, "decode")),
        "prefill / best llama-bench": ratio(prefill, best(bench, "prefill")),
        "decode, chosen threads / best count": ratio(greedy, best(fixed + ", greedy", "decode")),
        "decode default, chosen threads / best count": ratio(default, best(fixed + ", default", "decode")),
        "prefill, chosen threads / best count": ratio(prefill, best(fixed, "prefill")),
    }


if __name__ == "__main__":
    main()
