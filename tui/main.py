"""The chat's door: opens model and history, runs the app, and closes both whatever happens."""

from __future__ import annotations

from collections.abc import Callable

from latam_edge.core import paths
from latam_edge.core.errors import LatamEdgeError
from latam_edge.core.i18n import t
from latam_edge.history.history import History
from latam_edge.runtime.client import Client
from latam_edge.store.entry import Entry
from latam_edge.store.library import Library
from tui.options import ChatOptions

__all__ = ["ChatOptions", "main"]

Notices = tuple[Callable[[], str], ...]


def main(options: ChatOptions) -> int:
    """Chat until the user leaves; the exit code. Raises UnknownModel, BadFile and their like before that."""
    library = Library()
    entry = library.resolve(options.model)
    if options.screenshot is not None:
        from tui.screenshot import render

        render(options.screenshot, client_factory(options), entry, options)
        return 0
    from tui.app import ChatApp

    history, notices = open_history(keep=options.history)
    app = ChatApp(client_factory(options), history, library, entry, options, notices=notices)
    try:
        app.run()
    finally:
        app.close()
    return app.return_code or 0


def client_factory(options: ChatOptions) -> Callable[[Entry], Client]:
    """How the chat gets a model."""

    def make(entry: Entry) -> Client:
        return Client(entry.path, options.config, name=entry.name)

    return make


def open_history(*, keep: bool) -> tuple[History, Notices]:
    """The user's history and what there is to say about it; one in memory when it can't be had."""
    if not keep:
        return History.in_memory(), ()
    try:
        history = History.open(paths.history_file())
    except LatamEdgeError as error:
        failure = error
        return History.in_memory(), (lambda: t("chat.memory_only", error=failure),)
    if (found := history.recovery) is None:
        return history, ()
    return history, (
        lambda: t(
            "chat.recovered",
            error=found.error,
            messages=found.messages,
            conversations=found.conversations,
        ),
    )
