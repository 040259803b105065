"""Calibration texts as token windows, equally many of each language."""

from __future__ import annotations

from typing import Any

import numpy as np

from convert.checkpoint import HFCheckpoint
from convert.shape import ModelShape
from convert.tokenizer import vocabulary
from latam_edge.core.errors import MissingExtra, UsageError
from latam_edge.core.i18n import t
from quant.calibration import Calibration

WINDOW = 512
"""Tokens of a window, as long as the windows that models are compared on."""
LEAST = 64
"""Fewer tokens of a language than this say nothing about a model."""

Tokens = np.ndarray[Any, np.dtype[np.int32]]


def cut(source: HFCheckpoint, shape: ModelShape, calibration: Calibration, max_tokens: int) -> Tokens:
    """Windows of the model's own tokens: int32, (n_windows, n_tokens), languages taking turns.

    At most `max_tokens` in all, the same number of windows from every language; a window
    begins with the bos token where the tokenizer puts one. Raises MissingExtra without
    tokenizers, UsageError for a text that is too short.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtra(package="tokenizers", extra="convert") from error
    tokenizer = Tokenizer.from_file(str(source.folder / "tokenizer.json"))
    words = vocabulary.read(source, shape.n_vocab)
    streams = []
    for language, text in calibration.by_language().items():
        encoded = tokenizer.encode(text, add_special_tokens=False).ids
        if len(encoded) < LEAST:
            raise UsageError(
                detail=t("convert.calibration_short", language=language, tokens=len(encoded), least=LEAST)
            )
        streams.append(np.array(encoded, np.int32))
    length = min(WINDOW, shape.n_ctx, *map(len, streams))
    each = min(len(stream) // length for stream in streams)
    each = max(1, min(each, max_tokens // (length * len(streams))))
    cuts = [_spread(stream, length, each) for stream in streams]
    windows = np.stack(cuts, axis=1).reshape(-1, length)
    if words.add_bos:
        windows[:, 0] = words.special_ids["bos"]
    return windows


def _spread(stream: Tokens, length: int, count: int) -> Tokens:
    """`count` windows evenly over the whole text, so that a cut leaves out no chapter."""
    room = len(stream) // length
    starts = np.arange(count) * room // count * length
    return np.stack([stream[start : start + length] for start in starts])
