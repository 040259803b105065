"""How long should a waiting OpenMP thread spin before it sleeps? Decoding speed and idle cost for each count.

    python benchmarks/spin_count.py [--rounds 3]

GOMP_SPINCOUNT is libgomp's number of turns. Too few, and threads fall asleep between
two steps; too many, and they burn a core after the answer, and keep others waiting.
For a quiet machine; the load average is printed first.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from peers import DECODE_TOKENS, Ours, arguments, load_average, model_path, report, row, show

from latam_edge.runtime.environment import SPIN_COUNT

COUNTS = ("libgomp's own", "0", "30000", "300000", str(SPIN_COUNT), "10000000")


def process_s(pid: int) -> float:
    """Processor seconds of a process; Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    load = load_average()
    model = model_path(options.model)
    workers: dict[str, Ours] = {}
    for count in COUNTS:
        # "UNDEFINED" is no number: libgomp passes it over, and our own choice stays away.
        os.environ["GOMP_SPINCOUNT"] = count if count.isdecimal() else "UNDEFINED"
        workers[count] = Ours.start(model)
        workers[count].decode(DECODE_TOKENS, "greedy")
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    idle: dict[str, list[float]] = defaultdict(list)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", flush=True)
        for count, ours in workers.items():
            for sampling in ("greedy", "default"):
                values[count, sampling].append(ours.decode(DECODE_TOKENS, sampling)[0])
            assert ours.client.pid is not None
            before = process_s(ours.client.pid)
            time.sleep(1)
            idle[count].append(process_s(ours.client.pid) - before)
    rows: list[dict[str, Any]] = [
        row(f"spin {count}, {sampling}", "decode", found, idle_s=max(idle[count]))
        for (count, sampling), found in values.items()
    ]
    show(rows)
    for count, seconds in idle.items():
        print(f"spin {count:28} {1000 * max(seconds):6.0f} ms of processor in the second after an answer")
    for ours in workers.values():
        ours.client.close()
    report("spin_count", rows, {"load_average": load}, options.json)


if __name__ == "__main__":
    main()
