"""`latam-edge fit`: will a model fit this machine, how fast will it be, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latam_edge.cli import options, output
from latam_edge.cli.parser import Parser, number
from latam_edge.core.i18n import decimal, format_bytes, t

if TYPE_CHECKING:
    from latam_edge.formats.footprint import Footprint
    from latam_edge.store.entry import Entry
    from latam_edge.store.library import Library

SHARE_LOW, SHARE_HIGH = 0.45, 0.75
"""Share of the memory's read bandwidth that decoding reaches: 0.47 with a model of 135M
parameters, 0.72 with one of 390M (int4, two AVX-512 cores, quiet)."""
WITHOUT_AVX2 = 0.5
"""Decoding without AVX2 against with it: 77 and 159 tokens/s, the same 135M model and machine."""
READING_TPS = 6.0
"""Tokens per second that a person reads along with, about 250 words a minute."""
AVAILABLE_SHARE = 0.9
"""Of the available memory, what a model may take before the machine starts to swap."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a model on this machine."""

    answer: str
    """One of "yes", "tight" (with other programs closed), "no"."""
    need: Footprint
    available_bytes: int
    total_bytes: int
    tps_low: float
    """Tokens per second, cautious and hopeful estimates."""
    tps_high: float


def parser() -> Parser:
    parser = Parser("latam-edge fit", t("cli.help.fit"))
    parser.add_argument("model", nargs="?", metavar=t("cli.word.model"), help=t("cli.opt.model"))
    parser.add_argument("--context", type=number(int, 16), metavar="N", help=t("cli.opt.context"))
    parser.add_argument("--json", action="store_true", help=t("cli.opt.json"))
    options.add_language(parser)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)

    from latam_edge.core.settings import load_settings
    from latam_edge.store.library import Library

    settings = load_settings()
    library = Library()
    entry = library.resolve(args.model or settings.model)
    verdict = judge(entry, args.context or settings.context)
    if args.json:
        output.json(_json(entry, verdict))
    else:
        _show(entry, verdict, library)
    return 0


def judge(entry: Entry, n_ctx: int | None) -> Verdict:
    """Compare what the model needs with what the machine has. Takes about half a second, to read memory."""
    from latam_edge.bench.bandwidth import read_bandwidth
    from latam_edge.bench.runner import bytes_per_token
    from latam_edge.core import hardware
    from latam_edge.formats.footprint import footprint
    from latam_edge.formats.model import read_model

    header = read_model(entry.path)
    need = footprint(header, n_ctx)
    available, total = hardware.memory_available(), hardware.memory_total()
    # Zero: nobody knows. Then nothing can be refused.
    if not available or need.total_bytes <= available * AVAILABLE_SHARE:
        answer = "yes"
    else:
        answer = "tight" if need.total_bytes <= total * AVAILABLE_SHARE else "no"
    # While answering, the cache is read too; half of it on average over a conversation.
    per_token = max(1, bytes_per_token(header) + need.kv_cache_bytes // 2)
    flags = hardware.cpu_flags()
    slow = bool(flags) and "avx2" not in flags and not flags & {"neon", "asimd"}
    rate = read_bandwidth() / per_token * (WITHOUT_AVX2 if slow else 1.0)
    return Verdict(answer, need, available, total, rate * SHARE_LOW, rate * SHARE_HIGH)


def _show(entry: Entry, verdict: Verdict, library: Library) -> None:
    need = verdict.need
    output.line(output.bold(t(f"fit.{verdict.answer}", model=entry.name)))
    output.line()
    fits = verdict.answer != "no"
    speed = t("fit.between", low=_rate(verdict.tps_low), high=_rate(verdict.tps_high))
    output.facts(
        [
            (t("fit.need"), format_bytes(need.total_bytes)),
            ("  " + t("fit.weights"), format_bytes(need.weights_bytes)),
            ("  " + t("fit.kv_cache", context=need.n_ctx), format_bytes(need.kv_cache_bytes)),
            ("  " + t("fit.rest"), format_bytes(need.compute_bytes + need.program_bytes)),
            (t("fit.available"), format_bytes(verdict.available_bytes)),
            (t("fit.total"), format_bytes(verdict.total_bytes)),
            *([(t("fit.speed"), speed)] if fits else []),
        ]
    )
    output.line()
    if fits:
        output.line(t("fit.reading") if verdict.tps_low >= READING_TPS else t("fit.slow"))
    for advice in _advice(entry, verdict, library):
        output.line(advice)


def _advice(entry: Entry, verdict: Verdict, library: Library) -> list[str]:
    """One thing to do, or two."""
    called = entry.name if entry.registered else str(entry.path)
    if verdict.answer == "yes":
        return [t("fit.measure", command=f"latam-edge bench {called}")]
    said = [t("fit.close_programs")] if verdict.answer == "tight" else []
    need = verdict.need
    if need.kv_cache_bytes > need.total_bytes // 4 and need.n_ctx > 1024:
        said.append(t("fit.less_context", command=f"latam-edge fit {called} --context {need.n_ctx // 2}"))
    smaller = [other for other in library.list() if other.file_bytes < entry.file_bytes // 2]
    if smaller:
        best = max(smaller, key=lambda other: other.file_bytes)
        said.append(t("fit.smaller", model=best.name))
    elif verdict.answer == "no":
        said.append(t("fit.find_smaller"))
    return said


def _rate(tps: float) -> str:
    return decimal(f"{tps:.0f}" if tps >= 10 else f"{tps:.1f}")


def _json(entry: Entry, verdict: Verdict) -> dict[str, Any]:
    need = verdict.need
    return {
        "model": entry.name,
        "answer": verdict.answer,
        "n_ctx": need.n_ctx,
        "need_bytes": need.total_bytes,
        "weights_bytes": need.weights_bytes,
        "kv_cache_bytes": need.kv_cache_bytes,
        "compute_bytes": need.compute_bytes + need.program_bytes,
        "available_bytes": verdict.available_bytes,
        "memory_bytes": verdict.total_bytes,
        "decode_tps": [round(verdict.tps_low, 1), round(verdict.tps_high, 1)],
    }
