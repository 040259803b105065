"""Converting a checkpoint to both of our formats, against llama.cpp's road to one of its own.

Ours: one pass, GGUF and ONNX folder, for each method; then both read back and compared.
Theirs: convert_hf_to_gguf.py to f16, then the library's own quantization to Q4_0, on all
cores, as llama-quantize does it.

Every run is a process of its own; wall time, processor time and peak memory are the
system's figures for it. The checkpoint is random numbers in a real shape: the time
does not depend on the numbers.

    python benchmarks/conversion.py --llama-cpp PATH/TO/llama.cpp --json benchmarks/results/conversion.json
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from latam_edge.core.hardware import probe

SHAPES: dict[str, dict[str, int]] = {
    "135m": {
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "vocab_size": 49152,
    },
    "0.5b": {
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "vocab_size": 151936,
    },
}
"""SmolLM2-135M's and Qwen2.5-0.5B's sizes, as Llamas."""

METHODS = ("absmax", "rtn")
"""How codes are chosen: as stock Q4_0 does, and with our search for scales."""

BASELINE = "import convert.to_onnx.decoder, convert.to_onnx.verify"

OURS = """
from pathlib import Path
from convert.to_onnx import convert
convert(Path({checkpoint!r}), Path({out!r} + "-onnx"), gguf_out=Path({out!r} + ".gguf"), method={method!r})
"""

READ_BACK = """
from pathlib import Path
from convert.to_onnx.verify import verify
assert verify(Path({checkpoint!r}), Path({out!r} + "-onnx"), Path({out!r} + ".gguf"), recode=False).ok
"""

# The script knows tokenizers by a hash of what they make of a text; ours is not in its list.
THEIR_SCRIPT = """
import runpy, sys
sys.path[:0] = [{folder!r}, {folder!r} + "/gguf-py"]
sys.argv = ["convert_hf_to_gguf.py", {checkpoint!r}, "--outtype", "f16", "--outfile", {out!r} + "-f16.gguf"]
import conversion.base as base
def missing(self):
    raise FileNotFoundError
base.TextModel.get_vocab_base_pre = lambda self, tokenizer: "smollm"
base.TextModel._set_vocab_sentencepiece = missing
base.TextModel._set_vocab_llama_hf = missing
runpy.run_path({folder!r} + "/convert_hf_to_gguf.py", run_name="__main__")
"""

THEIR_QUANTIZER = """
from pathlib import Path
from convert.to_gguf.k_quants import quantize_file
quantize_file(Path({out!r} + "-f16.gguf"), Path({out!r} + "-q4_0.gguf"), "q4_0")
"""


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    wall_s: float
    processor_s: float
    """Seconds of all cores together."""
    peak_rss_bytes: int


def run(code: str) -> Cost:
    """Run a piece of Python in a fresh interpreter. Raises RuntimeError with its last words."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=words, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            words.seek(0)
            raise RuntimeError(words.read().decode("utf-8", "replace")[-2000:])
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def write_checkpoint(folder: Path, shape: dict[str, int]) -> None:
    """A random bfloat16 Llama with a byte-level tokenizer of that size."""
    import ml_dtypes
    import safetensors.numpy
    from bench_model import byte_letters

    folder.mkdir(parents=True, exist_ok=True)
    width, inner, vocabulary = shape["hidden_size"], shape["intermediate_size"], shape["vocab_size"]
    kv_width = width // shape["num_attention_heads"] * shape["num_key_value_heads"]
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "torch_dtype": "bfloat16",
        **shape,
    }
    (folder / "config.json").write_text(json.dumps(config))
    write_tokenizer(folder, byte_letters(), vocabulary)
    rng = np.random.default_rng(0)

    def random(*sizes: int) -> Any:
        return (0.02 * rng.standard_normal(sizes, np.float32)).astype(ml_dtypes.bfloat16)

    ones = np.ones(width, ml_dtypes.bfloat16)
    tensors = {"model.embed_tokens.weight": random(vocabulary, width), "model.norm.weight": ones}
    for layer in range(shape["num_hidden_layers"]):
        name = f"model.layers.{layer}."
        tensors |= {
            f"{name}input_layernorm.weight": ones,
            f"{name}post_attention_layernorm.weight": ones,
            f"{name}self_attn.q_proj.weight": random(width, width),
            f"{name}self_attn.k_proj.weight": random(kv_width, width),
            f"{name}self_attn.v_proj.weight": random(kv_width, width),
            f"{name}self_attn.o_proj.weight": random(width, width),
            f"{name}mlp.gate_proj.weight": random(inner, width),
            f"{name}mlp.up_proj.weight": random(inner, width),
            f"{name}mlp.down_proj.weight": random(width, inner),
        }
    safetensors.numpy.save_file(tensors, folder / "model.safetensors")


