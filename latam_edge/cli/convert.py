"""`latam-edge convert`: a Hugging Face checkpoint becomes a file that the runtime loads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from latam_edge.cli import options, output
from latam_edge.cli.extras import needs
from latam_edge.cli.parser import Parser
from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import decimal, format_bytes, format_seconds, t
from latam_edge.core.progress import Progress

if TYPE_CHECKING:
    from quant.calibration import Calibration

TYPES = (
    "int4",
    "q8_0",
    "f16",
    "bf16",
    "f32",
    "q4_0",
    "q4_k_s",
    "q4_k_m",
    "q5_k_m",
    "q6_k",
    "iq4_nl",
    "iq4_xs",
)
"""From q4_0 on, llama.cpp's library does the work."""
METHODS = ("rtn", "absmax", "gptq")


def parser() -> Parser:
    parser = Parser("latam-edge convert", t("cli.help.convert"))
    parser.add_argument(
        "checkpoint", type=Path, metavar=t("cli.word.checkpoint"), help=t("cli.convert.checkpoint")
    )
    parser.add_argument("--to", choices=("gguf", "onnx"), default="gguf", help=t("cli.convert.to"))
    parser.add_argument("--type", choices=TYPES, default="int4", help=t("cli.convert.type"))
    parser.add_argument("--method", choices=METHODS, default="rtn", help=t("cli.convert.method"))
    parser.add_argument(
        "--calibration", nargs="+", metavar=t("cli.word.file"), help=t("cli.convert.calibration")
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar=t("cli.word.file"), help=t("cli.convert.out")
    )
    parser.add_argument("--register", metavar=t("models.word.name"), help=t("cli.convert.register"))
    parser.add_argument("--verify", action="store_true", help=t("cli.convert.verify"))
    parser.add_argument("--json", action="store_true", help=t("cli.opt.json"))
    options.add_language(parser)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    if args.to == "onnx":
        raise UsageError(detail=t("cli.convert.no_onnx"))

    from latam_edge.cli.bar import Bar

    calibration = _calibration(args.calibration)
    with needs("convert"), _kept_work(args.method), Bar() as bar:
        from convert.to_gguf import convert

        result = convert(
            args.checkpoint,
            args.out,
            args.type,
            method=args.method,
            calibration=calibration,
            progress=bar,
        )
        if args.verify:
            _verify(args.checkpoint, args.out, bar)
    name = None
    if args.register:
        from latam_edge.store.library import Library

        with Bar() as bar:
            name = Library().add(args.out, args.register, bar).name
    if args.json:
        facts = {
            "path": str(result.path),
            "type": args.type,
            "file_bytes": result.file_bytes,
            "bits_per_weight": round(result.bits_per_weight, 3),
            "seconds": round(result.seconds, 3),
            "tensors": result.n_tensors,
            "kept": list(result.kept),
            "registered": name,
        }
        output.json(facts)
        return 0
    output.line(
        t(
            "cli.convert.done",
            path=result.path,
            size=format_bytes(result.file_bytes),
            bits=decimal(f"{result.bits_per_weight:.2f}"),
            time=format_seconds(result.seconds),
        )
    )
    if result.resumed:
        output.note(t("cli.convert.resumed"))
    if result.kept:
        output.note(t("cli.convert.kept", count=len(result.kept)))
    if name:
        output.note(t("models.try", name=name))
    else:
        output.note(t("cli.convert.try", path=result.path))
    return 0


def _calibration(files: list[str] | None) -> Calibration | None:
    """The texts that were named, with a warning for each that looks like another language."""
    if not files:
        return None
    from latam_edge.cli.evaluate import language_of
    from quant.calibration import read

    calibration = read([language_of(file) for file in files])
    for text in calibration.suspicious:
        output.note(
            t(
                "cli.convert.other_language",
                file=text.name,
                language=text.language,
                guessed=text.guessed,
            )
        )
    return calibration


@contextmanager
def _kept_work(method: str) -> Iterator[None]:
    """Say after Ctrl-C that a long calibration can be continued."""
    try:
        yield
    except KeyboardInterrupt:
        if method == "gptq":
            output.note(t("cli.convert.stopped"))
        raise


def _verify(checkpoint: Path, path: Path, bar: Progress) -> None:
    """Compare the file with its source, weight by weight. Raises BadFile when they differ."""
    from convert.verify import verify
    from latam_edge.core.errors import BadFile

    report = verify(checkpoint, path, bar)
    if not report.ok:
        raise BadFile(path=path, reason=t("cli.convert.differs", names=", ".join(report.problems[:8])))
