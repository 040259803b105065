"""The runtime's vocabulary: what is asked of a model and what comes back.

Plain frozen values, the same on both sides of the worker's pipe. No engine, no
numpy, nothing heavy: the chat and the command line import this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant"]

FinishReason = Literal["stop", "length", "cancelled"]
"""stop: the model ended or a stop sequence came; length: max_tokens or the context is full."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """How a model is loaded."""

    engine: str = "auto"
    """Which engine runs it: "llama", "onnx", or "auto": the one that its form asks for."""
    n_ctx: int | None = None
    """Context window, tokens; KV cache memory grows with it. None: the model's own, at most 4096."""
    n_threads: int | None = None
    """Compute threads. None: chosen and watched by the engine, so that a busy machine never stalls it."""
    gpu_layers: str = "auto"
    """"auto", "off" or a number: how many layers go to a GPU when the build has one."""
    provider: str = "auto"
    """ONNX Runtime's execution provider: "auto", "cpu", "cuda", "dml", "openvino" or "coreml"."""
    n_batch: int = 512
    """Prompt tokens per prefill step."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn. None in a field: what the model file ships, else the field's default."""

    temperature: float | None = None
    """0: always the likeliest token. Default 0.7."""
    top_k: int | None = None
    """Keep the k likeliest; 0: all. Default 40."""
    top_p: float | None = None
    """Keep the smallest set that holds this probability; 1: all. Default 0.95."""
    min_p: float | None = None
    """Drop tokens less likely than this share of the likeliest; 0: none. Default 0.05."""
    repeat_penalty: float | None = None
    """Divide the logits of the last 64 tokens by this; 1: off. Default 1.0."""
    seed: int | None = None
    """Same seed, same text. None: drawn anew each time."""
    max_tokens: int | None = None
    """Most tokens of an answer. None: until the model stops or the context is full."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a loaded model: the whole conversation so far, the user's turn last."""

    messages: tuple[Message, ...]
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    """Texts that end the answer; they do not appear in it."""
    raw: bool = False
    """True: no chat template; the last message's content is the prompt itself."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a loaded model is."""

    name: str
    """The model's own name, from its file."""
    path: str
    architecture: str
    """"llama", "qwen2", ..."""
    parameters: int
    """Number of weights."""
    file_bytes: int
    n_ctx: int
    """Context window in force, tokens."""
    n_ctx_train: int
    """Longest context it was trained for, tokens."""
    n_vocab: int
    engine: str
    n_threads: int
    """Compute threads on a quiet machine."""
    load_s: float
    """Seconds from the request to a model ready to answer."""
    sampling: Sampling
    """What the file ships, with the defaults filled in (seed and max_tokens stay None)."""
    device: str = "cpu"
    variant: str = ""
    """Which of a portable build's machine codes runs ("haswell"); "" when the build has only one."""
    unused: tuple[str, ...] = ()
    """Extensions of this processor that the engine's build doesn't use ("AVX2"): it could be faster."""


@dataclass(frozen=True, slots=True)
class Started:
    """First event of an answer: the prompt is understood, prefill begins."""

    prompt_tokens: int
    """Tokens of the prompt after the template."""
    reused_tokens: int
    """Of these, already in the KV cache from the turn before."""
    dropped_messages: int
    """Oldest messages (never the system's) left out because the context is full. The user is told."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the answer: whole characters, never half of one."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Timings:
    load_s: float
    """Seconds the model took to load (0 for a later question)."""
    ttft_s: float
    """Seconds from the request to the first piece of text."""
    prefill_tps: float
    """Prompt tokens evaluated per second; 0 when all were reused."""
    decode_tps: float
    """Answer tokens per second after the first."""


@dataclass(frozen=True, slots=True)
class Done:
    """Last event of an answer."""

    finish_reason: FinishReason
    usage: Usage
    timings: Timings
    n_threads: int
    """Threads in use at the end (fewer than ModelInfo's when the machine was busy)."""
    seed: int = 0
    """The seed that was used, so that the answer can be repeated."""


Event = Started | Chunk | Done
