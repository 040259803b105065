"""The user's settings: a TOML file of plain values, read once, never guessed at.

A key that does not exist is refused with the file's name and the nearest
spelling: a setting that is silently ignored costs its author an afternoon.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from latam_edge.core import paths, toml, variant
from latam_edge.core.atomic import write_text
from latam_edge.core.errors import BadSetting, UnknownSetting, UnreadableFile
from latam_edge.core.i18n import LANGUAGES, t


@dataclass(frozen=True, slots=True)
class Settings:
    """What settings.toml may hold. The command line's options win over it."""

    language: str | None = None
    """Interface language, one of "es", "pt", "en". None: the system's."""
    model: str | None = None
    """Model to use, a library name or a path. None: the library's default."""
    engine: str = "auto"
    """Which engine runs models: "llama", "onnx", or "auto": the one that a model's form asks for."""
    provider: str = "auto"
    """ONNX Runtime's execution provider: "auto", "cpu", "cuda", "dml", "openvino" or "coreml"."""
    gpu_layers: str | int = "auto"
    """How many layers go to a GPU: "auto", "off" or a number."""
    threads: int | None = None
    """Compute threads. None: chosen and watched by the engine."""
    context: int | None = None
    """Context window, tokens. None: the model's own, at most 4096."""
    system: str | None = None
    """System prompt of every new chat. None: the model's own."""
    persona: str | None = None
    """Name of the persona that the model takes on (`core.personas`); `system` is then not used."""
    variant: str | None = None
    """How the model is asked to address whoever writes: "tú", "vos", "usted" or "você". It is told so in
    the system prompt, which then stands in place of the model's own. None: as the model does of itself."""
    history: bool = True
    """Whether chats are kept on disk."""


def _problem(name: str, value: Any) -> str | None:
    """What `value` should have been, in words, when it cannot stand for setting `name`."""
    if name == "language":
        return None if value in LANGUAGES else '"es", "pt", "en"'
    if name == "variant":
        return None if isinstance(value, str) and variant.canonical(value) else variant.EXPECTED
    if name == "history":
        return None if isinstance(value, bool) else "true, false"
    if name in ("threads", "context"):
        good = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        return None if good else t("cli.settings.whole")
    if name == "gpu_layers":
        number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return None if number or value in ("auto", "off") else f'"auto", "off", {t("cli.settings.whole")}'
    return None if isinstance(value, str) and value else t("cli.settings.text")


def load_settings(path: Path | None = None) -> Settings:
    """The settings in `path` (the user's file by default); an absent file gives the defaults.

    Raises UnknownSetting, BadSetting, UnreadableFile; all name the file."""
    path = path or paths.settings_file()
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except OSError:
        raise UnreadableFile(path=path) from None
    try:
        values = toml.parse(data)
    except toml.NotTOML as error:
        line = t("errors.line", line=error.line)
        raise BadSetting(path=path, name=line, expected=error.expected) from None
    known = {field.name for field in fields(Settings)}
    for name, value in values.items():
        if name not in known:
            raise UnknownSetting(path=path, name=name, nearest=_nearest(name, known))
        if expected := _problem(name, value):
            raise BadSetting(path=path, name=name, expected=expected)
    return Settings(**values)


def _nearest(name: str, known: set[str]) -> str:
    """The known name most like `name`; there is always one, as the list is short enough to guess from."""
    from difflib import get_close_matches

    return (get_close_matches(name, sorted(known), n=1, cutoff=0.0) or sorted(known))[0]


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write what differs from the defaults, atomically. Raises DiskFull, ReadOnlyPlace."""
    default = Settings()
    lines = [
        f"{field.name} = {_toml(getattr(settings, field.name))}"
        for field in fields(Settings)
        if getattr(settings, field.name) != getattr(default, field.name)
    ]
    write_text(path or paths.settings_file(), "".join(line + "\n" for line in lines))


def _toml(value: str | int | bool) -> str:
    """A TOML value. JSON's string escapes are also TOML's basic string escapes, but for DEL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    from json import dumps

    return dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
