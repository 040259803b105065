"""Will a model fit: the estimate from its header, against what the machine has left."""

from __future__ import annotations

from latam_edge.core.errors import NotEnoughMemory
from latam_edge.core.hardware import memory_available, memory_total
from latam_edge.core.i18n import format_bytes
from latam_edge.formats.footprint import footprint
from latam_edge.formats.model import ModelHeader

SMALL_MACHINE_BYTES = 4_500_000_000
"""Memory of a machine that is treated as small: 2 to 4 GB, of which desktop and browser take most."""
SMALL_N_CTX = 2048
"""Context taken by itself on such a machine, tokens: half the KV cache."""
LEAST_N_CTX = 1024
"""A context is not cut below this to make a model fit."""


def is_small() -> bool:
    """Whether this is a machine of 2 to 4 GB. Unknown memory is not called small."""
    return 0 < memory_total() <= SMALL_MACHINE_BYTES


def fitting_context(header: ModelHeader, name: str, asked: int | None) -> int:
    """The context window to use, tokens. Raises NotEnoughMemory.

    asked: what the user wants, taken as it is or not at all. None: the model's own,
    at most footprint.DEFAULT_CONTEXT and on a small machine SMALL_N_CTX, halved down to
    LEAST_N_CTX while memory is short.
    """
    need = footprint(header, asked)
    if asked is None and is_small() and need.n_ctx > SMALL_N_CTX:
        need = footprint(header, SMALL_N_CTX)
    free = memory_available()
    if not free:
        return need.n_ctx  # nobody knows: try
    while need.total_bytes > free and asked is None and need.n_ctx // 2 >= LEAST_N_CTX:
        need = footprint(header, need.n_ctx // 2)
    if need.total_bytes > free:
        raise NotEnoughMemory(model=name, need=format_bytes(need.total_bytes), free=format_bytes(free))
    return need.n_ctx
