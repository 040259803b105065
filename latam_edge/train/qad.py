"""Quantization-aware distillation: a model on the 4-bit lattice learns to give its own probabilities.

The full-precision model is the teacher and stands still; the student begins with
GPTQ's codes, has the exporter's very weights in every step, and makes the forward KL
divergence from the teacher small (the aim of arXiv 2601.20088, without its
cross-entropy variants). In the last part activations are rounded as llama.cpp rounds
them. Several times the student is written as the file that would be shipped, and that
file is measured; the best one is kept, GPTQ's own among them, so that the result is
never worse than what training began with.

What comes out is a Hugging Face checkpoint whose matrices lie on the lattice: its
float32 weights are scale times code, and `convert --method qad` writes them as they are.
"""

from __future__ import annotations

import copy
import hashlib
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from transformers import LlamaForCausalLM

from latam_edge.core.atomic import atomic_write
from latam_edge.core.errors import Interrupted, TrainingFault
from latam_edge.core.progress import Progress, Step
from latam_edge.train import architecture
from latam_edge.train.batch import Batch, make_batch
from latam_edge.train.checkpoints import load_checkpoint, save_checkpoint
from latam_edge.train.lattice_model import Codes, LatticeModel
from latam_edge.train.losses import logits_at
from latam_edge.train.metrics import Metrics
from latam_edge.train.qad_judge import Judge, Verdict
from latam_edge.train.qad_text import QadText
from latam_edge.train.recipe import Qad
from latam_edge.train.trainer import LOG_EVERY, stop_asked
from latam_edge.train.world import device
from quant.calibration import Calibration
from quant.lattice import Int4Blocks, dequantize

KEY = "train.step.qad"


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the stage."""

    checkpoint: Path
    """The full-precision model, a Llama-architecture folder."""
    out: Path
    """Where the checkpoint on the lattice goes."""
    folder: Path
    """For what is needed to go on after a kill, and metrics.jsonl."""
    fingerprint: str
    """Names the settings and the data: work of another one is begun anew."""
    settings: Qad
    """The recipe's section."""
    compile_step: bool = True
    """Whether the step is compiled."""
    checkpoint_s: float = 120.0
    """Seconds between checkpoints."""


def distill_on_lattice(job: Job, text: QadText, progress: Progress) -> dict[str, Any]:
    """Do the job. Returns its cost and, by evaluation, what the file was worth.

    Memory: on top of the model twice, its gradients, and Adam's two moments, all float32, the
    logits of a step three times. Killed at any point, the same call goes on from the last
    checkpoint and ends with the same bytes. Raises TrainingFault, Interrupted, DiskFull,
    BadCheckpoint, and what loading a model raises.
    """
    job.folder.mkdir(parents=True, exist_ok=True)
    return _Run(job, text, progress).run()


