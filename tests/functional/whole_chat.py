"""A whole chat in a process of its own: python whole_chat.py MODEL QUESTION...

Asks the questions as a user would, with the real app (its terminal apart) and the real
worker, and prints what was seen as JSON: the answers, and for the processes "chat" and
"worker" their peak memory and the sockets that they hold open.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from chat_driver import chatting

from latam_edge.bench.memory import peak_rss_bytes
from latam_edge.runtime.client import Client
from latam_edge.store.library import Library
from tui.main import client_factory
from tui.options import ChatOptions

ANSWER_S = 60.0
"""Longest wait for an answer, with the model's loading."""


def look(pid: int) -> dict[str, Any]:
    """`peak_rss_bytes` of a process so far, and `sockets`: how many it holds open now."""
    sockets = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile, as the listing's own
            sockets += str(link.readlink()).startswith("socket:")
    return {"peak_rss_bytes": peak_rss_bytes(pid), "sockets": sockets}


async def chat(name: str, questions: list[str]) -> dict[str, Any]:
    entry = Library().resolve(name)
    async with chatting(client_factory(ChatOptions()), entry=entry) as talk:
        for number, question in enumerate(questions, start=1):
            await talk.ask(question, wait=False)
            await talk.until(lambda n=number: len(talk.answers) == n and not talk.screen.jobs, ANSWER_S)
        await talk.idle()
        worker = cast(Client, talk.app.model.client).pid
        assert worker is not None, "the worker is alive while the chat is open"
        return {"answers": talk.answers, "chat": look(os.getpid()), "worker": look(worker)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(chat(sys.argv[1], sys.argv[2:]))))
