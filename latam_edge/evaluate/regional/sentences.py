"""Sentences from frames and words: {} is where a word goes, [a/b] where the sentences of a set differ."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

from latam_edge.core import toml

_CHOICE = re.compile(r"\[([^\[\]]*)\]")


@cache
def read_data(name: str) -> dict[str, Any]:
    """A TOML file of this package's data, read once; not to be changed."""
    return toml.parse(files(f"{__package__}.data").joinpath(name).read_bytes())


def fill(frame: str, word: str) -> str:
    """`frame` with `word` at its {}."""
    if frame.count("{}") != 1:
        raise ValueError(f"one {{}} is wanted: {frame!r}")
    return frame.replace("{}", word)


def choices(text: str) -> tuple[str, ...]:
    """The sentences that `text` stands for, one per alternative of its [a/b]; all brackets choose together.

    >>> choices("[la/el] leche está [fría/frío].")
    ('La leche está fría.', 'El leche está frío.')
    """
    found = [match.split("/") for match in _CHOICE.findall(text)]
    counts = {len(options) for options in found}
    if len(counts) != 1:
        raise ValueError(f"as many alternatives in each bracket are wanted: {text!r}")
    sentences = []
    for number in range(counts.pop()):
        sentence = _CHOICE.sub(lambda match, at=number: match[1].split("/")[at], text)  # type: ignore[misc]
        sentences.append(sentence[0].upper() + sentence[1:])
    return tuple(sentences)
