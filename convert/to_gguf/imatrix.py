"""The importance matrix: how strongly each column of each weight matrix is met by a text.

llama.cpp's quantizers weigh an error in column j by the mean square of the activations
that column j multiplies. The model itself is run on the text by the library, which
calls back after every matrix product; so any architecture that llama.cpp runs can be
measured, in its own arithmetic, and nothing but llama-cpp-python is needed. Expert
layers (products that pick their matrix by an index) are not collected.

Sources: tools/imatrix/imatrix.cpp, ggml.h (struct ggml_tensor) and llama.h of llama.cpp, as
carried by llama-cpp-python 0.3.36. A test holds the sums equal to those of llama-imatrix.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from latam_edge.core.errors import RuntimeFault, UsageError
from latam_edge.core.hardware import usable_cores
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.gguf import GGUFHeader, read_header
from latam_edge.formats.plain_text import blocks
from latam_edge.runtime.llama.model import load_model, make_context
from latam_edge.runtime.llama.native import library, why
from quant.calibration import Calibration

N_CTX = 512
"""Tokens of a window; llama-imatrix's default."""
LEAST_TOKENS = 16
"""llama.cpp's collector ignores shorter batches; a rest of the text below it is left out."""

Float32s = np.ndarray[Any, np.dtype[np.float32]]

_MAX_DIMS, _MAX_SRC, _MAX_NAME, _OP_PARAMS_BYTES = 4, 10, 64, 64  # ggml.h
_F32 = 0  # GGML_TYPE_F32
_OBJECT_BYTES = 32  # struct ggml_object, which ggml_tensor_overhead counts in


class _Tensor(ctypes.Structure):
    """struct ggml_tensor."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buffer", ctypes.c_void_p),
        ("ne", ctypes.c_int64 * _MAX_DIMS),
        ("nb", ctypes.c_size_t * _MAX_DIMS),
        ("op", ctypes.c_int),
        ("op_params", ctypes.c_char * _OP_PARAMS_BYTES),
        ("flags", ctypes.c_int32),
        ("src", ctypes.c_void_p * _MAX_SRC),
        ("view_src", ctypes.c_void_p),
        ("view_offs", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("name", ctypes.c_char * _MAX_NAME),
        ("extra", ctypes.c_void_p),
        ("padding", ctypes.c_char * 8),
    )


@dataclass(frozen=True, slots=True)
class ImportanceMatrix:
    """Mean squares of the activations that each matrix meets."""

    mean_squares: Mapping[str, Float32s]
    """By the matrix's name in the file ("blk.0.attn_q.weight"): float32, (n_columns,)."""
    tokens: int
    """Tokens of text that were run."""


def collect(
    model: Path, calibration: Calibration, *, n_threads: int | None = None, progress: Progress = silent
) -> ImportanceMatrix:
    """Run a GGUF model of plain weights on the calibration text and gather every matrix's inputs.

    The head is among them: "output.weight", or "token_embd.weight" where it is tied.
    Raises UsageError for a text with fewer than LEAST_TOKENS tokens, EngineMissing,
    RuntimeFault, and what loading a model raises.
    """
    lib = library()
    header = read_header(Path(model))
    native = load_model(header, gpu_layers="off")
    try:
        trained = header.field("context_length")
        n_ctx = min(N_CTX, trained) if isinstance(trained, int) and trained > 0 else N_CTX
        collector = _Collector(lib, _matrices(header))
        callback = lib.ggml_backend_sched_eval_callback(collector)  # alive until the context is freed
        context = make_context(
            native,
            header.path,
            n_ctx=n_ctx,
            n_batch=n_ctx,
            n_threads=n_threads or usable_cores(),
            all_logits=True,
            cb_eval=callback,
        )
        try:
            bos = native.vocab.bos if native.vocab.adds_bos else None
            # Marks of a chat template are tokens, as they are to our own methods (layerwise.windows).
            tokenize = partial(native.vocab.tokenize, special=True)
            windows = list(_windows(tokenize, calibration, n_ctx, bos))
            if not windows:
                raise UsageError(detail=t("convert.calibration_too_short"))
            total, done = sum(map(len, windows)), 0
            for tokens in windows:
                _run(lib, context, tokens)
                collector.check()
                done += len(tokens)
                progress(Step("convert.importance", done=done, total=total, unit="tokens"))
        finally:
            lib.llama_free(context)
    finally:
        native.free()
    return ImportanceMatrix(collector.mean_squares(), done)


