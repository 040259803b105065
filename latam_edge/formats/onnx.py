"""A model folder for ONNX Runtime: graph, weights, tokenizer, sizes; checked before native code sees it.

The folders that `convert.to_onnx` writes are described in docs/onnx-format.md. Those of
other exporters (optimum, onnxruntime-genai) are read too: what they do not say is worked
out from the graph, or missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latam_edge.core.errors import (
    BadFile,
    CorruptModel,
    FileMissing,
    NoModelInFolder,
    NotConverted,
    UnsupportedModel,
)
from latam_edge.core.i18n import t
from latam_edge.formats import gguf
from latam_edge.formats.onnx_graph import Graph, GraphTensor, read_graph
from latam_edge.formats.opening import open_regular

GRAPH_FILE = "model.onnx"
CONFIG_FILE = "config.json"
TOKENIZER_FILES = ("tokenizer.gguf", "tokenizer.json")
"""One of them has to be there."""
FORMAT = 1
"""The newest version of docs/onnx-format.md that is understood."""

MAX_JSON_BYTES = 4 << 20
"""config.json and its like take some kilobytes."""
MAX_TEMPLATE_BYTES = 1 << 20
MAX_SIDE_BYTES = 64 << 20
"""A tokenizer; the largest public ones take some 35 MB."""

_SIDE_NAMES = {"LICENSE", "NOTICE", "tokenizer.gguf", "tokenizer.model"}
_SIDE_SUFFIXES = {".json", ".jinja", ".txt", ".md"}

# GGUF's name of a hyperparameter -> Hugging Face's.
_FIELDS = {
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "vocab_size": "vocab_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.value_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
}


# Tensor of our graphs -> what its rows are, by the name in config.json.
_SIZED_BY = {
    "embedding.codes": "vocab_size",
    "embedding.weight": "vocab_size",
    "cos": "max_position_embeddings",
}


@dataclass(frozen=True, slots=True)
class OnnxHeader:
    """A checked folder; figures under the names that `gguf.GGUFHeader` uses."""

    path: Path
    """The folder."""
    model_path: Path
    """The graph file in it; what ONNX Runtime is told to load."""
    files: tuple[str, ...]
    """Names of the files that belong to the model, sorted."""
    file_bytes: int
    """Size of all of them."""
    graph: Graph
    """What the graph file says."""
    config: Mapping[str, Any]
    """config.json."""
    metadata: dict[str, Any]
    """tokenizer.gguf's keys (see `gguf.GGUFHeader.metadata`), or else metadata_props."""
    words: gguf.GGUFHeader | None
    """tokenizer.gguf; None when the folder has none."""
    chat_template: str | None
    """The Jinja chat template, if the folder has one."""

    @property
    def own(self) -> Mapping[str, Any]:
        """What this project adds to config.json; empty for folders of other exporters."""
        value = self.config.get("latam_edge")
        return value if isinstance(value, dict) else {}

    @property
    def architecture(self) -> str:
        """The name that a GGUF would have: "llama". Raises UnsupportedModel when the folder has none."""
        for value in (self.own.get("architecture"), self.config.get("model_type")):
            if isinstance(value, str) and value:
                return value
        raise UnsupportedModel(path=self.path, detail=t("formats.no_architecture"))

    @property
    def tensors(self) -> list[GraphTensor]:
        """Every tensor of the graph that holds weights or tables; those of a few numbers are left out."""
        return [tensor for tensor in self.graph.tensors if tensor.nbytes >= 64]

    @property
    def parameters(self) -> int:
        """Number of weights; a tied head is counted once."""
        known = _number(self.own.get("parameters"))
        return known or sum(self._weights(tensor) for tensor in self.tensors)

    @property
    def quantization(self) -> str:
        """ggml's name of the type that holds most weights: "Q4_0"; other exporters': "INT4", "FLOAT16"."""
        known = self.own.get("quantization")
        if isinstance(known, str) and known:
            return known
        weights: dict[str, int] = {}
        for tensor in self.tensors:
            bits = self.graph.quantized_bits.get(tensor.name)
            name = f"INT{bits}" if bits else tensor.dtype.upper()
            weights[name] = weights.get(name, 0) + self._weights(tensor)
        return max(weights, key=lambda name: weights[name], default="")

    @property
    def bits_per_weight(self) -> float:
        """Bits of tensor data per weight; 0 without tensors."""
        known = self.own.get("bits_per_weight")
        if isinstance(known, int | float) and not isinstance(known, bool) and 0 < known <= 64:
            return float(known)
        return 8 * sum(tensor.nbytes for tensor in self.tensors) / max(1, self.parameters)

    @property
    def kv_element_bytes(self) -> int:
        """Bytes of one number in the KV cache."""
        return 2 if self.own.get("kv_cache_type") == "float16" else 4

    @property
    def loaded_bytes(self) -> int:
        """Memory that the weights take once loaded.

        On processors ONNX Runtime widens float16 to float32, and packs codes anew beside the
        mapped file, whose pages the system takes back when memory is short.
        """
        return sum(tensor.nbytes * (2 if tensor.dtype == "float16" else 1) for tensor in self.tensors)

    def field(self, name: str) -> Any:
        """The value of a hyperparameter by GGUF's name, such as "context_length"; None when absent."""
        return self.config.get(_FIELDS.get(name, ""))

    def _weights(self, tensor: GraphTensor) -> int:
        """Weights in a tensor of another exporter: codes count, their scales and zero points don't."""
        bits = self.graph.quantized_bits.get(tensor.name)
        if bits:
            return tensor.nbytes * 8 // bits
        quantized = bool(self.graph.quantized_bits)
        is_scale = quantized and ("scale" in tensor.name or "zero" in tensor.name or "_zp" in tensor.name)
        return 0 if is_scale or "_cache" in tensor.name else tensor.elements


