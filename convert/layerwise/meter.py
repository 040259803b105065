"""How far a calibrated conversion is: work is counted in multiply-adds, so that time left can be told."""

from __future__ import annotations

from convert.shape import ModelShape
from latam_edge.core.progress import Progress, Step

_STAGES = (0.0, 0.1, 0.3, 0.4, 0.9, 1.0)
"""Where in a layer's work the stages of the walk begin and end: Q, K and V; attention; up; down; the rest."""
_QUANTIZE = 20_000
"""Multiply-adds that take as long as choosing one code does (measured: five sweeps, width 256 to 2048)."""


class Meter:
    """Counts work as it is done. Units are arbitrary but for their proportions."""

    def __init__(self, shape: ModelShape, n_tokens: int, report: Progress, *, both: bool) -> None:
        """both: whether the full-precision model runs along."""
        q_dim, kv_dim = shape.n_heads * shape.head_dim, shape.n_kv_heads * shape.head_dim
        attention = shape.n_embd * (2 * q_dim + 2 * kv_dim)
        feeding = 3 * shape.n_embd * shape.n_ff
        self._report, self._n_layers = report, shape.n_layers
        self.forward = float(n_tokens * (attention + feeding))
        """One model's pass through one layer."""
        hessians = n_tokens * (2 * shape.n_embd**2 + q_dim**2 + shape.n_ff**2) / 2
        twice = 2.0 if both else 1.0
        self.layer = self.forward * (twice + 0.5) + hessians * twice + _QUANTIZE * (attention + feeding)
        """Calibrating and quantizing one layer."""
        embedding = float(shape.n_vocab * shape.n_embd * _QUANTIZE)
        self.before = embedding + self.forward * shape.n_layers if shape.tied else 0.0
        """All that comes before the first layer."""
        self.total = self.before + shape.n_layers * self.layer + (0.0 if shape.tied else embedding)
        self._done = 0.0

    def at(self, layer: int, stage: int, share: float) -> float:
        """Work done when `share` of a stage of a layer is finished."""
        before = self.before + layer * self.layer
        return before + self.layer * (_STAGES[stage] + share * (_STAGES[stage + 1] - _STAGES[stage]))

    def advance_to(self, done: float) -> None:
        """Report that `done` of `total` is finished, in layers' worth; never less than before."""
        self._done = max(self._done, min(done, self.total))
        layers = float(self._n_layers)
        self._report(
            Step("convert.calibrating", done=layers * self._done / self.total, total=layers, unit="layers")
        )
