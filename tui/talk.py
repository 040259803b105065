"""The open conversation as the chat sees it: its turns, and what of them the model is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from latam_edge.core.errors import LatamEdgeError
from latam_edge.history.answer import AnswerWriter
from latam_edge.history.records import MessageState, StoredMessage
from latam_edge.runtime.types import Message

TITLE_CELLS = 40


@dataclass(eq=False, slots=True)
class Turn:
    """One turn: a question, or an answer that may still be coming."""

    role: Literal["user", "assistant"]
    text: str = ""
    state: MessageState = "done"
    model: str = ""
    """Who answers."""
    id: int | None = None
    """Its number in the history; None: not (yet) saved."""
    writer: AnswerWriter | None = None
    """While the answer streams into the history, or couldn't be finished there."""
    error: LatamEdgeError | None = None
    """Why the answer broke off."""
    dropped: int = 0
    """How many of the oldest messages the model could not see when it answered."""
    earlier: list[str] = field(default_factory=list)
    """Answers that this one was asked for in place of, the oldest first."""


@dataclass(eq=False, slots=True)
class Talk:
    """A conversation: questions and answers in turn."""

    title: str = ""
    """ "" until the first question gives it one."""
    id: int | None = None
    """Its number in the history; None: not (yet) saved."""
    turns: list[Turn] = field(default_factory=list)

    @property
    def last_answer(self) -> Turn | None:
        """The latest turn, if it's an answer."""
        return self.turns[-1] if self.turns and self.turns[-1].role == "assistant" else None

    def messages_before(self, answer: Turn, system: str | None) -> tuple[Message, ...]:
        """What the model is to read to give `answer`.

        A question that was left without a word of answer stays out: chat templates
        want question and answer in strict turn.
        """
        messages = [Message("system", system)] if system else []
        for question, reply in zip(self.turns, self.turns[1:], strict=False):
            if question.role != "user" or reply.role != "assistant":
                continue
            if reply is answer:
                messages.append(Message("user", question.text))
                break
            if reply.text.strip():
                messages += [Message("user", question.text), Message("assistant", reply.text)]
        return tuple(messages)


def from_history(number: int, title: str, stored: list[StoredMessage]) -> Talk:
    """The conversation as it was kept; `stored` includes the replaced answers."""
    turns: list[Turn] = []
    earlier: list[str] = []
    for message in stored:
        if message.role == "system":
            continue
        if message.replaced_by is not None:
            earlier.append(message.content)
            continue
        # "writing" under another window's hand, or left by one that died: here it's not going on.
        state = "interrupted" if message.state == "writing" else message.state
        if message.role == "assistant" and (not turns or turns[-1].role == "assistant"):
            turns.append(Turn("user"))  # its question was lost to damage
        if message.role == "user" and turns and turns[-1].role == "user":
            turns.append(Turn("assistant", state="interrupted"))
        turns.append(Turn(message.role, message.content, state, message.model, message.id, earlier=earlier))
        earlier = []
    if turns and turns[-1].role == "user":
        turns.append(Turn("assistant", state="interrupted"))
    return Talk(title, number, turns)


def title_from(question: str) -> str:
    """A title from the first question: its first line, cut between words."""
    line = " ".join(next((line for line in question.splitlines() if line.strip()), "").split())
    if len(line) <= TITLE_CELLS:
        return line
    cut = line[:TITLE_CELLS].rsplit(" ", 1)[0].rstrip(" ,;:.")
    return (cut or line[:TITLE_CELLS]) + "…"
