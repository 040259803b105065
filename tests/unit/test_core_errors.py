"""Errors: stable codes, words in every language, facts that survive a pipe."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from string import Formatter

import pytest

from latam_edge.core import errors, i18n
from latam_edge.core.i18n import LANGUAGES, catalog

SOURCE = Path(errors.__file__).read_text(encoding="utf-8")

EXIT_CODES = {
    errors.UsageError: 2,
    errors.BadFile: 3,
    errors.NotEnough: 4,
    errors.Interrupted: 130,
    errors.LatamEdgeError: 1,
}


def documented(cls: type[errors.LatamEdgeError]) -> set[str] | None:
    """Facts that the comment beside the class's key names; None without a comment."""
    line = re.search(
        rf'key(?:: ClassVar\[str\])? = "{re.escape(cls.key)}"(?:  # (.*))?$', SOURCE, re.MULTILINE
    )
    assert line is not None, f"{cls.__name__} is not in core/errors.py"
    if line[1] is None:
        return None
    # "path, detail: the engine could not load it": the names, then what is said about the last one.
    words = [word.strip().split(":")[0] for word in line[1].split(",")]
    return {word for word in words if word.isidentifier()}


def test_every_code_is_used_once_and_has_the_form_of_a_code() -> None:
    codes = [cls.code for cls in errors.all_errors()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"LE-\d{3}", code) for code in codes)


@pytest.mark.parametrize("cls", list(errors.all_errors()), ids=lambda cls: cls.__name__)
def test_every_error_has_words_that_its_documented_facts_fill(cls: type[errors.LatamEdgeError]) -> None:
    facts = documented(cls) or set()
    for lang in LANGUAGES:
        message = catalog(lang, "errors")[cls.key]
        wanted = {name for _, name, _, _ in Formatter().parse(message) if name}
        assert wanted <= facts, lang
        i18n.set_language(lang)
        said = str(cls(**{name: f"<{name}>" for name in facts}))
        assert said.startswith(f"{cls.code}: ")
        assert all(f"<{name}>" in said for name in wanted)


@pytest.mark.parametrize("cls", list(errors.all_errors()), ids=lambda cls: cls.__name__)
def test_every_error_ends_in_an_exit_code_of_the_contract(cls: type[errors.LatamEdgeError]) -> None:
    assert cls.exit_code in (1, 2, 3, 4, 130)


@pytest.mark.parametrize(("cls", "code"), EXIT_CODES.items(), ids=lambda value: str(value))
def test_the_families_keep_their_exit_codes(cls: type[errors.LatamEdgeError], code: int) -> None:
    assert cls.exit_code == code


def test_an_error_keeps_its_facts_through_json_and_pickle() -> None:
    error = errors.TruncatedModel(path=Path("a.gguf"), need_bytes=10, have_bytes=3)
    again = errors.from_json(error.to_json())
    assert type(again) is errors.TruncatedModel
    assert again.facts == {"path": "a.gguf", "need_bytes": 10, "have_bytes": 3}
    assert str(again) == str(error)
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is errors.TruncatedModel
    assert str(copied) == str(error)


def test_an_unknown_code_from_the_worker_is_a_worker_fault() -> None:
    error = errors.from_json({"code": "LE-777", "facts": {}})
    assert type(error) is errors.WorkerFault
    assert "LE-777" in str(error)
