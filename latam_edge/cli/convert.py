"""`latam-edge convert`: a Hugging Face checkpoint becomes a model for the runtime: GGUF, ONNX or both."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_edge.cli import options, output
from latam_edge.cli.extras import needs
from latam_edge.cli.parser import Parser
from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import decimal, format_bytes, format_seconds, t
from latam_edge.core.progress import Progress

if TYPE_CHECKING:
    from convert.to_gguf import ConvertResult
    from convert.to_onnx import OnnxResult
    from convert.verify import VerifyReport
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
METHODS = ("rtn", "absmax", "gptq", "qad")
TARGETS = ("gguf", "onnx")
ACCURACY_LEVELS = (1, 4)
EXPORTERS = ("own", "optimum")


def parser() -> Parser:
    parser = Parser("latam-edge convert", t("cli.help.convert"), epilog=t("cli.convert.examples"))
    parser.add_argument(
        "checkpoint", type=Path, metavar=t("cli.word.checkpoint"), help=t("cli.convert.checkpoint")
    )
    parser.add_argument("--to", choices=TARGETS, action="append", help=t("cli.convert.to"))
    parser.add_argument("--exporter", choices=EXPORTERS, default="own", help=t("cli.convert.exporter"))
    parser.add_argument("--type", choices=TYPES, default="int4", help=t("cli.convert.type"))
    parser.add_argument("--method", choices=METHODS, help=t("cli.convert.method"))
    parser.add_argument(
        "--calibration", nargs="+", metavar=t("cli.word.file"), help=t("cli.convert.calibration")
    )
    parser.add_argument(
        "--accuracy-level", type=int, choices=ACCURACY_LEVELS, help=t("cli.convert.accuracy_level")
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar=t("cli.word.out"), help=t("cli.convert.out")
    )
    parser.add_argument("--register", metavar=t("models.word.name"), help=t("cli.convert.register"))
    parser.add_argument("--verify", action="store_true", help=t("cli.convert.verify"))
    parser.add_argument("--json", action="store_true", help=t("cli.opt.json"))
    options.add_language(parser)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)

    from latam_edge.cli.bar import Bar

    targets = args.to or (["onnx"] if args.exporter == "optimum" else ["gguf"])
    _agree(args, targets)
    calibration = _calibration(args.calibration)
    with needs("onnx" if "onnx" in targets else "convert"), _kept_work(args), Bar() as bar:
        made = _convert(args, targets, calibration, bar)
    if args.register:
        made = [replace(one, registered=_register(one, args.register, len(made) > 1)) for one in made]
    if args.json:
        facts = [one.facts(args.type) for one in made]
        output.json(facts if len(facts) > 1 else facts[0])
        return 0
    for one in made:
        _tell(one)
    return 0


def _agree(args: argparse.Namespace, targets: list[str]) -> None:
    """Refuse what would be passed over or found out when the work is done; fill in what is not given.

    Raises UsageError, BadName, EmbeddedModel.
    """
    if args.exporter == "optimum" and (targets != ["onnx"] or args.calibration):
        raise UsageError(detail=t("cli.convert.optimum_only_onnx"))
    if args.type != "int4" and args.method is not None:
        raise UsageError(detail=t("cli.convert.method_int4", type=args.type, method=args.method))
    if "onnx" not in targets and args.accuracy_level is not None:
        raise UsageError(detail=t("cli.convert.accuracy_onnx"))
    args.method = args.method or "rtn"
    args.accuracy_level = args.accuracy_level or 4
    if args.register is not None:
        from latam_edge.core.errors import EmbeddedModel
        from latam_edge.store import names
        from latam_edge.store.entry import EMBEDDED

        if names.key(names.check(args.register)) == EMBEDDED:
            raise EmbeddedModel(name=args.register)


@dataclass(frozen=True, slots=True)
class _Made:
    """One model that was written."""

    target: str
    """"gguf" or "onnx"."""
    result: ConvertResult | OnnxResult
    """What its writer says."""
    checked: VerifyReport | None
    """How it compares with the checkpoint; None when nobody asked."""
    registered: str | None = None
    """Its name in the library."""

    def facts(self, type: str) -> dict[str, Any]:
        """For --json."""
        result, checked = self.result, self.checked
        return {
            "path": str(result.path),
            "target": self.target,
            "type": type,
            "file_bytes": result.file_bytes,
            "bits_per_weight": round(result.bits_per_weight, 3),
            "seconds": round(result.seconds, 3),
            "tensors": result.n_tensors,
            "kept": list(result.kept),
            "fallbacks": list(getattr(result, "fallbacks", ())),
            "relative_error": round(checked.relative_error, 6) if checked else None,
            "registered": self.registered,
        }


def _convert(
    args: argparse.Namespace, targets: list[str], calibration: Calibration | None, bar: Progress
) -> list[_Made]:
    """Write what was asked for, one pass over the checkpoint for both, and check it.

    An ONNX folder is always read back; --verify also codes every weight again."""
    if args.exporter == "optimum":
        from convert.to_onnx import optimum_export

        exported = optimum_export.convert(
            args.checkpoint,
            args.out,
            args.type,
            method=args.method,
            accuracy_level=args.accuracy_level,
            progress=bar,
        )
        return [_Made("onnx", exported, None)]
    gguf_path, onnx_path = paths_for(args.out, targets)
    if onnx_path is None:
        from convert.to_gguf import convert

        plain = convert(
            args.checkpoint,
            args.out,
            args.type,
            method=args.method,
            calibration=calibration,
            progress=bar,
        )
        return [_Made("gguf", plain, _verify(args.checkpoint, args.out, bar) if args.verify else None)]

    from convert.to_onnx import convert as convert_to_onnx
    from convert.to_onnx.verify import verify

    result = convert_to_onnx(
        args.checkpoint,
        onnx_path,
        args.type,
        gguf_out=gguf_path,
        method=args.method,
        calibration=calibration,
        accuracy_level=args.accuracy_level,
        progress=bar,
    )
    checked = verify(args.checkpoint, onnx_path, gguf_path, recode=args.verify, progress=bar)
    _require(onnx_path, checked)
    made = [_Made("onnx", result, checked)]
    if result.gguf is not None:
        made.insert(0, _Made("gguf", result.gguf, checked))
    return made


def _outputs(args: argparse.Namespace) -> list[Path]:
    """Where the command writes."""
    return [path for path in paths_for(args.out, args.to or ["gguf"]) if path is not None]


def paths_for(out: Path, targets: list[str]) -> tuple[Path | None, Path | None]:
    """Where the GGUF file and the ONNX folder go; for both, `out` is their common beginning.

    Raises UsageError where that is no beginning.

    >>> paths_for(Path("semilla.gguf"), ["gguf", "onnx"])
    (PosixPath('semilla.gguf'), PosixPath('semilla-onnx'))
    """
    if "onnx" not in targets:
        return out, None
    if "gguf" not in targets:
        return None, out
    stem = out.name.removesuffix(".gguf").removesuffix("-onnx")
    if stem in ("", ".", ".."):
        raise UsageError(detail=t("convert.out_bad_name", path=out))
    return out.with_name(f"{stem}.gguf"), out.with_name(f"{stem}-onnx")


def _register(made: _Made, name: str, several: bool) -> str:
    """Add it to the library; beside a GGUF of that name, the ONNX folder is called NAME-onnx."""
    from latam_edge.cli.bar import Bar
    from latam_edge.store.library import Library

    wanted = f"{name}-onnx" if several and made.target == "onnx" else name
    with Bar() as bar:
        return Library().add(made.result.path, wanted, bar).name


def _tell(made: _Made) -> None:
    """What a person wants to know of a model that was written."""
    result = made.result
    output.line(
        t(
            "cli.convert.done",
            path=result.path,
            size=format_bytes(result.file_bytes),
            bits=decimal(f"{result.bits_per_weight:.2f}"),
            time=format_seconds(result.seconds),
        )
    )
    if made.checked is not None:
        error = decimal(f"{100 * made.checked.relative_error:.2f}")
        output.note(t("cli.convert.checked", count=made.checked.n_tensors, error=error))
    if result.resumed:
        output.note(t("cli.convert.resumed"))
    if result.kept:
        output.note(t("cli.convert.kept", count=len(result.kept)))
    if fallbacks := made.facts("")["fallbacks"]:
        names = ", ".join(fallbacks[:4]) + ("…" if len(fallbacks) > 4 else "")
        output.note(t("cli.convert.fallbacks", count=len(fallbacks), names=names))
    if made.registered:
        output.note(t("models.try", name=made.registered))
    else:
        output.note(t("cli.convert.try", path=result.path))


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
def _kept_work(args: argparse.Namespace) -> Iterator[None]:
    """Say after Ctrl-C, or when the disk is full, that a long calibration can be continued."""
    from latam_edge.core.errors import NotEnough

    try:
        yield
    except (KeyboardInterrupt, NotEnough):
        if any(path.with_name(f".{path.name}.calibrating").exists() for path in _outputs(args)):
            output.note(t("cli.convert.stopped"))
        raise


def _verify(checkpoint: Path, path: Path, bar: Progress) -> VerifyReport:
    """Compare the GGUF with its source, weight by weight. Raises BadFile when they differ."""
    from convert.verify import verify

    return _require(path, verify(checkpoint, path, bar))


def _require(path: Path, report: VerifyReport) -> VerifyReport:
    """Raises BadFile unless the report is good."""
    from latam_edge.core.errors import BadFile

    if not report.ok:
        raise BadFile(path=path, reason=t("cli.convert.differs", names=", ".join(report.problems[:8])))
    return report
