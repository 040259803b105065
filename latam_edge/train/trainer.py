"""The training loop: packed rows in, a trained model out, resumable to the bit.

The rows of a step follow from (seed, step) alone, so that a checkpoint needs
weights, optimizer state and the step's number, and a resumed run goes on as if
it had never stopped. Several processes share the rows of each step; their
checkpoint is the same file, so that a run can go on with another number of them.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import LlamaForCausalLM

from latam_edge.core.errors import Interrupted, TrainingFault
from latam_edge.core.progress import Progress, Step
from latam_edge.train.averaging import Average
from latam_edge.train.batch import Batch, make_batch
from latam_edge.train.checkpoints import load_checkpoint, save_checkpoint
from latam_edge.train.losses import Loss, cross_entropy, distillation, logits_at
from latam_edge.train.metrics import Metrics
from latam_edge.train.optimizer import Optimizers, rate
from latam_edge.train.order import Order, Shuffled, rows_of_step
from latam_edge.train.recipe import Stage
from latam_edge.train.spans import RowSource
from latam_edge.train.teacher_cache import CachedTargets
from latam_edge.train.validation import evaluate_rows
from latam_edge.train.world import SINGLE, World, device, lost_processes

if TYPE_CHECKING:
    from latam_edge.train.text_step import HeldOutRows

__all__ = [
    "Batch", "Loss", "Stepper", "cross_entropy", "device", "distillation", "evaluate_rows", "logits_at",
    "rows_of_step", "stop_asked", "train",
]  # fmt: skip

LOG_EVERY = 20


class _StepModule(nn.Module):
    """The model and its loss as one module, which is what several processes wrap."""

    def __init__(self, model: LlamaForCausalLM, loss: Loss, bf16: bool) -> None:
        super().__init__()
        self.model = model
        self._loss = loss
        self._bf16 = bf16

    def forward(self, batch: Batch, loss: Loss | None = None) -> torch.Tensor:
        if loss is not None:  # measuring, in full precision
            return loss(self.model, batch)
        with torch.autocast(batch.tokens.device.type, torch.bfloat16, enabled=self._bf16):
            return self._loss(self.model, batch)


def train(
    model: LlamaForCausalLM,
    rows: RowSource,
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
    order: Order | None = None,
    validation: Mapping[str, HeldOutRows] | None = None,
    targets: CachedTargets | None = None,
    tensorboard: bool = False,
    world: World = SINGLE,
) -> dict[str, float]:
    """Train `model` in place for `stage.tokens` tokens.

    folder: keeps checkpoint.pt (atomically replaced) and metrics.jsonl; an
    existing checkpoint with the same fingerprint is continued, one of another
    recipe is begun anew.
    order: which rows a step reads; None: every row once an epoch, shuffled.
    validation: held-out text by name, measured as `stage.validate_tokens` says and at the end.
    targets: a teacher's cached probabilities, for losses.sampled_distillation.
    world: the processes that train together. A sharded model's weights are then
    in `world.plain(model)`.
    Returns the last loss, the cost and, with a validation, `bits_per_byte/<name>`.
    Raises TrainingFault (loss not finite), DiskFull, ProcessLost, Interrupted
    (after saving a checkpoint, on Ctrl-C or a polite kill).
    """
    if not len(rows):
        raise TrainingFault(detail="0 documents")
    on = world.device
    model.to(on).train()
    steps = max(1, stage.tokens // stage.batch_tokens)
    take_step = Stepper(
        model, rows, stage, loss, order=order or Shuffled(len(rows), seed),
        compile_step=compile_step, targets=targets, world=world,
    )  # fmt: skip
    optimizers, average = take_step.optimizers, take_step.average
    checkpoint = folder / "checkpoint.pt"
    begin, spent = 0, 0.0
    state = load_checkpoint(checkpoint, fingerprint, torch.device("cpu") if world.sharded else on)
    if state is not None:
        world.load_model(model, state["model"])
        world.load_optimizers(optimizers, state["optimizers"])
        if average:
            average.load(state["average"], world)
        begin, spent = state["step"], state["seconds"]
        del state
    metrics = Metrics(folder / "metrics.jsonl", begin, tensorboard) if world.main else None

    def save(step: int) -> None:
        data = {
            "model": world.gathered(model.state_dict()),
            "optimizers": world.gathered(optimizers.state_dict()),
            "step": step,
            "seconds": spent + time.monotonic() - clock,
            "fingerprint": fingerprint,
        }
        if average:
            data["average"] = world.gathered(average.values)
        world.on_main(lambda: save_checkpoint(checkpoint, data))

    bits: dict[str, float] = {}

    def validate() -> None:
        with average.applied() if average else nullcontext():
            world.reshard(take_step.wrapped)
            for name, held_out in (validation or {}).items():
                figure = evaluate_rows(model, held_out.rows, held_out.n_bytes, world, take_step.wrapped)
                bits[name] = round(figure, 4)
        world.reshard(take_step.wrapped)

    clock = saved = time.monotonic()
    recent: list[torch.Tensor] = []
    value = math.nan  # none before the first line of the log
    validate_every = -(-stage.validate_tokens // stage.batch_tokens)
    with stop_asked() as asked, lost_processes():
        for step in range(begin, steps):
            last = step == steps - 1
            recent.append(take_step(step, steps))
            done, seconds = (step + 1) * stage.batch_tokens, spent + time.monotonic() - clock
            if (step + 1) % LOG_EVERY == 0 or last:
                value = float(world.sum(torch.stack(recent).mean()))
                recent.clear()
                if not np.isfinite(value):
                    raise TrainingFault(detail=f"loss = {value}, step {step}")
                if metrics:
                    metrics.write(step + 1, done, value, seconds)
            if validation and (last or (validate_every and (step + 1) % validate_every == 0)):
                validate()
                if metrics:
                    metrics.write_bits(step + 1, done, bits, seconds)
            progress(
                Step(
                    key,
                    done,
                    steps * stage.batch_tokens,
                    "tokens",
                    "" if math.isnan(value) else f"{value:.3f}",
                )
            )
            # The last step needs no checkpoint: the caller saves the stage's result.
            due = time.monotonic() - saved > checkpoint_s
            stop, due = world.any(asked(), due and world.main)
            if not last and (stop or due):
                save(step + 1)
                saved = time.monotonic()
            if stop:
                raise Interrupted()
    if metrics:
        metrics.close()
    if average:
        average.keep()
    model.eval()
    if not world.sharded:
        model.to("cpu")
    return {
        "loss": value,
        "seconds": spent + time.monotonic() - clock,
        "tokens": float(steps * stage.batch_tokens),
        **{f"bits_per_byte/{name}": figure for name, figure in bits.items()},
    }


class Stepper:
    """One optimizer step after another, each on the rows that belong to its number."""

    def __init__(
        self,
        model: LlamaForCausalLM,
        rows: RowSource,
        stage: Stage,
        loss: Loss,
        *,
        order: Order,
        compile_step: bool,
        targets: CachedTargets | None = None,
        world: World = SINGLE,
    ) -> None:
        """As `train` has them. The model must be on `world.device`."""
        self._model, self._stage, self._order = model, stage, order
        self._targets, self._world = targets, world
        self._parts = _Parts(stage, rows, world)
        self.optimizers = Optimizers(model, stage, world.sharded)
        bf16 = stage.precision == "bf16"
        self._run, self.wrapped = _runner(model, loss, self.optimizers, world, compile_step, bf16)
        self.average = Average(model, stage.ema) if stage.ema else None

    def __call__(self, step: int, steps: int) -> torch.Tensor:
        """Take step `step` of `steps`. Returns this process's part of its mean loss."""
        picked = self._order(step, self._parts.per_step)
        batches = self._parts.of(picked, self._world.device, self._targets)
        loss = _forward_and_back(self._run, self.wrapped, batches, self._world)
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._stage.clip)
        self.optimizers.step(rate(step, steps, self._stage))
        if self.average:
            self.average.update(step)
        return loss


