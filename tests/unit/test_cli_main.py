"""The front door: help, languages, exit codes, and nothing heavy on the way."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from latam_edge import __version__
from latam_edge.cli import main as cli
from latam_edge.core import i18n
from latam_edge.core.errors import NotEnoughMemory

Run = Callable[..., subprocess.CompletedProcess[str]]
Capture = pytest.CaptureFixture[str]

HEAVY = {
    "torch", "textual", "rich", "numpy", "llama_cpp", "transformers", "tokenizers", "onnx", "onnxruntime",
    "gguf", "jinja2", "tui", "convert", "quant", "argparse", "sqlite3", "subprocess", "json",
    "difflib", "tomllib", "ctypes", "asyncio", "urllib.request", "socket", "ssl",
}  # fmt: skip


def test_help_imports_nothing_heavy(run_python: Run) -> None:
    code = (
        "import sys; from latam_edge.cli.main import main\n"
        "assert main(['--help']) == 0; print(sorted(sys.modules))"
    )
    loaded = run_python(code).stdout.splitlines()[-1]
    found = {name for name in HEAVY if f"'{name}'" in loaded}
    assert not found


def test_help_of_all_commands_imports_neither_torch_nor_textual(run_python: Run) -> None:
    code = (
        "import sys\n"
        "from latam_edge.cli.main import COMMANDS, main\n"
        "for name in COMMANDS: assert main([name, '--help']) == 0\n"
        "print(sorted(sys.modules))\n"
    )
    loaded = run_python(code).stdout.splitlines()[-1]
    light = {"argparse", "json", "subprocess", "ctypes", "difflib"}
    found = {name for name in HEAVY - light if f"'{name}'" in loaded}
    assert not found


def test_the_modules_of_help_are_few(run_python: Run) -> None:
    bare = int(run_python("import sys; print(len(sys.modules))").stdout)
    code = "import sys; from latam_edge.cli.main import main; main(['--help']); print(len(sys.modules))"
    assert int(run_python(code).stdout.splitlines()[-1]) - bare < 60


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_help_names_every_command_in_every_language(lang: str, capsys: Capture) -> None:
    assert cli.main(["--help", "--lang", lang]) == 0
    said = capsys.readouterr()
    for name, (_, key) in cli.COMMANDS.items():
        assert f"  {name} " in said.out
        assert i18n.t(key, lang=lang) in said.out
    assert said.err == ""


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help_in_every_language(command: str, lang: str, capsys: Capture) -> None:
    assert cli.main([command, "--lang", lang, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(i18n.t("cli.usage", lang=lang) + f" latam-edge {command}")
    assert "usage:" not in said
    assert "show this help" not in said
    if lang != "en":
        assert " options:" not in said


@pytest.mark.parametrize(
    "argv", [["--lang", "pt", "run"], ["run", "--lang", "pt"], ["run", "--lang=pt"], ["--lang=pt", "run"]]
)
def test_the_language_may_stand_before_and_after_the_command(argv: list[str], capsys: Capture) -> None:
    assert cli.main(argv) == 2
    assert "Falta: PERGUNTA" in capsys.readouterr().err


def test_after_two_dashes_the_language_option_is_text(capsys: Capture) -> None:
    assert cli.main(["train", "--", "--lang", "pt"]) == 2
    assert "No conozco esto: pt" in capsys.readouterr().err


def test_the_language_of_the_settings_is_used_unless_another_is_asked_for(
    home: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").mkdir()
    (home / "config" / "settings.toml").write_text('language = "pt"\n', encoding="utf-8")
    cli.main(["--help"])
    assert "Comandos" in capsys.readouterr().out
    assert i18n.language() == "pt"
    cli.main(["--help", "--lang", "en"])
    assert "Commands" in capsys.readouterr().out
    i18n.set_language(None)
    monkeypatch.setenv("LATAM_EDGE_LANG", "es")
    cli.main(["--help"])
    assert i18n.language() == "es"


def test_broken_settings_do_not_break_help(home: Path, capsys: Capture) -> None:
    (home / "config").mkdir()
    (home / "config" / "settings.toml").write_text("langauge = 1\n", encoding="utf-8")
    assert cli.main(["--help"]) == 0
    assert cli.main(["run", "hola"]) == 2
    assert "«language»" in capsys.readouterr().err


def test_the_version_is_one_line_on_stdout(capsys: Capture) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"latam-edge {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["modls"], "«models»"),
        (["run", "hola", "--tempreature", "1"], "«--temperature»"),
        (["models", "lst"], "«list»"),
        (["run", "hola", "--engine", "lama"], "«llama»"),
        (["run"], "Falta: PREGUNTA"),
        (["models"], "Falta: ACCIÓN"),
        (["run", "hola", "--seed"], "--seed: hace falta un valor"),
        (["run", "hola", "--threads", "x"], "«x» no es un número entero"),
        (["run", "hola", "--threads", "0"], "entre 1 y 1024"),
        (["run", "hola", "--temperature", "nan"], "«nan»"),
        (["run", "hola", "--gpu-layers", "many"], "«many»"),
        (["run", "hola", "--json=si"], "no lleva valor"),
        (["run", ""], "vacía"),
        (["--lang", "fr", "run"], "es, pt, en"),
        (["--lang"], "es, pt, en"),
        (["xyzzy"], "No conozco el comando «xyzzy»"),
    ],
)
def test_wrong_usage_exits_2_with_one_line_that_helps(
    argv: list[str], expected: str, capsys: Capture
) -> None:
    assert cli.main(argv) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("LE-001: ")
    assert said.err.count("\n") == 1
    assert expected in said.err


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
@pytest.mark.parametrize("command", [*cli.COMMANDS, "models list", "bundle make", ""])
def test_an_unknown_option_is_named_in_every_command_and_language(
    command: str, lang: str, capsys: Capture
) -> None:
    assert cli.main(["--lang", lang, *command.split(), "--nope"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    i18n.set_language(lang)
    assert said.err.startswith("LE-001: " + i18n.t("cli.unknown_option", names="--nope"))
    assert f"latam-edge {command or 'chat'} --help" in said.err


@pytest.mark.parametrize(
    ("argv", "nearest"),
    [
        (["run", "--tempature", "1"], "--temperature"),  # although the question is missing too
        (["run", "hola", "--tempp", "1"], "--temperature"),
        (["run", "hola", "-jsn"], "--json"),
        (["bench", "--threds=3"], "--threads"),
        (["evaluate", "m", "--lnag", "pt"], "--lang"),
        (["bundle", "make", "--platfrom", "x"], "--platform"),
        (["models", "list", "--jsn"], "--json"),
        (["models", "--jsn"], "--json"),
        (["--vresion"], "--version"),
        (["--modle", "x"], "--model"),
    ],
)
def test_an_unknown_option_brings_the_nearest_known_one(
    argv: list[str], nearest: str, capsys: Capture
) -> None:
    assert cli.main(argv) == 2
    assert f"¿Quisiste decir «{nearest}»?" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["run", "-5"], ["run", "--", "--nope"], ["run", "- una lista"]])
def test_numbers_and_words_after_two_dashes_are_no_options(argv: list[str], capsys: Capture) -> None:
    from latam_edge.cli import run

    assert run.parser().parse_args(argv[1:]).prompt == [argv[-1]]
    assert capsys.readouterr().err == ""


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[list[str]], int]], None]:
    """Put a function in the place of `latam-edge doctor`."""

    def install(work: Callable[[list[str]], int]) -> None:
        module = ModuleType("fake_command")
        module.main = work  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "fake_command", module)
        monkeypatch.setitem(cli.COMMANDS, "doctor", ("fake_command", "cli.help.doctor"))

    return install


def test_an_error_ends_in_its_exit_code_and_its_sentence(
    command: Callable[..., None], capsys: Capture
) -> None:
    def work(argv: list[str]) -> int:
        raise NotEnoughMemory(model="grande", need="9 GB", free="2 GB")

    command(work)
    assert cli.main(["doctor"]) == 4
    assert capsys.readouterr().err.startswith("LE-301: grande necesita 9 GB")


def test_an_unexpected_fault_is_one_line_and_a_private_log(
    command: Callable[..., None], capsys: Capture, home: Path
) -> None:
    def work(argv: list[str]) -> int:
        raise ZeroDivisionError("a fault of ours")

    command(work)
    assert cli.main(["doctor", "secret words"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("LE-999: ")
    assert "Traceback" not in said
    (log,) = (home / "cache" / "logs").iterdir()
    assert str(log) in said
    text = log.read_text(encoding="utf-8")
    assert "ZeroDivisionError: a fault of ours" in text
    assert "secret words" not in text
    if os.name != "nt":
        assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_traceback_is_shown_to_who_asks_for_it(
    command: Callable[..., None], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(argv: list[str]) -> int:
        raise ZeroDivisionError

    command(work)
    monkeypatch.setenv("LATAM_EDGE_DEBUG", "1")
    cli.main(["doctor"])
    assert "Traceback" in capsys.readouterr().err


def test_control_c_exits_130(command: Callable[..., None], capsys: Capture) -> None:
    def work(argv: list[str]) -> int:
        raise KeyboardInterrupt

    command(work)
    assert cli.main(["doctor"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    code = "import sys; from latam_edge.cli.main import main; sys.exit(main(['completion', 'zsh']))"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    said = child.stderr.read().decode()
    child.stderr.close()
    assert child.wait() == 0
    assert "BrokenPipe" not in said
    assert "Traceback" not in said


def test_accents_survive_an_ascii_stdout() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    child = subprocess.run(
        [sys.executable, "-m", "latam_edge.cli.main", "--help"],
        capture_output=True,
        env=environment,
        check=True,
    )
    assert "máquina" in child.stdout.decode("utf-8")


def test_without_a_command_the_chat_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    module = ModuleType("fake_chat")
    module.main = lambda argv: seen.append(argv) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fake_chat", module)
    monkeypatch.setitem(cli.COMMANDS, "chat", ("fake_chat", "cli.help.chat"))
    assert cli.main([]) == 0
    assert cli.main(["--model", "x"]) == 0
    assert seen == [[], ["--model", "x"]]


def test_help_is_a_command_too(capsys: Capture) -> None:
    assert cli.main(["help", "models"]) == 0
    assert "latam-edge models" in capsys.readouterr().out


def test_a_file_names_control_characters_do_not_reach_the_terminal(capsys: Capture) -> None:
    assert cli.main(["run", "hola", "--model", "./\x1b]0;owned\x07\nx.gguf"]) == 3
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert said.count("\n") == 1


def test_a_stream_that_can_not_be_reconfigured_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert cli.main(["--version"]) == 0
