"""ONNX Runtime, loaded when a model asks for it: its providers, its sessions, its complaints."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from latam_edge.core.errors import EngineMissing, ModelRejected, ProviderMissing

Session = Any
"""An onnxruntime.InferenceSession."""

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "dml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""Our names for the execution providers, and ONNX Runtime's."""

AUTOMATIC = ("cuda", "cpu")
"""Taken by itself, the first that is installed. The others run only a part of our operators and hand
the rest back to the processor, so whether they help is for their user to find out, by name."""

_FATAL = 4  # ORT_LOGGING_LEVEL_FATAL


def library() -> Any:
    """The onnxruntime module, its log silent: what matters comes as an exception. Raises EngineMissing."""
    try:
        runtime: Any = import_module("onnxruntime")
        runtime.set_default_logger_severity(_FATAL)
    except (ImportError, OSError, AttributeError) as error:
        raise EngineMissing(engine="onnx", extra="[onnx]") from error
    return runtime


def installed_providers() -> list[str]:
    """Names of the execution providers in this installation, ours; those that we don't know are left out."""
    available = set(library().get_available_providers())
    return [name for name, theirs in PROVIDERS.items() if theirs in available]


def choose_provider(asked: str, gpu_layers: str) -> str:
    """The provider to use. Raises ProviderMissing when one was asked for by name and is not there.

    asked: "auto" or a name of PROVIDERS. gpu_layers: "off" keeps "auto" on the processor.
    """
    installed = installed_providers()
    if asked == "auto":
        wanted = ("cpu",) if gpu_layers in ("off", "0") else AUTOMATIC
        return next(name for name in wanted if name in installed)
    if asked not in installed:
        raise ProviderMissing(provider=asked, installed=", ".join(installed))
    return asked


def open_session(model: Path, provider: str, n_threads: int) -> Session:
    """Load the graph `model` on `n_threads` threads. Raises ModelRejected with ONNX Runtime's reason.

    Its threads spin between the operators of a step and for some milliseconds after it,
    then sleep: an idle chat uses nothing.
    """
    runtime = library()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    # Steps of many lengths: a remembered pattern would keep the memory of the longest for each.
    options.enable_mem_pattern = False
    wanted = [PROVIDERS[provider]]
    if provider != "cpu":
        wanted.append(PROVIDERS["cpu"])
    try:
        session = runtime.InferenceSession(str(model), options, providers=wanted)
    except Exception as error:  # its exceptions have no common base but this
        raise ModelRejected(path=model, detail=reason(error)) from error
    if PROVIDERS[provider] not in session.get_providers():
        # Listed as installed, but its own libraries (CUDA's, for example) are not there.
        raise ProviderMissing(provider=provider, installed="cpu")
    return session


def reason(error: Exception) -> str:
    """ONNX Runtime's words without its prefixes."""
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error)).strip()
    return (text.splitlines() or ["?"])[0][:300]
