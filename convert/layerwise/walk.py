"""The walk through a checkpoint's layers: calibrate a matrix, quantize it, go on with what it now gives.

Two streams of hidden states pass through the layers. The rough one is that of the model
as quantized so far: a matrix is fitted to the inputs that it will really get. The exact
one is that of the full-precision model: it says what the outputs should be, and what
earlier layers lost is made up for as far as the inputs allow (`quant.hessian`).

One layer's weights are in memory at a time; the hidden states of all windows are in
files. Every layer's codes are kept as soon as they are known (`State`), so a killed
run goes on at that layer and ends in the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from convert.architectures import EMBEDDING, HEAD, PlannedTensor
from convert.checkpoint import HFCheckpoint
from convert.layerwise.activations import Activations
from convert.layerwise.decoder import Decoder, linear
from convert.layerwise.meter import Meter
from convert.layerwise.state import State
from convert.layerwise.windows import Tokens
from convert.shape import ModelShape
from latam_edge.core.progress import Progress, silent
from quant import rtn
from quant.gptq import Settings, Solver
from quant.hessian import Moments
from quant.lattice import GROUP_SIZE, Int4Blocks, NotFinite, dequantize

Array = np.ndarray[Any, np.dtype[np.float32]]

FINAL_NORM = "model.norm.weight"

_CHUNK_ROWS = 1 << 14
"""Rows of an embedding quantized at a time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a calibrated conversion goes about it."""

    solver: Settings | None = field(default_factory=Settings)
    """How GPTQ finds codes; None rounds to nearest, with scales weighted by the inputs' mean squares."""
    compensation: float = 1.0
    """How much of what earlier layers lost a matrix is to make up for: 0 none, 1 all that its inputs
    allow. Above 0 the full-precision model runs along, which takes twice the time."""
    lookup: float = 0.3
    """When the embedding is also the head: how much an error in the row that is looked up counts
    beside the error in the logits."""
    max_tokens: int = 1 << 17
    """Calibration tokens at most."""

    def fingerprint(self) -> dict[str, Any]:
        return asdict(self)


Codes = Callable[[str], Int4Blocks | None]


def quantize(
    source: HFCheckpoint,
    shape: ModelShape,
    planned: Sequence[PlannedTensor],
    windows: Tokens,
    plan: Plan,
    state: State,
    progress: Progress = silent,
) -> Codes:
    """Choose the codes of every matrix; the result gives them by the tensor's name in the checkpoint.

    None stands for a matrix whose rows are no multiple of 32. Rows are in the checkpoint's order.
    Raises BadCheckpoint for weights or hidden states that are not finite, DiskFull.
    """
    return _Walk(source, shape, planned, windows, plan, state, progress).run()


