"""Names of models are safe file names everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_edge.core.errors import BadName
from latam_edge.store import names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("qwen2.5-0.5b-q4_0", "qwen2.5-0.5b-q4_0"),
        ("Mi modelo (1)", "Mi-modelo-1"),
        ("../../etc/passwd", "etc-passwd"),
        ("..\\..\\windows", "windows"),
        (".oculto", "oculto"),
        ("ñandú", "ñandú"),
        ("n\u0303", "ñ"),
        ("CON", "model-CON"),
        ("nul.bin", "model-nul.bin"),
        ("a\x00b\nc", "a-b-c"),
        ("---", ""),
        ("", ""),
    ],
)
def test_a_name_is_made_safe(text: str, expected: str) -> None:
    assert names.sanitize(text) == expected


@given(st.text())
def test_whatever_the_text_the_name_is_safe_and_stays_as_it_is(text: str) -> None:
    name = names.sanitize(text)
    assert not set(name) & set('/\\:*?"<>|\0\n\r\t ')
    assert not name.startswith((".", "-"))
    assert not name.endswith((".", " "))
    assert len(name.encode()) < 200
    assert names.sanitize(name) == name


def test_an_explicit_name_that_would_have_to_change_is_refused_with_a_good_one() -> None:
    assert names.check("ñandú-1") == "ñandú-1"
    with pytest.raises(BadName, match="mi-modelo") as caught:
        names.check("mi modelo")
    assert caught.value.exit_code == 2


def test_a_taken_name_gets_a_number_whatever_its_letter_case() -> None:
    assert names.unique("Qwen", {names.key("qwen"), names.key("qwen-2")}) == "Qwen-3"
    assert names.unique("otro", {names.key("qwen")}) == "otro"
    assert len(names.unique("x" * 64, {"x" * 64})) == 64
