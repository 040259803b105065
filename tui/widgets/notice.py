"""A sentence in the conversation that is neither question nor answer."""

from __future__ import annotations

from collections.abc import Callable

from textual.widgets import Static


class Notice(Static):
    """Stays where it was put; says itself anew when the language changes."""

    def __init__(self, words: Callable[[], str]) -> None:
        """words: gives the sentence in the language in force."""
        super().__init__(words(), markup=False)
        self._words = words

    def relabel(self) -> None:
        """The language has changed."""
        self.update(self._words())
