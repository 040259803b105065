"""Small models for the ONNX engine: one checkpoint, as a folder and as a GGUF of the same weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import transformers
from onnx import TensorProto, helper
from test_convert_to_gguf import llama_config, save_checkpoint

from convert.to_onnx import convert

TEMPLATE = (
    "{% for m in messages %}<|inicio|>{{ m.role }}\n{{ m.content }}<|fin|>\n{% endfor %}<|inicio|>assistant\n"
)


def write_pair(folder: Path, type: str = "f32", accuracy_level: int = 4, **changes: int) -> tuple[Path, Path]:
    """(ONNX folder, GGUF file), both from one pass over one random checkpoint."""
    config = llama_config(**({"max_position_embeddings": 512} | changes))
    save_checkpoint(folder / "hf", config, transformers.LlamaForCausalLM)
    (folder / "hf" / "chat_template.jinja").write_text(TEMPLATE)
    result = convert(
        folder / "hf",
        folder / f"tiny-{type}-onnx",
        type,
        gguf_out=folder / f"tiny-{type}.gguf",
        accuracy_level=accuracy_level,
    )
    return result.path, folder / f"tiny-{type}.gguf"


def with_mask(folder: Path, out: Path) -> Path:
    """The folder as other exporters write it: a mask and positions in, all logits out, no tokenizer.gguf.

    The cache is still GroupQueryAttention's, as onnxruntime-genai's builder has it.
    """
    shutil.copytree(folder, out)
    (out / "tokenizer.gguf").unlink()
    path = out / "model.onnx"
    model = onnx.load(path, load_external_data=False)
    graph = model.graph
    ours = {"seqlens_k", "total_sequence_length", "logits_from"}
    kept = [given for given in graph.input if given.name not in ours]
    del graph.input[:]
    graph.input.extend(kept)
    for name, length in (("attention_mask", "total"), ("position_ids", "sequence")):
        graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", length]))
    one = helper.make_tensor("mask.one", TensorProto.INT32, [1], [1])
    zero = helper.make_tensor("logits_from", TensorProto.INT64, [1], [0])
    axis = helper.make_tensor("mask.axis", TensorProto.INT64, [1], [0])
    graph.initializer.extend([one, zero, axis])
    nodes = [
        helper.make_node("Shape", ["attention_mask"], ["mask.length"], start=1, end=2),
        helper.make_node("Cast", ["mask.length"], ["mask.total"], to=TensorProto.INT32),
        helper.make_node("Sub", ["mask.total", "mask.one"], ["seqlens_k"]),
        helper.make_node("Squeeze", ["mask.total", "mask.axis"], ["total_sequence_length"]),
    ]
    for node in reversed(nodes):
        graph.node.insert(0, node)
    onnx.save(model, path)
    return out
