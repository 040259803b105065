"""One question being answered, in the thread that talks to the model.

The screen looks at the job a few times a second and paints what is new; the
model never waits for the screen, and the screen never for the model.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal

from latam_edge.core.errors import LatamEdgeError, WorkerFault
from latam_edge.history.records import MessageState
from latam_edge.runtime.types import Chunk, Done, Request, Started
from tui.model import Model
from tui.options import ChatOptions
from tui.recorder import Recorder
from tui.talk import Talk, Turn

Phase = Literal["waiting", "reading", "writing", "over"]
"""waiting: for the model to load or an earlier question; reading: prefill."""

_STATES: dict[str, MessageState] = {"stop": "done", "length": "length", "cancelled": "cancelled"}


@dataclass(eq=False)
class Job:
    """A question on its way to an answer. Written by the model's thread, read by the screen's."""

    talk: Talk
    answer: Turn
    saved: Future[None]
    """Done when the question is on the disk."""
    previous: Turn | None = None
    """The answer that this one is asked for in place of."""
    phase: Phase = "waiting"
    started: Started | None = None
    done: Done | None = None
    stopping: bool = False

    def add(self, text: str) -> None:
        """Another piece of the answer: for the screen and for the disk."""
        self.answer.text += text
        if self.answer.writer is not None:
            self.answer.writer.append(text)


def answer(job: Job, model: Model, recorder: Recorder, options: ChatOptions) -> None:
    """Run the job to its end, whatever that is. Never raises: the end is in the answer's state and error."""
    job.saved.result()  # the question is on the disk before the answer starts
    turn = job.answer
    state: MessageState = "cancelled"
    if not job.stopping:
        job.phase = "reading"
        try:
            messages = job.talk.messages_before(turn, options.system)
            state = _stream(job, model, Request(messages, options.sampling))
        except LatamEdgeError as error:
            turn.error, state = error, "interrupted"
        except Exception as error:  # a fault of ours must not take the conversation along
            turn.error, state = WorkerFault(detail=repr(error)), "interrupted"
    done = job.done
    recorder.close_answer(
        turn, state, tokens=done.usage.completion_tokens if done else None, seed=done.seed if done else None
    )
    job.phase = "over"


def _stream(job: Job, model: Model, request: Request) -> MessageState:
    for event in model.client.stream(request):
        if isinstance(event, Chunk):
            job.phase = "writing"
            job.add(event.text)
        elif isinstance(event, Started):
            job.started = event
            job.answer.dropped = event.dropped_messages
        elif isinstance(event, Done):
            job.done = event
            return _STATES[event.finish_reason]
        if job.stopping:  # asked before the model could be told
            model.client.cancel()
    raise WorkerFault(detail="no end")