class _Run:
    def __init__(self, job: Job, text: QadText, progress: Progress) -> None:
        self.job, self.text, self.progress = job, text, progress
        self.on = device()
        settings = job.settings
        self.per_step = settings.batch_tokens // text.rows.context
        self.steps = max(1, settings.tokens // settings.batch_tokens)
        if not self.per_step:
            raise TrainingFault(detail=f"qad.batch_tokens < {text.rows.context}")
        self.due = evaluation_steps(self.steps, settings.evaluations)
        self.verdicts: dict[int, Verdict] = {}
        """By step; 0 is GPTQ's own file."""

    def run(self) -> dict[str, Any]:
        job = self.job
        teacher = architecture.load(job.checkpoint).eval().requires_grad_(False)
        codes = start_codes(job, self.text.calibration, self.progress)
        n_ctx = self.text.rows.context
        judge = Judge(job.checkpoint, job.folder, self.text.held_out, n_ctx, self.progress)
        model = LatticeModel(architecture.load(job.checkpoint), codes).to(self.on)
        optimizer = _optimizer(model, job.settings)
        state = load_checkpoint(self._checkpoint, job.fingerprint, self.on)
        begin, spent = 0, 0.0
        if state is not None:
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            begin, spent = state["step"], state["seconds"]
            self.verdicts = {step: Verdict(**verdict) for step, verdict in state["verdicts"].items()}
        self.clock = time.monotonic() - spent
        metrics = Metrics(job.folder / "metrics.jsonl", begin)
        if not self.verdicts:
            self._judge(model, judge, metrics, 0)
            self._save(model, optimizer, 0)
        loss = self._train(model, teacher.to(self.on), optimizer, judge, metrics, begin)
        metrics.close()
        judge.close()
        best = min(self.verdicts, key=lambda step: self.verdicts[step].mean)
        architecture.copy(self._best, job.out)
        for path in (self._checkpoint, self._start):
            path.unlink(missing_ok=True)
        shutil.rmtree(self._best, ignore_errors=True)
        return {
            "loss": loss,
            "seconds": time.monotonic() - self.clock,
            "tokens": float(self.steps * job.settings.batch_tokens),
            "best_step": best,
            "kl_gptq": self.verdicts[0].kl,
            "kl": self.verdicts[best].kl,
            "perplexity": self.verdicts[best].perplexity,
            "evaluations": {str(step): verdict.kl for step, verdict in sorted(self.verdicts.items())},
        }

    def _train(
        self,
        model: LatticeModel,
        teacher: LlamaForCausalLM,
        optimizer: torch.optim.Optimizer,
        judge: Judge,
        metrics: Metrics,
        begin: int,
    ) -> float:
        settings, job = self.job.settings, self.job
        run: Callable[[Batch], torch.Tensor] = divergence(model, teacher)
        if job.compile_step:
            run = torch.compile(run, dynamic=False)
        recent: list[torch.Tensor] = []
        value, saved = math.nan, time.monotonic()
        capacity = self.per_step * self.text.rows.context
        with stop_asked() as asked:
            for step in range(begin, self.steps):
                last = step == self.steps - 1
                model.simulate_activations(step >= settings.activations_from * self.steps)
                picked = self.text.order(step, self.per_step)
                loss = run(make_batch(self.text.rows, picked, capacity, self.on))
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
                for group in optimizer.param_groups:
                    group["lr"] = group["peak"] * rate(step, self.steps, settings.warmup)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                recent.append(loss.detach())
                done = (step + 1) * settings.batch_tokens
                if (step + 1) % LOG_EVERY == 0 or last:
                    value = float(torch.stack(recent).mean())
                    recent.clear()
                    if not np.isfinite(value):
                        raise TrainingFault(detail=f"loss = {value}, step {step}")
                    metrics.write(step + 1, done, value, time.monotonic() - self.clock)
                if step + 1 in self.due:
                    self._judge(model, judge, metrics, step + 1)
                shown = "" if math.isnan(value) else f"{value:.4f}"  # none before the first line of the log
                self.progress(Step(KEY, done, self.steps * settings.batch_tokens, "tokens", shown))
                stop = asked()
                if not last and (stop or step + 1 in self.due or time.monotonic() - saved > job.checkpoint_s):
                    self._save(model, optimizer, step + 1)
                    saved = time.monotonic()
                if stop:
                    raise Interrupted()
        return value

    def _judge(self, model: LatticeModel, judge: Judge, metrics: Metrics, step: int) -> None:
        """Write and measure the file as it is now; keep its checkpoint if it is the best so far."""
        candidate = self.job.folder / "candidate"
        architecture.save(rounded(model), candidate, self.job.checkpoint)
        verdict = judge(candidate)
        if all(verdict.mean < other.mean for at, other in self.verdicts.items() if at != step):
            shutil.rmtree(self._best, ignore_errors=True)
            candidate.rename(self._best)
        else:
            shutil.rmtree(candidate)
        self.verdicts[step] = verdict
        tokens = step * self.job.settings.batch_tokens
        metrics.write_divergence(step, tokens, verdict.kl, time.monotonic() - self.clock)

    def _save(self, model: LatticeModel, optimizer: torch.optim.Optimizer, step: int) -> None:
        save_checkpoint(
            self._checkpoint,
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step,
                "seconds": time.monotonic() - self.clock,
                "verdicts": {at: asdict(verdict) for at, verdict in self.verdicts.items()},
                "fingerprint": self.job.fingerprint,
            },
        )

    @property
    def _checkpoint(self) -> Path:
        return self.job.folder / "checkpoint.pt"

    @property
    def _best(self) -> Path:
        return self.job.folder / "best"

    @property
    def _start(self) -> Path:
        return start_path(self.job)


