from __future__ import annotations

from collections.abc import Sequence

import pytest

from latam_edge.core.errors import PromptTooLong
from latam_edge.runtime.context import ContextPolicy, answer_room
from latam_edge.runtime.types import Message, Role


def words(messages: Sequence[Message]) -> list[int]:
    """A tokenizer for which every word is a token, told apart by its text."""
    return [hash(word) for message in messages for word in message.content.split()]


def talk(turns: int, size: int = 10, system: str = "") -> list[Message]:
    messages = [Message("system", system)] if system else []
    for turn in range(turns):
        for role in ("user", "assistant"):
            messages.append(Message(role, " ".join(f"{role}{turn}w{i}" for i in range(size))))
    return messages[:-1]


def test_a_conversation_that_fits_is_left_whole() -> None:
    fitted = ContextPolicy(1000).fit(talk(5), words, None)
    assert fitted.dropped == 0
    assert fitted.tokens == words(talk(5))


def test_the_oldest_exchanges_are_dropped_in_pairs() -> None:
    messages = talk(20)
    fitted = ContextPolicy(200).fit(messages, words, None)
    assert fitted.dropped > 0
    assert fitted.dropped % 2 == 0
    assert fitted.tokens == words(messages[fitted.dropped :])
    assert len(fitted.tokens) <= 200 - answer_room(200, None)


def test_the_system_message_always_stays() -> None:
    messages = talk(20, system="sé amable")
    fitted = ContextPolicy(200).fit(messages, words, None)
    assert fitted.dropped > 0
    assert fitted.tokens[:2] == words(messages[:1])
    assert fitted.tokens == words([messages[0], *messages[1 + fitted.dropped :]])


def test_the_next_turns_begin_at_the_same_message_so_that_the_cache_serves_them() -> None:
    policy = ContextPolicy(200)
    messages = talk(20)
    first = policy.fit(messages, words, None)
    longer = [*messages, Message("assistant", "bien"), Message("user", "¿y qué más?")]
    second = policy.fit(longer, words, None)
    assert second.dropped == first.dropped
    assert second.tokens[: len(first.tokens)] == first.tokens


def test_another_conversation_does_not_inherit_what_was_dropped() -> None:
    policy = ContextPolicy(200)
    policy.fit(talk(20), words, None)
    short = [Message("user", "hola"), Message("assistant", "hola"), talk(20)[-1]]
    assert policy.fit(short, words, None).dropped == 0


def test_a_last_message_that_alone_is_too_long_is_refused_with_the_numbers() -> None:
    messages = [*talk(3)[:-1], Message("user", "x " * 500)]
    with pytest.raises(PromptTooLong) as caught:
        ContextPolicy(200).fit(messages, words, None)
    assert caught.value.facts == {"prompt_tokens": 500, "n_ctx": 150}


@pytest.mark.parametrize(
    ("n_ctx", "max_tokens", "room"), [(4096, None, 256), (512, None, 128), (4096, 20, 20), (4096, 0, 1)]
)
def test_room_is_kept_for_the_answer(n_ctx: int, max_tokens: int | None, room: int) -> None:
    assert answer_room(n_ctx, max_tokens) == room


@pytest.mark.parametrize("last", ["user", "system"])
def test_a_single_message_of_any_role_is_fitted(last: Role) -> None:
    fitted = ContextPolicy(200).fit([Message(last, "hola a todos")], words, None)
    assert len(fitted.tokens) == 3
    assert fitted.dropped == 0
