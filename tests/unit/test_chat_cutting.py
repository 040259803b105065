"""Cutting a growing Markdown text in two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tui.cutting import safe_cut


@pytest.mark.parametrize(
    ("text", "cut_before"),
    [
        ("uno\n\ndos tres\n", "dos tres"),
        ("- uno\n- dos tres\n", "- dos"),
        ("1. uno\n2. dos\n", "2. dos"),
        ("uno\ndos\n", None),
        ("- uno\n  sigue\n", None),
        ("```\na\n\nb c\n```\n", None),
        ("```\na\n```\n\nb c", "b c"),
        ("uno\n\n    code here\n", None),
        ("| a | b |\n|-|-|\n| 1 | 2 |\n", None),
        ("uno son\n3. no es lista\n", None),
        ("- uno\n-", None),
    ],
)
def test_the_cut_is_where_a_block_or_an_item_begins(text: str, cut_before: str | None) -> None:
    cut = safe_cut(text, 0)
    assert (None if cut is None else text[cut:].startswith(cut_before or "?")) is (
        None if cut_before is None else True
    )


def test_no_cut_is_before_the_start_that_was_asked_for() -> None:
    text = "- a b\n- c d\n- e f\n"
    assert safe_cut(text, 7) == text.index("- e")


LINES = st.lists(
    st.sampled_from(
        [
            "palabra otra",
            "- uno dos",
            "  sigue",
            "1. uno dos",
            "",
            "",
            "# título uno",
            "```",
            "> cita uno",
            "x",
        ]
    ),
    max_size=25,
)


@given(LINES)
def test_both_halves_read_alone_say_what_the_whole_says(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    cut = safe_cut(text, 0)
    if cut is None:
        return

    def words(source: str) -> list[tuple[str, str]]:
        """Inline texts with the kind of block that holds each."""
        tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(source)
        return [
            (tokens[n - 1].type if token.type == "inline" else token.type, token.content)
            for n, token in enumerate(tokens)
            if token.type in ("inline", "fence", "code_block")
        ]

    assert words(text[:cut]) + words(text[cut:]) == words(text)
