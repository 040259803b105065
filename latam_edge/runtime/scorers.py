"""What evaluation needs of any engine: tokens in, next-token logits out. And the table of those that give it.

An engine that writes answers (`engine.Engine`) draws tokens and shows none of its
logits, so measuring has a door of its own, one class per engine, opened in the
process that measures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from latam_edge.core.errors import EngineMissing
from latam_edge.runtime.engine import engine_of

Logits = npt.NDArray[np.float32]


class Scorer(Protocol):
    """A loaded model that says how likely it finds every next token. Close it once.

    BOS: `tokenize` never adds it, and `stream` evaluates exactly what it is given,
    from an empty context; put `bos` first when `adds_bos`.
    """

    n_ctx: int
    """Most tokens of one `stream` call."""
    n_vocab: int
    """Logits of a row."""
    bos: int | None
    """Beginning of sequence, if the vocabulary has one."""
    adds_bos: bool
    """Whether the model expects `bos` before a text."""

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a plain text: no BOS, and control tokens' names are mere characters."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; empty for control tokens."""
        ...

    def stream(self, tokens: Sequence[int], start: int = 0, stop: int | None = None) -> Iterator[Logits]:
        """Rows start..stop of the logits, in order, some at a time: float32, (some, n_vocab).

        Row i is the model's opinion on token i+1, having seen tokens 0..i. What is
        yielded is valid only until the next is asked for, so that memory stays that of
        a few rows whatever the vocabulary. Raises PromptTooLong beyond n_ctx, RuntimeFault.
        """
        ...

    def close(self) -> None:
        """Free the model. Idempotent."""
        ...


SCORERS: dict[str, tuple[str, str, str]] = {
    "llama": ("latam_edge.runtime.scoring", "Scorer", ""),
    "onnx": ("latam_edge.runtime.onnx.scoring", "OnnxScorer", "[onnx]"),
}
"""Engine -> (module, class, extra of the package that installs what it needs).

The class is called with (model, n_ctx=..., n_threads=...); n_threads None: chosen by the engine.
"""


def open_scorer(
    model: Path, engine: str | None = None, *, n_ctx: int = 512, n_threads: int | None = None
) -> Scorer:
    """Load `model` for scoring; engine None: the one its form asks for.

    Raises EngineMissing, and what loading a model raises.
    """
    name = engine or engine_of(model)
    try:
        module, cls, extra = SCORERS[name]
    except KeyError:
        raise EngineMissing(engine=name, extra="") from None
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # the package around it is missing
        found = None
    if found is None:
        raise EngineMissing(engine=name, extra=extra)
    try:
        make = getattr(import_module(module), cls)
    except ImportError as error:
        raise EngineMissing(engine=name, extra=extra) from error
    scorer: Scorer = make(model, n_ctx=n_ctx, n_threads=n_threads)
    return scorer
