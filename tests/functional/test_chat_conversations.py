"""The list of conversations, and what is kept of them."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from chat_driver import LARGE, SEMILLA, SMALL, Chat, FakeClient, chatting
from textual.widgets import Input, OptionList

from latam_edge.core import i18n, paths
from latam_edge.core.settings import load_settings
from latam_edge.history.history import History
from tui.main import open_history
from tui.widgets.composer import Composer
from tui.widgets.sidebar import Sidebar

both_sizes = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


async def two_talks(chat: Chat) -> None:
    """Hold "Capitales de América" and "Tablas de multiplicar"; the second stays open."""
    await chat.ask("Capitales de América")
    await chat.press("ctrl+n")
    await chat.ask("Tablas de multiplicar")


@both_sizes
async def test_a_conversation_is_resumed_after_a_restart(size: tuple[int, int]) -> None:
    async with chatting(FakeClient(), size=size) as chat:
        await two_talks(chat)
    client = FakeClient()
    async with chatting(client, size=size) as chat:
        await chat.until(lambda: len(chat.titles) == 2)
        assert "Tienes 2 conversaciones guardadas" in chat.text
        await chat.press("ctrl+l")
        if size == LARGE:  # there the key hides the list that is always shown
            await chat.press("ctrl+l")
        await chat.press("home", "down", "enter")
        await chat.until(lambda: chat.answers == ["eco: Capitales de América"])
        assert isinstance(chat.screen.focused, Composer)
        await chat.ask("¿Y la de Perú?")
        assert [m.content for m in client.requests[0].messages] == [
            "Capitales de América",
            "eco: Capitales de América",
            "¿Y la de Perú?",
        ]
        assert chat.titles == ["Capitales de América", "Tablas de multiplicar"]


async def test_the_list_stands_beside_the_chat_where_there_is_room_and_covers_it_where_there_is_not() -> None:
    async with chatting(FakeClient(), size=LARGE) as chat:
        assert chat.screen.query_one(Sidebar).display
        assert chat.transcript.parent is not None
        await chat.press("ctrl+l")
        assert not chat.screen.query_one(Sidebar).display
    async with chatting(FakeClient(), size=SMALL) as chat:
        assert not chat.screen.query_one(Sidebar).display
        await chat.press("ctrl+l")
        assert chat.screen.query_one(Sidebar).size.width == SMALL[0]
        assert "Esc Volver" in chat.keys
        await chat.press("escape")
        assert not chat.screen.query_one(Sidebar).display
        assert isinstance(chat.screen.focused, Composer)


async def test_deleting_can_be_undone() -> None:
    async with chatting(FakeClient()) as chat:
        await two_talks(chat)
        await chat.press("ctrl+d")
        await chat.until(lambda: chat.titles == ["Capitales de América"])
        assert chat.answers == []
        assert "Se borró «Tablas de multiplicar»." in chat.text
        assert "^Z Deshacer" in chat.keys
        await chat.press("ctrl+z")
        await chat.until(lambda: len(chat.titles) == 2)
        assert chat.answers == ["eco: Tablas de multiplicar"]
        assert "^Z Deshacer" not in chat.keys


async def test_what_was_deleted_is_gone_from_the_disk_after_leaving() -> None:
    async with chatting(FakeClient()) as chat:
        await two_talks(chat)
        await chat.press("ctrl+d")
        await chat.until(lambda: chat.titles == ["Capitales de América"])
    for file in paths.history_file().parent.iterdir():
        assert b"multiplicar" not in file.read_bytes(), file
    with History.open(paths.history_file()) as history:
        assert [talk.title for talk in history.conversations()] == ["Capitales de América"]


async def test_the_conversation_under_the_lists_cursor_is_the_one_deleted() -> None:
    async with chatting(FakeClient(), size=LARGE) as chat:
        await two_talks(chat)
        chat.screen.query_one(OptionList).focus()
        await chat.press("end", "ctrl+d")
        await chat.until(lambda: chat.titles == ["Tablas de multiplicar"])
        assert chat.answers == ["eco: Tablas de multiplicar"]


async def test_deleting_in_mid_answer_stops_it() -> None:
    client = FakeClient()
    client.gate.clear()
    async with chatting(client) as chat:
        await chat.ask("Cuenta algo largo", wait=False)
        await chat.until(lambda: "eco: Cu" in chat.text)
        await chat.press("ctrl+d")
        await chat.idle()
        assert chat.answers == []
        assert chat.titles == []


async def test_ctrl_z_in_a_text_undoes_typing_as_everywhere() -> None:
    async with chatting(FakeClient()) as chat:
        await chat.ask("Hola")
        await chat.press("ctrl+d")
        await chat.until(lambda: chat.titles == [])
        await chat.press("a")
        await chat.press("ctrl+z")
        assert chat.screen.query_one(Composer).text == ""
        assert chat.titles == []


async def test_renaming() -> None:
    async with chatting(FakeClient()) as chat:
        await chat.ask("Capitales de América")
        await chat.press("f2")
        dialog = chat.app.screen.query_one(Input)
        assert dialog.value == "Capitales de América"
        dialog.value = "Geografía, 5.º grado"
        await chat.press("enter")
        await chat.until(lambda: chat.titles == ["Geografía, 5.º grado"])
        assert chat.lines[0].strip() == "Geografía, 5.º grado"
        await chat.press("f2", "escape")
        await chat.idle()
        assert chat.titles == ["Geografía, 5.º grado"]


async def test_searching_finds_words_in_messages() -> None:
    async with chatting(FakeClient()) as chat:
        await two_talks(chat)
        await chat.press("ctrl+f", *"america")
        await chat.until(lambda: chat.titles == ["Capitales de América"])
        await chat.press("x")
        await chat.until(lambda: "Ninguna tiene «americax»." in chat.text)


async def test_a_running_answer_goes_on_while_another_conversation_is_read() -> None:
    client = FakeClient()
    async with chatting(client, size=LARGE) as chat:
        await chat.ask("Tablas de multiplicar")
        client.gate.clear()
        await chat.press("ctrl+n")
        await chat.ask("Cuenta algo largo", wait=False)
        await chat.until(lambda: chat.answers == ["eco: Cu"])
        chat.screen.query_one(OptionList).focus()
        await chat.press("end", "enter")
        await chat.until(lambda: chat.answers == ["eco: Tablas de multiplicar"])
        chat.screen.query_one(OptionList).focus()
        await chat.press("home", "enter")
        await chat.until(lambda: chat.answers == ["eco: Cu"])
        client.gate.set()
        await chat.idle()
        assert chat.answers == ["eco: Cuenta algo largo"]
        assert "eco: Cuenta algo largo" in chat.text


async def test_of_a_very_long_conversation_only_the_end_is_drawn_until_more_is_wanted() -> None:
    with History.open(paths.history_file()) as history:
        talk = history.create("larga")
        for n in range(60):
            history.add_message(talk.id, "user", f"pregunta {n}")
            history.add_message(talk.id, "assistant", f"respuesta {n}")
    async with chatting(FakeClient()) as chat:
        await chat.until(lambda: chat.titles == ["larga"])
        await chat.press("ctrl+l", "enter")
        await chat.until(lambda: len(chat.answers) == 20)
        assert chat.answers[-1] == "respuesta 59"
        assert chat.transcript.scroll_y == chat.transcript.max_scroll_y > 0
        chat.transcript.scroll_home(animate=False)
        await chat.pilot.pause()
        assert "Ver los 80 mensajes anteriores" in chat.text
        await chat.press("pageup")
        await chat.until(lambda: len(chat.answers) == 40)
        await chat.until(lambda: "pregunta 40" in chat.text)


async def test_the_language_changes_everywhere_at_once_and_for_the_next_time() -> None:
    client = FakeClient()
    client.dropped = 4
    async with chatting(client, size=LARGE) as chat:
        await chat.ask("Hola")
        await chat.press("f3")
        await chat.pilot.pause(0.1)
        for words in ("Conversas", "Você", "pronto", "Enter Enviar", "^D Apagar", "^G Ajuda",
                      "Escreva sua pergunta", "não levou em conta as 4 mensagens"):  # fmt: skip
            assert words in chat.text, words
        for words in ("Conversaciones", "Tú", "listo", "Borrar", "pregunta"):
            assert words not in chat.text, words
        assert load_settings().language == "pt"
        await chat.press("f3")
        await chat.pilot.pause(0.1)
        assert "Write your question" in chat.text
        assert i18n.language() == "en"


async def test_colours_change_and_come_round() -> None:
    async with chatting(FakeClient()) as chat:
        first = chat.app.theme
        seen = []
        for _ in range(3):
            await chat.press("f4")
            seen.append(chat.app.theme)
        assert seen[-1] == first
        assert len(set(seen)) == 3


async def test_without_history_nothing_is_left(home: Path) -> None:
    history, notices = open_history(keep=False)
    async with chatting(FakeClient(), history=history, notices=notices) as chat:
        await chat.ask("Un secreto")
        assert chat.titles == ["Un secreto"]
        assert "sin historial" in chat.status
        await chat.press("f3")
    assert [path for path in home.rglob("*") if path.is_file()] == []


async def test_a_damaged_history_is_told_and_the_chat_works(home: Path) -> None:
    async with chatting(FakeClient()) as chat:
        await chat.ask("Capitales de América")
    with open(paths.history_file(), "r+b") as file:
        file.write(b"\xff" * 4096)
    history, notices = open_history(keep=True)
    async with chatting(FakeClient(), history=history, notices=notices) as chat:
        assert "LE-111" in chat.text
        assert "Recuperado: conversaciones 1, mensajes 2." in chat.text
        assert chat.titles == ["Capitales de América"]
        await chat.ask("Hola")
        assert chat.answers == ["eco: Hola"]


async def test_a_history_that_can_not_be_had_does_not_stop_the_chat(home: Path) -> None:
    paths.data_dir().mkdir(parents=True)
    paths.history_file().parent.write_text("a file where the folder should be")
    history, notices = open_history(keep=True)
    async with chatting(FakeClient(), history=history, notices=notices) as chat:
        assert "LE-303" in chat.text
        assert "esta vez no se guardará nada" in chat.text
        await chat.ask("Hola")
        assert chat.answers == ["eco: Hola"]


async def test_on_a_full_disk_the_answer_goes_on_and_is_saved_once_there_is_room() -> None:
    history = History.open(paths.history_file())
    async with chatting(FakeClient(), history=history) as chat:
        await chat.ask("Hola")
        writer = history._database.writer
        (pages,) = writer.execute("PRAGMA page_count").fetchone()
        writer.execute(f"PRAGMA max_page_count = {pages}")
        await chat.ask("larga " * 2000)
        assert chat.answers[-1].startswith("eco: larga larga")
        assert "SIN GUARDAR" in chat.status
        assert "LE-302" in chat.text
        # The path in it may be long: where its lines break is no matter.
        assert any("La conversación sigue en la pantalla" in message for message in chat.messages)
        writer.execute("PRAGMA max_page_count = 1000000")
        await chat.ask("Adiós")
        (talk,) = history.conversations()
        kept = [m.content for m in history.messages(talk.id)]
        assert [len(text) for text in kept] == [len(turn.text) for turn in chat.screen.talk.turns]
        assert kept[-1] == "eco: Adiós"
        assert "SIN GUARDAR" not in chat.status


@pytest.mark.parametrize("suffix", [".md", ".json"])
async def test_exporting(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    target = tmp_path / f"mía{suffix}"
    async with chatting(FakeClient()) as chat:
        await chat.ask("Capitales de América")
        await chat.press("f6")
        dialog = chat.app.screen.query_one(Input)
        assert dialog.value == str(tmp_path / "capitales-de-america.md")
        dialog.value = str(target)
        await chat.press("enter")
        await chat.until(target.exists)
    text = target.read_text(encoding="utf-8")
    if suffix == ".json":
        assert json.loads(text)["messages"][1]["content"] == "eco: Capitales de América"
    else:
        assert "## Respuesta\n\neco: Capitales de América\n" in text
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


async def test_an_export_that_fails_says_why(tmp_path: Path) -> None:
    async with chatting(FakeClient()) as chat:
        await chat.ask("Hola")
        await chat.press("f6")
        (tmp_path / "file").touch()
        chat.app.screen.query_one(Input).value = str(tmp_path / "file" / "x.md")
        await chat.press("enter")
        await chat.idle()
        await chat.until(lambda: "LE-303" in chat.text)


async def test_another_model_can_be_taken() -> None:
    clients = {"semilla": FakeClient(), "grande": FakeClient()}
    big = replace(SEMILLA, name="grande", embedded=False)
    async with chatting(lambda entry: clients[entry.name]) as chat:
        chat.app.library.list = lambda: [SEMILLA, big]  # type: ignore[method-assign]
        await chat.ask("Hola")
        await chat.press("f5")
        await chat.until(lambda: "Elige un modelo" in chat.text)
        assert "semilla 11,5 MB · Q4_0 · en uso" in chat.text
        await chat.press("down", "enter")
        await chat.until(lambda: "grande" in chat.status and "listo" in chat.status)
        assert clients["semilla"].closed
        await chat.ask("¿Y ahora?")
        assert [len(c.requests) for c in clients.values()] == [1, 1]
        history = chat.app.recorder.history
        (talk,) = history.conversations()
        assert [m.model for m in history.messages(talk.id)] == ["", "semilla", "", "grande"]


async def test_help_tells_every_key_and_closes() -> None:
    async with chatting(FakeClient(), size=(100, 70)) as chat:
        await chat.press("f1")
        for words in ("Ayuda", "^N", "Nueva", "RePág", "F6", "Exportar", "latam-edge doctor"):
            assert words in chat.text, words
        await chat.press("escape")
        assert chat.app.screen is chat.screen


async def test_ctrl_c_never_leaves_by_accident() -> None:
    async with chatting(FakeClient()) as chat:
        await chat.ask("Hola")
        await chat.press("tab", "ctrl+c")
        assert "Para salir: Ctrl+Q." in chat.text
        assert chat.app.is_running
