"""A model in native memory: checked first, then loaded, and why not when it is not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latam_edge.core.errors import ModelRejected, UsageError
from latam_edge.core.i18n import t
from latam_edge.formats.gguf import GGUFHeader
from latam_edge.runtime.llama.native import Handle, complaints, library, why
from latam_edge.runtime.llama.vocab import Vocab


@dataclass(frozen=True, slots=True)
class NativeModel:
    """A loaded model. `free` it once, after every context made from it."""

    handle: Handle
    vocab: Vocab
    n_ctx_train: int
    device: str
    """"cpu" or "gpu"."""

    def free(self) -> None:
        library().llama_model_free(self.handle)


def load_model(header: GGUFHeader, *, gpu_layers: str = "auto") -> NativeModel:
    """Load a file whose header was checked. Raises ModelRejected with llama.cpp's own reason."""
    lib = library()
    layers = gpu_layer_count(gpu_layers)
    params = lib.llama_model_default_params()
    params.n_gpu_layers = layers
    complaints.clear()
    handle = lib.llama_model_load_from_file(os.fsencode(header.path), params)
    if not handle:
        raise ModelRejected(path=header.path, detail=why())
    vocab = Vocab(handle)
    if vocab.size <= 0 or not lib.llama_model_has_decoder(handle):
        lib.llama_model_free(handle)
        raise ModelRejected(path=header.path, detail=t("runtime.writes_no_text"))
    return NativeModel(
        handle=handle,
        vocab=vocab,
        n_ctx_train=lib.llama_model_n_ctx_train(handle),
        device="gpu" if layers else "cpu",
    )


def gpu_layer_count(setting: str) -> int:
    """How many layers go to the GPU: -1 all, 0 none. Raises UsageError for a wrong setting."""
    if setting != "off" and setting != "auto" and not setting.isdecimal():
        raise UsageError(detail=t("runtime.bad_gpu_layers", value=setting))
    if setting == "off" or not library().llama_supports_gpu_offload():
        return 0
    return -1 if setting == "auto" else int(setting)


def make_context(
    model: NativeModel,
    path: Path,
    *,
    n_ctx: int,
    n_batch: int,
    n_threads: int,
    all_logits: bool = False,
    cb_eval: Any = None,
) -> Handle:
    """KV cache and buffers for one sequence of `n_ctx` tokens. Raises ModelRejected.

    n_batch: tokens per step at most.
    all_logits: keep room for the logits of every token of a step, not of the last one only.
    cb_eval: a `ggml_backend_sched_eval_callback` that sees the graph's nodes; the caller keeps it alive.
    """
    lib = library()
    params = lib.llama_context_default_params()
    params.n_ctx = n_ctx
    params.n_batch = params.n_ubatch = n_batch
    params.n_seq_max = 1
    params.n_outputs_max = n_batch if all_logits else 1
    params.n_threads = params.n_threads_batch = n_threads
    params.no_perf = True
    if cb_eval is not None:
        params.cb_eval = cb_eval
    if all_logits:
        # Flash attention sums in half precision, in an order that depends on batch and threads.
        params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
    if model.device == "cpu":
        params.offload_kqv = params.op_offload = False
    complaints.clear()
    handle = lib.llama_init_from_model(model.handle, params)
    if not handle:
        raise ModelRejected(path=path, detail=why())
    return handle
