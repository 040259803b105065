"""Where ONNX Runtime spends a step of one of our folders, by operator.

    python benchmarks/onnx_operators.py FOLDER [--threads 2] [--tokens 1] [--steps 60]

Each node's median over the steps is taken, so a disturbance does not count, and then
summed by operator. What is left of a step is ONNX Runtime's own walk through the graph.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import onnxruntime

from latam_edge.runtime.onnx.cache import make_cache
from latam_edge.runtime.onnx.folder import open_folder
from latam_edge.runtime.onnx.lane import Lane, StepBuffers
from latam_edge.runtime.onnx.signature import read_signature


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=1, help="tokens of a step")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--depth", type=int, default=100, help="tokens in the cache before the step")
    options = parser.parse_args()
    header = open_folder(options.folder).header
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.enable_profiling = True
    settings.profile_file_prefix = str(Path(tempfile.gettempdir()) / "onnx_operators")
    session = onnxruntime.InferenceSession(
        str(header.model_path), settings, providers=["CPUExecutionProvider"]
    )
    signature = read_signature(session, header.path, header.config, header.graph.operators)
    cache = make_cache(signature, 1024, "cpu")
    buffers = StepBuffers(signature, 1024)
    lane = Lane(session, options.threads, signature, cache, buffers, onnxruntime.RunOptions())
    lane.evaluate([5] * options.depth, 0)
    walls = []
    for _ in range(options.steps):
        start = time.perf_counter()
        if options.tokens == 1:
            lane.decode(7, options.depth)
        else:
            lane.evaluate([7] * options.tokens, options.depth)
        walls.append(time.perf_counter() - start)
    path = Path(session.end_profiling())
    events = json.loads(path.read_text())
    path.unlink()
    times: dict[str, list[int]] = defaultdict(list)
    kinds: dict[str, str] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            times[event["name"]].append(event["dur"])
            kinds[event["name"]] = event["args"]["op_name"]
    total: dict[str, float] = defaultdict(float)
    for name, found in times.items():
        total[kinds[name]] += statistics.median(found[-options.steps :])
    step = statistics.median(walls) * 1e6
    count = Counter(kinds.values())
    what = f"{header.path.name}, {options.tokens} tokens, {options.threads} threads"
    print(f"{what}: {step / 1000:.3f} ms a step")
    rest = step - sum(total.values())
    for kind, microseconds in [*sorted(total.items(), key=lambda item: -item[1]), ("(between nodes)", rest)]:
        share = 100 * microseconds / step
        print(f"  {kind:34} x{count[kind]:4}  {microseconds / 1000:8.3f} ms  {share:5.1f}%")


if __name__ == "__main__":
    main()
