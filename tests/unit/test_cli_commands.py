"""The commands, run in this process with an engine that only echoes."""

from __future__ import annotations

import io
import json
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from latam_edge.cli.main import main
from latam_edge.core import paths
from latam_edge.core.errors import Interrupted
from latam_edge.core.progress import Step
from latam_edge.store import names
from latam_edge.store.library import Library

Capture = pytest.CaptureFixture[str]
Monkey = pytest.MonkeyPatch


@pytest.fixture
def registered(tiny_model: Path) -> str:
    """Name of a model in the library."""
    return Library().add(tiny_model, "escuela").name


def type_in(monkeypatch: Monkey, data: bytes) -> None:
    """Put `data` on stdin."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def sit_at_a_terminal(monkeypatch: Monkey, typed: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(typed))


# --- run --------------------------------------------------------------------------------


def test_run_writes_the_answer_to_stdout_and_nothing_else_anywhere(registered: str, capsys: Capture) -> None:
    assert main(["run", "¿Qué tal?", "--model", registered, "--engine", "echo"]) == 0
    said = capsys.readouterr()
    assert said.out == "¿Qué tal?\n"
    assert said.err == ""


def test_run_json_is_exactly_the_contracts_object(registered: str, tiny_model: Path, capsys: Capture) -> None:
    assert (
        main(["run", "hola mundo", "--model", registered, "--engine", "echo", "--json", "--seed", "1"]) == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["text", "finish_reason", "usage", "timings", "model"]
    assert answer["text"] == "hola mundo"
    assert answer["finish_reason"] == "stop"
    assert list(answer["usage"]) == ["prompt_tokens", "completion_tokens"]
    assert list(answer["timings"]) == ["load_s", "ttft_s", "prefill_tps", "decode_tps"]
    assert answer["timings"]["load_s"] > 0
    assert answer["model"]["name"] == "escuela"
    assert answer["model"]["engine"] == "echo"
    assert answer["model"]["sha256"] == Library().resolve("escuela").sha256


def test_run_json_of_a_path_has_the_files_sha256(tiny_model: Path, capsys: Capture) -> None:
    assert main(["run", "hola", "--model", str(tiny_model), "--engine", "echo", "--json"]) == 0
    model = json.loads(capsys.readouterr().out)["model"]
    assert model["name"] == "tiny"
    assert len(model["sha256"]) == 64


@pytest.mark.parametrize(
    "data", ["¿Qué tal?".encode(), b"\xef\xbb\xbf" + "¿Qué tal?".encode()], ids=["utf-8", "byte order mark"]
)
def test_run_reads_a_question_from_stdin(
    data: bytes, registered: str, capsys: Capture, monkeypatch: Monkey
) -> None:
    type_in(monkeypatch, data)
    assert main(["run", "-", "--model", registered, "--engine", "echo"]) == 0
    assert capsys.readouterr().out == "¿Qué tal?\n"


def test_who_forgets_the_quotes_is_understood(registered: str, capsys: Capture) -> None:
    argv = ["run", "¿Cuál", "es", "la", "capital?", "--model", registered, "--engine", "echo"]
    assert main(argv) == 0
    assert capsys.readouterr().out == "¿Cuál es la capital?\n"


def test_a_closed_stdin_is_an_empty_question(registered: str, capsys: Capture, monkeypatch: Monkey) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["run", "-", "--model", registered, "--engine", "echo"]) == 2
    assert capsys.readouterr().err.startswith("LE-001: ")


def test_a_closed_stdout_is_no_fault(registered: str, capsys: Capture, monkeypatch: Monkey) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["run", "hola", "--model", registered, "--engine", "echo"]) == 0
    sys.stdout.close()
    assert capsys.readouterr().err == ""


def test_the_engine_for_trying_out_is_not_offered(registered: str, capsys: Capture) -> None:
    assert main(["run", "hola", "--model", registered, "--engine", "lama"]) == 2
    said = capsys.readouterr().err
    assert "«llama»" in said
    assert "echo" not in said


def test_a_home_that_is_a_file_is_told(
    tiny_model: Path, tmp_path: Path, capsys: Capture, monkeypatch: Monkey
) -> None:
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("LATAM_EDGE_HOME", str(tmp_path / "home"))
    assert main(["models", "add", str(tiny_model)]) == 4
    assert capsys.readouterr().err.splitlines()[-1].startswith("LE-303: ")


def test_run_with_a_limit_of_tokens_says_why_it_stopped(registered: str, capsys: Capture) -> None:
    argv = [
        "run",
        "uno dos tres cuatro",
        "--model",
        registered,
        "--engine",
        "echo",
        "--json",
        "--max-tokens",
        "2",
    ]
    assert main(argv) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 2


def test_run_with_an_unknown_model_is_wrong_usage(capsys: Capture) -> None:
    assert main(["run", "hola", "--model", "nada"]) == 2
    assert capsys.readouterr().err.startswith("LE-002: ")


def two_million(path: Path) -> None:
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2_000_000, 0) + bytes(91))


BAD: dict[str, tuple[Callable[[Path, Path], Any], str]] = {
    "text file": (lambda path, _: path.write_text("hola"), "LE-103"),
    "truncated": (lambda path, good: path.write_bytes(good.read_bytes()[:-500]), "LE-104"),
    "two million tensors": (lambda path, _: two_million(path), "LE-105"),
    "missing": (lambda path, _: None, "LE-101"),
    "directory": (lambda path, _: path.mkdir(), "LE-117"),
}


@pytest.mark.parametrize("command", [["run", "hola", "--model"], ["models", "add"], ["fit"], ["bench"]])
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_has_its_own_message_and_exit_code_3(
    kind: str, command: list[str], tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    make, code = BAD[kind]
    path = tmp_path / "malo.gguf"
    make(path, tiny_model)
    assert main([*command, str(path)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{code}: ")
    assert str(path) in said.err
    assert "Traceback" not in said.err


# --- chat without a terminal ------------------------------------------------------------


def test_chat_without_a_terminal_asks_in_both_languages(
    registered: str, capsys: Capture, monkeypatch: Monkey
) -> None:
    type_in(monkeypatch, b"")
    assert main(["chat", "--model", registered, "--engine", "echo"]) == 0
    said = capsys.readouterr()
    spanish, portuguese = (line[2:] for line in said.out.splitlines() if line.startswith("> "))
    assert spanish.startswith("¿")
    assert not portuguese.startswith("¿")
    assert said.out.count(spanish) == said.out.count(portuguese) == 2, "the echo answers with the question"
    assert not paths.history_file().exists()


# --- models -----------------------------------------------------------------------------


def test_models_add_list_info_verify_default_remove(tiny_model: Path, capsys: Capture) -> None:
    assert main(["models", "add", str(tiny_model), "--name", "escuela"]) == 0
    assert "escuela" in capsys.readouterr().err
    assert main(["models", "list"]) == 0
    assert "escuela" in capsys.readouterr().out
    assert main(["models", "default", "escuela"]) == 0
    capsys.readouterr()
    assert main(["models", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["escuela"]["default"] is True
    assert rows["escuela"]["file_bytes"] == tiny_model.stat().st_size
    assert main(["models", "info", "escuela", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["vocabulary"] == 260
    assert main(["models", "verify", "escuela"]) == 0
    assert rows["escuela"]["sha256"] in capsys.readouterr().out
    assert main(["models", "remove", "escuela", "--yes"]) == 0
    capsys.readouterr()
    assert main(["models", "info", "escuela"]) == 2


@pytest.mark.parametrize("lang", ["es", "pt", "en"])
def test_models_info_is_written_for_people_in_every_language(
    lang: str, registered: str, capsys: Capture
) -> None:
    assert main(["models", "info", registered, "--lang", lang]) == 0
    said = capsys.readouterr().out
    assert "llama" in said
    assert "models." not in said


def test_models_list_can_give_just_the_names(registered: str, capsys: Capture) -> None:
    assert main(["models", "list", "--names"]) == 0
    assert registered in capsys.readouterr().out.splitlines()


def test_models_add_says_when_it_has_that_very_file(
    registered: str, tiny_model: Path, capsys: Capture
) -> None:
    assert main(["models", "add", str(tiny_model), "--name", "otro"]) == 0
    assert "escuela" in capsys.readouterr().err
    assert main(["models", "info", "otro"]) == 2


@pytest.mark.parametrize(("typed", "kept"), [("n\n", True), ("\n", True), ("s\n", False)])
def test_models_remove_asks_first(
    typed: str, kept: bool, registered: str, capsys: Capture, monkeypatch: Monkey
) -> None:
    sit_at_a_terminal(monkeypatch, typed)
    assert main(["models", "remove", registered]) == 0
    found = [entry.name for entry in Library().list()]
    assert (registered in found) is kept


def test_models_remove_without_a_terminal_wants_a_yes(
    registered: str, capsys: Capture, monkeypatch: Monkey
) -> None:
    type_in(monkeypatch, b"s\n")
    assert main(["models", "remove", registered]) == 2
    assert "--yes" in capsys.readouterr().err


def test_a_damaged_model_can_still_be_removed(registered: str, capsys: Capture) -> None:
    path = Library().resolve(registered).path
    path.write_text("no longer a model")
    assert main(["models", "verify", registered]) == 3
    assert main(["models", "remove", registered, "--yes"]) == 0
    assert not path.exists()


def test_a_wrong_sha256_is_refused_and_a_malformed_one_is_wrong_usage(
    tiny_model: Path, capsys: Capture
) -> None:
    assert main(["models", "add", str(tiny_model), "--sha256", "0" * 64]) == 3
    assert main(["models", "add", str(tiny_model), "--sha256", "abc"]) == 2


def test_models_add_without_room_exits_4_and_leaves_nothing(
    tiny_model: Path, capsys: Capture, tmp_path: Path
) -> None:
    import resource  # Unix only

    big = tmp_path / "big.gguf"
    shutil.copy(tiny_model, big)
    with open(big, "ab") as file:
        file.write(bytes(300_000))  # what follows the tensors is copied too
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        assert main(["models", "add", str(big)]) == 4
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert capsys.readouterr().err.splitlines()[-1].startswith("LE-302: ")
    left = {path.name for path in paths.models_dir().iterdir()}
    assert left <= {".lock"}


# --- fit, doctor, bench -----------------------------------------------------------------


def test_fit_says_yes_to_a_tiny_model_and_gives_its_figures(registered: str, capsys: Capture) -> None:
    assert main(["fit", registered, "--json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["answer"] == "yes"
    assert verdict["n_ctx"] == 512
    # 2 bytes x 2 (keys and values) x 512 tokens x 32 wide x 1 layer
    assert verdict["kv_cache_bytes"] == 2 * 2 * 512 * 32
    low, high = verdict["decode_tps"]
    assert 0 < low < high


@pytest.mark.parametrize(
    ("available", "total", "expected"),
    [(4e9, 4e9, "Sí"), (1e6, 4e9, "Justo"), (1e6, 2e6, "No"), (0, 0, "Sí")],
)
def test_fit_compares_the_need_with_the_memory(
    available: float, total: float, expected: str, registered: str, capsys: Capture, monkeypatch: Monkey
) -> None:
    monkeypatch.setattr("latam_edge.core.hardware.memory_available", lambda: int(available))
    monkeypatch.setattr("latam_edge.core.hardware.memory_total", lambda: int(total))
    assert main(["fit", registered]) == 0
    assert capsys.readouterr().out.startswith(expected)


def test_doctor_looks_at_everything_and_names_what_is_damaged(registered: str, capsys: Capture) -> None:
    path = Library().resolve(registered).path
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    settings = paths.settings_file()
    settings.parent.mkdir(parents=True)
    settings.write_text("enigne = 1\n", encoding="utf-8")
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    sections = ["machine", "installed", "engine", "onnx", "library", "history", "settings", "todo"]
    assert list(report) == sections
    assert report["machine"]["cores"] >= 1
    assert report["machine"]["bandwidth_bytes"] > 1e8
    assert report["installed"]["numpy"]
    assert report["engine"]["works"] is True
    assert report["library"]["broken"] == [registered]
    todo = "\n".join(report["todo"])
    assert "LE-104" in todo
    assert "«engine»" in todo
    assert not paths.history_file().exists(), "looking writes nothing"


@pytest.mark.parametrize("lang", ["es", "pt", "en"])
def test_doctor_speaks_every_language(lang: str, capsys: Capture) -> None:
    assert main(["doctor", "--lang", lang]) == 0
    said = capsys.readouterr().out
    assert "llama-cpp-python" in said
    assert "doctor." not in said


def test_doctor_tells_a_dead_engine_from_a_slow_one(capsys: Capture, monkeypatch: Monkey) -> None:
    from latam_edge.cli import doctor

    # 4 is SIGILL, what a build for another processor dies of.
    monkeypatch.setattr(doctor, "_PROBE", "import os; os.kill(os.getpid(), 4)")
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["engine"] == {"works": False}
    assert any("--no-binary" in said for said in report["todo"])


def test_doctor_reads_what_the_build_uses() -> None:
    from latam_edge.runtime.extensions import parse_features, unused_extensions

    features = parse_features("CPU : SSE3 = 1 | AVX = 1 | AVX2 = 0 | OPENMP = 1 | ")
    assert features == ["SSE3", "AVX", "OPENMP"]
    assert unused_extensions(frozenset({"avx", "avx2", "sse3"}), features) == ["AVX2"]


def test_bench_measures_saves_and_compares(registered: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "before.json"
    argv = ["bench", registered, "--engine", "echo", "--repeats", "2", "--prefill", "20", "--decode", "8"]
    assert main([*argv, "--json", str(path)]) == 0
    (row,) = json.loads(path.read_text(encoding="utf-8"))
    for name in ("model", "engine", "threads", "prefill_tps", "decode_tps", "ttft_s", "load_s"):
        assert name in row
    assert row["model"] == registered
    assert row["decode_tps"] > 0
    assert row["spread"]["decode_tps"]["low"] <= row["decode_tps"] <= row["spread"]["decode_tps"]["high"]
    assert row["peak_rss_bytes"] > 1_000_000
    assert row["file_bytes"] == Library().resolve(registered).file_bytes
    assert row["bandwidth_fraction"] > 0
    assert row["machine"]["cores"] >= 1
    capsys.readouterr()
    assert main([*argv, "--compare", str(path)]) == 0
    assert "×" in capsys.readouterr().out


def test_bench_refuses_a_file_that_holds_no_results(registered: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": 1}', encoding="utf-8")
    assert main(["bench", registered, "--compare", str(path)]) == 3
    assert main(["bench", registered, "--compare", str(tmp_path / "none.json")]) == 3


# --- the rest ---------------------------------------------------------------------------


def test_a_missing_extra_is_named(capsys: Capture, monkeypatch: Monkey, tmp_path: Path) -> None:
    class Missing:
        """An environment without torch and transformers."""

        def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
            if name.split(".")[0] in ("torch", "transformers"):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for name in [name for name in sys.modules if name.split(".")[0] in ("torch", "transformers")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("latam_edge.train")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("", encoding="utf-8")
    assert main(["train", str(recipe)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("LE-003: ")
    assert "latam-edge[train]" in said


def test_convert_offers_the_types_and_methods_that_the_converter_has() -> None:
    from convert.to_gguf import exporter
    from latam_edge.cli import convert

    assert set(convert.TYPES) == set(exporter.TYPES)
    assert set(convert.METHODS) == set(exporter.METHODS)


def test_convert_of_no_checkpoint_is_a_bad_file(tmp_path: Path, capsys: Capture) -> None:
    assert main(["convert", str(tmp_path), "-o", str(tmp_path / "out.gguf")]) == 3
    assert not (tmp_path / "out.gguf").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("es:notas.txt", ("notas.txt", "es")),
        ("pt=a/b.txt", ("a/b.txt", "pt")),
        ("heldout.es.txt", ("heldout.es.txt", "es")),
        ("textos/gn-prueba.txt", ("textos/gn-prueba.txt", "gn")),
        ("pruebas.txt", ("pruebas.txt", "und")),
        ("C:notas.txt", ("C:notas.txt", "und")),
    ],
)
def test_a_texts_language_is_said_or_taken_from_its_name(text: str, expected: tuple[str, str]) -> None:
    from latam_edge.cli.evaluate import language_of

    assert language_of(text) == (Path(expected[0]), expected[1])


def test_model_names_in_messages_are_the_librarys_own(registered: str) -> None:
    assert names.check(registered) == registered


@pytest.mark.parametrize(
    ("command", "stage"), [("pipeline", None), ("train", "teacher"), ("distill", "distill")]
)
def test_recipes_are_run_with_their_folder_and_end_in_a_table(
    command: str, stage: str | None, capsys: Capture, monkeypatch: Monkey
) -> None:
    """The training itself has its own tests; here it is a stand-in that remembers what it was asked."""
    seen: list[tuple[Any, ...]] = []

    class Report:
        def table(self, lang: str) -> str:
            return f"table in {lang}"

    def work(*asked: Any) -> Report:
        seen.append(asked[:-1])
        asked[-1](Step("models.copying", 1, 1))
        return Report()

    module = ModuleType("latam_edge.train.pipeline")
    module.run_pipeline = work  # type: ignore[attr-defined]
    module.run_stage = work  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "latam_edge.train.pipeline", module)
    assert main([command, "r.toml", "--out", "here", "--resume", "--lang", "pt"]) == 0
    said = capsys.readouterr()
    assert said.out == "table in pt\n"
    assert "100%" in said.err
    extra = () if stage is None else (stage,)
    assert seen == [(Path("r.toml"), *extra, Path("here"), True)]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Interrupted()], ids=["Ctrl-C", "told"])
def test_an_interrupted_recipe_says_how_to_go_on(
    error: BaseException, capsys: Capture, monkeypatch: Monkey
) -> None:
    def work(*_: Any) -> None:
        raise error

    module = ModuleType("latam_edge.train.pipeline")
    module.run_pipeline = work  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "latam_edge.train.pipeline", module)
    assert main(["pipeline", "r.toml"]) == 130
    assert "--resume" in capsys.readouterr().err