def check_finite(source: HFCheckpoint, planned: Sequence[PlannedTensor]) -> None:
    """Look at every weight before hours of work are put in. Raises BadCheckpoint with the tensor's name."""
    for tensor in planned:
        if not tensor.source:
            continue
        step = max(1, (1 << 22) // tensor.shape[-1]) if len(tensor.shape) == 2 else tensor.shape[0]
        for start in range(0, tensor.shape[0], step):
            rows = source.tensors.array(tensor.source, slice(start, start + step))
            if not np.isfinite(rows).all():
                raise source.bad("convert.not_finite", name=tensor.source)


class _Walk:
    """One checkpoint's way through the layers."""

    def __init__(
        self,
        source: HFCheckpoint,
        shape: ModelShape,
        planned: Sequence[PlannedTensor],
        windows: Tokens,
        plan: Plan,
        state: State,
        progress: Progress,
    ) -> None:
        self.source, self.shape, self.windows = source, shape, windows
        self.plan, self.state = plan, state
        self.decoder = Decoder(shape, windows.shape[1])
        self.tensors = [tensor for tensor in planned if tensor.source]
        self._opened = ExitStack()
        self.meter = Meter(shape, windows.size, progress, both=plan.compensation > 0)

    def run(self) -> Codes:
        # Overflow is looked for where it would end in codes, and told with the layer's number.
        with self._opened, np.errstate(over="ignore", invalid="ignore"):
            self._walk()
        return self._load

    def _walk(self) -> None:
        if not self.state.has("embedding"):
            found = self._tied_embedding() if self.shape.tied else self._looked_up_embedding()
            self.state.save("embedding", found)
        rough, exact, start = self._begin()
        for layer in range(start, self.shape.n_layers):
            rough, exact = self._layer(layer, rough, exact)
        if not self.shape.tied:
            self._head(rough, exact)

    def _load(self, name: str) -> Int4Blocks | None:
        tensor = next(tensor for tensor in self.tensors if tensor.source == name)
        return self.state.load(_part_of(name), name) if _fits(tensor) else None

    # --- before the layers -------------------------------------------------------------

    def _tied_embedding(self) -> dict[str, Int4Blocks]:
        """An embedding that is the head too; the first layer needs it already.

        As the head its inputs are the final norm's outputs, and that Hessian comes from a
        pass of the full-precision model. As a lookup an error goes straight into the residual
        stream, all columns alike: a multiple of the identity is added. Both uses of a row
        grow with the token's frequency, so one proportion serves all rows.
        """
        if not _fits(self._tensor(EMBEDDING)):
            return {}
        stream = self._first_pass()
        moments, gain = Moments(self.shape.n_embd), self._vector(FINAL_NORM)
        for i in range(len(stream)):
            self._count(moments, _flat(self.decoder.norm(stream.read(i), gain)), self.shape.n_layers)
        hessian = moments.hessian()
        hessian[np.diag_indices_from(hessian)] += np.float32(self.plan.lookup) * hessian.diagonal().mean()
        found = self._by_chunks(EMBEDDING, self._quantizer(hessian))
        stream.remove()
        return {EMBEDDING: found}

    def _looked_up_embedding(self) -> dict[str, Int4Blocks]:
        """An embedding that is no head: every weight counts alike."""
        if not _fits(self._tensor(EMBEDDING)):
            return {}
        return {EMBEDDING: self._by_chunks(EMBEDDING, rtn.quantize)}

    def _first_pass(self) -> Activations:
        """The full-precision model's hidden states before the final norm; resumes at the last whole layer."""
        start = self.shape.n_layers
        while start and not self._path("first", start).exists():
            start -= 1
        stream = self._stream("first", start)
        self._look_up(stream, None)  # does nothing to a complete one
        for layer in range(start, self.shape.n_layers):
            weights, after = self._weights(layer), self._stream("first", layer + 1)
            for i in range(len(stream)):
                after.write(i, self.decoder.layer(weights, stream.read(i)))
                self.meter.advance_to((layer + (i + 1) / len(stream)) * self.meter.forward)
            after.finish()
            stream.remove()
            stream = after
        return stream

    def _begin(self) -> tuple[Activations, Activations | None, int]:
        """Both streams, and the layer that they are to enter next."""
        both = self.plan.compensation > 0
        names = ("rough", "exact") if both else ("rough",)
        start = 0
        while start < self.shape.n_layers and self.state.has(f"layer-{start:03d}"):
            start += 1
        if not all(self._path(name, start).exists() for name in names):
            start = 0
        rough = self._stream("rough", start)
        exact = self._stream("exact", start) if both else None
        if start == 0:
            self._look_up(rough, self._load(EMBEDDING))
            if exact is not None:
                self._look_up(exact, None)
        return rough, exact, start

    def _look_up(self, stream: Activations, blocks: Int4Blocks | None) -> None:
        """Fill `stream` with the embeddings of all windows, exact or as quantized."""
        if stream.complete:
            return
        for i in range(len(stream)):
            ids = self.windows[stream.windows(i)]
            if blocks is None:
                rows = self.source.tensors.array(EMBEDDING, ids.reshape(-1)).astype(np.float32)
            else:
                rows = dequantize(blocks.rows(ids.reshape(-1)))
            stream.write(i, rows.reshape(*ids.shape, -1))
        stream.finish()

    # --- a layer -----------------------------------------------------------------------

    def _layer(
        self, layer: int, rough: Activations, exact: Activations | None
    ) -> tuple[Activations, Activations | None]:
        """Quantize one layer's matrices in the order in which they meet the streams."""
        weights = self._weights(layer)
        work = _Layer(self, layer, weights)
        mixed = self._stream("mixed", layer, self._mixed_width)
        after = self._stream("rough", layer + 1)
        after_exact = self._stream("exact", layer + 1) if exact is not None else None
        norm, fitted, batches = self.decoder.norm, work.fitted, range(len(rough))
        attn_gain, ffn_gain = weights["attn_norm.weight"], weights["ffn_norm.weight"]

        def moments(width: int) -> Moments:
            return Moments(width, 0 if exact is None else self.shape.n_embd)

        def stage(number: int, batch: int) -> None:
            self.meter.advance_to(self.meter.at(layer, number, (batch + 1) / len(rough)))

        seen = moments(self.shape.n_embd)
        for i in batches:
            x = norm(rough.read(i), attn_gain)
            missing = None if exact is None else _flat(norm(exact.read(i), attn_gain) - x)
            self._count(seen, _flat(x), layer, missing)
            stage(0, i)
        work.fit(("attn_q", "attn_k", "attn_v"), seen)

        seen = moments(self._mixed_width)
        for i in batches:
            x = rough.read(i)
            inner = self.decoder.attend(fitted, norm(x, attn_gain))
            mixed.write(i, inner)
            missing = None
            if exact is not None and after_exact is not None:
                y = exact.read(i)
                y += linear(weights, "attn_output", self.decoder.attend(weights, norm(y, attn_gain)))
                after_exact.write(i, y)
                missing = _flat(y - x - linear(weights, "attn_output", inner))
            self._count(seen, _flat(inner), layer, missing)
            stage(1, i)
        work.fit(("attn_output",), seen)

        seen = moments(self.shape.n_embd)
        for i in batches:
            x = rough.read(i)
            x += linear(fitted, "attn_output", mixed.read(i))
            after.write(i, x)
            x = norm(x, ffn_gain)
            missing = None if after_exact is None else _flat(norm(after_exact.read(i), ffn_gain) - x)
            self._count(seen, _flat(x), layer, missing)
            stage(2, i)
        mixed.remove()
        work.fit(("ffn_gate", "ffn_up"), seen)

        seen = moments(self.shape.n_ff)
        for i in batches:
            x = after.read(i)
            inner = self.decoder.feed(fitted, norm(x, ffn_gain))
            missing = None
            if after_exact is not None:
                y = after_exact.read(i)
                y += linear(weights, "ffn_down", self.decoder.feed(weights, norm(y, ffn_gain)))
                after_exact.write(i, y)
                missing = _flat(y - x - linear(weights, "ffn_down", inner))
            self._count(seen, _flat(inner), layer, missing)
            stage(3, i)
        work.fit(("ffn_down",), seen)

        for i in batches:
            x = after.read(i)
            x += linear(fitted, "ffn_down", self.decoder.feed(fitted, norm(x, ffn_gain)))
            after.write(i, x)
            stage(4, i)
        after.finish()
        if after_exact is not None:
            after_exact.finish()
        self.state.save(f"layer-{layer:03d}", work.found)
        rough.remove()
        if exact is not None:
            exact.remove()
        return after, after_exact

    # --- after the layers --------------------------------------------------------------

    def _head(self, rough: Activations, exact: Activations | None) -> None:
        """A head of its own: fitted to the final norm's outputs, like any other matrix."""
        if self.state.has("head"):
            return
        found: dict[str, Int4Blocks] = {}
        if _fits(self._tensor(HEAD)):
            gain = self._vector(FINAL_NORM)
            seen = Moments(self.shape.n_embd, 0 if exact is None else self.shape.n_embd)
            for i in range(len(rough)):
                x = self.decoder.norm(rough.read(i), gain)
                missing = None if exact is None else _flat(self.decoder.norm(exact.read(i), gain) - x)
                self._count(seen, _flat(x), self.shape.n_layers, missing)
            quantizer, pull = self._quantizer(seen.hessian()), self._pull(seen)
            found[HEAD] = self._by_chunks(
                HEAD, lambda rows: quantizer(rows if pull is None else rows + rows @ pull)
            )
        self.state.save("head", found)

    # --- small things ------------------------------------------------------------------

    def _path(self, name: str, layer: int) -> Path:
        return self.state.folder / f"{name}-{layer:03d}.f32"

    def _stream(self, name: str, layer: int, width: int = 0) -> Activations:
        """The hidden states that enter `layer`, closed at the latest when the walk ends."""
        stream = Activations(self._path(name, layer), self.windows.shape, width or self.shape.n_embd)
        self._opened.callback(stream.close)
        return stream

    def _tensor(self, name: str) -> PlannedTensor:
        return next(tensor for tensor in self.tensors if tensor.source == name)

    def _vector(self, name: str) -> Array:
        return np.asarray(self.source.tensors.array(name), np.float32)

    def _weights(self, layer: int) -> dict[str, Array]:
        """All tensors of a layer by short name, float32, in the checkpoint's order."""
        prefix = f"blk.{layer}."
        return {
            tensor.name.removeprefix(prefix): np.array(self.source.tensors.array(tensor.source), np.float32)
            for tensor in self.tensors
            if tensor.name.startswith(prefix)
        }

    @property
    def _mixed_width(self) -> int:
        """Width of what goes into the output projection."""
        return self.shape.n_heads * self.shape.head_dim

    def _count(self, moments: Moments, inputs: Array, layer: int, missing: Array | None = None) -> None:
        try:
            moments.add(inputs, missing)
        except NotFinite as error:
            raise self.source.bad("convert.calibration_overflow", layer=layer + 1) from error

    def _quantizer(self, hessian: Array) -> Callable[[Array], Int4Blocks]:
        """The plan's way to quantize matrices that get inputs of these second moments."""
        if self.plan.solver is not None:
            return Solver(hessian, self.plan.solver).quantize
        importance = hessian.diagonal().copy()
        return lambda rows: rtn.quantize(rows, "search", importance)

    def _pull(self, moments: Moments) -> Array | None:
        """What makes up for earlier losses, by the plan's strength."""
        if self.plan.compensation == 0 or self.plan.solver is None:
            return None
        return np.float32(self.plan.compensation) * moments.correction(self.plan.solver.damping)

    def _by_chunks(self, name: str, quantize_rows: Callable[[Array], Int4Blocks]) -> Int4Blocks:
        """An embedding or head, some rows at a time."""
        n_rows = self._tensor(name).shape[0]
        chunks = [
            quantize_rows(
                np.asarray(self.source.tensors.array(name, slice(start, start + _CHUNK_ROWS)), np.float32)
            )
            for start in range(0, n_rows, _CHUNK_ROWS)
        ]
        return Int4Blocks(
            np.concatenate([chunk.codes for chunk in chunks]),
            np.concatenate([chunk.scales for chunk in chunks]),
        )


class _Layer:
    """The matrices of one layer, exact and as found so far."""

    def __init__(self, walk: _Walk, layer: int, weights: dict[str, Array]) -> None:
        self.walk, self.prefix, self.weights = walk, f"blk.{layer}.", weights
        self.fitted = dict(weights)
        """The layer as it is now: matrices are replaced as they are quantized."""
        self.found: dict[str, Int4Blocks] = {}
        """Codes by the tensor's name in the checkpoint."""

    def fit(self, names: Sequence[str], moments: Moments) -> None:
        """Quantize matrices that share their inputs."""
        tensors = {t.name: t for t in self.walk.tensors}
        if not _fits(tensors[f"{self.prefix}{names[0]}.weight"]):
            return
        pull = self.walk._pull(moments)
        quantizer = self.walk._quantizer(moments.hessian())
        for name in names:
            key = f"{name}.weight"
            weight = self.weights[key]
            if pull is not None:
                # Residual outputs say themselves what is missing; inputs say it through the matrix.
                weight = weight + (pull if name in _INTO_RESIDUAL else weight @ pull)
            blocks = quantizer(weight)
            self.found[tensors[self.prefix + key].source] = blocks
            self.fitted[key] = dequantize(blocks)


_INTO_RESIDUAL = ("attn_output", "ffn_down")


def _fits(tensor: PlannedTensor) -> bool:
    """Whether it is a matrix that the lattice can hold."""
    return len(tensor.shape) == 2 and tensor.shape[1] % GROUP_SIZE == 0


def _part_of(name: str) -> str:
    """The part of the state that holds a tensor's codes."""
    if name == EMBEDDING:
        return "embedding"
    return "head" if name == HEAD else f"layer-{int(name.split('.')[2]):03d}"


def _flat(x: Array) -> Array:
    """(n_windows, n_tokens, width) -> (n_windows * n_tokens, width)."""
    return x.reshape(-1, x.shape[-1])