def _matrices(header: GGUFHeader) -> frozenset[bytes]:
    """Names of the weights that products may be taken with."""
    return frozenset(tensor.name.encode() for tensor in header.tensors if len(tensor.shape) == 2)


def _windows(tokenize: Any, calibration: Calibration, n_ctx: int, bos: int | None) -> Iterator[list[int]]:
    """Windows side by side over each text; `bos` stands first in each where the model expects it."""
    for text in calibration.texts:
        tokens = [token for block in blocks(text.content) for token in tokenize(block)]
        if bos is not None:
            tokens.insert(0, bos)
        for start in range(0, len(tokens), n_ctx):
            window = tokens[start : start + n_ctx]
            if bos is not None:
                window[0] = bos
            if len(window) >= LEAST_TOKENS:
                yield window


def _run(lib: Any, context: Any, tokens: list[int]) -> None:
    """One window from an empty cache, all positions' outputs wanted, so that the head meets all."""
    lib.llama_memory_clear(lib.llama_get_memory(context), True)
    batch = lib.llama_batch_init(len(tokens), 0, 1)
    try:
        batch.n_tokens = len(tokens)
        for place, token in enumerate(tokens):
            batch.token[place] = token
            batch.pos[place] = place
            batch.n_seq_id[place] = 1
            batch.seq_id[place][0] = 0
            batch.logits[place] = 1
        status = lib.llama_decode(context, batch)
    finally:
        lib.llama_batch_free(batch)
    if status != 0:
        raise RuntimeFault(detail=f"llama_decode {status}: {why()}")


class _Collector:
    """What ggml's scheduler calls before and after every node of the graph."""

    def __init__(self, lib: Any, matrices: frozenset[bytes]) -> None:
        overhead = _tensor_overhead(lib)
        if overhead is not None and overhead != ctypes.sizeof(_Tensor) + _OBJECT_BYTES:
            # Another llama.cpp than the one this was written for: reading on would be reading garbage.
            raise RuntimeFault(detail=f"ggml_tensor: {overhead} bytes")
        self._matrices = matrices
        self._sums: dict[bytes, Any] = {}
        self._counts: dict[bytes, int] = {}
        self._failure: Exception | None = None

    def __call__(self, address: int, ask: bool, _: Any) -> bool:
        """ask: whether this node's result is wanted. Otherwise it is there: take it, and go on (True)."""
        try:
            node = _Tensor.from_address(address)
            if not node.src[0] or not node.src[1]:
                return not ask
            name = _Tensor.from_address(node.src[0]).name
            inputs = _Tensor.from_address(node.src[1])
            # Only products have a matrix as their first source and float32 rows as their second.
            wanted = name in self._matrices and inputs.type == _F32
            if ask:
                return bool(wanted)
            if wanted:
                self._add(name, inputs)
        except Exception as error:  # ctypes would print it and go on
            self._failure = error
            return False
        return True

    def check(self) -> None:
        """Raise what went wrong inside a callback."""
        if self._failure is not None:
            raise self._failure

    def mean_squares(self) -> dict[str, Float32s]:
        """What was gathered, by name."""
        return {
            name.decode(): (total / self._counts[name]).astype(np.float32)
            for name, total in self._sums.items()
        }

    def _add(self, name: bytes, inputs: _Tensor) -> None:
        """inputs: float32, (n_tokens, n_columns), rows in host memory, contiguous or not."""
        columns, rows = inputs.ne[0], inputs.ne[1] * inputs.ne[2] * inputs.ne[3]
        buffer = (ctypes.c_float * ((rows - 1) * (inputs.nb[1] // 4) + columns)).from_address(inputs.data)
        values = np.lib.stride_tricks.as_strided(
            np.ctypeslib.as_array(buffer), (rows, columns), (inputs.nb[1], 4)
        )
        total = np.square(values, dtype=np.float64).sum(axis=0)
        if not np.isfinite(total).all():
            raise RuntimeFault(detail=t("convert.importance_not_finite", name=name.decode()))
        self._sums[name] = self._sums.get(name, 0) + total
        self._counts[name] = self._counts.get(name, 0) + rows


def _tensor_overhead(lib: Any) -> int | None:
    """Bytes that ggml sets aside for a tensor's description; None where its library can't be asked."""
    overhead = getattr(lib._lib, "ggml_tensor_overhead", None)  # libggml-base, behind libllama
    if overhead is None:
        return None
    overhead.restype = ctypes.c_size_t
    return int(overhead())
