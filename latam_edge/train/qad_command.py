"""Quantization-aware distillation of a checkpoint that no recipe made, on text that its owner brings."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from latam_edge.core.errors import BadCheckpoint
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress
from latam_edge.train import qad_text
from latam_edge.train.qad import Job, distill_on_lattice
from latam_edge.train.recipe import Qad
from quant.calibration import Calibration

TOKENS = 2_000_000
"""Tokens to train on when no recipe says."""
SEED = 7
ARCHITECTURES = ("LlamaForCausalLM",)
"""What the trainer can build; GPTQ can do more (convert/architectures.py)."""


def distill_checkpoint(
    checkpoint: Path,
    out: Path,
    texts: Calibration,
    settings: Qad,
    resume: bool,
    progress: Progress,
    compile_step: bool = True,
) -> dict[str, Any]:
    """Put a checkpoint on the lattice; `out` becomes an HF checkpoint folder, whole or not at all.

    What is needed to go on lies beside it while it works. Without `resume` it begins anew.
    Returns what `qad.distill_on_lattice` does. Raises BadCheckpoint for another
    architecture, TrainingFault for too little text.
    """
    from convert import checkpoint as files
    from convert.layerwise.run import fingerprint

    source = files.load(checkpoint)
    found = source.config.get("architectures")
    if not isinstance(found, list) or not set(found) & set(ARCHITECTURES):
        raise BadCheckpoint(
            path=checkpoint, detail=t("train.qad.architecture", known=", ".join(ARCHITECTURES))
        )
    settings = settings if settings.tokens else replace(settings, tokens=TOKENS)
    work = out.with_name(f".{out.name}.training")
    if not resume:
        shutil.rmtree(work, ignore_errors=True)
    mark = hashlib.sha256(f"{fingerprint(source)} {texts.sha256} {settings}".encode()).hexdigest()
    job = Job(checkpoint, out, work, mark, settings, compile_step=compile_step)
    report = distill_on_lattice(job, qad_text.of_files(texts, checkpoint, settings, SEED), progress)
    shutil.rmtree(work)
    return report
