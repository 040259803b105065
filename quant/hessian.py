"""What a matrix sees: the second moments of its inputs over a calibration text.

A linear layer y = W x whose weights move by E errs by tr(E H E^T) on average, with H the
mean of x x^T over all tokens (Frantar et al. 2022, "GPTQ", section 3).

The inputs that a matrix of a quantized model gets are not those that it was trained on:
earlier layers have lost something. When it is known what is missing in the output, D,
least squares say how W should move before it is rounded: by mean(D x^T) H^-1 (the idea
of Li et al. 2025, "GPTAQ", who derive it inside GPTQ's updates; here it comes first).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from quant.lattice import Float32s, NotFinite

Float64s = np.ndarray[Any, np.dtype[np.float64]]


class Moments:
    """Running sums of the second moments of one layer input.

    >>> moments = Moments(64)
    >>> moments.add(np.ones((10, 64), np.float32))
    >>> moments.tokens, float(moments.hessian()[0, 0])
    (10, 1.0)
    """

    def __init__(self, n_columns: int, n_missing: int = 0) -> None:
        """n_columns: width of the inputs; n_missing: width of what `add` is told is missing.

        Memory: 4 * n_columns * (n_columns + n_missing) bytes.
        """
        self._own = np.zeros((n_columns, n_columns), np.float32)
        self._missing = np.zeros((n_missing, n_columns), np.float32)
        self.tokens = 0
        """Inputs seen."""

    def add(self, inputs: Float32s, missing: Float32s | None = None) -> None:
        """Count in inputs and what is missing in the outputs that they give.

        inputs: float32, (n_tokens, n_columns); missing: (n_tokens, n_missing). Raises NotFinite.
        """
        # A product of an array with its own transpose is computed by halves (BLAS syrk).
        own = inputs.T @ inputs
        if not np.isfinite(own.diagonal()).all():
            raise NotFinite
        self._own += own
        if missing is not None:
            self._missing += missing.T @ inputs
        self.tokens += len(inputs)

    def hessian(self) -> Float32s:
        """H: float32, (n_columns, n_columns), symmetric, not damped."""
        return self._own / np.float32(max(1, self.tokens))

    def correction(self, damping: float) -> Float32s:
        """mean(missing x^T) (H + damping)^-1: float32, (n_missing, n_columns).

        The damping grows by n_columns / tokens: with few tokens to a column, least squares
        would fit their noise (measured: 2048 tokens for 256 to 640 columns did harm without it).
        """
        full = damped(self.hessian(), damping + len(self._own) / max(1, self.tokens))
        mean = self._missing.T.astype(np.float64) / max(1, self.tokens)
        return np.ascontiguousarray(np.linalg.solve(full, mean).T.astype(np.float32))


def damped(hessian: Float32s, damping: float) -> Float64s:
    """`hessian` plus `damping` times its mean diagonal on the diagonal: float64, positive definite.

    A column that no input ever touched is held by the damping alone, so its codes are
    simply the nearest ones.
    """
    full = hessian.astype(np.float64)
    mean = float(full.diagonal().mean())
    full[np.diag_indices_from(full)] += damping * mean if mean > 0 else 1.0
    return full
