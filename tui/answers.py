"""The questions in line, and the painting of their answers while the model's thread makes them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from latam_edge.runtime.types import Done
from tui.answering import Job, answer
from tui.model import Model
from tui.options import ChatOptions
from tui.recorder import Recorder
from tui.talk import Talk, Turn, title_from
from tui.widgets.transcript import Transcript

FRAME_S = 1 / 15
"""Time between two looks at a running answer. More often nobody sees, and SSH lines choke."""


class Answers:
    """Lives on the screen's side: everything here happens in the app's own thread."""

    def __init__(
        self,
        model: Model,
        recorder: Recorder,
        options: ChatOptions,
        transcript: Transcript,
        tell: Callable[[], None],
        tick: Callable[[], None],
        watched: Callable[[], bool],
    ) -> None:
        """transcript: where to paint the answers of the talk that it shows.

        tell: called when a job comes, goes or is saved. tick: called at every look at the first job.
        watched: is there still a screen to paint on?
        """
        self._model = model
        self._recorder = recorder
        self._options = options
        self._transcript = transcript
        self._tell = tell
        self._tick = tick
        self._watched = watched
        self.jobs: list[Job] = []
        """Questions in line, the one being answered first."""
        self.seconds = 0
        """How long the first of them has been in the model's hands."""
        self.last_done: Done | None = None
        """The end of the latest answer, where the measured figures are."""

    def running(self, talk: Talk) -> bool:
        """Is an answer of this conversation on its way?"""
        return any(job.talk is talk for job in self.jobs)

    def running_talk(self, number: int) -> Talk | None:
        """The conversation with this number, if an answer of it is on its way: not yet whole on the disk."""
        return next((job.talk for job in self.jobs if job.talk.id == number), None)

    async def ask(self, talk: Talk, text: str) -> Job:
        """Put a question in line and show it. It's being saved when this returns."""
        talk.title = talk.title or title_from(text)
        question, reply = Turn("user", text), self._reply()
        talk.turns += [question, reply]
        job = self._queue(Job(talk, reply, self._recorder.open_answer(talk, reply)))
        await self._transcript.add(question, reply)
        return job

    async def ask_again(self, talk: Talk, previous: Turn) -> Job:
        """Ask for another answer in `previous`'s place, the talk's last one."""
        reply = self._reply()
        reply.earlier = [*previous.earlier, previous.text]
        talk.turns[-1] = reply
        job = self._queue(Job(talk, reply, self._recorder.open_answer(talk, reply, previous.id), previous))
        await self._transcript.replace(previous, reply)
        return job

    def stop(self, number: int | None = None) -> None:
        """Stop the running answer and all in line; only conversation `number`'s when given."""
        for place, job in enumerate(self.jobs):
            if number is None or job.talk.id == number:
                job.stopping = True
                if place == 0:
                    self._model.client.cancel()

    async def run(self, job: Job) -> None:
        """Paint the job's answer until it's over."""
        work = self._model.submit(answer, job, self._model, self._recorder, self._options)
        ending = asyncio.wrap_future(work)
        try:
            begun, pause, saved = 0.0, FRAME_S, False
            while not ending.done() and self._watched():
                if job.saved.done() and not saved:
                    saved = True
                    self._tell()
                await asyncio.wait([ending], timeout=pause)
                painting = time.monotonic()
                begun = begun or (painting if job.phase != "waiting" else 0.0)
                if job is self.jobs[0]:
                    self.seconds = int(painting - begun) if begun else 0
                    self._tick()
                await self._paint(job)
                # Drawing a list takes long: leave the computer most of its time for the model.
                pause = max(FRAME_S, 3 * (time.monotonic() - painting))
            if ending.done():
                await ending
        finally:
            self.jobs.remove(job)
        if self._watched():
            await self._finish(job)
            self._tell()

    def _reply(self) -> Turn:
        return Turn("assistant", state="writing", model=self._model.entry.name)

    def _queue(self, job: Job) -> Job:
        self.jobs.append(job)
        self._tell()
        return job

    async def _paint(self, job: Job) -> None:
        view = self._transcript.view_of(job.answer)
        if view is None:
            return  # another conversation is on the screen; this one's text waits in its turn
        if await view.catch_up():
            drawn = asyncio.Event()
            view.call_after_refresh(drawn.set)
            await drawn.wait()
        elif not job.answer.text:
            if self._model.info is None and self._model.error is None:
                view.show_progress("chat.phase_loading", model=self._model.entry.name)
            elif job.phase != "over":
                view.show_progress("chat.phase_stopping" if job.stopping else f"chat.phase_{job.phase}")

    async def _finish(self, job: Job) -> None:
        if job.done is not None:
            self.last_done = job.done
        if job.previous is not None and not job.answer.text and job.talk.last_answer is job.answer:
            # Nothing came: the earlier answer is worth more, and says why there is no other.
            job.previous.error = job.answer.error
            job.talk.turns[-1] = job.previous
            await self._transcript.replace(job.answer, job.previous)
        elif (view := self._transcript.view_of(job.answer)) is not None:
            await view.complete()
