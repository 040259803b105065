"""An engine without a model: repeats the last message, word by word.

For tests of everything around an engine. A word in brackets is an order:

    [sleep:0.2]   wait so many seconds
    [crash]       die as a native fault does, without a farewell
    [fail]        raise RuntimeFault
    [hang]        stop answering, cancel or not
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from latam_edge.core.errors import RuntimeFault
from latam_edge.runtime.engine import Cancellation
from latam_edge.runtime.types import (
    Chunk,
    Done,
    EngineConfig,
    Event,
    FinishReason,
    ModelInfo,
    Request,
    Sampling,
    Started,
    Timings,
    Usage,
)


class EchoEngine:
    """Deterministic and instant. A "token" is a word with the blanks that follow it."""

    def load(self, model: Path, config: EngineConfig) -> ModelInfo:
        """Accepts any path, existing or not."""
        return ModelInfo(
            name=model.stem,
            path=str(model),
            architecture="echo",
            parameters=0,
            file_bytes=0,
            n_ctx=config.n_ctx or 4096,
            n_ctx_train=4096,
            n_vocab=0,
            engine="echo",
            n_threads=config.n_threads or 1,
            load_s=0.0,
            sampling=Sampling(temperature=0.0, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0),
        )

    def generate(self, request: Request, cancellation: Cancellation) -> Iterator[Event]:
        start = time.perf_counter()
        prompt_tokens = sum(self.count(message.content) for message in request.messages)
        limit = request.sampling.max_tokens
        yield Started(prompt_tokens=prompt_tokens, reused_tokens=0, dropped_messages=0)
        said = 0
        reason: FinishReason = "stop"
        first_s = 0.0
        for word in _words(request.messages[-1].content):
            if cancellation.cancelled:
                reason = "cancelled"
                break
            if limit is not None and said >= limit:
                reason = "length"
                break
            if not _obey(word.strip(), cancellation):
                first_s = first_s or time.perf_counter() - start
                said += 1
                yield Chunk(word)
        total = time.perf_counter() - start
        yield Done(
            finish_reason=reason,
            usage=Usage(prompt_tokens=prompt_tokens, completion_tokens=said),
            timings=Timings(
                load_s=0.0, ttft_s=first_s, prefill_tps=0.0, decode_tps=said / total if total else 0.0
            ),
            n_threads=1,
            seed=request.sampling.seed or 0,
        )

    def count(self, text: str) -> int:
        return len(_words(text))

    def close(self) -> None:
        """Nothing to free."""


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*$|\s*\S+\s", text)


def _obey(word: str, cancellation: Cancellation) -> bool:
    """Carry out an order; False when the word is none."""
    match word.strip("[]").split(":") if word.startswith("[") and word.endswith("]") else []:
        case ["sleep", seconds]:
            end = time.monotonic() + float(seconds)
            while time.monotonic() < end and not cancellation.cancelled:
                time.sleep(0.005)
        case ["crash"]:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        case ["fail"]:
            raise RuntimeFault(detail="[fail]")
        case ["hang"]:
            while True:
                time.sleep(1)
        case _:
            return False
    return True
