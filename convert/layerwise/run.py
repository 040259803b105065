"""The codes of an int4 file, chosen with a calibration text, and a place on disk to resume from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from convert import architectures, shape
from convert.checkpoint import HFCheckpoint
from convert.layerwise import walk, windows
from convert.layerwise.state import State
from convert.layerwise.walk import Codes, Plan
from latam_edge.core.errors import BadFile, NotEnough, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, silent
from quant.calibration import Calibration, default

METHODS = ("gptq", "rtn")
"""Methods that a calibration text helps."""

_REVISION = 1
"""Counts changes of the method that make earlier partial results useless."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Codes chosen with a calibration text."""

    codes: Codes
    """A tensor's codes by its name in the checkpoint; None for one that the lattice can't hold."""
    calibration_sha256: str
    """Of the text; see `Calibration.sha256`."""
    tokens: int
    """Tokens of it that were used."""
    languages: tuple[str, ...]
    """ISO 639 codes of its texts."""
    resumed: bool
    """Whether an interrupted conversion was continued."""


@contextmanager
def calibrated(
    source: HFCheckpoint,
    out: Path,
    method: str,
    calibration: Calibration | None = None,
    plan: Plan | None = None,
    progress: Progress = silent,
) -> Iterator[Calibrated | None]:
    """Choose the codes of a checkpoint's matrices; inside the block they can be asked for.

    method: "gptq", or "rtn" for a scale search weighted by the calibration's activations.
    None without any work for a method that was given no text and needs none.
    Partial results lie beside `out` until the block ends well: after a kill, a power cut or
    Ctrl-C the same call goes on from there and gives the same codes.
    Raises BadCheckpoint, UsageError, BadFile, MissingExtra, DiskFull, ReadOnlyPlace.
    """
    if method != "gptq" and calibration is None:
        yield None
        return
    if method not in METHODS:
        raise UsageError(detail=t("convert.calibration_unused", method=method))
    calibration, plan = calibration or default(), plan or Plan()
    if method == "rtn":
        plan = Plan(solver=None, compensation=0, max_tokens=plan.max_tokens)
    model = shape.read(source)
    planned = architectures.plan(source, architectures.find(source), model)
    tokens = windows.cut(source, model, calibration, plan.max_tokens)
    walk.check_finite(source, planned)
    inputs = {
        "revision": _REVISION,
        "checkpoint": fingerprint(source),
        "tokens": hashlib.sha256(tokens.tobytes()).hexdigest(),
        "plan": plan.fingerprint(),
    }
    state = State(out.with_name(f".{out.name}.calibrating"), inputs)
    try:
        codes = walk.quantize(source, model, planned, tokens, plan, state, progress)
        languages = tuple(calibration.by_language())
        yield Calibrated(codes, calibration.sha256, tokens.size, languages, state.resumed)
    except (BadFile, UsageError):
        # Trying again would end in the same place.
        state.remove()
        raise
    except NotEnough:
        state.tidy()
        raise
    state.remove()


def fingerprint(source: HFCheckpoint) -> str:
    """sha256 over what decides the weights: config.json's values and the weight files' bytes."""
    digest = hashlib.sha256(repr(sorted(source.config.items())).encode())
    for path in sorted({source.tensors[name].path for name in source.tensors}):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
