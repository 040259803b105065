"""The training loop: packed rows in, a trained model out, resumable to the bit.

The rows of a step follow from (seed, step) alone, so that a checkpoint needs
weights, optimizer state and the step's number, and a resumed run goes on as if
it had never stopped.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F
from transformers import LlamaForCausalLM

from latam_edge.core.atomic import atomic_write
from latam_edge.core.errors import Interrupted, TrainingFault
from latam_edge.core.progress import Progress, Step
from latam_edge.train.optimizer import Optimizers, rate
from latam_edge.train.packing import Rows
from latam_edge.train.recipe import Stage

LOG_EVERY = 20


def device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Batch(NamedTuple):
    """Rows of one step and the places in them that are learnt, as tensors on one device."""

    tokens: torch.Tensor
    """int64 (n, context)"""
    segment: torch.Tensor
    """int64 (n, context): the document a token belongs to; 0 is padding"""
    position: torch.Tensor
    """int64 (n, context): place inside its document, from 0"""
    place: torch.Tensor
    """int64 (m,): flat places whose next token is learnt; logits are computed for these alone"""
    target: torch.Tensor
    """int64 (m,): that next token"""
    weight: torch.Tensor
    """float32 (m,): 1, or 0 where `place` is only filled up"""


def make_batch(rows: Rows, picked: NDArray[np.int64], capacity: int, on: torch.device) -> Batch:
    """The rows `picked`, with `capacity` learnt places: cut or filled up to it, since shapes are compiled in.

    A place is learnt when the next token belongs to the same document and is marked.
    """
    tokens = rows.tokens[picked].astype(np.int64)
    segment = rows.segment[picked].astype(np.int64)
    context = tokens.shape[1]
    begins = np.zeros(tokens.shape, np.int64)
    begins[:, 1:] = np.where(segment[:, 1:] != segment[:, :-1], np.arange(1, context), 0)
    position = np.arange(context) - np.maximum.accumulate(begins, axis=1)
    marked = np.zeros(tokens.shape, np.bool_)
    marked[:, :-1] = (segment[:, 1:] == segment[:, :-1]) & (segment[:, 1:] != 0) & rows.learn[picked][:, 1:]
    found = np.flatnonzero(marked)[:capacity]
    place = np.zeros(capacity, np.int64)
    place[: len(found)] = found
    weight = np.zeros(capacity, np.float32)
    weight[: len(found)] = 1.0
    target = np.zeros(capacity, np.int64)
    target[: len(found)] = tokens.ravel()[found + 1]
    parts = (tokens, segment, position, place, target, weight)
    return Batch(*(torch.from_numpy(part).to(on) for part in parts))


def logits_at(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Logits float32 (m, vocabulary) at the learnt places; no document attends to another."""
    context = batch.tokens.shape[1]
    same = batch.segment[:, :, None] == batch.segment[:, None, :]
    allowed = same & torch.ones(context, context, dtype=torch.bool, device=same.device).tril()
    states = model.model(
        input_ids=batch.tokens,
        attention_mask=allowed[:, None],
        position_ids=batch.position,
        use_cache=False,
    ).last_hidden_state
    logits: torch.Tensor = model.lm_head(states.flatten(0, 1)[batch.place]).float()
    return logits


Loss = Callable[[LlamaForCausalLM, Batch], torch.Tensor]
"""(model, batch) -> mean loss in nats per learnt token."""


