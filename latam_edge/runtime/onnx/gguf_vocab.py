"""The vocabulary of a folder that this project wrote: its tokenizer.gguf, read by llama.cpp.

Both engines then tokenize alike, to the last stop token.
"""

from __future__ import annotations

import os
from pathlib import Path

from latam_edge.core.errors import ModelRejected
from latam_edge.runtime.llama.native import Handle, complaints, library, why
from latam_edge.runtime.llama.vocab import Vocab


class GGUFVocab(Vocab):
    """llama.cpp's vocabulary without a model around it. Close it once."""

    def __init__(self, path: Path) -> None:
        """path: a GGUF whose header was checked. Raises ModelRejected, EngineMissing."""
        lib = library()
        params = lib.llama_model_default_params()
        params.vocab_only = True
        complaints.clear()
        self._model: Handle = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise ModelRejected(path=path, detail=why())
        super().__init__(self._model)

    def close(self) -> None:
        """Free it. Idempotent."""
        if self._model is not None:
            self._lib.llama_model_free(self._model)
            self._model = None
