"""Our whole stack against llama-bench, and the thread count that it chooses against the best one.

    python benchmarks/stack_speed.py [--rounds 5]

All are measured in turn, round after round, so that a noisy minute hurts all alike.
Meant for a quiet machine: the load average is printed first and kept with the result.
"""

from __future__ import annotations

from collections import defaultdict

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
    auto = Ours.start(model)
    fixed = {n: Ours.start(model, n) for n in counts}
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    auto.decode(DECODE_TOKENS, "greedy")  # once unmeasured: the governor makes its comparison
    auto.prefill(PREFILL_TOKENS)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", flush=True)
        for n in counts:
            values[f"llama-bench, {n} threads", "decode"].append(peer.measure("decode", n, DECODE_TOKENS))
            values[f"ours, {n} threads, greedy", "decode"].append(fixed[n].decode(DECODE_TOKENS, "greedy")[0])
            values[f"llama-bench, {n} threads", "prefill"].append(peer.measure("prefill", n, PREFILL_TOKENS))
            values[f"ours, {n} threads", "prefill"].append(fixed[n].prefill(PREFILL_TOKENS))
        for sampling in ("greedy", "default"):
            values[f"ours, chosen threads, {sampling}", "decode"].append(
                auto.decode(DECODE_TOKENS, sampling)[0]
            )
        values["ours, chosen threads", "prefill"].append(auto.prefill(PREFILL_TOKENS))
    for ours in (auto, *fixed.values()):
        ours.client.close()

    rows = [row(what, kind, found) for (what, kind), found in sorted(values.items(), key=lambda v: v[0][1])]
    show(rows)
    speed = {(r["what"], r["kind"]): r["median_tps"] for r in rows}

    def best(prefix: str, kind: str) -> float:
        return max(tps for (what, k), tps in speed.items() if k == kind and what.startswith(prefix))

    chosen = speed["ours, chosen threads, greedy", "decode"]
    fixed_best = max(speed[f"ours, {n} threads, greedy", "decode"] for n in counts)
    ratios = {
        "decode greedy / best llama-bench": chosen / best("llama-bench", "decode"),
        "decode default sampling / best llama-bench": speed["ours, chosen threads, default", "decode"]
        / best("llama-bench", "decode"),
        "prefill / best llama-bench": speed["ours, chosen threads", "prefill"]
        / best("llama-bench", "prefill"),
        "decode, chosen threads / best count": chosen / fixed_best,
        "prefill, chosen threads / best count": speed["ours, chosen threads", "prefill"]
        / max(speed[f"ours, {n} threads", "prefill"] for n in counts),
    }
    print()
    for name, ratio in ratios.items():
        print(f"{name:46} {ratio:.3f}")
    rounded = {name: round(ratio, 3) for name, ratio in ratios.items()}
    report("stack_speed", rows, {"load_average": load, "ratios": rounded}, options.json)


if __name__ == "__main__":
    main()
