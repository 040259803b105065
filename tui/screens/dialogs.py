"""Small questions to the user. Each returns its answer, or None when it was cancelled with Esc."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Markdown, OptionList, Static
from textual.widgets.option_list import Option

from latam_edge.core.i18n import format_bytes, t
from latam_edge.store.entry import Entry
from tui.keys import KEYS

HELP_COLUMNS = 3

CANCEL: list[BindingType] = [Binding("escape", "dismiss(None)", show=False)]


class AskLine(ModalScreen[str | None]):
    """One line of text: a name, a path."""

    BINDINGS: ClassVar[list[BindingType]] = CANCEL

    def __init__(self, title: str, value: str) -> None:
        super().__init__()
        self._title = title
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._title, markup=False, classes="title")
            yield Input(self._value)
            yield Static(t("chat.dialog_keys"), classes="hint")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip() or None)


class ChooseModel(ModalScreen[Entry | None]):
    """One of the library's models."""

    BINDINGS: ClassVar[list[BindingType]] = CANCEL

    def __init__(self, entries: list[Entry], current: Entry) -> None:
        super().__init__()
        self._entries = entries
        self._current = current

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(t("chat.model_title"), markup=False, classes="title")
            yield OptionList(*[Option(self._line(entry)) for entry in self._entries])
            yield Static(t("chat.dialog_keys"), classes="hint")

    def on_mount(self) -> None:
        names = [entry.name for entry in self._entries]
        if self._current.name in names:
            self.query_one(OptionList).highlighted = names.index(self._current.name)

    def _line(self, entry: Entry) -> Content:
        facts = [format_bytes(entry.file_bytes), entry.quantization]
        if entry.name == self._current.name:
            facts.append(t("chat.model_current"))
        return Content(entry.name) + Content.styled("  " + " · ".join(f for f in facts if f), "dim")

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._entries[event.option_index])


class Help(ModalScreen[None]):
    """What the chat is, and every key with its meaning."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,ctrl+g,q,enter", "dismiss(None)", show=False, priority=True)
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -large"):
            yield Static(t("chat.help_title"), markup=False, classes="title")
            with VerticalScroll():
                yield Markdown(t("chat.help_body"), open_links=False)
                yield Static(self._keys(), classes="keys")
            yield Static(t("chat.help_close"), classes="hint")

    def _keys(self) -> Content:
        """All keys in columns."""
        cells = [
            Content.from_markup("[b $accent]$shown[/] $label", shown=key.shown.ljust(5), label=t(key.label))
            for key in KEYS
        ]
        rows = -(-len(cells) // HELP_COLUMNS)
        width = max(cell.cell_length for cell in cells) + 3
        return Content("\n").join(
            Content("").join(cell.pad_right(width - cell.cell_length) for cell in cells[row::rows])
            for row in range(rows)
        )
