"""All keys of the chat, in one table: the bindings, the bar at the bottom and the help are made from it.

Control keys and F1-F6 reach the program over SSH, in tmux and on the Linux
console alike; Alt, Shift+Enter and F7 upwards don't everywhere. F1 opens the help
too, but some desktop terminals (MATE's, GNOME's) take it for their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One key and what it does."""

    keys: str
    """In Textual's words, comma-separated; the first is the one shown."""
    shown: str
    """In the user's words: "^N"."""
    action: str
    """Of the chat screen."""
    label: str
    """Catalog key."""
    bound: bool = True
    """False: the input line itself acts on it."""


KEYS = (
    Key("enter", "Enter", "send", "chat.key_send", bound=False),
    Key("ctrl+j", "^J", "newline", "chat.key_newline", bound=False),
    Key("escape", "Esc", "stop", "chat.key_stop"),
    Key("ctrl+r", "^R", "again", "chat.key_again"),
    Key("ctrl+y", "^Y", "copy", "chat.key_copy"),
    Key("ctrl+n", "^N", "new", "chat.key_new"),
    Key("ctrl+l", "^L", "list", "chat.key_list"),
    Key("ctrl+f", "^F", "search", "chat.key_search"),
    Key("ctrl+d", "^D", "delete", "chat.key_delete"),
    Key("ctrl+z", "^Z", "undo", "chat.key_undo"),
    Key("f2", "F2", "rename", "chat.key_rename"),
    Key("f3", "F3", "language", "chat.key_language"),
    Key("f4", "F4", "theme", "chat.key_theme"),
    Key("f5", "F5", "model", "chat.key_model"),
    Key("f6", "F6", "export", "chat.key_export"),
    Key("ctrl+g,f1", "^G", "help", "chat.key_help"),
    Key("ctrl+q", "^Q", "quit", "chat.key_quit"),
)

SCROLL_KEYS = {
    "pageup": "scroll_talk(-1)",
    "pagedown": "scroll_talk(1)",
    "ctrl+up": "scroll_talk_line(-1)",
    "ctrl+down": "scroll_talk_line(1)",
}
"""The input line keeps the focus, and these still move the conversation."""


def bindings() -> list[Binding]:
    """For the chat screen. Priority: they work wherever the focus is."""
    table = [Binding(key.keys, key.action, show=False, priority=True) for key in KEYS if key.bound]
    return table + [Binding(k, action, show=False, priority=True) for k, action in SCROLL_KEYS.items()]
