"""Measure a model through the whole stack: worker, protocol, client, as the chat uses it.

Each repeat asks a prompt that starts unlike all others, so that no prefix is
reused, and generates greedily. A model that ends its answers early is asked
again until enough tokens were generated.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from latam_edge.bench.bandwidth import read_bandwidth
from latam_edge.bench.memory import load_average, peak_rss_bytes
from latam_edge.bench.result import Machine, Row, Spread
from latam_edge.bench.scenario import Scenario
from latam_edge.core import hardware
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.core.version import __version__
from latam_edge.formats.model import ModelHeader, read_model
from latam_edge.formats.onnx import OnnxHeader
from latam_edge.runtime.client import Client
from latam_edge.runtime.types import Done, EngineConfig, Message, Request, Sampling, Started
from latam_edge.store.entry import Entry

TEXT = (
    "La escuela del pueblo abre temprano y las niñas y los niños llegan caminando por la orilla del río. "
    "A maestra escreve no quadro os nomes das plantas que crescem perto da casa de cada um. "
    "Después de la lluvia el camino se llena de barro, y entre todos limpian la entrada con palas. "
)
"""Ours, in both languages; what it says does not matter, that its tokens are ordinary does."""
MOST_ANSWERS = 12
"""Questions per repeat at most, for a model that answers in two words."""
WARMUP_TOKENS = 48
LOADS = 3
"""How often loading is timed."""


def describe_machine(bandwidth: float | None = None) -> Machine:
    """This machine; its read bandwidth is measured unless it is given."""
    load = load_average()  # before the measurement below raises it
    probe = hardware.probe()
    return Machine(
        system=probe.system,
        machine=probe.machine,
        cpu=probe.cpu_name,
        cores=probe.cores_usable,
        memory_bytes=probe.memory_total_bytes,
        read_bandwidth_bytes_per_s=bandwidth or read_bandwidth(),
        load_average=load,
        python=platform.python_version(),
        version=__version__,
        llama_cpp=_version("llama-cpp-python"),
        onnxruntime=_version("onnxruntime"),
    )


def _version(package: str) -> str:
    """Of an installed package; empty when it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def bytes_per_token(header: ModelHeader) -> int:
    """Bytes of weights read for one generated token.

    All tensors, but of an embedding table that is not also the output head only one row
    is read. Experts of a mixture count as if all were used, so the figure is an upper bound there."""
    if isinstance(header, OnnxHeader):
        return _onnx_bytes_per_token(header)
    tied = not any(tensor.name == "output.weight" for tensor in header.tensors)
    return sum(tensor.nbytes for tensor in header.tensors if tied or tensor.name != "token_embd.weight")


def _onnx_bytes_per_token(header: OnnxHeader) -> int:
    """The same of a graph: its tensors as they are once loaded, without the rotary tables."""
    tied = header.config.get("tie_word_embeddings", True) is not False
    total = 0
    for tensor in header.tensors:
        if tensor.name.startswith(("cos", "sin")) or (not tied and "embed" in tensor.name):
            continue
        total += tensor.nbytes * (2 if tensor.dtype == "float16" else 1)  # widened when it is loaded
    return total


