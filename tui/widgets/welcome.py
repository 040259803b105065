"""What an empty conversation shows: a greeting, honest words about the model, three questions to try."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import OptionList, Static

from latam_edge.core.errors import LatamEdgeError
from latam_edge.core.i18n import decimal, t
from latam_edge.formats import passport as passports
from latam_edge.runtime.engine import engine_of
from latam_edge.store.entry import Entry

EXAMPLES = ("chat.example_1", "chat.example_2", "chat.example_3")


class Welcome(VerticalScroll, can_focus=False):
    """Gone with the first question."""

    class Tried(Message):
        """The user took the example `text`."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self._entry = entry
        self._kept = 0

    def compose(self) -> ComposeResult:
        yield Static(classes="title", markup=False)
        yield Static(classes="lead", markup=False)
        yield Static(classes="honest", markup=False)
        yield Static(classes="passport", markup=False)
        yield Static(classes="try", markup=False)
        yield OptionList()
        yield Static(classes="kept", markup=False)

    def on_mount(self) -> None:
        self.relabel()

    def show(self, entry: Entry, kept: int) -> None:
        """The model in use, and how many conversations there are to go back to."""
        if (entry, kept) != (self._entry, self._kept):
            self._entry, self._kept = entry, kept
            self.relabel()

    def relabel(self) -> None:
        """The language, the model or the history has changed."""
        honest = "chat.welcome_honest" if self._entry.embedded else "chat.welcome_other"
        kept = ""
        if self._kept:
            key = "chat.welcome_kept_one" if self._kept == 1 else "chat.welcome_kept"
            kept = t(key, count=self._kept) if self._kept > 1 else t(key)
        texts = {
            "title": t("chat.welcome_title"),
            "lead": t("chat.welcome_lead"),
            "honest": t(honest, model=self._entry.name),
            "passport": measured(self._entry),
            "try": t("chat.welcome_try"),
            "kept": kept,
        }
        for name, text in texts.items():
            self.query_one(f".{name}", Static).update(text)
        self.query_one(".passport", Static).display = bool(texts["passport"])
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(["› " + t(key) for key in EXAMPLES])

    @on(OptionList.OptionSelected)
    def _tried(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Tried(t(EXAMPLES[event.option_index])))


def measured(entry: Entry) -> str:
    """One line about the quality that the model's file states was measured; "" when it states none."""
    try:
        passport = passports.of_file(entry.path)
    except LatamEdgeError:
        return ""  # why it can't be read is told by the loading
    if passport is None:
        return ""
    shares = [
        f"{decimal(f'{100 * figures.top1_agreement:.1f}')} % ({language})"
        for (_, _, language), figures in passport.of_one_text(engine_of(entry.path))
        if figures.top1_agreement is not None
    ]
    return t("chat.welcome_passport", shares=", ".join(shares)) if shares else ""
