"""Both sides of a comparison: llama-bench, and our whole stack (worker, JSON, client)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench_model import write_model
from build_llama_bench import build, default_folder, library_folder

from latam_edge.core.hardware import probe
from latam_edge.core.paths import cache_dir
from latam_edge.runtime.client import Client
from latam_edge.runtime.types import Chunk, Done, EngineConfig, Message, Request, Sampling

DECODE_TOKENS = 128
PREFILL_TOKENS = 512


def arguments(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--rounds", type=int, default=5, help="times that everything is measured, in turn")
    parser.add_argument("--model", type=Path, help="a GGUF file (default: a 135M shape is written)")
    parser.add_argument("--llama-bench", type=Path, help="the program (default: it is built)")
    parser.add_argument("--json", type=Path, help="where the result goes (default: benchmarks/results/)")
    return parser


def model_path(given: Path | None) -> Path:
    return given or write_model(cache_dir() / "benchmarks" / "bench-135m-q4_0.gguf")


@dataclass(frozen=True)
class LlamaBench:
    """llama.cpp's own benchmark. It evaluates random tokens and draws none."""

    program: Path
    model: Path

    @classmethod
    def find(cls, given: Path | None, model: Path) -> LlamaBench:
        return cls((given or build(default_folder())).absolute(), model)

    def measure(self, kind: str, threads: int, tokens: int, timeout_s: float = 120) -> float:
        """Tokens per second of one repetition after its warm-up; 0 when it takes longer than `timeout_s`."""
        sizes = ["-p", str(tokens), "-n", "0"] if kind == "prefill" else ["-p", "0", "-n", str(tokens)]
        env = {**os.environ, "LD_LIBRARY_PATH": str(library_folder())}
        command = [str(self.program), "-m", str(self.model), "-t", str(threads), *sizes]
        command += ["-r", "1", "-o", "json"]
        try:
            done = subprocess.run(
                command, env=env, capture_output=True, text=True, check=True, timeout=timeout_s
            )
        except subprocess.TimeoutExpired:
            return 0.0
        return float(json.loads(done.stdout)[0]["avg_ts"])


SETTLE_S = 0.4
"""Before a measurement of ours: the threads of whatever was measured before spin on for some tens of
milliseconds, which looks, rightly, like a busy machine."""


@dataclass
class Ours:
    """Our stack with one model loaded, measured on the client's side of the pipe."""

    client: Client
    asked: int = 0

    @classmethod
    def start(cls, model: Path, threads: int | None = None) -> Ours:
        client = Client(model, EngineConfig(n_threads=threads))
        client.start()
        return cls(client)

    def decode(self, tokens: int, sampling: str) -> tuple[float, int]:
        """(tokens per second from the first piece of text to the end, threads at the end)."""
        time.sleep(SETTLE_S)
        first = last = 0.0
        done: Done | None = None
        temperature = 0.0 if sampling == "greedy" else None
        for event in self._ask("w1 w2 w3 w4", temperature=temperature, max_tokens=tokens):
            last = time.perf_counter()
            if isinstance(event, Chunk):
                first = first or last
            elif isinstance(event, Done):
                done = event
        assert done is not None
        return (done.usage.completion_tokens - 1) / (last - first), done.n_threads

    def prefill(self, tokens: int) -> float:
        """Prompt tokens per second, from the question to the end of an answer of one token."""
        self.asked += 1
        time.sleep(SETTLE_S)
        # Single bytes, another start each time: nothing of the KV cache is used again.
        text = f"{self.asked:04d}" + "x." * (tokens // 2 - 2)
        begin = time.perf_counter()
        done = list(self._ask(text, temperature=0.0, max_tokens=1))[-1]
        seconds = time.perf_counter() - begin
        assert isinstance(done, Done)
        return done.usage.prompt_tokens / seconds

    def _ask(self, text: str, **sampling: Any) -> Any:
        return self.client.stream(
            Request((Message("user", text),), Sampling(seed=self.asked, **sampling), raw=True)
        )


def report(name: str, rows: list[dict[str, Any]], extra: dict[str, Any], given: Path | None) -> None:
    """Write the result as JSON beside the machine it comes from."""
    machine = probe()
    data = {
        "benchmark": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpu": machine.cpu_name,
            "cores": machine.cores_usable,
            "system": machine.system,
            "python": platform.python_version(),
            "llama_cpp_python": version("llama-cpp-python"),
        },
        **extra,
        "rows": rows,
    }
    path = given or Path(__file__).resolve().parent / "results" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\n{path}")


def row(what: str, kind: str, values: list[float], **more: Any) -> dict[str, Any]:
    return {
        "what": what,
        "kind": kind,
        "median_tps": round(statistics.median(values), 1),
        "min_tps": round(min(values), 1),
        "max_tps": round(max(values), 1),
        "rounds": len(values),
        **more,
    }


def show(rows: list[dict[str, Any]]) -> None:
    for r in rows:
        span = f"({r['min_tps']:.0f} to {r['max_tps']:.0f})"
        print(f"{r['what']:34} {r['kind']:8} {r['median_tps']:8.1f} tokens/s  {span}")


def load_average() -> str:
    text = "{:.2f} {:.2f} {:.2f}".format(*os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    print(f"load average: {text}", file=sys.stdout, flush=True)
    return text