def measure(
    entry: Entry,
    config: EngineConfig,
    machine: Machine,
    scenario: Scenario | None = None,
    progress: Progress = silent,
) -> Row:
    """Run the scenario. Raises what loading and answering raise."""
    scenario = scenario or Scenario()
    loads = []
    for _ in range(LOADS):
        with Client(entry.path, config, name=entry.name) as client:
            loads.append(client.start().load_s)
    with _measuring(entry, config) as run:
        warm_prefill = run.prefill(WARMUP_TOKENS)
        warm_decode, _ = run.decode(16)
        scenario = scenario.within(run.n_ctx).for_speed(warm_prefill, warm_decode)
        prefills, decodes, firsts, counts = [], [], [], []
        for index in range(scenario.repeats):
            progress(Step("bench.measuring", index, scenario.repeats, note=entry.name))
            # Interleaved: a disturbance of a few seconds does not hit one figure alone.
            prefills.append(run.prefill(scenario.prefill_tokens))
            tps, count = run.decode(scenario.decode_tokens)
            decodes.append(tps)
            counts.append(count)
            firsts.append(run.first())
        progress(Step("bench.measuring", scenario.repeats, scenario.repeats, note=entry.name))
        decode = Spread.of(decodes)
        rate = decode.median * bytes_per_token(read_model(entry.path))
        return Row(
            model=entry.name,
            sha256=entry.sha256,
            engine=run.engine,
            threads=run.n_threads,
            threads_used=run.fewest_threads,
            prefill_tokens=scenario.prefill_tokens,
            decode_tokens=min(counts),
            repeats=scenario.repeats,
            prefill_tps=Spread.of(prefills),
            decode_tps=decode,
            ttft_s=Spread.of(firsts),
            load_s=Spread.of(loads),
            peak_rss_bytes=peak_rss_bytes(run.pid),
            file_bytes=entry.file_bytes,
            bandwidth_fraction=rate / machine.read_bandwidth_bytes_per_s,
            machine=machine,
        )


@dataclass(slots=True)
class _Run:
    """A loaded model being measured."""

    client: Client
    engine: str
    n_ctx: int
    n_threads: int
    fewest_threads: int
    pid: int
    asked: int = 0
    goes_on: bool = True
    """Whether the model continues a text that is given to it without the chat's template."""

    def prefill(self, tokens: int) -> float:
        """Prompt tokens per second for a new prompt of about `tokens` tokens."""
        done, _ = self._ask(self._prompt(tokens), 1)
        return done.timings.prefill_tps

    def decode(self, tokens: int) -> tuple[float, int]:
        """(tokens per second, tokens generated) over as many answers as it takes."""
        count, steps, seconds = 0, 0, 0.0
        for _ in range(MOST_ANSWERS):
            done, _ = self._ask(self._prompt(16), tokens - count, raw=self.goes_on)
            made = done.usage.completion_tokens
            count += made
            # A chat model may see nothing to add to a bare text. Asked as in a chat, it answers.
            self.goes_on = self.goes_on and made > 1
            # decode_tps counts from the first token on, so an answer of n tokens is n - 1 steps.
            if made > 1 and done.timings.decode_tps > 0:
                steps += made - 1
                seconds += (made - 1) / done.timings.decode_tps
            if count >= tokens:
                break
        return (steps / seconds if seconds else 0.0), count

    def first(self) -> float:
        """Seconds to the first piece of a short answer."""
        done, _ = self._ask(self._prompt(32), 2)
        return done.timings.ttft_s

    def _prompt(self, tokens: int) -> str:
        """About `tokens` tokens, at most; the number in front keeps any prefix from being reused."""
        self.asked += 1
        start = f"{self.asked * 7919 % 10007} "
        words = TEXT.split()
        enough = max(1, tokens)
        text = start + " ".join(words[index % len(words)] for index in range(enough))
        # A word is a token or more; cut in proportion until it fits.
        while (count := self.client.tokenize_count(text)) > tokens and enough > 1:
            enough = max(1, min(enough - 1, enough * tokens // count))
            text = start + " ".join(words[index % len(words)] for index in range(enough))
        return text

    def _ask(self, prompt: str, max_tokens: int, *, raw: bool = True) -> tuple[Done, int]:
        """The end of a greedy answer, and how many prompt tokens were reused."""
        request = Request(
            (Message("user", prompt),),
            Sampling(temperature=0.0, seed=1, max_tokens=max(1, max_tokens)),
            raw=raw,
        )
        reused, end = 0, None
        for event in self.client.stream(request):
            if isinstance(event, Started):
                reused = event.reused_tokens
            elif isinstance(event, Done):
                end = event
        assert end is not None  # the protocol ends every answer with Done or raises
        self.fewest_threads = min(self.fewest_threads, end.n_threads)
        return end, reused


@contextmanager
def _measuring(entry: Entry, config: EngineConfig) -> Iterator[_Run]:
    with Client(entry.path, config, name=entry.name) as client:
        info = client.start()
        yield _Run(client, info.engine, info.n_ctx, info.n_threads, info.n_threads, client.pid or 0)
