"""Four ways to run the same shape on ONNX Runtime, and ours on llama.cpp, in one run, in turn.

    python benchmarks/onnx_peers.py --genai-python PATH --optimum-python PATH [--shape 135m] [--rounds 5]

- ours on ONNX: our folder, through the whole stack (worker, pipe, client)
- ours on llama: the GGUF from the same pass, through the same stack
- onnxruntime-genai: the folder of its own builder (int4, accuracy level 4), its Python API
- optimum: its export with ONNX Runtime's MatMulNBits quantizer, its own generate()
- ours on optimum's graph: the same folder in our engine

Weights are random; speed does not depend on them. Every program stays loaded and idle
while another is measured. `--build` only prepares the models (minutes), so that the
measuring run is short. `onnx_operators.py` says where the time goes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conversion import SHAPES, write_checkpoint
from peers import DECODE_TOKENS, SETTLE_S, Ours, load_average, report, row, show

from convert.to_onnx import convert
from latam_edge.bench.memory import peak_rss_bytes
from latam_edge.core.paths import cache_dir
from latam_edge.runtime.types import Done

PREFILL_TOKENS = 512
TTFT_TOKENS = 32
PEERS = Path(__file__).resolve().parent / "onnx_peer"


@dataclass
class Measured:
    """One program with its model loaded."""

    name: str
    load_s: float
    """From the start of the process to a model ready to answer."""
    pid: int
    file_bytes: int
    decode: Callable[[], float]
    """Tokens per second."""
    prefill: Callable[[], float]
    """Prompt tokens per second, the first token of the answer included."""
    ttft: Callable[[], float]
    """Seconds to the first token of a prompt of TTFT_TOKENS."""
    close: Callable[[], None]
    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def measure(self) -> None:
        for kind in ("decode", "prefill", "ttft"):
            time.sleep(SETTLE_S)
            self.values[kind].append(getattr(self, kind)())


def start_ours(name: str, model: Path) -> Measured:
    ours = Ours.start(model)
    info = ours.client.start()

    def ttft() -> float:
        ours.asked += 1
        text = f"{ours.asked:04d}" + "x." * (TTFT_TOKENS // 2 - 2)
        done = list(ours._ask(text, temperature=0.0, max_tokens=2))[-1]
        assert isinstance(done, Done)
        return done.timings.ttft_s

    measured = Measured(
        name,
        info.load_s,
        ours.client.pid or 0,
        info.file_bytes,
        decode=lambda: ours.decode(DECODE_TOKENS, "greedy")[0],
        prefill=lambda: ours.prefill(PREFILL_TOKENS),
        ttft=ttft,
        close=ours.client.close,
    )
    measured.decode()  # once unmeasured: the llama engine makes its comparison of thread counts
    return measured


def start_peer(name: str, python: Path, program: str, folder: Path) -> Measured:
    begin = time.perf_counter()
    process = subprocess.Popen(
        [str(python), str(PEERS / program), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout
    if json.loads(stdout.readline() or "null") != "ready":
        raise SystemExit(f"{name} does not start: {python} {PEERS / program} {folder}")

    def ask(command: str) -> float:
        stdin.write(command + "\n")
        stdin.flush()
        return float(json.loads(stdout.readline()))

    return Measured(
        name,
        time.perf_counter() - begin,
        process.pid,
        sum(file.stat().st_size for file in folder.iterdir()),
        decode=lambda: ask(f"decode {DECODE_TOKENS}"),
        prefill=lambda: ask(f"prefill {PREFILL_TOKENS}"),
        ttft=lambda: ask(f"ttft {TTFT_TOKENS}"),
        close=stdin.close,
    )


@dataclass(frozen=True)
class Models:
    """The same shape in every program's form."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        return self.folder / "hf"

    def build(self, shape: str, genai: Path | None, optimum: Path | None) -> None:
        """Make what is not there yet."""
        if not (self.checkpoint / "config.json").exists():
            write_checkpoint(self.checkpoint, SHAPES[shape])
        if not (self.folder / "ours").exists():
            gguf = self.folder / "ours.gguf"
            convert(self.checkpoint, self.folder / "ours", gguf_out=gguf, method="absmax")
        if genai is not None:
            self._by_another(
                "genai",
                [genai, "-m", "onnxruntime_genai.models.builder", "-m", self.checkpoint, "-o"],
                [
                    *("-p", "int4", "-e", "cpu", "-c", self.folder / "cache"),
                    *("--extra_options", "int4_accuracy_level=4"),
                ],
            )
        if optimum is not None:
            self._by_another("optimum", [optimum, PEERS / "make_optimum.py", self.checkpoint], [])

    def _by_another(self, name: str, before: list[Any], after: list[Any]) -> None:
        """Run a program of which the argument between `before` and `after` is the folder to write."""
        if (self.folder / name).exists():
            return
        part = self.folder / f"{name}.part"
        subprocess.run(list(map(str, [*before, part, *after])), check=True, stderr=subprocess.DEVNULL)
        part.rename(self.folder / name)

    def start(self, genai: Path | None, optimum: Path | None) -> list[Measured]:
        programs = [
            start_ours("ours on ONNX", self.folder / "ours"),
            start_ours("ours on llama", self.folder / "ours.gguf"),
        ]
        if genai is not None:
            programs.append(start_peer("onnxruntime-genai", genai, "genai.py", self.folder / "genai"))
        if optimum is not None:
            programs.append(start_peer("optimum", optimum, "optimum_runner.py", self.folder / "optimum"))
            programs.append(start_ours("ours on optimum's graph", self.folder / "optimum"))
        return programs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="135m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", type=Path, help="folder for the models")
    parser.add_argument("--genai-python", type=Path, help="a Python that has onnxruntime-genai")
    parser.add_argument("--optimum-python", type=Path, help="a Python that has optimum-onnx")
    parser.add_argument("--build", action="store_true", help="only make the models")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    models = Models((options.models or cache_dir() / "benchmarks" / "onnx-peers") / options.shape)
    models.folder.mkdir(parents=True, exist_ok=True)
    models.build(options.shape, options.genai_python, options.optimum_python)
    if options.build:
        return
    load = load_average()
    programs = models.start(options.genai_python, options.optimum_python)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", flush=True)
        for program in programs:
            program.measure()
    rows: list[dict[str, Any]] = []
    for program in programs:
        more = {
            "load_s": round(program.load_s, 3),
            "peak_rss_bytes": peak_rss_bytes(program.pid),
            "file_bytes": program.file_bytes,
            "ttft_s": round(sorted(program.values["ttft"])[len(program.values["ttft"]) // 2], 4),
        }
        rows += [row(program.name, kind, program.values[kind], **more) for kind in ("decode", "prefill")]
    for program in programs:
        program.close()
    show(rows)
    print()
    for r in rows[::2]:
        size, memory = r["file_bytes"] / 2**20, r["peak_rss_bytes"] / 2**20
        print(
            f"{r['what']:26} first token {1000 * r['ttft_s']:6.0f} ms  load {r['load_s']:5.2f} s  "
            f"peak {memory:6.0f} MiB  files {size:6.1f} MiB"
        )
    speed = {r["what"]: r["median_tps"] for r in rows if r["kind"] == "decode"}
    ratios = {
        f"decode, ours on ONNX / {name}": round(speed["ours on ONNX"] / tps, 3)
        for name, tps in speed.items()
        if name != "ours on ONNX" and tps
    }
    print()
    for name, ratio in ratios.items():
        print(f"{name:46} {ratio:.3f}")
    extra = {"shape": options.shape, "load_average": load, "ratios": ratios}
    report(f"onnx_peers_{options.shape}", rows, extra, options.json)


if __name__ == "__main__":
    sys.exit(main())
