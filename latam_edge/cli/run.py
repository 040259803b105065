"""`latam-edge run`: one question, one answer on stdout."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from latam_edge.cli import options, output
from latam_edge.cli.parser import Parser
from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import t


def parser() -> Parser:
    parser = Parser("latam-edge run", t("cli.help.run"))
    # Several words: who forgets the quotes is understood all the same.
    parser.add_argument("prompt", nargs="+", metavar=t("cli.word.prompt"), help=t("cli.run.prompt"))
    options.add_system(parser)
    parser.add_argument("--raw", action="store_true", help=t("cli.run.raw"))
    parser.add_argument(
        "--stop", action="append", default=[], metavar=t("cli.word.text"), help=t("cli.run.stop")
    )
    parser.add_argument("--json", action="store_true", help=t("cli.run.json"))
    options.add_sampling(parser)
    options.add_engine(parser)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    prompt = read_stdin() if args.prompt == ["-"] else " ".join(args.prompt)
    if not prompt.strip():
        raise UsageError(detail=t("cli.run.empty"))
    if args.raw and (args.system or args.persona or args.variant):
        raise UsageError(detail=t("cli.run.raw_system"))

    from latam_edge.core.settings import load_settings
    from latam_edge.store.library import Library

    settings = load_settings()
    library = Library()
    entry = library.resolve(args.model or settings.model)

    from latam_edge.runtime.client import Client

    client = Client(entry.path, options.engine_config(args, settings), name=entry.name)
    try:
        system = options.system_prompt(args, settings)
        text, done, engine = _answer(client, entry.name, args, prompt, system)
    finally:
        client.close()
    if args.json:
        model = {"name": entry.name, "sha256": library.sha256(entry), "engine": engine}
        output.json(_result(text, done, model))
    return 0


def _answer(
    client: Any, name: str, args: argparse.Namespace, prompt: str, system: str | None
) -> tuple[str, Any, str]:
    """Ask, and stream the pieces to stdout unless JSON was asked for. (text, Done, engine's name)"""
    from latam_edge.runtime.types import Chunk, Done, Message, Request

    messages = [Message("user", prompt)]
    if system and not args.raw:
        messages.insert(0, Message("system", system))
    request = Request(tuple(messages), options.sampling(args), stop=tuple(args.stop), raw=args.raw)
    with output.patience(t("cli.loading", model=name)):
        engine = client.start().engine
    pieces: list[str] = []
    done: Done | None = None
    for event in client.stream(request):
        if isinstance(event, Chunk):
            pieces.append(event.text)
            if not args.json:
                output.write(event.text)
        elif isinstance(event, Done):
            done = event
    text = "".join(pieces)
    if not args.json and not text.endswith("\n"):
        output.write("\n")
    return text, done, engine


def _result(text: str, done: Any, model: dict[str, str]) -> dict[str, Any]:
    """The contract's object. Figures keep four significant decimals: they are measured, not exact."""
    from dataclasses import asdict

    return {
        "text": text,
        "finish_reason": done.finish_reason,
        "usage": asdict(done.usage),
        "timings": {name: round(value, 4) for name, value in asdict(done.timings).items()},
        "model": model,
    }


def read_stdin() -> str:
    """All of stdin: UTF-8, or the system's code page when it is not (a pipe on Windows). Closed: empty."""
    if sys.stdin is None:
        return ""
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:  # a test's or an embedder's own stream
        return sys.stdin.read()
    data: bytes = stream.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        import locale

        return data.decode(locale.getpreferredencoding(False), "replace")
