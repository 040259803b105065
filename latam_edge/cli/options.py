"""Options that mean the same wherever a model runs, and what they become."""

from __future__ import annotations

import argparse
from typing import Any

from latam_edge.cli.parser import Parser, number
from latam_edge.core.i18n import t
from latam_edge.core.settings import Settings
from latam_edge.core.variant import LINES, canonical
from latam_edge.core.variant import system_prompt as with_variant
from latam_edge.runtime.types import EngineConfig, Sampling

ENGINES = ("auto", "llama", "onnx", "echo")
"""The last, echo, answers with the question: for trying the program out without a model's cost."""

PROVIDERS = ("auto", "cpu", "cuda", "dml", "openvino", "coreml")
"""Where ONNX Runtime may run a model."""


def gpu_layers(text: str) -> str:
    """The word auto or off, or a number of layers."""
    if text in ("auto", "off"):
        return text
    return str(number(int, 0)(text))


def add_language(parser: Parser) -> None:
    """`--lang`, for the help only: main takes it out before any command sees the arguments."""
    parser.add_argument("--lang", metavar="es|pt|en", help=t("cli.opt.lang"))


def add_engine(parser: Parser, *, model: bool = True) -> None:
    """--model, --engine, --provider, --gpu-layers, --threads, --context and --lang."""
    if model:
        parser.add_argument("--model", metavar=t("cli.word.model"), help=t("cli.opt.model"))
    parser.add_argument("--engine", choices=ENGINES, metavar="auto|llama|onnx", help=t("cli.opt.engine"))
    parser.add_argument(
        "--provider", choices=PROVIDERS, metavar="|".join(PROVIDERS), help=t("cli.opt.provider")
    )
    parser.add_argument("--gpu-layers", type=gpu_layers, metavar="auto|off|N", help=t("cli.opt.gpu_layers"))
    parser.add_argument("--threads", type=number(int, 1, 1024), metavar="N", help=t("cli.opt.threads"))
    parser.add_argument("--context", type=number(int, 16), metavar="N", help=t("cli.opt.context"))
    add_language(parser)


def variant(text: str) -> str:
    """One of tú, vos, usted, você; accents may be missing."""
    found = canonical(text)
    if found is None:
        raise ValueError(text)
    return found


def add_system(parser: Parser) -> None:
    """--system, --persona and --variant."""
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--system", metavar=t("cli.word.text"), help=t("cli.opt.system"))
    told.add_argument("--persona", metavar=t("cli.word.name"), help=t("cli.opt.persona"))
    parser.add_argument("--variant", type=variant, metavar="|".join(LINES), help=t("regional.variant.option"))


def system_prompt(args: argparse.Namespace, settings: Settings) -> str | None:
    """What the model is told before all else: the options, else the settings. None: what it brings itself.

    Raises UnknownPersona, BadPersona."""
    system, persona = args.system, args.persona
    if system is None and persona is None:
        system, persona = settings.system, settings.persona
    if persona is not None:
        from latam_edge.core import personas

        system = personas.read(persona)
    return with_variant(system, args.variant or settings.variant)


def add_sampling(parser: Parser) -> None:
    """How an answer is drawn. What is not given comes from the model's file."""
    parser.add_argument("--max-tokens", type=number(int, 1), metavar="N", help=t("cli.opt.max_tokens"))
    parser.add_argument(
        "--temperature", type=number(float, 0, 100), metavar="T", help=t("cli.opt.temperature")
    )
    parser.add_argument("--top-k", type=number(int, 0), metavar="N", help=t("cli.opt.top_k"))
    parser.add_argument("--top-p", type=number(float, 0, 1), metavar="P", help=t("cli.opt.top_p"))
    parser.add_argument("--min-p", type=number(float, 0, 1), metavar="P", help=t("cli.opt.min_p"))
    parser.add_argument(
        "--repeat-penalty", type=number(float, 0.1, 10), metavar="R", help=t("cli.opt.repeat_penalty")
    )
    parser.add_argument("--seed", type=number(int, 0, 2**32 - 1), metavar="N", help=t("cli.opt.seed"))


def engine_config(args: argparse.Namespace, settings: Settings) -> EngineConfig:
    """The options given, else the settings, else the defaults."""

    def choose(option: Any, setting: Any) -> Any:
        return setting if option is None else option

    return EngineConfig(
        engine=choose(args.engine, settings.engine),
        provider=choose(args.provider, settings.provider),
        n_ctx=choose(args.context, settings.context),
        n_threads=choose(args.threads, settings.threads),
        gpu_layers=str(choose(args.gpu_layers, settings.gpu_layers)),
    )


def sampling(args: argparse.Namespace) -> Sampling:
    return Sampling(
        temperature=args.temperature,
        top_k=args.top_k,
        top_p=args.top_p,
        min_p=args.min_p,
        repeat_penalty=args.repeat_penalty,
        seed=args.seed,
        max_tokens=args.max_tokens,
    )
