"""The progress bar: seldom, short, and plain where nobody watches."""

from __future__ import annotations

import io

import pytest

from latam_edge.cli import bar as module
from latam_edge.cli.bar import Bar
from latam_edge.cli.output import width
from latam_edge.core.progress import Step


class Screen(io.StringIO):
    """A terminal of some columns that remembers what was written."""

    def __init__(self, columns: int = 80, encoding: str = "utf-8") -> None:
        super().__init__()
        self.columns = columns
        self.said_encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.said_encoding

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What each drawing showed."""
        return [line.rstrip("\n") for line in self.getvalue().split("\r")[1:]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(Bar, "_columns", lambda bar: getattr(bar._stream, "columns", 80))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("TERM", raising=False)
    return clock


def test_a_terminal_is_redrawn_at_most_four_times_a_second(clock: Clock) -> None:
    screen = Screen()
    with Bar(screen) as bar:
        for done in range(1000):
            clock.now += 0.01
            bar(Step("models.copying", done, 1000, "bytes"))
    assert 30 <= len(screen.lines()) <= 43


def test_the_remaining_time_is_told_and_what_was_done_before_does_not_count(clock: Clock) -> None:
    screen = Screen()
    with Bar(screen) as bar:
        bar(Step("models.copying", 500, 1000))  # resumed half-way
        clock.now += 10
        bar(Step("models.copying", 600, 1000))
    assert "60%" in screen.lines()[-1]
    assert "faltan 40 s" in screen.lines()[-1]


@pytest.mark.parametrize("columns", [10, 20, 40, 80, 200])
def test_a_line_never_reaches_the_last_column(columns: int, clock: Clock) -> None:
    screen = Screen(columns)
    with Bar(screen) as bar:
        for done in range(5):
            clock.now += 20
            bar(Step("models.copying", done * 1e9, 5e9, "bytes", note="loss 2.31"))
    for line in screen.lines():
        assert width(line.rstrip()) < columns


def test_an_ascii_terminal_gets_an_ascii_bar(clock: Clock) -> None:
    screen = Screen(encoding="ascii")
    with Bar(screen) as bar:
        bar(Step("models.copying", 1, 2))
    assert "#" in screen.getvalue()
    assert "█" not in screen.getvalue()


def test_a_shorter_line_leaves_nothing_of_the_longer_one_before_it(clock: Clock) -> None:
    screen = Screen(200)
    with Bar(screen) as bar:
        bar(Step("models.copying", 1, 0, note="a long note that goes away"))
        clock.now += 1
        bar(Step("models.copying", 2, 0))
    first, second = screen.lines()[:2]
    assert len(second) >= len(first)


def test_where_nobody_watches_plain_lines_come_seldom(clock: Clock) -> None:
    log = io.StringIO()
    with Bar(log) as bar:
        for done in range(101):
            clock.now += 0.5
            bar(Step("models.copying", done, 100))
    lines = log.getvalue().splitlines()
    assert "\r" not in log.getvalue()
    assert 5 <= len(lines) <= 8
    assert "100%" in lines[-1]


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setenv("TERM", "dumb")
    screen = Screen()
    with Bar(screen) as bar:
        bar(Step("models.copying", 1, 2))
    assert "\r" not in screen.getvalue()


def test_every_new_kind_of_work_gets_a_line_of_its_own(clock: Clock) -> None:
    screen = Screen()
    with Bar(screen) as bar:
        bar(Step("models.copying", 1, 1))
        bar(Step("models.hashing", 1, 1))
    assert screen.getvalue().count("\n") == 2


def test_an_unknown_total_shows_what_was_done_and_an_unknown_key_itself(clock: Clock) -> None:
    log = io.StringIO()
    with Bar(log) as bar:
        bar(Step("nowhere.nothing", 12, 0, "bytes"))
    assert "nowhere.nothing  12 B" in log.getvalue()


def test_nothing_reported_draws_nothing() -> None:
    screen = Screen()
    with Bar(screen):
        pass
    assert screen.getvalue() == ""


def test_control_characters_in_a_note_are_not_sent_to_the_terminal(clock: Clock) -> None:
    screen = Screen()
    with Bar(screen) as bar:
        bar(Step("models.copying", 1, 2, note="\x1b[2J"))
    assert "\x1b" not in screen.getvalue()


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step("evaluate.scoring", 511, 1620, "tokens"), "511 de 1620 tokens"),
        (Step("evaluate.scoring", 511_000, 1_620_000, "tokens"), "0,5 M de 1,6 M tokens"),
        (Step("evaluate.exam", 3, 50, "questions"), "3 de 50 preguntas"),
        (Step("models.copying", 1.5e9, 3e9, "bytes"), "1,5 GB de 3,0 GB"),
        (Step("models.copying", 1, 3, "parsecs"), "1 de 3 parsecs"),
        (Step("models.copying", 0.5, 3), "0,5 de 3"),
    ],
)
def test_what_is_counted_is_said_once_and_in_the_users_language(
    step: Step, expected: str, clock: Clock
) -> None:
    log = io.StringIO()
    with Bar(log) as bar:
        bar(step)
    assert f"  {expected}" in log.getvalue()