def is_onnx(path: Path) -> bool:
    """Whether `path` is meant as such a folder: one with a graph in it, or the graph file itself."""
    return path.suffix.lower() == ".onnx" or (path / GRAPH_FILE).exists()


def read_folder(path: Path) -> OnnxHeader:
    """Read and check the model folder `path`, or the one that the graph file `path` lies in.

    Raises FileMissing, NotAFile (NoModelInFolder, NotConverted), UnreadableFile, NotONNX,
    TruncatedModel, CorruptModel, UnsupportedModel, and BadFile when tokenizer or config.json is missing.
    """
    path = Path(path)
    graph_path = path if path.suffix.lower() == ".onnx" and not path.is_dir() else path / GRAPH_FILE
    folder = graph_path.parent
    if path.is_dir() and not graph_path.exists():
        raise NotConverted(path=path) if _is_checkpoint(path) else NoModelInFolder(path=path)
    graph = read_graph(graph_path)
    config = _json_file(folder, CONFIG_FILE) or _genai_config(folder)
    if not config:
        raise BadFile(path=folder, reason=t("formats.onnx.no_config"))
    _check_format(folder, config)
    if "latam_edge" in config:
        _check_sizes(folder, config, graph)
    if not any((folder / name).exists() for name in TOKENIZER_FILES):
        raise BadFile(path=folder, reason=t("formats.onnx.no_tokenizer"))
    words = None
    if (folder / TOKENIZER_FILES[0]).exists():
        words = gguf.read_header(folder / TOKENIZER_FILES[0])
    metadata: dict[str, Any] = dict(words.metadata) if words else dict(graph.metadata)
    files = _files(folder, graph)
    return OnnxHeader(
        path=folder,
        model_path=graph_path,
        files=tuple(files),
        file_bytes=sum(files.values()),
        graph=graph,
        config=config,
        metadata=metadata,
        words=words,
        chat_template=_chat_template(folder, words),
    )


def _check_format(folder: Path, config: Mapping[str, Any]) -> None:
    own = config.get("latam_edge")
    version = own.get("format") if isinstance(own, dict) else FORMAT
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= FORMAT:
        raise UnsupportedModel(
            path=folder, detail=t("formats.onnx.newer_format", version=str(version)[:20], known=FORMAT)
        )
    for name in _FIELDS.values():
        value = config.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise CorruptModel(path=folder / CONFIG_FILE, field=name, detail=t("formats.bad_number"))
    for name in ("max_position_embeddings", "num_hidden_layers", "vocab_size", "num_attention_heads"):
        if name in config and not _number(config[name]):
            raise CorruptModel(path=folder / CONFIG_FILE, field=name, detail=t("formats.bad_number"))


