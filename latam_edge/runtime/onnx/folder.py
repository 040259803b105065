"""A model folder, checked and read: everything about a model but its weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from latam_edge.core.errors import CorruptModel, FileMissing
from latam_edge.formats.gguf import read_header
from latam_edge.formats.onnx import OnnxHeader, read_folder
from latam_edge.formats.opening import open_regular
from latam_edge.runtime.defaults import recommended, shipped
from latam_edge.runtime.types import Sampling
from latam_edge.runtime.vocabulary import Vocabulary

_MAX_JSON_BYTES = 64 << 20


class ClosableVocabulary(Vocabulary, Protocol):
    """A vocabulary that may hold native memory."""

    def close(self) -> None:
        """Free it. Idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What the engine needs to know before it loads a graph."""

    header: OnnxHeader
    """Checked; its `path` is the folder."""
    name: str
    """What the model calls itself, else the folder's name."""
    config: dict[str, Any]
    """config.json."""
    sampling: Sampling
    """What the folder recommends, filled up with the defaults."""

    @property
    def n_ctx_train(self) -> int:
        """Longest context that the graph allows, tokens."""
        value = self.header.field("context_length")
        return value if isinstance(value, int) and value > 0 else 2048


def open_folder(path: Path) -> ModelFolder:
    """Check `path`, a folder or the model.onnx in one. Raises what `read_folder` raises."""
    header = read_folder(path)
    folder = header.path
    name = header.metadata.get("general.name")
    tokenizer = folder / "tokenizer.gguf"
    if tokenizer.exists():
        sampling = shipped(read_header(tokenizer).metadata)
    else:
        sampling = recommended(_json(folder / "generation_config.json", required=False))
    return ModelFolder(
        header=header,
        name=name if isinstance(name, str) and name else folder.name,
        config=_json(folder / "config.json"),
        sampling=sampling,
    )


def open_vocabulary(model: ModelFolder) -> ClosableVocabulary:
    """The folder's vocabulary. Raises FileMissing, UnsupportedModel, ModelRejected, EngineMissing."""
    folder = model.header.path
    ours = folder / "tokenizer.gguf"
    if ours.exists():
        from latam_edge.runtime.onnx.gguf_vocab import GGUFVocab

        read_header(ours)
        return GGUFVocab(ours)
    from latam_edge.runtime.onnx.hf_vocab import HFVocab

    theirs = folder / "tokenizer.json"
    if not theirs.exists():
        raise FileMissing(path=theirs)
    generation = _json(folder / "generation_config.json", required=False)
    settings = _json(folder / "tokenizer_config.json", required=False)
    return HFVocab(theirs, model.config | generation, settings)


def _json(path: Path, *, required: bool = True) -> dict[str, Any]:
    """A JSON object from a file of bounded size. Raises FileMissing when required, CorruptModel."""
    if not required and not path.exists():
        return {}
    with open_regular(path) as (file, size):
        if size > _MAX_JSON_BYTES:
            raise CorruptModel(path=path, field="JSON", detail=f"{size} > {_MAX_JSON_BYTES}")
        raw = file.read(size)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise CorruptModel(path=path, field="JSON", detail=str(error)[:100]) from error
    if not isinstance(value, dict):
        raise CorruptModel(path=path, field="JSON", detail=type(value).__name__)
    return value
