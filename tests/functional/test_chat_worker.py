"""The chat with a real worker process behind it."""

from __future__ import annotations

import os
import signal
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from chat_driver import SEMILLA, Chat, chatting

from latam_edge.core import paths
from latam_edge.history.history import History
from latam_edge.runtime.client import Client
from latam_edge.runtime.types import EngineConfig
from latam_edge.store.library import Library
from tui.main import client_factory, main
from tui.options import ChatOptions


def echo(_: Any) -> Client:
    return Client("eco.gguf", EngineConfig(engine="echo"), name="eco")


def pid_of(chat: Chat) -> int:
    pid = cast(Client, chat.app.model.client).pid
    assert pid is not None
    return pid


async def test_sigkill_of_the_worker_in_mid_answer_keeps_the_text_and_the_next_question_works() -> None:
    async with chatting(echo) as chat:
        await chat.ask("queda [sleep:30] y esto no llega", wait=False)
        await chat.until(lambda: chat.answers == ["queda "])
        first = pid_of(chat)
        os.kill(first, signal.SIGKILL)
        await chat.idle()
        assert "semilla queda Interrumpida." in chat.text
        assert "LE-201" in chat.text
        await chat.ask("¿Sigues ahí?")
        assert chat.answers[1] == "¿Sigues ahí?"
        assert pid_of(chat) != first
    with History.open(paths.history_file()) as history:
        (talk,) = history.conversations()
        states = [(m.content, m.state) for m in history.messages(talk.id) if m.role == "assistant"]
    assert states == [("queda ", "interrupted"), ("¿Sigues ahí?", "done")]


async def test_sigkill_of_an_idle_worker_is_not_even_noticed() -> None:
    async with chatting(echo) as chat:
        await chat.ask("uno")
        os.kill(pid_of(chat), signal.SIGKILL)
        await chat.ask("dos")
        assert chat.answers == ["uno", "dos"]


async def test_stopping_ends_a_real_answer_at_once() -> None:
    async with chatting(echo) as chat:
        await chat.ask("empieza [sleep:30] nunca", wait=False)
        await chat.until(lambda: chat.answers == ["empieza "])
        await chat.press("escape")
        await chat.idle()
        assert chat.notes == ["Detenida."]
        await chat.ask("sigue")
        assert chat.answers[1] == "sigue"


async def test_a_real_model_answers_in_the_chat(make_tiny_model: Callable[..., Path]) -> None:
    path = make_tiny_model(says="Sucre\0")
    entry = Library().resolve(str(path))
    async with chatting(
        lambda e: Client(e.path, EngineConfig(n_threads=1), name=e.name), entry=entry
    ) as chat:
        await chat.ask("¿Cuál es la capital de Bolivia?")
        assert chat.answers == ["Sucre"]
        assert "tokens/s" in chat.status
        assert "puede equivocarse: comprueba lo importante." not in chat.text


async def test_a_file_that_is_no_model_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "cuento.gguf"
    path.write_text("Había una vez")
    entry = replace(SEMILLA, path=path)
    async with chatting(
        lambda e: Client(e.path, EngineConfig(n_threads=1), name=e.name), entry=entry
    ) as chat:
        await chat.until(lambda: "LE-10" in chat.text)
        assert "cuento.gguf" in chat.text.replace(" ", "")
        assert "Traceback" not in chat.text


async def test_leaving_ends_the_worker() -> None:
    async with chatting(echo) as chat:
        await chat.ask("uno")
        pid = pid_of(chat)
    assert not Path(f"/proc/{pid}").exists() or sys.platform != "linux"


def test_the_picture_shows_a_real_answer_and_fetches_nothing(
    make_tiny_model: Callable[..., Path], tmp_path: Path, home: Path
) -> None:
    entry = Library().resolve(str(make_tiny_model(says="Sucre\0")))
    options = ChatOptions(
        model=str(entry.path), config=EngineConfig(n_threads=1), screenshot=tmp_path / "a.svg"
    )
    assert main(options) == 0
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(svg)
    text = svg.replace("&#160;", " ")
    assert "¿Cuál es la capital de Bolivia?" in text
    assert text.count(">Sucre<") == 3
    assert "url(" not in svg.replace("url(#", "")
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "").replace(
        "https://www.textualize.io", ""
    )
    assert not [path for path in home.rglob("*") if path.is_file()]


async def test_options_reach_the_model(make_tiny_model: Callable[..., Path]) -> None:
    entry = Library().resolve(str(make_tiny_model(says="Lima\0")))
    options = ChatOptions(config=EngineConfig(n_threads=1, n_ctx=256))
    async with chatting(client_factory(options), entry=entry, options=options) as chat:
        await chat.ask("¿La de Perú?")
        assert chat.app.model.info is not None
        assert (chat.app.model.info.n_ctx, chat.app.model.info.n_threads) == (256, 1)


def test_the_chat_needs_neither_torch_nor_the_network_libraries(
    run_python: Callable[..., Any],
) -> None:
    run_python(
        "import sys, tui.main, tui.app\n"
        "bad = {'torch', 'transformers', 'tokenizers', 'onnx', 'onnxruntime', 'gguf', 'numpy', 'llama_cpp',\n"
        "       'huggingface_hub', 'requests', 'httpx'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
