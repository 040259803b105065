"""The chat itself: puts the parts together and says what happens when."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Static

from latam_edge.core.errors import LatamEdgeError
from latam_edge.core.i18n import t
from latam_edge.history.records import Conversation
from tui import export_path, keys
from tui.answering import Job
from tui.answers import Answers
from tui.archive import Archive
from tui.screens.dialogs import AskLine, ChooseModel, Help
from tui.talk import Talk
from tui.widgets.composer import Composer
from tui.widgets.key_bar import KeyBar
from tui.widgets.notice import Notice
from tui.widgets.sidebar import Sidebar
from tui.widgets.status_line import Status, StatusLine
from tui.widgets.transcript import Transcript
from tui.widgets.turns import printable
from tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from tui.app import ChatApp


class ChatScreen(Screen[None]):
    """One conversation in the middle, all of them at the side, a line to write in below."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings()]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (Textual's own name)
    AUTO_FOCUS = "Composer"

    def __init__(self, chat: ChatApp) -> None:
        super().__init__()
        self.chat = chat
        """The app, by its own type."""
        self.archive = Archive(chat.recorder)
        self.talk = Talk()
        self.heading = Static(id="title", markup=False)
        self.sidebar = Sidebar()
        self.welcome = Welcome(self.chat.model.entry)
        self.transcript = Transcript()
        self.composer = Composer()
        self.status_line = StatusLine()
        self.key_bar = KeyBar()
        self.answers = Answers(
            chat.model,
            chat.recorder,
            chat.options,
            self.transcript,
            tell=self._jobs_changed,
            tick=self._refresh_status,
            watched=self._watched,
        )
        self._deleted: list[Conversation] = []
        self._kept = 0
        self._leaving = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="middle"):
            yield self.sidebar
            with Vertical(id="talk"):
                yield self.heading
                yield self.welcome
                yield self.transcript
                yield self.composer
        yield self.status_line
        yield self.key_bar

    async def on_mount(self) -> None:
        await self._show(self.talk)
        for words in self.chat.notices:
            await self._say(Notice(words))
        self._load_model()
        self.refresh_list()

    # --- the model -------------------------------------------------------------------

    @work(group="load", exclusive=True)
    async def _load_model(self) -> None:
        await self._until(self.chat.model.load())

    async def _until(self, loading: Future[None]) -> None:
        """Wait for a load to end, then say how it went."""
        self._refresh_status()
        await asyncio.wrap_future(loading)
        if (error := self.chat.model.error) is not None:
            await self._say(Notice(lambda: str(error)))
        elif (info := self.chat.model.info) is not None and info.unused:
            slow = t("chat.slow_build", extensions=", ".join(info.unused))
            self.notify(slow, severity="warning", timeout=15, markup=False)
        self.welcome.show(self.chat.model.entry, self._kept)
        self._refresh_status()

    @work(group="choose", exclusive=True)
    async def action_model(self) -> None:
        """Let the user take another model; questions in line are still answered by this one."""
        model = self.chat.model
        try:
            entries = [*await asyncio.to_thread(self.chat.library.list)]
        except LatamEdgeError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if model.entry.name not in [entry.name for entry in entries]:
            entries.insert(0, model.entry)  # a file that the user named, not one of the library's
        chosen = await self.app.push_screen_wait(ChooseModel(entries, model.entry))
        if chosen is not None and (chosen.name != model.entry.name or model.error is not None):
            self.answers.last_done = None
            await self._until(model.change(chosen))

    # --- asking and answering --------------------------------------------------------

    @on(Composer.Sent)
    @on(Welcome.Tried)
    async def _asked(self, event: Composer.Sent | Welcome.Tried) -> None:
        event.stop()
        self.composer.focus()
        self._run(await self.answers.ask(self.talk, event.text))
        self._show_parts()

    async def action_again(self) -> None:
        """Ask for another answer to the last question; the earlier one stays in the history."""
        previous = self.talk.last_answer
        if previous is not None:
            self._run(await self.answers.ask_again(self.talk, previous))

    @work(group="answers")
    async def _run(self, job: Job) -> None:
        await self.answers.run(job)

    @property
    def jobs(self) -> list[Job]:
        """Questions in line, the one being answered first."""
        return self.answers.jobs

    def _watched(self) -> bool:
        """False once the user leaves: the widgets are going, and the answer is the history's business."""
        return self.is_attached and self.app.is_running and not self._leaving

    def _jobs_changed(self) -> None:
        self._refresh_status()
        self.refresh_list()
        self.refresh_bindings()

    def action_stop(self) -> None:
        """Stop the answer and the questions in line; from the list, go back to the conversation."""
        if self._list_covers:
            self._list(shown=False)
        elif self.jobs:
            self.answers.stop()
        else:
            self.composer.focus()

    # --- conversations ---------------------------------------------------------------

    async def action_new(self) -> None:
        """Start an empty conversation; a running answer goes on into its own."""
        await self._show(Talk())
        self._list_after_choice()

    @on(Sidebar.Chosen)
    async def _chosen(self, event: Sidebar.Chosen) -> None:
        event.stop()
        if event.number != self.talk.id:
            running = self.answers.running_talk(event.number)
            await self._show(running or await self.archive.read(event.number) or self.talk)
        self._list_after_choice()

    async def action_delete(self) -> None:
        """Delete the conversation under the list's cursor, or the open one. Ctrl+Z undoes it."""
        doomed = self.sidebar.highlighted
        number = doomed.id if doomed is not None else self.talk.id
        if number is None:
            return
        self.answers.stop(number)
        deleted = await self.archive.delete(number)
        if deleted is None:
            return
        self._deleted.append(deleted)
        if number == self.talk.id:
            await self._show(Talk())
        self.refresh_list()
        self.notify(t("chat.deleted", title=printable(deleted.title)), timeout=10, markup=False)

    async def action_undo(self) -> None:
        """Bring the last deleted conversation back and open it."""
        deleted = self._deleted.pop()
        await self.archive.restore(deleted.id)
        if (talk := await self.archive.read(deleted.id)) is not None:
            await self._show(talk)
        self.refresh_list()
        self.notify(t("chat.restored", title=printable(deleted.title)), markup=False)

    @work(group="rename", exclusive=True)
    async def action_rename(self) -> None:
        """Ask for another title."""
        talk = self.talk
        name = await self.app.push_screen_wait(AskLine(t("chat.rename_title"), talk.title))
        if name is None:
            return
        talk.title = name
        if talk.id is not None:
            await self.archive.rename(talk.id, name)
        self._show_parts()
        self.refresh_list()

    @work(group="export", exclusive=True)
    async def action_export(self) -> None:
        """Write the open conversation to a file, Markdown or JSON by its suffix."""
        talk = self.talk
        proposal = export_path.proposed(talk.title)
        name = await self.app.push_screen_wait(AskLine(t("chat.export_title"), str(proposal)))
        if name is None or talk.id is None:
            return
        path = Path(name).expanduser()
        try:
            await self.archive.export(talk.id, path)
        except LatamEdgeError as error:
            self.notify(str(error), severity="error", timeout=10, markup=False)
            return
        self.notify(t("chat.exported", path=path), timeout=8, markup=False)

    @work(group="list", exclusive=True)
    async def refresh_list(self) -> None:
        """Read the list of conversations again."""
        sidebar = self.sidebar
        try:
            found = await self.archive.conversations(sidebar.search_text)
        except LatamEdgeError as error:
            self.notify(str(error), severity="error", timeout=10, markup=False)
            return
        sidebar.show(found, self.talk.id)
        if not sidebar.search_text:
            self._kept = len(found) if self.chat.recorder.history.kept else 0
        self.welcome.show(self.chat.model.entry, self._kept)

    @on(Sidebar.Searched)
    def _searched(self, event: Sidebar.Searched) -> None:
        event.stop()
        self.refresh_list()

    # --- what is seen ----------------------------------------------------------------

    async def _show(self, talk: Talk) -> None:
        """Put a conversation on the screen."""
        self.talk = talk
        await self.transcript.show(talk)
        self._show_parts()
        self.composer.focus()
        self.sidebar.mark(talk.id)

    def _show_parts(self) -> None:
        """The welcome for an empty conversation, else its turns; the title above."""
        empty = not self.talk.turns and self.transcript.empty
        self.welcome.display = empty
        self.transcript.display = not empty
        self.heading.update(printable(self.talk.title) or t("chat.new_title"))
        self.refresh_bindings()

    async def _say(self, notice: Notice) -> None:
        await self.transcript.say(notice)
        self._show_parts()

    def not_saved(self, error: LatamEdgeError) -> None:
        """Saving has failed: the user must know, and can go on."""
        self._refresh_status()
        self.notify(t("chat.not_saved", error=error), severity="error", timeout=20, markup=False)

    def _refresh_status(self) -> None:
        self.status_line.show(self._status())

    def _status(self) -> Status:
        model = self.chat.model
        state = "ready" if model.info else "failed" if model.error else "loading"
        if model.info and self.jobs:
            state = "writing" if self.jobs[0].phase == "writing" else "reading"
        return Status(
            model=model.entry.name,
            state=f"chat.status_{state}",
            seconds=self.answers.seconds if self.jobs else 0,
            info=model.info,
            done=self.answers.last_done,
            kept=self.chat.recorder.history.kept,
            saved=not self.chat.recorder.failing,
        )

    @property
    def _list_covers(self) -> bool:
        """Does the list cover the conversation?"""
        return self.has_class("-narrow") and self.has_class("-list-on")

    @property
    def other_labels(self) -> dict[str, str]:
        """For the key bar: what keys mean now, where that isn't what they usually mean."""
        labels = {}
        if self._list_covers or not self.jobs:
            labels["stop"] = "chat.key_back"
        if not self._composing:
            labels["send"] = "chat.key_open"
        return labels

    def action_list(self) -> None:
        """Show or hide the list of conversations."""
        self._list(shown=not self.sidebar.display)

    def action_search(self) -> None:
        """Show the list and search in it."""
        self._list(shown=True)
        self.sidebar.focus_search()

    def _list(self, *, shown: bool) -> None:
        self.set_class(shown, "-list-on")
        self.set_class(not shown, "-list-off")
        if shown:
            self.sidebar.focus_list()
        else:
            self.composer.focus()
        self.refresh_bindings()

    def _list_after_choice(self) -> None:
        """On a narrow screen the list covered the conversation; get it out of the way."""
        if self._list_covers:
            self.set_class(False, "-list-on")
        self.composer.focus()
        self.refresh_bindings()

    async def action_scroll_talk(self, pages: int) -> None:
        """Move the conversation by pages; at its top, bring what is above."""
        transcript = self.transcript
        if pages < 0 and transcript.scroll_y <= 0 and await transcript.show_earlier():
            return
        transcript.scroll_relative(y=pages * max(1, transcript.size.height - 2), animate=False)

    def action_scroll_talk_line(self, lines: int) -> None:
        """Move the conversation by lines."""
        self.transcript.scroll_relative(y=lines, animate=False)

    # --- the rest of the keys --------------------------------------------------------

    def action_send(self) -> None:
        """For the key bar: as Enter in the composer."""
        self.composer.send()

    def action_newline(self) -> None:
        """For the key bar: as Ctrl+J in the composer."""
        self.composer.newline()
        self.composer.focus()

    def action_copy(self) -> None:
        """Copy the last answer; through the terminal (OSC 52), so over SSH it lands on the near side."""
        answers = [turn.text for turn in self.talk.turns if turn.role == "assistant" and turn.text]
        if answers:
            self.app.copy_to_clipboard(answers[-1])
        self.notify(t("chat.copied" if answers else "chat.nothing_to_copy"))

    def action_language(self) -> None:
        """The next of the interface's languages."""
        self.chat.next_language()

    def action_theme(self) -> None:
        """Dark, light, the terminal's own colours."""
        self.chat.next_theme()

    def action_help(self) -> None:
        self.app.push_screen(Help())

    async def action_quit(self) -> None:
        self._leaving = True
        await self.app.action_quit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys work now; the others are not shown either."""
        if action == "stop":
            return bool(self.jobs) or not self._composing
        if action == "newline":
            return self._composing
        if action == "again":
            return self.talk.last_answer is not None and not self.answers.running(self.talk)
        if action in ("copy", "export", "rename"):
            return bool(self.talk.turns)
        if action == "delete":
            return self.talk.id is not None or self.sidebar.highlighted is not None
        if action == "undo":
            # In a text Ctrl+Z undoes typing, as everywhere.
            return bool(self._deleted) and not (self._composing and self.composer.text)
        return True

    @property
    def _composing(self) -> bool:
        return isinstance(self.focused, Composer)

    def refresh_bindings(self) -> None:
        super().refresh_bindings()
        if self.is_mounted:
            self.key_bar.relabel()

    def relabel(self) -> None:
        """Say everything anew in the language in force."""
        self._show_parts()
        for widget in self.query("*"):
            if callable(say_again := getattr(widget, "relabel", None)):
                say_again()
