"""The chat tells which machine code of a portable build runs, and when the build could be faster."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chat_driver import LARGE, FakeClient, chatting

from latam_edge.runtime.types import ModelInfo


class OnBuild(FakeClient):
    """A client whose engine is of a certain build."""

    def __init__(self, *, variant: str = "", unused: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._build = variant, unused

    def start(self) -> ModelInfo:
        variant, unused = self._build
        self.info = replace(super().start(), variant=variant, unused=unused)
        return self.info


async def test_the_variant_stands_in_the_status_line() -> None:
    async with chatting(OnBuild(variant="armv8.2_2"), size=LARGE) as chat:
        await chat.until(lambda: "armv8.2_2" in chat.status)
        assert not list(chat.app._notifications)


@pytest.mark.parametrize(
    ("lang", "words"), [("es", "no aprovecha AVX2"), ("pt", "não usa AVX2"), ("en", "does not use AVX2")]
)
async def test_the_chat_says_at_its_start_what_the_build_leaves_unused(lang: str, words: str) -> None:
    async with chatting(OnBuild(variant="sse42", unused=("AVX2", "FMA")), lang=lang) as chat:
        await chat.until(lambda: list(chat.app._notifications))
        (said,) = chat.app._notifications
        assert words in said.message
        assert "latam-edge doctor" in said.message
        assert said.severity == "warning"


async def test_an_ordinary_build_that_uses_everything_is_not_talked_about() -> None:
    async with chatting(OnBuild()) as chat:
        await chat.until(lambda: "lista" in chat.status.lower() or "listo" in chat.status.lower())
        assert not list(chat.app._notifications)
        assert "variante" not in chat.status
