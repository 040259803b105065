"""What a step makes small: cross-entropy, or the divergence from a teacher."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F
from transformers import LlamaForCausalLM

from latam_edge.train.batch import Batch

Loss = Callable[[LlamaForCausalLM, Batch], torch.Tensor]
"""(model, batch) -> mean loss in nats per learnt token."""


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


def sampled_distillation(kl_weight: float) -> Loss:
    """The same divergence from the teacher's cached draws; the teacher itself is not needed.

    The share of each drawn token is an unbiased estimate of its probability p, so
    that -sum(share * log q) estimates the cross-entropy of the teacher's p and
    the student's q, and less the teacher's entropy the divergence, gradient
    included (Anshumann et al. 2025, arXiv 2503.16870).
    """

    def loss(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
        assert batch.sampled is not None
        assert batch.share is not None
        assert batch.entropy is not None
        have = F.log_softmax(logits_at(model, batch), -1)
        value = -(batch.share * have.gather(-1, batch.sampled)).sum(-1) - batch.entropy
        if kl_weight < 1:
            value = kl_weight * value + (1 - kl_weight) * F.nll_loss(have, batch.target, reduction="none")
        return (value * batch.weight).sum() / batch.weight.sum().clamp_min(1)

    return loss
