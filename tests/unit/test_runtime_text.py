from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_edge.runtime.text import AnswerText


def feed_bytes(text: AnswerText, data: bytes) -> str:
    return "".join(text.feed(bytes([byte])) for byte in data) + text.finish()


def test_a_character_of_several_bytes_appears_whole_or_not_yet() -> None:
    text = AnswerText()
    pieces = [text.feed(bytes([byte])) for byte in "ñandú 🎉".encode()]
    assert "".join(pieces) == "ñandú 🎉"
    assert pieces[0] == ""
    assert pieces[1] == "ñ"
    assert "\ufffd" not in "".join(pieces)


def test_bytes_that_are_no_text_are_replaced_and_the_rest_goes_on() -> None:
    text = AnswerText()
    assert text.feed(b"a\xffb") == "a\ufffdb"
    assert text.feed(b"\xc3") == ""
    assert text.finish() == "\ufffd"


def test_a_stop_sequence_that_spans_tokens_ends_the_text_before_it() -> None:
    text = AnswerText(stop=("\nUsuario:",))
    assert text.feed(b"Hola.\nUsu") == "Hola."
    assert text.feed("ario: ¿Y".encode()) == ""
    assert text.stopped
    assert text.finish() == ""


def test_the_beginning_of_a_stop_sequence_that_does_not_come_is_given_back() -> None:
    text = AnswerText(stop=("FIN",))
    assert text.feed(b"el FI") == "el "
    assert text.feed(b"el") == "FIel"
    assert text.feed(b" F") == " "
    assert text.finish() == "F"


def test_the_earliest_of_several_stop_sequences_counts() -> None:
    text = AnswerText(stop=("tres", "dos"))
    assert text.feed(b"uno dos tres") == "uno "
    assert text.stopped


def test_a_stop_sequence_that_overlaps_itself_is_found() -> None:
    text = AnswerText(stop=("aab",))
    assert feed_bytes(text, b"xaaab") == "xa"
    assert text.stopped


def test_an_empty_stop_sequence_stops_nothing() -> None:
    text = AnswerText(stop=("",))
    assert text.feed(b"hola") == "hola"
    assert not text.stopped


def test_a_stop_sequence_of_several_bytes_is_found_byte_by_byte() -> None:
    assert feed_bytes(AnswerText(stop=("¿",)), "sí ¿no?".encode()) == "sí "


def test_sentencepiece_blank_at_the_start_is_dropped_once() -> None:
    text = AnswerText(skip_leading_space=True)
    assert text.feed(b"  Hola") == " Hola"
    assert text.feed(b" mundo") == " mundo"


@given(st.text(alphabet="ab¿🎉", max_size=30), st.lists(st.text(alphabet="ab¿", max_size=4), max_size=3))
def test_the_text_given_out_is_the_text_before_the_first_stop(whole: str, stops: list[str]) -> None:
    expected = whole
    found = [whole.find(stop) for stop in stops if stop and stop in whole]
    # Byte by byte the stop that is complete first wins, not the one that starts first.
    for end in range(len(whole) + 1):
        done = [stop for stop in stops if stop and whole[:end].endswith(stop)]
        if done:
            expected = whole[: end - max(map(len, done))]
            break
    text = AnswerText(stop=tuple(stops))
    assert feed_bytes(text, whole.encode()) == expected
    assert text.stopped == bool(found)


@pytest.mark.parametrize("data", [b"", b"\xf0\x9f", bytes(range(256))])
def test_any_bytes_give_the_same_text_as_python_does_at_once(data: bytes) -> None:
    assert feed_bytes(AnswerText(), data) == data.decode("utf-8", "replace")
