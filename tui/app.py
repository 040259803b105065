"""The application: what lives as long as the chat does, the language and the colours."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType

from latam_edge.core import i18n, paths
from latam_edge.core.atomic import write_text
from latam_edge.core.errors import LatamEdgeError
from latam_edge.core.i18n import t
from latam_edge.core.settings import load_settings, save_settings
from latam_edge.history.history import History
from latam_edge.store.entry import Entry
from latam_edge.store.library import Library
from tui.colours import THEMES, first_theme
from tui.model import ClientFactory, Model
from tui.options import ChatOptions
from tui.recorder import Recorder
from tui.screens.chat import ChatScreen


class ChatApp(App[None]):
    """Holds the model and the history; the chat screen does the rest."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False  # it speaks English only
    TITLE = "latam-edge"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "help_quit", show=False, system=True)]

    def __init__(
        self,
        client_factory: ClientFactory,
        history: History,
        library: Library,
        entry: Entry,
        options: ChatOptions | None = None,
        *,
        notices: tuple[Callable[[], str], ...] = (),
    ) -> None:
        """entry: the model to begin with. notices: sentences to show first; each gives itself in
        the language in force."""
        no_color = "NO_COLOR" in os.environ  # Textual takes it out of the environment
        # Without colours Textual would turn the theme's into greys, and what has none into black on black.
        super().__init__(ansi_color=True if no_color else None)
        self.model = Model(client_factory, entry)
        self.recorder = Recorder(history, self._not_saved)
        self.library = library
        self.options = options or ChatOptions()
        self.notices = notices
        self._crashed = False
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = first_theme(self.console.color_system, no_color, os.environ.get("COLORFGBG", ""))

    def get_default_screen(self) -> ChatScreen:
        return ChatScreen(self)

    def close(self) -> None:
        """Stop the model and finish all writes, when the screen is gone; a running answer ends as stopped."""
        self.model.close()
        self.recorder.close()

    def _not_saved(self, error: LatamEdgeError) -> None:
        """From the history's thread."""
        with suppress(RuntimeError):  # the screen is gone already
            self.call_later(self._tell_not_saved, error)

    def _tell_not_saved(self, error: LatamEdgeError) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, ChatScreen):
                screen.not_saved(error)

    def next_language(self) -> None:
        """Take the next language, at once and for the next time."""
        languages = i18n.LANGUAGES
        lang = languages[(languages.index(i18n.language()) + 1) % len(languages)]
        i18n.set_language(lang)
        if self.recorder.history.kept:  # a chat without history leaves nothing at all
            # Not being able to remember it is no reason to refuse it.
            with suppress(LatamEdgeError, OSError):
                save_settings(replace(load_settings(), language=lang))
        for screen in self.screen_stack:
            if isinstance(screen, ChatScreen):
                screen.relabel()
        self.notify(t("chat.language_name"), timeout=2)

    def next_theme(self) -> None:
        """Take the next colours."""
        names = [theme.name for theme in THEMES]
        name = names[(names.index(self.theme) + 1) % len(names)]
        self.theme = name
        self.notify(t(f"chat.theme_{name.removeprefix('latam-')}"), timeout=2)

    def _fatal_error(self) -> None:
        """A fault of ours that nothing caught: leave with one sentence, the details in a file.

        Textual's own way prints a traceback with the values of all variables, and
        in those stands the conversation.
        """
        if self._crashed:
            return  # what the first one brought along
        self._crashed = True
        sentence = str(LatamEdgeError())
        # Line numbers only; but a chat without history leaves nothing at all.
        if self.recorder.history.kept and self._exception is not None:
            path = paths.cache_dir() / "chat-error.txt"
            with suppress(LatamEdgeError, OSError):
                write_text(path, "".join(traceback.format_exception(self._exception)), private=True)
                sentence += "\n" + t("chat.crash_details", path=path)
        super().panic(Text(sentence))

    def panic(self, *renderables: RenderableType) -> None:
        """Textual's other way out, for errors that draw themselves: the same sentence."""
        self._fatal_error()

    def action_help_quit(self) -> None:
        """Ctrl+C: many press it to leave, and must not lose anything by it."""
        self.notify(t("chat.quit_hint"))
