"""`latam-edge bench`: how fast models run here, through the whole stack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_edge.cli import options, output
from latam_edge.cli.parser import Parser, number
from latam_edge.core.i18n import decimal, format_bytes, t

if TYPE_CHECKING:
    from latam_edge.bench.result import Row

BUSY = 0.5
"""Processes that want to run, above which figures are not to be trusted."""


def parser() -> Parser:
    parser = Parser("latam-edge bench", t("cli.help.bench"))
    parser.add_argument("models", nargs="*", metavar=t("cli.word.model"), help=t("bench.opt.models"))
    parser.add_argument(
        "--repeats", type=number(int, 1, 100), default=5, metavar="N", help=t("bench.opt.repeats")
    )
    parser.add_argument(
        "--prefill", type=number(int, 1), default=512, metavar="N", help=t("bench.opt.prefill")
    )
    parser.add_argument("--decode", type=number(int, 2), default=128, metavar="N", help=t("bench.opt.decode"))
    parser.add_argument("--json", metavar=t("cli.word.file"), help=t("bench.opt.json"))
    parser.add_argument("--compare", type=Path, metavar=t("cli.word.file"), help=t("bench.opt.compare"))
    options.add_engine(parser, model=False)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)

    from latam_edge.bench import result, runner
    from latam_edge.bench.scenario import Scenario
    from latam_edge.cli.bar import Bar
    from latam_edge.core.settings import load_settings
    from latam_edge.store.library import Library

    before = result.load(args.compare) if args.compare else None
    settings = load_settings()
    library = Library()
    # All names first: a misspelt last one should not cost the measurement of the others.
    entries = [library.resolve(name) for name in args.models or [settings.model]]
    config = options.engine_config(args, settings)
    machine = runner.describe_machine()
    if machine.load_average is not None and machine.load_average > BUSY:
        output.note(t("bench.busy", load=decimal(f"{machine.load_average:.1f}")))
    scenario = Scenario(args.prefill, args.decode, args.repeats)
    rows: list[Row] = []
    with Bar() as bar:
        for entry in entries:
            rows.append(runner.measure(entry, config, machine, scenario, bar))
    if args.json == "-":
        output.json([row.to_json() for row in rows])
    else:
        _show(rows)
        if args.json:
            result.save(Path(args.json), rows)
            output.note(t("bench.saved", path=args.json))
    if before is not None:
        _show_comparison([row.to_json() for row in rows], before)
    return 0


def _show(rows: Sequence[Row]) -> None:
    """The table, then what it was measured on."""
    head = [t(f"bench.head.{name}") for name in _COLUMNS]
    output.table(head, [_cells(row) for row in rows], right=range(2, len(head)))
    machine = rows[0].machine
    output.line()
    output.line(
        t(
            "bench.machine",
            cpu=machine.cpu or machine.machine,
            cores=machine.cores,
            memory=format_bytes(machine.memory_bytes),
            bandwidth=format_bytes(machine.read_bandwidth_bytes_per_s),
            system=machine.system,
        )
    )
    output.line(t("bench.legend", repeats=rows[0].repeats))
    for row in rows:
        if row.threads_used < row.threads:
            output.note(t("bench.fewer_threads", model=row.model, used=row.threads_used, threads=row.threads))


_COLUMNS = ("model", "engine", "threads", "prefill", "decode", "ttft", "load", "memory", "file", "bandwidth")


def _cells(row: Row) -> list[str]:
    def around(spread: Any, digits: int) -> str:
        """The median and half the range."""
        half = (spread.high - spread.low) / 2
        return decimal(f"{spread.median:.{digits}f} ±{half:.{digits}f}")

    return [
        row.model,
        row.engine,
        str(row.threads),
        around(row.prefill_tps, 0),
        around(row.decode_tps, 1),
        decimal(f"{row.ttft_s.median:.3f}"),
        decimal(f"{row.load_s.median:.2f}"),
        format_bytes(row.peak_rss_bytes),
        format_bytes(row.file_bytes),
        f"{row.bandwidth_fraction * 100:.0f}%",
    ]


def _show_comparison(now: list[dict[str, Any]], before: list[dict[str, Any]]) -> None:
    from latam_edge.bench.compare import compare, same_machine

    ratios = compare(now, before)
    if not ratios:
        output.note(t("bench.nothing_to_compare"))
        return

    def times(value: float | None) -> str:
        return "-" if value is None else decimal(f"{value:.2f}") + "×"

    output.line()
    head = [t(f"bench.head.{name}") for name in ("model", "engine")]
    head += [t(f"bench.ratio.{name}") for name in ("prefill", "decode", "ttft", "remark")]
    rows = [
        (
            ratio.model,
            ratio.engine,
            times(ratio.prefill),
            times(ratio.decode),
            times(ratio.ttft),
            t("bench.ratio.overlap") if ratio.overlap else "",
        )
        for ratio in ratios
    ]
    output.table(head, rows, right=(2, 3, 4))
    if not same_machine(now, before):
        output.note(t("bench.other_machine"))
