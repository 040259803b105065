"""A model in three lines of Python.

>>> from latam_edge import load
>>> model = load("semilla")
>>> for piece in model.chat("¿Cuál es la capital de Bolivia?"):
...     print(piece, end="")

The same worker, the same rules as the chat: what happens in native code cannot
take your program down, and nothing opens a network connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from latam_edge.runtime.client import Client
from latam_edge.runtime.types import Chunk, Done, EngineConfig, Message, ModelInfo, Request, Sampling, Started
from latam_edge.store.library import Library


def load(
    name: str | Path | None = "semilla",
    *,
    engine: str = "auto",
    n_ctx: int | None = None,
    n_threads: int | None = None,
    gpu_layers: str = "auto",
    provider: str = "auto",
) -> Model:
    """Load a model: a name of the library, the path of a .gguf file or of an ONNX folder. None: the default.

    engine: "llama", "onnx", or "auto": the one that the model's form asks for.
    provider: ONNX Runtime's execution provider, such as "cpu" or "cuda".
    n_ctx: context window, tokens; None: the model's own, at most 4096.
    n_threads: None: chosen and watched, so that a busy machine never stalls it.
    Raises UnknownModel, BadFile and what it covers, NotEnoughMemory, EngineMissing.
    """
    entry = Library().resolve(None if name is None else str(name))
    config = EngineConfig(
        engine=engine, n_ctx=n_ctx, n_threads=n_threads, gpu_layers=gpu_layers, provider=provider
    )
    client = Client(entry.path, config, name=entry.name)
    client.start()
    return Model(client)


class Model:
    """A loaded model. Close it, or use it in a `with`; it is closed at exit too.

    It keeps no conversation: give `chat` the messages so far, and what they share
    with the turn before is not computed again.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.last: Done | None = None
        """How the last answer ended: its reason, tokens, times and seed."""
        self.dropped_messages = 0
        """Messages that the last answer did not see, because the context was full."""

    @property
    def info(self) -> ModelInfo:
        """What is loaded."""
        return self._client.start()

    def chat(
        self,
        prompt: str | Sequence[Message | dict[str, str]],
        *,
        system: str | None = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repeat_penalty: float | None = None,
        seed: int | None = None,
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """The answer, piece by piece, while it is written.

        prompt: a question, or the conversation so far with the question last:
        Message("user", "Hola") or {"role": "user", "content": "Hola"}.
        system: what the model should know before all else.
        The rest: see `Sampling`; None is what the model file ships.
        Leaving the loop early ends the answer. Raises PromptTooLong, WorkerDied
        (the next call starts a new worker), TypeError for a malformed message.
        """
        messages = [_message(prompt)] if isinstance(prompt, str) else [_message(m) for m in prompt]
        if system is not None:
            messages.insert(0, Message("system", system))
        sampling = Sampling(temperature, top_k, top_p, min_p, repeat_penalty, seed, max_tokens)
        return self._pieces(Request(tuple(messages), sampling, tuple(stop)))

    def cancel(self) -> None:
        """End the running answer; from any thread."""
        self._client.cancel()

    def count_tokens(self, text: str) -> int:
        """Tokens of a plain text."""
        return self._client.tokenize_count(text)

    def close(self) -> None:
        """Stop the worker. Idempotent."""
        self._client.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _pieces(self, request: Request) -> Iterator[str]:
        self.last = None
        for event in self._client.stream(request):
            match event:
                case Started():
                    self.dropped_messages = event.dropped_messages
                case Chunk():
                    yield event.text
                case Done():
                    self.last = event


def _message(value: str | Message | dict[str, str]) -> Message:
    match value:
        case str():
            return Message("user", value)
        case Message():
            return value
        case {"role": "system" | "user" | "assistant" as role, "content": str() as content}:
            return Message(role, content)
    raise TypeError(f"not a message: {value!r}")
