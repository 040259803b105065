"""Words: three catalogs that say the same things, and code that asks only for what they have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from latam_edge.core import errors, i18n
from latam_edge.core.i18n import LANGUAGES, catalog, t

ROOT = Path(__file__).resolve().parents[2]
CATALOGS = ROOT / "latam_edge" / "core" / "catalogs"
DOMAINS = sorted({path.stem for path in CATALOGS.glob("*/*.py")} - {"__init__"})
SOURCES = [
    path
    for package in ("latam_edge", "convert", "quant", "tui")
    for path in sorted((ROOT / package).rglob("*.py"))
    if CATALOGS not in path.parents
]


def fields(message: str) -> set[str]:
    """Names that a message wants; a positional or an attribute field is a mistake of its own."""
    names = {name for _, name, _, _ in Formatter().parse(message) if name is not None}
    assert all(name.isidentifier() for name in names), message
    return names


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_three_catalogs_have_the_same_keys_and_fields(domain: str) -> None:
    spanish = catalog("es", domain)
    assert spanish, f"{domain} is empty"
    for lang in LANGUAGES:
        other = catalog(lang, domain)
        assert other.keys() == spanish.keys(), lang
        for key, message in other.items():
            assert fields(message) == fields(spanish[key]), f"{lang} {key}"


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_key_names_its_domain_and_every_message_says_something(domain: str, lang: str) -> None:
    for key, message in catalog(lang, domain).items():
        assert key.startswith(f"{domain}."), key
        assert message.strip(), key
        assert message == message.strip(), f"{key} has blanks around it"


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a module with the bare name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def given(call: ast.Call) -> set[str] | None:
    """Keywords of a call; None when some come from a mapping and can't be read here."""
    names = [keyword.arg for keyword in call.keywords]
    return None if None in names else {name for name in names if name}


def known_message(key: str) -> str | None:
    try:
        return catalog("es", key.split(".", 1)[0]).get(key)
    except ModuleNotFoundError:
        return None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_code_asks_only_for_messages_that_exist_and_fills_all_their_fields(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name, call in calls(tree):
        first = call.args[0] if call.args else None
        if (
            name not in ("t", "Step")
            or not isinstance(first, ast.Constant)
            or not isinstance(first.value, str)
        ):
            continue
        if name == "t" or "." in first.value:
            message = known_message(first.value)
            assert message is not None, f"line {call.lineno}: no message {first.value!r}"
            if name == "t" and (facts := given(call)) is not None:
                missing = fields(message) - facts
                assert not missing, f"line {call.lineno}: {first.value} needs {missing}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_error_is_raised_with_the_facts_that_its_message_needs(path: Path) -> None:
    classes = {cls.__name__: cls for cls in errors.all_errors()}
    for name, call in calls(ast.parse(path.read_text(encoding="utf-8"))):
        if name in classes and not call.args and (facts := given(call)) is not None:
            message = known_message(classes[name].key)
            assert message is not None
            missing = fields(message) - facts
            assert not missing, f"line {call.lineno}: {name} needs {missing}"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "es"),
        ({"LANG": "C.UTF-8"}, "es"),
        ({"LANG": "pt_BR.UTF-8"}, "pt"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "pt_BR:pt:en"}, "pt"),
        ({"LANG": "es_AR.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "es"),
        ({"LANG": "pt_BR.UTF-8", "LATAM_EDGE_LANG": "en"}, "en"),
    ],
)
def test_the_language_comes_from_the_environment_and_is_spanish_otherwise(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert i18n.detect_language() == expected


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="xx"):
        i18n.set_language("xx")


@pytest.mark.parametrize(
    ("lang", "count", "expected"),
    [
        ("es", 0, "0 B"),
        ("es", 999, "999 B"),
        ("es", 1_500_000, "1,5 MB"),
        ("en", 1_500_000, "1.5 MB"),
        ("pt", 123_456_789, "123 MB"),
        ("es", 4_000_000_000_000_000, "4000 TB"),
    ],
)
def test_sizes_are_written_as_disks_are_sold(lang: str, count: int, expected: str) -> None:
    i18n.set_language(lang)
    assert i18n.format_bytes(count) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.4, "0 s"), (59.6, "1 min"), (200, "3 min 20 s"), (3600, "1 h"), (7500, "2 h 5 min")],
)
def test_durations_are_written_for_people(seconds: float, expected: str) -> None:
    assert i18n.format_seconds(seconds) == expected


def test_a_message_follows_the_language_in_force_when_it_is_shown() -> None:
    error = errors.FileMissing(path="a.gguf")
    i18n.set_language("pt")
    portuguese = str(error)
    i18n.set_language("en")
    assert str(error) != portuguese
    assert str(error).startswith("LE-101: ")
    assert t("cli.yes", lang="es") == "sí"
