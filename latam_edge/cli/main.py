"""The `latam-edge` command: finds the command asked for, runs it, turns what happens into an exit code.

Nothing is imported before it is needed: `--help` prints from the table below
without opening any command, argparse included.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from errno import EDQUOT, EFBIG, ENOSPC
from importlib import import_module
from pathlib import Path
from typing import Any

from latam_edge.cli import output
from latam_edge.core.errors import DiskFull, LatamEdgeError, UsageError
from latam_edge.core.i18n import LANGUAGES, set_language, t

COMMANDS: dict[str, tuple[str, str]] = {
    "chat": ("latam_edge.cli.chat", "cli.help.chat"),
    "run": ("latam_edge.cli.run", "cli.help.run"),
    "models": ("latam_edge.cli.models", "cli.help.models"),
    "fit": ("latam_edge.cli.fit", "cli.help.fit"),
    "doctor": ("latam_edge.cli.doctor", "cli.help.doctor"),
    "bench": ("latam_edge.cli.bench", "cli.help.bench"),
    "pipeline": ("latam_edge.cli.pipeline", "cli.help.pipeline"),
    "train": ("latam_edge.cli.train", "cli.help.train"),
    "distill": ("latam_edge.cli.distill", "cli.help.distill"),
    "convert": ("latam_edge.cli.convert", "cli.help.convert"),
    "evaluate": ("latam_edge.cli.evaluate", "cli.help.evaluate"),
    "bundle": ("latam_edge.cli.bundle", "cli.help.bundle"),
    "completion": ("latam_edge.cli.completion", "cli.help.completion"),
}
"""Command: the module that runs it (`main(argv) -> int`, `parser() -> Parser`) and its summary's key."""

INTERRUPTED = 130


def entry() -> None:
    """What the console script calls."""
    sys.exit(main())


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code; errors are told on stderr. Never raises."""
    output.prepare()
    try:
        return _guarded(sys.argv[1:] if argv is None else list(argv))
    except BrokenPipeError:
        # The reader (`| head`) has left: nothing is wrong.
        _discard_output()
        return 0


def _discard_output() -> None:
    """Send stdout nowhere: Python flushes it once more at exit and would complain."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _guarded(argv: list[str]) -> int:
    try:
        code = _dispatch(argv)
        sys.stdout.flush()
        return code
    except LatamEdgeError as error:
        output.error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        output.note("")
        return INTERRUPTED
    except SystemExit as request:  # argparse, after --help
        return request.code if isinstance(request.code, int) else 0
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT, EFBIG):
            # `> file` on a full disk; whatever we write ourselves has said so already.
            _discard_output()
            full = DiskFull(path=error.filename or t("cli.stdout"))
            output.error(str(full))
            return full.exit_code
        return _unexpected(error)


def _dispatch(argv: list[str]) -> int:
    argv, lang = _take_language(argv)
    _choose_language(lang)
    if not argv:
        argv = ["chat"]
    name, rest = argv[0], argv[1:]
    if name == "help":
        if not rest or rest[0].startswith("-"):
            return _help()
        name, rest = rest[0], ["--help"]
    if name in ("-h", "--help"):
        return _help()
    if name in ("-V", "--version"):
        from latam_edge.core.version import __version__

        output.line(f"latam-edge {__version__}")
        return 0
    if name not in COMMANDS:
        if name.startswith("-"):
            # `latam-edge --model x` means the chat, as `latam-edge` alone does.
            _refuse_misspelt(name)
            name, rest = "chat", argv
        else:
            from latam_edge.cli.parser import did_you_mean

            said = t("cli.unknown_command", name=name) + did_you_mean(name, COMMANDS)
            raise UsageError(detail=f"{said} {t('cli.see_help', command='latam-edge')}")
    command: Any = import_module(COMMANDS[name][0])
    code: int = command.main(rest)
    return code


def _refuse_misspelt(option: str) -> None:
    """Refuse "--vresion", which would be told as an unknown option of the chat. Raises UsageError."""
    from difflib import get_close_matches

    if found := get_close_matches(option, ("--version", "--help", "--lang"), n=1, cutoff=0.8):
        said = t("cli.unknown_option", names=option) + " " + t("cli.did_you_mean", nearest=found[0])
        raise UsageError(detail=f"{said} {t('cli.see_help', command='latam-edge')}")


def _take_language(argv: list[str]) -> tuple[list[str], str | None]:
    """The arguments without `--lang X`, which may stand anywhere before `--`, and X."""
    rest: list[str] = []
    lang: str | None = None
    words = iter(argv)
    for word in words:
        if word == "--":
            rest.append(word)
            rest.extend(words)
        elif word == "--lang":
            lang = next(words, "")
        elif word.startswith("--lang="):
            lang = word.partition("=")[2]
        else:
            rest.append(word)
    if lang is not None and lang not in LANGUAGES:
        said = t("cli.invalid_choice", value=lang, choices=", ".join(LANGUAGES))
        raise UsageError(detail=f"--lang: {said}")
    return rest, lang


def _choose_language(lang: str | None) -> None:
    """--lang, then LATAM_EDGE_LANG, then settings.toml, then the system's."""
    if lang is None and not os.environ.get("LATAM_EDGE_LANG"):
        from latam_edge.core import paths

        # A broken settings file is told by the command that uses it, not by --help.
        with suppress(OSError, LatamEdgeError):
            if (file := paths.settings_file()).exists():
                from latam_edge.core.settings import load_settings

                lang = load_settings(file).language
    if lang is not None:
        set_language(lang)


def _help() -> int:
    """The summary of all commands, straight from the table."""
    columns = max(len(name) for name in COMMANDS) + 2
    output.line(t("cli.about"))
    output.line()
    output.line(f"{t('cli.usage')} latam-edge [{t('cli.word.command')}] [{t('cli.word.options')}]")
    output.line()
    output.line(output.bold(t("cli.commands")))
    for name, (_, key) in COMMANDS.items():
        output.line(f"  {output.pad(name, columns)}{t(key)}")
    output.line()
    output.line(output.bold(t("cli.options")))
    for option, key in (("-h, --help", "help"), ("-V, --version", "version"), ("--lang es|pt|en", "lang")):
        output.line(f"  {output.pad(option, 17)}{t('cli.opt.' + key)}")
    output.line()
    output.line(t("cli.epilog"))
    return 0


def _unexpected(error: Exception) -> int:
    """Tell a fault of ours in one line, and keep its traceback where it can be sent from."""
    import traceback

    trace = "".join(traceback.format_exception(error))
    output.error(str(LatamEdgeError()))
    if os.environ.get("LATAM_EDGE_DEBUG") == "1":
        output.note(trace)
    with suppress(OSError):
        output.note(t("cli.log_at", path=_log(trace)))
    return LatamEdgeError.exit_code


def _log(trace: str) -> Path:
    """Write `trace` to a file in the cache folder, readable by its owner alone, and return its path."""
    from datetime import UTC, datetime

    from latam_edge.core import paths
    from latam_edge.core.atomic import write_text
    from latam_edge.core.version import __version__

    now = datetime.now(UTC)
    path = paths.cache_dir() / "logs" / f"{now:%Y%m%d-%H%M%S}-{os.getpid()}.log"
    head = f"latam-edge {__version__}, Python {sys.version.split()[0]}, {sys.platform}, {now.isoformat()}\n"
    # The command's name only: a prompt may hold what nobody else should read.
    head += f"command: {next((word for word in sys.argv[1:] if word in COMMANDS), 'chat')}\n\n"
    write_text(path, head + trace, private=True)
    return path


if __name__ == "__main__":
    entry()