def divergence(model: LatticeModel, teacher: LlamaForCausalLM) -> Callable[[Batch], torch.Tensor]:
    """batch -> mean KL(teacher || model) over the learnt places, in nats, in float32 throughout."""

    def loss(batch: Batch) -> torch.Tensor:
        with torch.no_grad():
            wanted = F.log_softmax(logits_at(teacher, batch), -1)
        have = F.log_softmax(model(batch), -1)
        value = (wanted.exp() * (wanted - have)).sum(-1)
        return (value * batch.weight).sum() / batch.weight.sum().clamp_min(1)

    return loss


def rounded(model: LatticeModel) -> LlamaForCausalLM:
    """A plain model with the lattice's weights in place of its own, on the CPU."""
    plain: LlamaForCausalLM = copy.deepcopy(model.model).to("cpu")
    parameters = dict(plain.named_parameters())
    with torch.no_grad():
        for name in model.names:
            parameters[name].copy_(torch.from_numpy(dequantize(model.blocks(name))))
    return plain


def rate(step: int, steps: int, warmup: float) -> float:
    """Share of the peak learning rate at `step` of `steps`: linear up, then a cosine down to zero."""
    up = max(1, round(warmup * steps))
    return min((step + 1) / up, 0.5 * (1 + math.cos(math.pi * step / steps)))


def evaluation_steps(steps: int, count: int) -> frozenset[int]:
    """After which steps the file is measured: evenly spaced, the last one among them."""
    return frozenset(math.ceil(steps * (number + 1) / count) for number in range(count))


def start_path(job: Job) -> Path:
    """The file that keeps GPTQ's codes for a run that goes on."""
    return job.folder / f"start-{hashlib.sha256(job.fingerprint.encode()).hexdigest()[:16]}.npz"


def start_codes(job: Job, texts: Calibration, progress: Progress) -> Codes:
    """GPTQ's codes of the checkpoint's matrices, chosen once and kept."""
    from convert import architectures, checkpoint, shape
    from convert.layerwise.run import calibrated

    path = start_path(job)
    if not path.exists():
        for old in job.folder.glob("start-*.npz"):
            old.unlink()
        source = checkpoint.load(job.checkpoint)
        planned = architectures.plan(source, architectures.find(source), shape.read(source))
        parts: dict[str, Any] = {}
        with calibrated(source, path, "gptq", texts, progress=progress) as chosen:
            assert chosen is not None
            for name in (tensor.source for tensor in planned if len(tensor.shape) == 2):
                blocks = chosen.codes(name)
                if blocks is not None:
                    parts |= {f"{name}/codes": blocks.codes, f"{name}/scales": blocks.scales}
            with atomic_write(path) as file:
                np.savez(file, **parts)
    kept = np.load(path)

    def codes(name: str) -> Int4Blocks | None:
        if f"{name}/codes" not in kept:
            return None
        return Int4Blocks(kept[f"{name}/codes"], kept[f"{name}/scales"])

    return codes


def _optimizer(model: LatticeModel, settings: Qad) -> torch.optim.Optimizer:
    """Adam without weight decay: the weights should stay where they were good."""
    scales = list(model.scales.parameters())
    known = {id(parameter) for parameter in scales}
    weights = [parameter for parameter in model.parameters() if id(parameter) not in known]
    groups = [
        {"params": weights, "peak": settings.lr, "lr": settings.lr},
        {"params": scales, "peak": settings.lr_scales, "lr": settings.lr_scales},
    ]
    return torch.optim.Adam(groups, betas=(0.9, 0.99), eps=1e-12, fused=True)
