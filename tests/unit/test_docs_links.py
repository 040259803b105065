"""The documentation against the program: links, commands, options and paths that it names."""

from __future__ import annotations

import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from latam_edge.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("", "docs", "docs/decisions", "benchmarks", "latam_edge/assets")
PAGES = sorted(page for folder in FOLDERS for page in (ROOT / folder).glob("*.md"))

LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
COMMAND = re.compile(r"(?<![\w/.~\-\\])(?:\.venv[/\\](?:bin|Scripts)[/\\])?latam-edge (?P<rest>[^\n`#]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
MACHINE = re.compile(r"(?<![\w.~])/(?:home|root|work|tmp|Users|mnt|opt|srv|var)/|\b[A-Z]:\\")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(text: str) -> set[str]:
    """The marks that a heading can be linked by, as GitHub makes them."""
    heads = re.findall(r"^#+ +(.+?) *$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def commands(text: str) -> list[str]:
    """What follows `latam-edge` in code, up to the end of the command."""
    found = []
    for code in CODE.findall(text):
        for match in COMMAND.finditer(code):
            rest = re.split(r" {2,}|[;&>]", match["rest"])[0].strip(" .`:")
            if rest:
                found.append(rest)
    return found


def words_of(rest: str) -> list[str]:
    """The words of a command line without what stands in quotes and without `--lang X`."""
    bare = re.sub(r'"[^"]*"|“[^”]*”', "TEXT", rest)
    return re.sub(r"--lang[ =]\w+", "", bare).split()


def test_there_are_pages_and_they_name_commands() -> None:
    assert ROOT / "README.md" in PAGES
    assert sum(len(commands(page.read_text(encoding="utf-8"))) for page in PAGES) > 30


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, mark = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        found = file.is_relative_to(ROOT) and file.exists()
        if not found or (mark and mark not in anchors(file.read_text(encoding="utf-8"))):
            lost.append(target)
    assert not lost


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    unknown = []
    for rest in commands(page.read_text(encoding="utf-8")):
        words = words_of(rest)
        if not words or words[0] in ("--help", "--version", "-V", "-h", "…", "COMMAND", "COMANDO"):
            continue
        command = "chat" if words[0].startswith("--") else words[0]
        if command not in COMMANDS:
            unknown.append(rest)
            continue
        parser = import_module(COMMANDS[command][0]).parser()
        known = parser.format_help()
        if command in ("models", "bundle") and len(words) > 1 and re.fullmatch(r"[a-z]+", words[1]):
            actions = next(a for a in parser._actions if a.dest == "action").choices
            if words[1] not in actions:
                unknown.append(rest)
                continue
            known = actions[words[1]].format_help()
        given, known_options = OPTION.findall(" ".join(words)), set(OPTION.findall(known))
        unknown += [f"{rest}: {option}" for option in given if option not in known_options]
    assert not unknown


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        target
        for code in CODE.findall(page.read_text(encoding="utf-8"))
        for target in re.findall(r"(?:^|[`\n= \d])make ([a-z]+)(?=$|[`\n <])", code)
    }
    assert not {target for target in named if target not in targets}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_holds_a_path_of_one_machine(page: Path) -> None:
    assert not MACHINE.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_of_the_source_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    pattern = r"`((?:latam_edge|convert|quant|tui|tests|recipes|benchmarks|docs)/[\w./-]+)`"
    assert not [path for path in re.findall(pattern, text) if not (ROOT / path).exists()]


def test_decisions_are_numbered_once_and_all_in_the_index() -> None:
    files = sorted(path.name for path in (ROOT / "docs/decisions").glob("0*.md"))
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    numbers = [file[:4] for file in files]
    assert len(numbers) == len(set(numbers))
    assert not [file for file in files if f"({file})" not in index]


@pytest.mark.parametrize("file", sorted((ROOT / "docs/decisions").glob("0*.md")), ids=lambda file: file.name)
def test_a_decision_says_what_was_measured_and_given_up(file: Path) -> None:
    heads = re.findall(r"^## (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert heads == ["Context", "What we measured", "Decision", "What we gave up"]


def test_the_python_of_the_documentation_is_python() -> None:
    for page in PAGES:
        for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            compile(code, name(page), "exec")


def test_the_three_lines_of_python_run(run_python, tiny_model) -> None:
    """The README's own lines, on a model of a few kilobytes."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    assert 'load("semilla")' in code
    code = code.replace('"semilla"', repr(str(tiny_model))).replace('?")', '?", max_tokens=8)')
    done: subprocess.CompletedProcess[str] = run_python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout
