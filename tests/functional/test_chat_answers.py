"""Asking, streaming, stopping, asking anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from chat_driver import LARGE, SEMILLA, SMALL, Chat, FakeClient, chatting

from latam_edge.core.errors import NotEnoughMemory, WorkerDied
from latam_edge.history.history import History
from tui.options import ChatOptions
from tui.widgets.composer import Composer

both_sizes = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


@both_sizes
async def test_a_question_is_answered_and_both_are_kept(size: tuple[int, int]) -> None:
    async with chatting(FakeClient(), size=size) as chat:
        await chat.ask("¿Cuál es la capital de Bolivia?")
        assert "Tú ¿Cuál es la capital de Bolivia?" in chat.text or size == LARGE
        assert "eco: ¿Cuál es la capital de Bolivia?" in chat.text
        history = chat.app.recorder.history
        (talk,) = history.conversations()
        assert talk.title == "¿Cuál es la capital de Bolivia?"
        question, answer = history.messages(talk.id)
        assert (question.content, answer.content) == (
            "¿Cuál es la capital de Bolivia?",
            "eco: ¿Cuál es la capital de Bolivia?",
        )
        assert (answer.state, answer.tokens, answer.seed, answer.model) == ("done", 60, 5, "semilla")


@both_sizes
async def test_nothing_is_cut_off_and_all_keys_are_seen(size: tuple[int, int]) -> None:
    async with chatting(FakeClient(), size=size) as chat:
        await chat.ask("Hola")
        seen = chat.text
        for key in ("Enter Enviar", "^J Línea", "^R Repetir", "^Y Copiar", "^N Nueva", "^L Lista",
                    "^F Buscar", "^D Borrar", "F2 Nombre", "F3 Idioma", "F4 Color", "F5 Modelo",
                    "F6 Exportar", "^G Ayuda", "^Q Salir"):  # fmt: skip
            assert key in seen, key
        # Room for the conversation itself, also on the smallest screen.
        assert chat.transcript.size.height >= 14


async def test_text_appears_while_it_streams_and_is_on_the_disk_before_it_ends() -> None:
    client = FakeClient()
    client.gate.clear()
    async with chatting(client) as chat:
        await chat.ask("Cuenta algo largo", wait=False)
        await chat.until(lambda: "eco: Cu" in chat.text)
        await chat.until(lambda: "Esc Detener" in chat.keys)
        assert "^R Repetir" not in chat.keys
        history = chat.app.recorder.history
        (talk,) = history.conversations()
        question, answer = history.messages(talk.id)
        assert question.content == "Cuenta algo largo"
        assert answer.state == "writing"
        await chat.until(lambda: history.messages(talk.id)[1].content == "eco: Cu")
        client.gate.set()
        await chat.idle()
        assert chat.answers == ["eco: Cuenta algo largo"]


async def test_escape_stops_the_answer_and_keeps_what_there_is() -> None:
    client = FakeClient()
    client.gate.clear()
    async with chatting(client) as chat:
        await chat.ask("Cuenta algo largo", wait=False)
        await chat.until(lambda: "eco: Cu" in chat.text)
        await chat.press("escape")
        await chat.idle()
        assert chat.answers == ["eco: Cu"]
        assert chat.notes == ["Detenida."]
        client.gate.set()
        await chat.ask("Sigue")
        assert [m.content for m in client.requests[-1].messages] == ["Cuenta algo largo", "eco: Cu", "Sigue"]


async def test_escape_also_withdraws_the_questions_in_line() -> None:
    client = FakeClient()
    client.gate.clear()
    async with chatting(client) as chat:
        await chat.ask("Primera pregunta", wait=False)
        await chat.ask("Segunda pregunta", wait=False)
        await chat.until(lambda: "En espera…" in chat.text)
        await chat.press("escape")
        await chat.idle()
        assert chat.notes == ["Detenida.", "Detenida."]
        assert len(client.requests) == 1


async def test_another_answer_replaces_the_first_and_the_history_keeps_both() -> None:
    client = FakeClient()
    async with chatting(client) as chat:
        await chat.ask("Hola")
        await chat.press("ctrl+r")
        await chat.idle()
        assert len(chat.answers) == 1
        assert "Las anteriores (1) quedan en el historial." in chat.text
        assert [m.content for m in client.requests[1].messages] == ["Hola"]
        history = chat.app.recorder.history
        (talk,) = history.conversations()
        assert len(history.messages(talk.id)) == 2
        assert len(history.messages(talk.id, replaced=True)) == 3


async def test_when_another_answer_fails_without_a_word_the_first_stays() -> None:
    client = FakeClient()
    async with chatting(client) as chat:
        await chat.ask("Hola")
        client.load_error = WorkerDied()
        await chat.press("ctrl+r")
        await chat.idle()
        assert chat.answers == ["eco: Hola"]
        assert "LE-201" in chat.text
        history = chat.app.recorder.history
        (talk,) = history.conversations()
        assert [m.content for m in history.messages(talk.id, replaced=True)] == ["Hola", "eco: Hola"]


async def test_questions_written_while_the_model_loads_are_answered_in_order() -> None:
    client = FakeClient()
    client.loading.clear()
    async with chatting(client) as chat:
        assert isinstance(chat.screen.focused, Composer)
        await chat.ask("uno", wait=False)
        await chat.ask("dos", wait=False)
        await chat.until(lambda: "Cargando semilla…" in chat.text)
        assert "cargando…" in chat.status
        client.loading.set()
        await chat.idle()
        assert chat.answers == ["eco: uno", "eco: dos"]
        assert [m.content for m in client.requests[1].messages] == ["uno", "eco: uno", "dos"]
        history = chat.app.recorder.history
        (talk,) = history.conversations()
        assert [m.content for m in history.messages(talk.id)] == ["uno", "eco: uno", "dos", "eco: dos"]


async def test_the_reader_is_told_when_old_messages_no_longer_fit() -> None:
    client = FakeClient()
    client.dropped = 6
    async with chatting(client) as chat:
        await chat.ask("Hola")
        assert "no tuvo en cuenta los 6 mensajes más antiguos" in chat.text


async def test_a_death_in_mid_answer_keeps_the_text_and_the_next_question_works() -> None:
    client = FakeClient()
    client.answer_error = WorkerDied()
    async with chatting(client) as chat:
        await chat.ask("Cuenta algo largo")
        assert chat.answers == ["eco: Cu"]
        assert "Interrumpida." in chat.text
        assert "LE-201" in chat.text
        await chat.ask("Hola")
        assert chat.answers[1] == "eco: Hola"


async def test_a_model_that_can_not_be_loaded_says_why_and_the_chat_stays() -> None:
    client = FakeClient()
    client.load_error = NotEnoughMemory(model="grande", need="8 GB", free="1 GB")
    async with chatting(client) as chat:
        await chat.until(lambda: "LE-301: grande necesita 8 GB" in chat.text)
        assert "no se pudo cargar" in chat.status
        client.load_error = None
        await chat.ask("Hola")
        assert chat.answers == ["eco: Hola"]


async def test_a_fault_of_the_program_itself_is_told_without_a_traceback() -> None:
    client = FakeClient()
    client.stream = lambda request: 1 / 0  # type: ignore[assignment, method-assign, return-value]
    async with chatting(client) as chat:
        await chat.ask("Hola")
        assert "LE-202" in chat.text
        assert "Traceback" not in chat.text


async def test_an_empty_answer_is_told() -> None:
    client = FakeClient()
    client.silent = True
    async with chatting(client) as chat:
        await chat.ask("Hola")
        assert "El modelo no respondió nada." in chat.text
        client.silent = False
        await chat.ask("¿Y ahora?")
        # A question that got no answer is not sent again: templates want strict turns.
        assert [m.content for m in client.requests[1].messages] == ["¿Y ahora?"]


async def test_the_status_line_shows_measured_speed_context_and_why_threads_are_fewer() -> None:
    client = FakeClient(n_threads=4)
    async with chatting(client, size=LARGE) as chat:
        await chat.until(lambda: "listo" in chat.status)
        assert "tokens/s" not in chat.status
        client.threads_at_end = 1
        await chat.ask("Hola")
        assert "38 tokens/s" in chat.status
        assert "contexto 10 %" in chat.status
        assert "1 de 4 hilos (equipo ocupado)" in chat.status


async def test_the_system_prompt_goes_first() -> None:
    client = FakeClient()
    async with chatting(client, options=ChatOptions(system="Eres breve.")) as chat:
        await chat.ask("Hola")
    assert [(m.role, m.content) for m in client.requests[0].messages] == [
        ("system", "Eres breve."),
        ("user", "Hola"),
    ]


async def test_ctrl_j_breaks_the_line_and_enter_sends() -> None:
    client = FakeClient()
    async with chatting(client) as chat:
        await chat.press("a", "ctrl+j", "b")
        assert chat.screen.query_one(Composer).text == "a\nb"
        await chat.press("enter")
        await chat.idle()
        assert client.requests[0].messages[0].content == "a\nb"


async def test_blank_lines_are_not_sent() -> None:
    client = FakeClient()
    async with chatting(client) as chat:
        await chat.press("space", "ctrl+j", "enter")
        await chat.idle()
        assert client.requests == []


async def test_an_example_question_can_be_taken_with_the_keyboard_alone() -> None:
    client = FakeClient()
    async with chatting(client) as chat:
        assert "semilla es un modelo escolar pequeño: puede equivocarse." in chat.text
        await chat.press("up", "end", "enter")
        await chat.idle()
        assert client.requests[0].messages[0].content == "¿Cómo me lavo bien las manos?"


async def test_the_view_stays_where_the_reader_scrolled() -> None:
    client = FakeClient()
    async with chatting(client) as chat:
        await chat.ask("\n\n".join(f"línea {n}" for n in range(40)))
        assert chat.transcript.scroll_y == chat.transcript.max_scroll_y > 0
        client.gate.clear()
        await chat.ask("otra\n\n" * 30, wait=False)
        await chat.until(lambda: "eco: ot" in chat.text)
        await chat.press("pageup")
        place = chat.transcript.scroll_y
        assert place < chat.transcript.max_scroll_y
        client.gate.set()
        await chat.idle()
        assert chat.transcript.scroll_y == place
        assert chat.transcript.max_scroll_y > place + 10


async def test_control_characters_of_a_model_never_reach_the_terminal() -> None:
    async with chatting(FakeClient()) as chat:
        await chat.ask("\x1b]0;titulo\x07 \x1b[31mrojo\x9b1m")
        assert "\x1b" not in "".join(chat.lines)
        assert "\x9b" not in "".join(chat.lines)
        assert "rojo" in chat.text


async def test_a_long_answer_redraws_only_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from textual.widgets import Markdown

    client = FakeClient()
    async with chatting(client) as chat:
        await chat.ask("\n\n".join(f"párrafo {n}" for n in range(30)))
        updates: list[str] = []
        update = Markdown.update

        def counted(self: Markdown, text: str) -> object:
            updates.append(text)
            return update(self, text)

        monkeypatch.setattr(Markdown, "update", counted)
        await chat.ask("\n\n".join(f"otro {n}" for n in range(60)))
        answer = chat.answers[1]
        # Beside the empty widget's own first drawing: the whole once, at the end, and no other answer.
        assert [text for text in updates if text] == [answer]


async def test_copying_takes_the_last_answer() -> None:
    async with chatting(FakeClient()) as chat:
        await chat.ask("uno")
        await chat.ask("dos")
        await chat.press("ctrl+y")
        assert chat.app.clipboard == "eco: dos"


async def test_leaving_in_mid_answer_keeps_it_as_stopped() -> None:
    client = FakeClient()
    client.gate.clear()
    from latam_edge.core import paths

    async with chatting(client) as chat:
        await chat.ask("Cuenta algo largo", wait=False)
        await chat.until(lambda: "eco: Cu" in chat.text)
        await chat.press("ctrl+q")
    assert client.closed
    with History.open(paths.history_file()) as history:
        (talk,) = history.conversations()
        answer = history.messages(talk.id)[1]
    assert (answer.content, answer.state) == ("eco: Cu", "cancelled")


async def show_welcome(chat: Chat) -> str:
    await chat.until(lambda: "listo" in chat.status)
    return chat.text


async def test_a_model_of_the_users_own_is_not_called_a_school_model() -> None:
    from dataclasses import replace

    own = replace(SEMILLA, name="mío", embedded=False)
    async with chatting(FakeClient(), entry=own) as chat:
        text = await show_welcome(chat)
    assert "mío puede equivocarse: comprueba lo importante." in text
    assert "escolar" not in text


async def test_the_welcome_says_what_the_files_passport_states(tiny_model: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from convert.passport import write
    from latam_edge.formats.passport import Figures, Passport, weights_digest

    model = tmp_path / "medido.gguf"
    model.write_bytes(tiny_model.read_bytes())
    own = replace(SEMILLA, name="medido", embedded=False, path=model)
    async with chatting(FakeClient(), entry=own) as chat:
        assert "Medido" not in await show_welcome(chat)
    figures = {
        ("llama", "prose", "es"): Figures(tokens=10, perplexity=3.0, top1_agreement=0.971),
        ("llama", "prose", "pt"): Figures(tokens=10, perplexity=3.0, top1_agreement=0.9649),
        ("onnx", "prose", "es"): Figures(tokens=10, perplexity=3.0, top1_agreement=0.5),
    }
    write(model, Passport(figures=figures, weights_sha256=weights_digest(model)))
    async with chatting(FakeClient(), entry=own) as chat:
        text = await show_welcome(chat)
    assert "97,1 % (es), 96,5 % (pt)" in " ".join(text.split())
    assert "50" not in text


async def test_in_a_tiny_window_the_keys_give_way_and_the_question_can_be_seen() -> None:
    async with chatting(FakeClient(), size=(30, 8)) as chat:
        assert "Escribe tu pregunta" in chat.text
        assert "Enter Enviar" in chat.text
        await chat.ask("Hola")
        assert chat.answers == ["eco: Hola"]
