"""What a busy core does to ONNX Runtime: thread counts and spinning, quiet and beside a busy program.

    python benchmarks/onnx_threads.py FOLDER [--busy 0 1] [--steps 128] [--json FILE]

Bare sessions, without our engine around them; its own choice of threads is the last row.
Meant for a quiet machine: the busy program is started here.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnxruntime
from peers import load_average

from latam_edge.core.hardware import usable_cores
from latam_edge.runtime.engines.onnx_engine import make_decoder
from latam_edge.runtime.onnx.cache import make_cache
from latam_edge.runtime.onnx.folder import ModelFolder, open_folder
from latam_edge.runtime.onnx.lane import Lane, StepBuffers
from latam_edge.runtime.onnx.signature import read_signature

PREFILL = 512
N_CTX = 1024


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many programs that never sleep, at the lowest priority, as a browser in the background has it."""
    command = ["nice", "-n", "10", sys.executable, "-c", "while True: pass"]
    programs = [subprocess.Popen(command) for _ in range(count)]
    time.sleep(0.3)
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def open_lane(folder: ModelFolder, threads: int, entries: dict[str, str]) -> Lane:
    """A session with the settings of `entries` (ONNX Runtime's session configuration)."""
    header = folder.header
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.enable_mem_pattern = False
    for key, value in entries.items():
        settings.add_session_config_entry(key, value)
    session = onnxruntime.InferenceSession(
        str(header.model_path), settings, providers=["CPUExecutionProvider"]
    )
    signature = read_signature(session, header.path, header.config, header.graph.operators)
    cache, buffers = make_cache(signature, N_CTX, "cpu"), StepBuffers(signature, N_CTX)
    return Lane(session, threads, signature, cache, buffers, onnxruntime.RunOptions())


def measure(lane: Lane, steps: int, chunk: int) -> dict[str, Any]:
    times = []
    for step in range(steps):
        begin = time.perf_counter()
        lane.decode(7, step)
        times.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    for start in range(0, PREFILL, chunk):
        lane.evaluate([7] * min(chunk, PREFILL - start), start)
    prefill = PREFILL / (time.perf_counter() - begin)
    return {
        "decode_tps": round(steps / sum(times), 1),
        "median_ms": round(1000 * statistics.median(times), 2),
        "slowest_ms": round(1000 * max(times), 1),
        "prefill_tps": round(prefill),
    }


def measure_engine(folder: ModelFolder, steps: int) -> dict[str, Any]:
    """The same through our decoder, which chooses its threads itself."""
    decoder = make_decoder(folder, "cpu", n_ctx=N_CTX, n_batch=512, n_threads=None)
    try:
        times = []
        decoder.begin()
        decoder.prefill([7] * 8)
        for _ in range(steps):
            begin = time.perf_counter()
            decoder.next(7)
            times.append(time.perf_counter() - begin)
        decoder.clear()
        begin = time.perf_counter()
        decoder.prefill([7] * PREFILL)
        prefill = PREFILL / (time.perf_counter() - begin)
        decoder.end()
        return {
            "decode_tps": round(steps / sum(times), 1),
            "median_ms": round(1000 * statistics.median(times), 2),
            "slowest_ms": round(1000 * max(times), 1),
            "prefill_tps": round(prefill),
            "threads_at_the_end": decoder.n_threads,
        }
    finally:
        decoder.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--steps", type=int, default=128)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    load = load_average()
    folder = open_folder(options.folder)
    cores = usable_cores()
    spin, block = "session.intra_op.allow_spinning", "session.dynamic_block_base"
    cases: list[tuple[str, int, dict[str, str], int]] = [
        ("1 thread", 1, {}, 128),
        (f"{cores} threads", cores, {}, 128),
        (f"{cores} threads, steps of 512", cores, {}, 512),
        (f"{cores} threads, no spinning", cores, {spin: "0"}, 128),
        (f"{cores} threads, small blocks", cores, {block: "4"}, 128),
    ]
    rows = []
    for count in options.busy:
        for name, threads, entries, chunk in cases:
            lane = open_lane(folder, threads, entries)
            lane.evaluate([7] * 32, 0)
            with busy(count):
                rows.append({"what": name, "busy": count, **measure(lane, options.steps, chunk)})
            print(rows[-1], flush=True)
            del lane
            time.sleep(0.3)
        with busy(count):
            rows.append(
                {"what": "our engine's choice", "busy": count, **measure_engine(folder, options.steps)}
            )
        print(rows[-1], flush=True)
    if options.json:
        data = {"benchmark": "onnx_threads", "load_average": load, "cores": cores, "rows": rows}
        options.json.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
