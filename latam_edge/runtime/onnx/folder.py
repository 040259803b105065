"""A model folder, checked and read: everything about a model but its weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from latam_edge.core.errors import CorruptModel
from latam_edge.core.i18n import t
from latam_edge.formats.footprint import DEFAULT_CONTEXT
from latam_edge.formats.onnx import MAX_SIDE_BYTES, OnnxHeader, read_folder
from latam_edge.formats.opening import open_regular
from latam_edge.runtime.defaults import recommended, shipped
from latam_edge.runtime.types import Sampling
from latam_edge.runtime.vocabulary import Vocabulary


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
    sampling: Sampling
    """What the folder recommends, filled up with the defaults."""

    @property
    def n_ctx_train(self) -> int:
        """Longest context that the graph allows, tokens."""
        value = self.header.field("context_length")
        return value if isinstance(value, int) and value > 0 else DEFAULT_CONTEXT


def open_folder(path: Path) -> ModelFolder:
    """Check `path`, a folder or the model.onnx in one. Raises what `read_folder` raises."""
    header = read_folder(path)
    name = header.metadata.get("general.name")
    if header.words is not None:
        sampling = shipped(header.words.metadata)
    else:
        sampling = recommended(_json(header.path / "generation_config.json"))
    return ModelFolder(header, name if isinstance(name, str) and name else header.path.name, sampling)


def open_vocabulary(model: ModelFolder) -> ClosableVocabulary:
    """The folder's vocabulary. Raises UnsupportedModel, ModelRejected, EngineMissing."""
    folder = model.header.path
    if model.header.words is not None:
        from latam_edge.runtime.onnx.gguf_vocab import GGUFVocab

        return GGUFVocab(model.header.words.path)
    from latam_edge.runtime.onnx.hf_vocab import HFVocab

    config = {**model.header.config, **_json(folder / "generation_config.json")}
    return HFVocab(folder / "tokenizer.json", config, _json(folder / "tokenizer_config.json"))


def _json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of bounded size, {} when there is no such file. Raises CorruptModel."""
    if not path.exists():
        return {}
    with open_regular(path) as (file, size):
        if size > MAX_SIDE_BYTES:
            raise CorruptModel(path=path, field="JSON", detail=f"{size} > {MAX_SIDE_BYTES}")
        raw = file.read(size)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise CorruptModel(path=path, field="JSON", detail=t("formats.bad_json")) from error
    if not isinstance(value, dict):
        raise CorruptModel(path=path, field="JSON", detail=t("formats.bad_json"))
    return value