class _Parts:
    """A step's rows in the parts that go through the model at a time, those of this process alone."""

    def __init__(self, stage: Stage, rows: RowSource, world: World) -> None:
        self._rows, self._world = rows, world
        self.per_step = stage.batch_tokens // rows.context
        self._together = (stage.micro_tokens or stage.batch_tokens) // rows.context
        if self._together % world.size:
            detail = f"{self._together} rows, {world.size} processes (batch_tokens, micro_tokens)"
            raise TrainingFault(detail=detail)
        places = self._together // world.size * rows.context
        # Room for the share of learnt tokens, and a little more: rows differ, and few rows differ more.
        whole = world.size == 1 and self._together == self.per_step
        room = places * min(1.0, rows.learnt * (1.06 if whole else 1.3))
        self._capacity = min(places, -int(-room // 256) * 256)

    def of(
        self, picked: NDArray[np.int64], on: torch.device, targets: CachedTargets | None
    ) -> list[tuple[Batch, float]]:
        """Batches, each with what its mean loss counts in the step's gradient."""
        size, rank = self._world.size, self._world.rank
        batches = [
            make_batch(self._rows, picked[at : at + self._together][rank::size], self._capacity, on, targets)
            for at in range(0, len(picked), self._together)
        ]
        if len(batches) == 1 and size == 1:
            return [(batches[0], 1.0)]
        learnt = [float(batch.weight.sum()) for batch in batches]
        total = float(self._world.sum(torch.tensor(sum(learnt), device=on)))
        return [(batch, mine / max(1.0, total)) for batch, mine in zip(batches, learnt, strict=True)]


def _runner(
    model: LlamaForCausalLM, loss: Loss, optimizers: Optimizers, world: World, compile_step: bool, bf16: bool
) -> tuple[Callable[[Batch], torch.Tensor], nn.Module | None]:
    """What computes a batch's loss, compiled if asked for, and the wrapped module where there is one."""
    if world.size == 1:

        def forward(batch: Batch) -> torch.Tensor:
            with torch.autocast(batch.tokens.device.type, torch.bfloat16, enabled=bf16):
                return loss(model, batch)

        return (torch.compile(forward, dynamic=False) if compile_step else forward), None
    if compile_step:
        # Layer by layer: what wraps the whole model for several processes can't be compiled through.
        for layer in model.model.layers:
            layer.compile(dynamic=False)
    wrapped = world.prepare(_StepModule(model, loss, bf16), optimizers)
    return wrapped, wrapped


def _forward_and_back(
    run: Callable[[Batch], torch.Tensor],
    wrapped: nn.Module | None,
    batches: list[tuple[Batch, float]],
    world: World,
) -> torch.Tensor:
    """The step's gradients, and this process's part of its mean loss."""
    if len(batches) == 1 and world.size == 1:
        result = run(batches[0][0])
        result.backward()
        return result.detach()
    total = torch.zeros((), device=world.device)
    for number, (batch, share) in enumerate(batches, start=1):
        with world.unsynced(wrapped, number == len(batches)) if wrapped is not None else nullcontext():
            result = run(batch)
            # Wrappers take the mean over the processes; the step's mean is over its tokens.
            (result * (share * world.size)).backward()
        total += result.detach() * share
    return total


@contextmanager
def stop_asked() -> Iterator[Callable[[], bool]]:
    """Ctrl-C or SIGTERM waits for the step to end, so that what is saved is whole; a second ends at once.

    Yields a function that tells whether it came. Outside the main thread,
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

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(pressed)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
