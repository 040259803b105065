"""Bits per byte of held-out text: the measure that does not depend on how text is cut into tokens."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from transformers import LlamaForCausalLM

from latam_edge.train.batch import Batch, make_batch
from latam_edge.train.losses import logits_at
from latam_edge.train.packing import Rows
from latam_edge.train.world import SINGLE, World

_ROWS = 16
"""Rows that go through the model at a time."""


@torch.no_grad()
def evaluate_rows(
    model: LlamaForCausalLM,
    rows: Rows,
    n_bytes: int,
    world: World = SINGLE,
    step: nn.Module | None = None,
) -> float:
    """Bits per byte: cross-entropy of every token in `rows` over the text's UTF-8 bytes `n_bytes`.

    In float32, on the device where the model lies; several processes share the
    rows. step: the wrapped module that the model is called through, if any.
    """
    training = model.training
    model.eval()
    rows = Rows(rows.tokens, rows.segment, np.ones_like(rows.learn))
    on = next(model.parameters()).device
    nats = 0.0
    begins = range(0, len(rows), _ROWS)
    for turn in range(-(-len(begins) // world.size)):
        at = turn * world.size + world.rank
        # A process without rows in the last turn takes part with the first ones, counted as nothing.
        begin = begins[at] if at < len(begins) else 0
        picked = np.arange(begin, min(begin + _ROWS, len(rows)))
        batch = make_batch(rows, picked, len(picked) * rows.context, on)
        loss = step(batch, _nats) if step is not None else _nats(model, batch)
        if at < len(begins):
            nats += float(loss)
    if world.size > 1:
        nats = float(world.sum(torch.tensor(nats, dtype=torch.float64, device=on)))
    model.train(training)
    return nats / float(np.log(2)) / n_bytes


def _nats(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    loss = F.cross_entropy(logits_at(model, batch), batch.target, reduction="none")
    return (loss * batch.weight).sum()
