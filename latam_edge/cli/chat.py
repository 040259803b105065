"""`latam-edge chat`: the Textual chat; without a terminal, one question in Spanish and one in Portuguese."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from latam_edge.cli import options, output
from latam_edge.cli.parser import Parser
from latam_edge.core.i18n import t
from latam_edge.core.settings import Settings

QUESTIONS = ("¿Cuál es la capital de Bolivia?", "Quanto é 7 vezes 8?")
"""What is asked when nobody is there to ask: enough to see that everything works."""
MAX_TOKENS = 200


def parser() -> Parser:
    parser = Parser("latam-edge chat", t("cli.help.chat"))
    options.add_system(parser)
    parser.add_argument("--no-history", action="store_true", help=t("cli.chat.no_history"))
    parser.add_argument("--screenshot", type=Path, metavar=t("cli.word.file"), help=t("cli.chat.screenshot"))
    options.add_engine(parser)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)

    from latam_edge.core.settings import load_settings

    settings = load_settings()
    if args.screenshot is None and not (output.is_terminal(sys.stdin) and output.is_terminal(sys.stdout)):
        return _ask_two(args, settings)
    return _open(args, settings)


def _open(args: argparse.Namespace, settings: Settings) -> int:
    """The chat itself. Textual is imported here and nowhere before: on a slow machine that takes seconds."""
    with output.at_once(t("cli.chat.opening")):
        import tui.app  # noqa: F401 - what takes long comes while the words stand there
        from tui.main import ChatOptions
        from tui.main import main as chat

    config = options.engine_config(args, settings)
    return chat(
        ChatOptions(
            model=args.model or settings.model,
            config=config,
            system=options.system_prompt(args, settings),
            history=settings.history and not args.no_history,
            screenshot=args.screenshot,
        )
    )


def _ask_two(args: argparse.Namespace, settings: Settings) -> int:
    """Ask both questions, print questions and answers."""
    from latam_edge.runtime.client import Client
    from latam_edge.runtime.types import Chunk, Message, Request, Sampling
    from latam_edge.store.library import Library

    entry = Library().resolve(args.model or settings.model)
    system = options.system_prompt(args, settings)
    output.note(t("cli.chat.no_terminal", model=entry.name))
    with Client(entry.path, options.engine_config(args, settings), name=entry.name) as client:
        for question in QUESTIONS:
            output.line(f"> {question}")
            asked = Message("user", question)
            messages = (Message("system", system), asked) if system else (asked,)
            for event in client.stream(Request(messages, Sampling(max_tokens=MAX_TOKENS, seed=1))):
                if isinstance(event, Chunk):
                    output.write(event.text)
            output.write("\n\n")
    return 0
