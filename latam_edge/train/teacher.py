"""A teacher from a folder: opened, compared with the student, and its probabilities drawn once and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from transformers import LlamaForCausalLM

from latam_edge.core.errors import BadCheckpoint, MissingTeacher, VocabularyMismatch
from latam_edge.core.progress import Progress, Step
from latam_edge.train import architecture
from latam_edge.train.batch import Batch, make_batch
from latam_edge.train.losses import logits_at
from latam_edge.train.spans import RowSource
from latam_edge.train.teacher_cache import MAX_DRAWS, CachedTargets, Drawn, is_cached, write_cache
from latam_edge.train.world import device

_ROWS = 16
"""Rows that go through the teacher at a time."""
_CALIBRATION_ROWS = 128
"""Rows on which the number of draws is chosen."""
_MARGIN = 0.97
"""Share of the wanted tokens that these rows may keep: all rows together keep a few percent more or less."""


def teacher_folder(named: str, own: Path) -> Path:
    """The recipe's teacher, or the one that the run trained. Raises MissingTeacher."""
    folder = Path(named).expanduser() if named else own
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise MissingTeacher(path=folder)
    return folder


def open_teacher(folder: Path, tokenizer_folder: Path) -> LlamaForCausalLM:
    """A frozen teacher whose vocabulary is the student's, token by token.

    Raises MissingTeacher, BadCheckpoint (no Llama model), VocabularyMismatch.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise MissingTeacher(path=folder) from None
    if config.get("model_type") != "llama":
        detail = f'{config.get("model_type")} ≠ llama; distill.mode = "text"'
        raise BadCheckpoint(path=folder, detail=detail)
    _compare_vocabularies(folder, tokenizer_folder, config.get("vocab_size"))
    try:
        teacher = architecture.load(folder)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise BadCheckpoint(path=folder, detail=str(error).partition("\n")[0]) from error
    return teacher.eval().requires_grad_(False)


def _compare_vocabularies(folder: Path, tokenizer_folder: Path, size: int | None) -> None:
    mine = _vocabulary(tokenizer_folder)
    if mine is None:
        return
    if size != len(mine):
        raise VocabularyMismatch(teacher=folder, detail=f"{size} ≠ {len(mine)}")
    theirs = _vocabulary(folder)
    if theirs is not None and theirs != mine:
        token = next(token for token in mine if theirs.get(token) != mine[token])
        detail = f"{token!r}: {theirs.get(token)} ≠ {mine[token]}"
        raise VocabularyMismatch(teacher=folder, detail=detail)


def _vocabulary(folder: Path) -> dict[str, int] | None:
    from latam_edge.train.tokenizer import load_tokenizer

    if not (folder / "tokenizer.json").is_file():
        return None
    return load_tokenizer(folder).get_vocab()


def cached_targets(
    teacher_path: Path,
    tokenizer_folder: Path,
    rows: RowSource,
    rows_key: str,
    folder: Path,
    *,
    samples: int,
    seed: int,
    progress: Progress,
) -> CachedTargets:
    """The teacher's draws at every learnt place of `rows`, made once and then read from `folder`.

    rows_key: names the rows; samples: tokens to keep per position, on average.
    Raises what `open_teacher` raises, and DiskFull.
    """
    weights = hashlib.sha256()
    for file in sorted(teacher_path.glob("*.safetensors")):
        with file.open("rb") as raw:
            weights.update(hashlib.file_digest(raw, "sha256").digest())
    key = f"1 {weights.hexdigest()} {rows_key} {len(rows)} {rows.context} {samples} {seed}"
    if is_cached(folder, key):
        return CachedTargets(folder)
    on = device()
    teacher = open_teacher(teacher_path, tokenizer_folder).to(on)
    draws = _choose_draws(teacher, rows, samples, on)

    def note(done: int) -> None:
        if done % _ROWS == 0 or done == len(rows):
            progress(Step("train.step.targets", done, len(rows), "rows"))

    drawn = _draw(teacher, rows, draws, seed, on)
    return write_cache(folder, key, draws, teacher.config.vocab_size, drawn, note)


def _batch(rows: RowSource, picked: np.ndarray, on: torch.device) -> Batch:
    return make_batch(rows, picked, len(picked) * rows.context, on)


@torch.no_grad()
def _choose_draws(teacher: LlamaForCausalLM, rows: RowSource, samples: int, on: torch.device) -> int:
    """The most draws that keep `samples` different tokens per position on average, or barely fewer.

    A position keeps the sum of 1 - (1 - p)^draws over the vocabulary.

    The number depends on the probabilities and never on what is drawn, which
    would bias the shares.
    """
    picked = np.linspace(0, len(rows) - 1, min(len(rows), _CALIBRATION_ROWS)).astype(np.int64)
    none_of: list[torch.Tensor] = []
    for at in range(0, len(picked), _ROWS):
        batch = _batch(rows, picked[at : at + _ROWS], on)
        with torch.autocast(on.type, torch.bfloat16):
            logits = logits_at(teacher, batch)
        none_of.append(torch.log1p(-F.softmax(logits[batch.weight > 0], -1).clamp_max(1 - 1e-7)).cpu())
    missed = torch.cat(none_of)
    low, high = 1, MAX_DRAWS
    while low < high:
        middle = (low + high + 1) // 2
        kept = float((1 - torch.exp(middle * missed)).sum(-1).mean())
        low, high = (middle, high) if kept <= _MARGIN * samples else (low, middle - 1)
    return low


@torch.no_grad()
def _draw(
    teacher: LlamaForCausalLM, rows: RowSource, draws: int, seed: int, on: torch.device
) -> Iterator[Drawn]:
    """What is drawn for each row, in order."""
    for at in range(0, len(rows), _ROWS):
        picked = np.arange(at, min(at + _ROWS, len(rows)))
        batch = _batch(rows, picked, on)
        learnt = batch.weight > 0
        with torch.autocast(on.type, torch.bfloat16):
            logits = logits_at(teacher, batch)[learnt]
        logp = F.log_softmax(logits, -1)
        entropy = -(logp.exp() * logp).sum(-1).cpu().numpy().astype(np.float32)
        generator = torch.Generator(on).manual_seed(seed * 1_000_003 + at)
        found = np.sort(_multinomial(logp.exp(), draws, generator).cpu().numpy(), axis=1)
        of_row = (batch.place[learnt] // rows.context).cpu().numpy()
        for row in range(len(picked)):
            mine = of_row == row
            yield _counted(found[mine], entropy[mine])


def _multinomial(p: torch.Tensor, draws: int, generator: torch.Generator) -> torch.Tensor:
    """int64 (n, draws): tokens drawn with replacement from each row of `p`, by the inverse of its sums.

    In float64: the sums of float32 would lose the rare tokens, which are the point.
    """
    if not len(p):
        return torch.zeros(0, draws, dtype=torch.int64)
    sums = p.double().cumsum(-1)
    at = torch.rand(len(p), draws, generator=generator, dtype=torch.float64, device=p.device)
    return torch.searchsorted(sums, at * sums[:, -1:], right=True).clamp_max(p.shape[-1] - 1)


def _counted(found: np.ndarray, entropy: np.ndarray) -> Drawn:
    """Different tokens and how often each came; `found`: sorted (positions, draws)."""
    first = np.ones(found.shape, np.bool_)
    first[:, 1:] = found[:, 1:] != found[:, :-1]
    begins = np.flatnonzero(first)
    counts = np.diff(begins, append=found.size)
    return Drawn(first.sum(1).astype(np.uint8), found.ravel()[begins].astype(np.int64), counts, entropy)