def _check_sizes(folder: Path, config: Mapping[str, Any], graph: Graph) -> None:
    """A folder of ours whose files belong together, and no byte is left over. Raises CorruptModel."""
    tensors = {tensor.name: tensor for tensor in graph.tensors}
    found = {"num_hidden_layers": sum(name.startswith("past_key_values.") for name in graph.inputs) // 2}
    for name, size in _SIZED_BY.items():
        if name in tensors and tensors[name].shape:
            found[size] = tensors[name].shape[0]
    for name, count in found.items():
        if name in config and config[name] != count:
            detail = t("formats.onnx.other_size", declared=config[name], found=count)
            raise CorruptModel(path=folder / CONFIG_FILE, field=name, detail=detail)
    for file in graph.data_files:
        end = max(tensor.offset + tensor.nbytes for tensor in graph.tensors if tensor.location == file)
        with open_regular(folder / file) as (_, size_bytes):
            if size_bytes > end:
                detail = t("formats.bytes_left_over", count=size_bytes - end)
                raise CorruptModel(path=folder / file, field="model.onnx", detail=detail)


def _is_checkpoint(folder: Path) -> bool:
    """Whether a folder without a graph holds what `latam-edge convert` takes."""
    return (folder / CONFIG_FILE).is_file() and any(folder.glob("*.safetensors"))


def _files(folder: Path, graph: Graph) -> dict[str, int]:
    """Name -> size of the graph, its data, and the small files beside them; others are not the model's."""
    found = {}
    wanted = {graph.path.name, *graph.data_files}
    for path in sorted(folder.iterdir()):
        side = path.name in _SIDE_NAMES or path.suffix.lower() in _SIDE_SUFFIXES
        if path.name.startswith(".") or not path.is_file():
            continue
        size = path.stat().st_size
        if path.name in wanted or (side and size <= MAX_SIDE_BYTES):
            found[path.name] = size
    return found


def _chat_template(folder: Path, words: gguf.GGUFHeader | None) -> str | None:
    """From its own file, else from tokenizer.gguf, else from tokenizer_config.json."""
    try:
        return _read(folder / "chat_template.jinja", MAX_TEMPLATE_BYTES).decode("utf-8", "replace")
    except FileMissing:
        pass
    if words is not None:
        return words.chat_template
    value = _json_file(folder, "tokenizer_config.json").get("chat_template")
    return value if isinstance(value, str) else None


def _json_file(folder: Path, name: str) -> dict[str, Any]:
    """A JSON object; empty when there is no such file. Raises CorruptModel."""
    path = folder / name
    try:
        value = json.loads(_read(path, MAX_JSON_BYTES).decode("utf-8"))
    except FileMissing:
        return {}
    except (ValueError, RecursionError) as error:
        raise CorruptModel(path=path, field="JSON", detail=t("formats.bad_json")) from error
    if not isinstance(value, dict):
        raise CorruptModel(path=path, field="JSON", detail=t("formats.bad_json"))
    return value


def _genai_config(folder: Path) -> dict[str, Any]:
    """What onnxruntime-genai's own settings say, in config.json's words; empty when there are none."""
    model = _json_file(folder, "genai_config.json").get("model")
    decoder = model.get("decoder") if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(decoder, dict):
        return {}
    facts: dict[str, Any] = decoder | model
    words: dict[str, str] = {
        "type": "model_type",
        "context_length": "max_position_embeddings",
        "head_size": "head_dim",
    }
    names = {*_FIELDS.values(), *words, "bos_token_id", "eos_token_id", "pad_token_id"}
    return {words.get(name, name): value for name, value in facts.items() if name in names}


def _read(path: Path, limit: int) -> bytes:
    with open_regular(path) as (file, size):
        if size > limit:
            detail = t("formats.header_too_large", declared=size, limit=limit)
            raise CorruptModel(path=path, field=path.name, detail=detail)
        data = b""
        while len(data) < size and (piece := file.read(size - len(data))):
            data += piece
        return data


def _number(value: Any) -> int:
    """A figure as a non-negative int; 0 for anything else that a file may hold."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 48 else 0
