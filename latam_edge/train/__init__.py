"""Training and distillation: recipe, data, tokenizer, model, loop, stages, pipeline. Extra: `train`."""

from __future__ import annotations

import os
import sys


def prepare_threads() -> None:
    """Load PyTorch with threads that sleep while they wait. To be called before anything imports torch.

    OpenMP's threads spin at every barrier by default; when another program
    takes one core of two, each barrier then costs a whole time slice and
    training runs several times slower. The variable is read when the library
    is loaded and taken away again at once, since the llama engine's workers
    inherit the environment and are better off spinning (docs/decisions/0003).
    """
    if "torch" in sys.modules or "OMP_WAIT_POLICY" in os.environ:
        return
    os.environ["OMP_WAIT_POLICY"] = "passive"
    try:
        import torch  # noqa: F401
    finally:
        del os.environ["OMP_WAIT_POLICY"]
