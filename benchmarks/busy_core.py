"""Decoding while another program keeps one core busy: llama-bench falls off a cliff, ours must not.

    python benchmarks/busy_core.py [--rounds 3]

The other program is a loop in Python, started and ended here. Measured: our stack
on the quiet machine, then all under load.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from peers import DECODE_TOKENS, LlamaBench, Ours, arguments, load_average, model_path, report, row, show

from latam_edge.core.hardware import usable_cores

LOADED_TOKENS = 8
"""Tokens of a loaded llama-bench run: on the cliff each may take a second."""


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    load = load_average()
    model = model_path(options.model)
    peer = LlamaBench.find(options.llama_bench, model)
    cores = usable_cores()
    ours = Ours.start(model)
    ours.decode(DECODE_TOKENS, "greedy")
    quiet = [ours.decode(DECODE_TOKENS, "greedy")[0] for _ in range(options.rounds)]
    quiet_peer = [peer.measure("decode", cores, DECODE_TOKENS) for _ in range(options.rounds)]

    busy, busy_peer, busy_peer_one, threads = [], [], [], []
    spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(1)
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", flush=True)
            tps, used = ours.decode(DECODE_TOKENS, "greedy")
            busy.append(tps)
            threads.append(used)
            busy_peer.append(peer.measure("decode", cores, LOADED_TOKENS, timeout_s=40))
            busy_peer_one.append(peer.measure("decode", 1, DECODE_TOKENS, timeout_s=40))
    finally:
        spinner.kill()
        spinner.wait()
    time.sleep(1)
    after = [ours.decode(DECODE_TOKENS, "greedy")[0] for _ in range(options.rounds)]
    ours.client.close()

    rows = [
        row("ours, quiet", "decode", quiet),
        row(f"llama-bench, {cores} threads, quiet", "decode", quiet_peer),
        row("ours, one core busy", "decode", busy, threads=threads),
        row(f"llama-bench, {cores} threads, one core busy", "decode", busy_peer),
        row("llama-bench, 1 thread, one core busy", "decode", busy_peer_one),
        row("ours, quiet again", "decode", after),
    ]
    show(rows)
    ratios = {
        "ours, busy / quiet": statistics.median(busy) / statistics.median(quiet),
        "ours, worst busy / quiet": min(busy) / statistics.median(quiet),
        "llama-bench, busy / quiet": statistics.median(busy_peer) / statistics.median(quiet_peer),
        "ours, after / before": statistics.median(after) / statistics.median(quiet),
    }
    print()
    for name, ratio in ratios.items():
        print(f"{name:46} {ratio:.3f}")
    rounded = {name: round(ratio, 3) for name, ratio in ratios.items()}
    report("busy_core", rows, {"load_average": load, "ratios": rounded}, options.json)


if __name__ == "__main__":
    main()
