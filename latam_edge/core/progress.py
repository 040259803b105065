"""Long work reports what it has done; whoever called draws it.

The command line draws a bar on stderr, the chat posts a message, a test keeps
a list. A worker that reports never knows which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One report of a piece of long work."""

    key: str
    """Catalog key of what is being done: "train.pretraining"."""
    done: float
    """How much is done, in units of `total`."""
    total: float
    """All there is to do; 0 when that is not known."""
    unit: str = ""
    """What is counted ("tokens", "bytes"); "" for plain steps."""
    note: str = ""
    """A short figure worth showing beside the bar, such as a loss."""


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """A Progress that shows nothing."""
