"""What a history holds, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from latam_edge.core.i18n import t

Role = Literal["system", "user", "assistant"]

MessageState = Literal["writing", "done", "length", "cancelled", "interrupted"]
"""writing: an answer that still streams; length: it ended because there was no more room;
cancelled: the user stopped it; interrupted: the engine or the whole program died under it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation, without its messages."""

    id: int
    title: str
    model: str
    """Name of the model that it was last held with; "" when unknown."""
    created_at: str
    """ISO 8601, UTC, milliseconds: "2026-11-24T05:46:41.123Z". So are all stamps here."""
    updated_at: str


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One turn of a conversation, as it stands on the disk."""

    id: int
    conversation_id: int
    role: Role
    content: str
    """Whole text; of an answer that still streams, what has been written so far."""
    state: MessageState
    model: str
    """Who answered; "" for the user's turns."""
    created_at: str
    replaced_by: int | None = None
    """The id of the answer that was asked for in this one's place; None: this one counts."""
    tokens: int | None = None
    """Length of an answer in tokens of its model; None when it was not told."""
    seed: int | None = None
    """The sampling seed, so that an answer can be repeated."""


def state_label(state: MessageState, lang: str | None = None) -> str:
    """What to tell the reader about an answer that did not end by itself; "" for one that did."""
    keys = {"length": "history.state_length", "cancelled": "history.state_cancelled"}
    if state in ("done", "writing"):
        return ""
    return t(keys.get(state, "history.state_interrupted"), lang)