def cross_entropy(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Next-token cross-entropy, nats, mean over the learnt tokens."""
    loss = F.cross_entropy(logits_at(model, batch), batch.target, reduction="none")
    return (loss * batch.weight).sum() / batch.weight.sum().clamp_min(1)


def distillation(teacher: LlamaForCausalLM, kl_weight: float) -> Loss:
    """Forward KL divergence KL(teacher || student) over the full vocabulary (Hinton et al. 2015).

    With kl_weight < 1 the rest is cross-entropy. Nats, mean over the learnt tokens.
    The teacher must share the student's vocabulary.
    """

    def loss(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
        with torch.no_grad():
            wanted = F.log_softmax(logits_at(teacher, batch), -1)
        have = F.log_softmax(logits_at(model, batch), -1)
        value = (wanted.exp() * (wanted - have)).sum(-1)
        if kl_weight < 1:
            value = kl_weight * value + (1 - kl_weight) * F.nll_loss(have, batch.target, reduction="none")
        return (value * batch.weight).sum() / batch.weight.sum().clamp_min(1)

    return loss


def rows_of_step(step: int, n_rows: int, per_step: int, seed: int) -> NDArray[np.int64]:
    """Row numbers of a step: epochs in a new order each, one after another."""
    wanted = np.arange(step * per_step, (step + 1) * per_step)
    picked = np.empty(per_step, np.int64)
    for epoch in np.unique(wanted // n_rows):
        order = np.random.default_rng([seed, int(epoch)]).permutation(n_rows)
        mine = wanted // n_rows == epoch
        picked[mine] = order[wanted[mine] % n_rows]
    return picked


def train(
    model: LlamaForCausalLM,
    rows: Rows,
    stage: Stage,
    loss: Loss,
    *,
    folder: Path,
    fingerprint: str,
    seed: int,
    key: str,
    progress: Progress,
    compile_step: bool = True,
    checkpoint_s: float = 120.0,
) -> dict[str, float]:
    """Train `model` in place for `stage.tokens` tokens.

    folder: keeps checkpoint.pt (atomically replaced) and metrics.jsonl; an
    existing checkpoint with the same fingerprint is continued, one of another
    recipe is begun anew. Returns the last loss and the cost.
    Raises TrainingFault (loss not finite), Interrupted (after
    saving a checkpoint, on Ctrl-C).
    """
    if not len(rows):
        raise TrainingFault(detail="0 documents")
    on = device()
    model.to(on).train()
    context = rows.tokens.shape[1]
    per_step = stage.batch_tokens // context
    steps = max(1, stage.tokens // stage.batch_tokens)
    optimizers = Optimizers(model, stage)
    checkpoint = folder / "checkpoint.pt"
    begin, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=on, weights_only=True)
        if state["fingerprint"] == fingerprint:
            model.load_state_dict(state["model"])
            optimizers.load_state_dict(state["optimizers"])
            begin, spent = state["step"], state["seconds"]
    metrics = _Metrics(folder / "metrics.jsonl", begin)

    def forward(batch: Batch) -> torch.Tensor:
        with torch.autocast(on.type, torch.bfloat16):
            return loss(model, batch)

    # Room for the share of learnt tokens, and a little more: rows differ.
    learnt = float((rows.learn & (rows.segment != 0)).mean())
    capacity = min(stage.batch_tokens, -int(-stage.batch_tokens * min(1.0, learnt * 1.06) // 256) * 256)
    run = torch.compile(forward, dynamic=False) if compile_step else forward

    def save(step: int) -> None:
        data = {
            "model": model.state_dict(),
            "optimizers": optimizers.state_dict(),
            "step": step,
            "seconds": spent + time.monotonic() - clock,
            "fingerprint": fingerprint,
        }
        with atomic_write(checkpoint) as file:
            torch.save(data, file)

    clock = saved = time.monotonic()
    recent: list[torch.Tensor] = []
    value = float("nan")
    with stop_asked() as asked:
        for step in range(begin, steps):
            picked = rows_of_step(step, len(rows), per_step, seed)
            result = run(make_batch(rows, picked, capacity, on))
            result.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), stage.clip)
            optimizers.step(rate(step, steps, stage))
            recent.append(result.detach())
            if (step + 1) % LOG_EVERY == 0 or step == steps - 1:
                value = float(torch.stack(recent).mean())
                recent.clear()
                if not np.isfinite(value):
                    raise TrainingFault(detail=f"loss = {value}, step {step}")
                metrics.write(
                    step + 1, (step + 1) * stage.batch_tokens, value, spent + time.monotonic() - clock
                )
            progress(
                Step(
                    key, (step + 1) * stage.batch_tokens, steps * stage.batch_tokens, "tokens", f"{value:.3f}"
                )
            )
            # The last step needs no checkpoint: the caller saves the stage's result.
            if step < steps - 1 and (asked() or time.monotonic() - saved > checkpoint_s):
                save(step + 1)
                saved = time.monotonic()
            if asked():
                raise Interrupted()
    model.eval().to("cpu")
    return {
        "loss": value,
        "seconds": spent + time.monotonic() - clock,
        "tokens": float(steps * stage.batch_tokens),
    }


@contextmanager
def stop_asked() -> Iterator[Callable[[], bool]]:
    """Ctrl-C waits for the step to end, so that what is saved is whole; a second one ends at once.

    Yields a function that tells whether it was pressed. Outside the main thread,
    where signals can't be caught, it never was.
    """
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def note(signum: int, frame: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(signum)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


class _Metrics:
    """metrics.jsonl: one object per line; what a resumed run will write again is cut first."""

    def __init__(self, path: Path, step: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        kept: list[str] = []
        if step and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    if json.loads(line)["step"] <= step:
                        kept.append(line + "\n")
                except (ValueError, KeyError):
                    break  # a line that a power cut tore
        path.write_text("".join(kept), encoding="utf-8")

    def write(self, step: int, tokens: int, loss: float, seconds: float) -> None:
        record = {"step": step, "tokens": tokens, "loss": round(loss, 5), "seconds": round(seconds, 2)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


@torch.no_grad()
def evaluate_rows(model: LlamaForCausalLM, rows: Rows, n_bytes: int) -> float:
    """Bits per byte: cross-entropy of every token in `rows` over the text's UTF-8 bytes `n_bytes`."""
    model.eval()
    rows = Rows(rows.tokens, rows.segment, np.ones_like(rows.learn))
    nats = 0.0
    for at in range(0, len(rows), 16):
        picked = np.arange(at, min(at + 16, len(rows)))
        batch = make_batch(rows, picked, len(picked) * rows.tokens.shape[1], torch.device("cpu"))
        loss = F.cross_entropy(logits_at(model, batch), batch.target, reduction="none")
        nats += float((loss * batch.weight).sum())
    return nats / float(np.log(2)) / n_bytes
