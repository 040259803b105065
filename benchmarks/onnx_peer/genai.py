"""onnxruntime-genai, through its Python API, on the folder that its builder writes. Run by its own Python."""

from __future__ import annotations

from typing import Any

import onnxruntime_genai as og
from protocol import serve

MAX_LENGTH = 1024


class Genai:
    """See protocol.py."""

    model: Any
    generator: Any

    def load(self, folder: str) -> None:
        self.model = og.Model(folder)

    def prefill(self, ids: list[int]) -> None:
        params = og.GeneratorParams(self.model)
        params.set_search_options(do_sample=False, max_length=MAX_LENGTH, min_length=MAX_LENGTH)
        self.generator = og.Generator(self.model, params)
        self.generator.append_tokens(ids)
        self.generator.generate_next_token()

    def decode(self, count: int) -> int:
        for _ in range(count):
            self.generator.generate_next_token()
        return count


if __name__ == "__main__":
    serve(Genai())
