"""optimum's own ORTModelForCausalLM on its own export, greedy `generate`. Run by its own Python."""

from __future__ import annotations

from typing import Any

import torch
from optimum.onnxruntime import ORTModelForCausalLM
from protocol import serve


class Optimum:
    """See protocol.py. `generate` can't be paused: `decode` evaluates its short prompt once more, one step in
    more than a hundred."""

    model: Any

    def load(self, folder: str) -> None:
        torch.set_num_threads(1)
        self.model = ORTModelForCausalLM.from_pretrained(folder)

    def prefill(self, ids: list[int]) -> None:
        self.ids = torch.tensor([ids])
        self._generate(1)

    def decode(self, count: int) -> int:
        self._generate(count)
        return count

    def _generate(self, count: int) -> None:
        length = {"max_new_tokens": count, "min_new_tokens": count}
        mask = torch.ones_like(self.ids)
        self.model.generate(input_ids=self.ids, attention_mask=mask, do_sample=False, **length)


if __name__ == "__main__":
    serve(Optimum())
