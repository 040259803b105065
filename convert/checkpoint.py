"""A Hugging Face checkpoint folder, read as plain files.

config.json, the tokenizer's files and safetensors are JSON and bytes; neither torch
nor transformers nor tokenizers is needed to read them. All of it is distrusted:
sizes are bounded and every field that is used is checked for its type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latam_edge.core.errors import BadCheckpoint, FileMissing
from latam_edge.core.i18n import t
from latam_edge.formats.opening import open_regular
from latam_edge.formats.safetensors import Checkpoint as Tensors

MAX_JSON_BYTES = 64 << 20
"""The largest public tokenizer.json files take some 35 MB."""


@dataclass(frozen=True, slots=True)
class HFCheckpoint:
    """Everything that a writer needs from the folder."""

    folder: Path
    """Where it lies."""
    config: Mapping[str, Any]
    """config.json."""
    generation: Mapping[str, Any]
    """generation_config.json; empty when there is none."""
    tokenizer: Mapping[str, Any]
    """tokenizer.json."""
    tokenizer_config: Mapping[str, Any]
    """tokenizer_config.json; empty when there is none."""
    chat_template: str | None
    """The Jinja chat template, from its own file or from tokenizer_config.json."""
    tensors: Tensors
    """The weights."""

    def bad(self, key: str, **facts: Any) -> BadCheckpoint:
        """An error about this checkpoint, in the words of the catalog."""
        return BadCheckpoint(path=self.folder, detail=t(key, **facts))

    def number(self, name: str, default: float | None = None, *, least: float = 0) -> float:
        """A finite number of config.json. Raises BadCheckpoint when absent, of another type, or too small."""
        value = self.config.get(name)
        if value is None:
            value = default
        sound = isinstance(value, int | float) and not isinstance(value, bool) and least <= value < 2**63
        if not sound or value is None:  # NaN fails the comparison above
            raise self.bad("convert.bad_config", name=name)
        return float(value)

    def count(self, name: str, default: int | None = None) -> int:
        """A positive whole number of config.json. Raises BadCheckpoint."""
        value = self.number(name, default, least=1)
        if value != int(value) or value >= 2**31:
            raise self.bad("convert.bad_config", name=name)
        return int(value)


def load(folder: Path) -> HFCheckpoint:
    """Read a checkpoint folder; weights stay on disk until they are asked for.

    Raises FileMissing, UnreadableFile or BadCheckpoint.
    """
    folder = Path(folder)
    if not folder.exists():
        raise FileMissing(path=folder)
    if not folder.is_dir():
        raise BadCheckpoint(path=folder, detail=t("convert.not_a_folder"))
    tokenizer_config = _read_json(folder, "tokenizer_config.json", required=False)
    return HFCheckpoint(
        folder=folder,
        config=_read_json(folder, "config.json"),
        generation=_read_json(folder, "generation_config.json", required=False),
        tokenizer=_read_json(folder, "tokenizer.json"),
        tokenizer_config=tokenizer_config,
        chat_template=_chat_template(folder, tokenizer_config),
        tensors=Tensors(folder),
    )


def _read_bytes(folder: Path, name: str) -> bytes:
    with open_regular(folder / name) as (file, size):
        if size > MAX_JSON_BYTES:
            raise BadCheckpoint(path=folder, detail=t("convert.file_too_large", name=name, size=size))
        data = b""
        while len(data) < size and (piece := file.read(size - len(data))):
            data += piece
        return data


def _read_json(folder: Path, name: str, *, required: bool = True) -> dict[str, Any]:
    if not (folder / name).exists():
        if required:
            raise BadCheckpoint(path=folder, detail=t("formats.tensor_missing", name=name))
        return {}
    try:
        value = json.loads(_read_bytes(folder, name).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadCheckpoint(path=folder, detail=t("convert.bad_json", name=name)) from error
    if not isinstance(value, dict):
        raise BadCheckpoint(path=folder, detail=t("convert.bad_json", name=name))
    return value


def _chat_template(folder: Path, tokenizer_config: Mapping[str, Any]) -> str | None:
    """The template file wins over the field, as in transformers; of a list, the one named "default"."""
    name = "chat_template.jinja"
    if (folder / name).exists():
        try:
            return _read_bytes(folder, name).decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadCheckpoint(path=folder, detail=t("convert.bad_json", name=name)) from error
    field = tokenizer_config.get("chat_template")
    if isinstance(field, list):
        named = {item.get("name"): item.get("template") for item in field if isinstance(item, dict)}
        field = named.get("default")
    return field if isinstance(field, str) else None