def write_tokenizer(folder: Path, letters: Sequence[str], vocabulary: int) -> None:
    """The bytes, then every pair and triple of lower-case letters until the vocabulary is full."""
    from convert.tokenizer.pretokenizers import SEMILLA_PRE_TOKENIZER

    words: dict[str, int] = {"<s>": 0, "</s>": 1}
    merges: list[list[str]] = []
    for letter in letters:
        words[letter] = len(words)
    pieces = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    known = list(pieces)
    while len(words) < vocabulary:
        longer = []
        for left in known:
            for right in pieces:
                if len(words) >= vocabulary:
                    break
                if left + right not in words:
                    words[left + right] = len(words)
                    merges.append([left, right])
                    longer.append(left + right)
        known = longer
    spec = {
        "version": "1.0",
        "added_tokens": [
            {"id": i, "content": text, "special": True, "single_word": False, "lstrip": False}
            | {"rstrip": False, "normalized": False}
            for i, text in enumerate(["<s>", "</s>"])
        ],
        "normalizer": None,
        "pre_tokenizer": SEMILLA_PRE_TOKENIZER,
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": words, "merges": merges},
    }
    (folder / "tokenizer.json").write_text(json.dumps(spec))
    settings = {"bos_token": "<s>", "eos_token": "</s>", "tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="0.5b")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint folder instead of a random one")
    parser.add_argument("--llama-cpp", type=Path, help="llama.cpp's source, for convert_hf_to_gguf.py")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.write:
        write_checkpoint(args.write, SHAPES[args.shape])
        return
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = args.checkpoint or Path(scratch) / "checkpoint"
        if args.checkpoint is None:
            # In a process of its own: a child's peak memory counts from what its parent had.
            subprocess.run(
                [sys.executable, __file__, "--shape", args.shape, "--write", str(checkpoint)], check=True
            )
        out = str(Path(scratch) / "model")
        facts: dict[str, Any] = {"checkpoint": str(checkpoint), "out": out, "folder": str(args.llama_cpp)}
        codes = {"baseline": BASELINE}
        for method in METHODS:
            codes[f"ours {method}"] = OURS.format(method=method, **facts)
        codes["ours, read back"] = READ_BACK.format(**facts)
        if args.llama_cpp:
            codes["convert_hf_to_gguf"] = THEIR_SCRIPT.format(**facts)
            codes["llama_model_quantize"] = THEIR_QUANTIZER.format(**facts)
        costs: dict[str, list[Cost]] = {name: [] for name in codes}
        for _ in range(args.rounds):
            for name, code in codes.items():
                costs[name].append(run(textwrap.dedent(code)))
        sizes = {
            path.name: path.stat().st_size
            if path.is_file()
            else sum(file.stat().st_size for file in path.iterdir())
            for path in Path(scratch).glob("model*")
        }
        weights = sum(path.stat().st_size for path in checkpoint.glob("*.safetensors"))
    report(args, weights, costs, sizes)


def report(
    args: argparse.Namespace, weights: int, costs: dict[str, list[Cost]], sizes: dict[str, int]
) -> None:
    """A table, and everything as JSON."""
    base = min(cost.peak_rss_bytes for cost in costs["baseline"])
    print(f"checkpoint {weights / 1e6:.0f} MB, baseline {base / 1e6:.0f} MB")
    print(
        f"{'':28} {'wall s':>8} {'processor s':>12} {'peak MB':>8} {'share of checkpoint above baseline':>36}"
    )
    for name, found in costs.items():
        wall = statistics.median(cost.wall_s for cost in found)
        processor = statistics.median(cost.processor_s for cost in found)
        peak = max(cost.peak_rss_bytes for cost in found)
        print(f"{name:28} {wall:8.1f} {processor:12.1f} {peak / 1e6:8.0f} {(peak - base) / weights:36.2f}")
    for name, size in sizes.items():
        print(f"{name:28} {size / 1e6:8.1f} MB")
    if args.json:
        machine = probe()
        args.json.write_text(
            json.dumps(
                {
                    "when": datetime.now(UTC).isoformat(timespec="seconds"),
                    "shape": args.shape,
                    "cpu": machine.cpu_name,
                    "cores": machine.cores_usable,
                    "checkpoint_bytes": weights,
                    "costs": {name: [asdict(cost) for cost in found] for name, found in costs.items()},
                    "sizes": sizes,
                },
                indent=1,
            )
            + "\n"
        )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
