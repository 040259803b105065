"""One line: which model, what it's doing, how fast it was, how full its context is."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from latam_edge.core.i18n import decimal, t
from latam_edge.runtime.types import Done, ModelInfo

SEPARATOR = "  ·  "


@dataclass(frozen=True, slots=True)
class Status:
    """What the line is to say."""

    model: str
    state: str
    """Catalog key: "chat.status_ready"."""
    seconds: int = 0
    """Since the running answer was asked for."""
    info: ModelInfo | None = None
    done: Done | None = None
    """The end of the last answer, where the measured figures are."""
    kept: bool = True
    """False: this chat leaves no history."""
    saved: bool = True
    """False: saving has failed."""


class StatusLine(Widget):
    """Figures that were measured, and nothing until they were."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._status = Status("", "chat.status_loading")

    def show(self, status: Status) -> None:
        if status != self._status:
            self._status = status
            self.refresh()

    def relabel(self) -> None:
        """The language has changed."""
        self.refresh()

    def render(self) -> Content:
        status = self._status
        left = Content.from_markup(
            "[b]$model[/]  $state",
            model=status.model,
            state=t(status.state, seconds=status.seconds) if status.seconds else _still(status.state),
        )
        if not status.saved:
            left += Content.styled(SEPARATOR + t("chat.unsaved"), "bold $error")
        elif not status.kept:
            left += Content(SEPARATOR + t("chat.no_history"))
        width = self.content_size.width
        room = width - left.cell_length
        figures = self._figures()
        # Where there's no room for all of them, the last ones go first.
        while figures and len(SEPARATOR.join(figures)) + 2 > room:
            figures.pop()
        right = SEPARATOR.join(figures)
        return left + Content(" " * max(1, room - len(right))) + Content.styled(right, "dim")

    def _figures(self) -> list[str]:
        """Speed, context, threads: the most wanted first."""
        status, figures = self._status, []
        info, done = status.info, status.done
        if done is not None and done.timings.decode_tps:
            figures.append(t("chat.speed", tps=decimal(f"{done.timings.decode_tps:.0f}")))
        if info is None:
            return figures
        count = done.n_threads if done is not None else info.n_threads
        busy = count < info.n_threads
        if busy:  # the reason for a low speed stands beside it
            figures.append(t("chat.threads_busy", count=count, all=info.n_threads))
        if done is not None:
            used = done.usage.prompt_tokens + done.usage.completion_tokens
            figures.append(t("chat.context", percent=min(100, round(100 * used / info.n_ctx))))
        if not busy:
            figures.append(t("chat.threads_one") if count == 1 else t("chat.threads", count=count))
        if info.variant:
            figures.append(t("chat.variant", variant=info.variant))
        return figures


def _still(state: str) -> str:
    """The state's words before its first second is over."""
    return t(state, seconds=0) if state in ("chat.status_reading", "chat.status_writing") else t(state)
