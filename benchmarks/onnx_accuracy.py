"""Whether ONNX Runtime and llama.cpp compute the same thing from one quantization.

    python benchmarks/onnx_accuracy.py [--models semilla 135m] [--json FILE]

For each model, converted once to both formats:

- weights: every tensor of the GGUF, decoded by the gguf package, against the folder's, decoded from
  ONNX's own definition of MatMulNBits: bit by bit
- exact: accuracy_level 1 against llama.cpp on a float32 GGUF of the decoded weights: greedy text token
  by token on both, and logits of both along llama.cpp's text; with llama.cpp's KV cache in half
  precision, its default, and in float32 as ONNX Runtime's is
- fast: accuracy_level 4 against llama.cpp on the Q4_0 file, both as they run in a chat: KL divergence
  along the same texts

"semilla" is the checkpoint behind the embedded model (benchmarks/models/semilla-f16.gguf), "135m" random
weights in SmolLM2-135M's shape; anything else is a checkpoint's folder. The greedy text goes on behind
the end token. For a shape, where llama.cpp in float32 would take half an hour, it evaluates ONNX
Runtime's text in one go instead: its greedy text parts from that one where its best token is another.
A first difference counts as a tie when the two tokens' logits are closer, in llama.cpp, than 1e-3 of
the largest logit, which is what logits may differ by.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import onnx
from checkpoint_of_gguf import write_checkpoint_of
from conversion import SHAPES, write_checkpoint
from onnx import numpy_helper

from convert.checkpoint import load
from convert.to_gguf import encodings, exporter, writer
from convert.to_onnx import convert
from latam_edge.core.hardware import probe
from latam_edge.core.progress import silent
from latam_edge.evaluate.metrics import compare
from latam_edge.formats.gguf import read_header
from latam_edge.runtime.engines.onnx_engine import make_decoder
from latam_edge.runtime.governor import ThreadGovernor
from latam_edge.runtime.llama.decoder import Decoder
from latam_edge.runtime.llama.model import load_model, make_context
from latam_edge.runtime.llama.native import library
from latam_edge.runtime.onnx.folder import open_folder
from latam_edge.runtime.onnx.scoring import OnnxScorer
from latam_edge.runtime.scoring import Scorer

HERE = Path(__file__).resolve().parent
CONTEXT, STEP = 512, 128
TIE = 1e-3
"""Of the largest logit."""
PROMPTS = (
    "¿Cuál es la capital de Bolivia?",
    "¿Cuánto es 7 por 8?",
    "¿Qué es la fotosíntesis?",
    "Qual é a capital do Brasil?",
    "Quanto é 15 mais 27?",
    "O que é um número primo?",
    "¿Por qué hay que lavarse las manos?",
    "¿Cuáles son los estados del agua?",
    "¿En qué continente está el Perú?",
    "Quais são os planetas do sistema solar?",
    "¿Quién fue Simón Bolívar?",
    "Escribe una oración con la palabra «maíz».",
    "¿Cuánto es 90 menos 45?",
    "Como se chama a moeda do Paraguai?",
    "¿Qué río pasa por Asunción?",
    "Para que serve o coração?",
    "Hola, ¿cómo estás?",
    "Bom dia! Você pode me ajudar?",
    "¿Qué es un sustantivo?",
    "¿Cuántos lados tiene un hexágono?",
)


@dataclass(frozen=True)
class Files:
    """One checkpoint's models."""

    exact: Path
    """ONNX folder, accuracy_level 1."""
    fast: Path
    """ONNX folder, accuracy_level 4."""
    q4_0: Path
    """GGUF of the same pass as `fast`."""
    decoded: Path
    """GGUF in float32 of the weights that `q4_0` stands for."""


@dataclass
class Plain:
    """A tensor for the GGUF writer, in float32."""

    name: str
    values: Any
    type_id: int = encodings.F32.type_id

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.values.shape)

    @property
    def nbytes(self) -> int:
        return int(self.values.nbytes)

    def pieces(self) -> Iterator[Any]:
        yield np.ascontiguousarray(self.values).data


def decoded_gguf(path: Path) -> Iterator[tuple[str, Any]]:
    """(name, float32 weights) of every tensor, by the gguf package."""
    for tensor in gguf.GGUFReader(path).tensors:
        yield tensor.name, gguf.quants.dequantize(tensor.data, tensor.tensor_type)


def prepare(checkpoint: Path, folder: Path) -> Files:
    files = Files(folder / "exact", folder / "fast", folder / "model.gguf", folder / "decoded.gguf")
    convert(checkpoint, files.fast, "int4", gguf_out=files.q4_0)
    convert(checkpoint, files.exact, "int4", accuracy_level=1)
    keys = exporter.prepare(load(checkpoint), "f32", "rtn", {}, silent).keys
    with open(files.decoded, "wb") as file:
        writer.write(file, keys, [Plain(*tensor) for tensor in decoded_gguf(files.q4_0)])
    return files


# --- weights ---------------------------------------------------------------------------


def decoded_onnx(folder: Path) -> dict[str, Any]:
    """Weights by their names in the graph: w[n, k] = scale[n, k / 32] * (code[n, k] - 8)."""
    graph = onnx.load(str(folder / "model.onnx")).graph
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = {name: values for name, values in found.items() if values.dtype == np.float32}
    for name in found:
        stem = name.removesuffix(".codes")
        if stem == name:
            continue
        packed, scales = found[name], found[f"{stem}.scales"].astype(np.float32)
        codes = np.stack([packed & 15, packed >> 4], axis=-1).reshape(len(packed), -1, 32)
        values = (codes.astype(np.float32) - 8) * scales.reshape(len(packed), -1, 1)
        weights[stem] = values.reshape(len(packed), -1)
    return weights


def graph_place(name: str) -> tuple[str, int]:
    """A GGUF tensor's matrix in the graph, and which of the parts below each other it is."""
    plain = {"token_embd.weight": "embedding", "output.weight": "head", "output_norm.weight": "final_norm"}
    if name in plain:
        return plain[name], 0
    _, layer, kind, _ = name.split(".")
    joined = {
        "attn_q": ("qkv", 0),
        "attn_k": ("qkv", 1),
        "attn_v": ("qkv", 2),
        "ffn_gate": ("gate_up", 0),
        "ffn_up": ("gate_up", 1),
        "ffn_down": ("down", 0),
    }
    stem, part = joined.get(kind, (kind, 0))
    return f"layers.{layer}.{stem}", part


def compare_weights(files: Files) -> dict[str, int]:
    """How many tensors and weights were compared, and how many are not the same bits."""
    sides = decoded_onnx(files.fast)
    parts: dict[str, list[tuple[int, Any]]] = {}
    tensors = 0
    for name, values in decoded_gguf(files.q4_0):
        place, part = graph_place(name)
        parts.setdefault(place, []).append((part, values))
        tensors += 1
    weights = different = 0
    for place, found in parts.items():
        ours = np.concatenate([values for _, values in sorted(found, key=lambda item: item[0])])
        theirs = sides[place]
        if ours.shape != theirs.shape:
            raise SystemExit(f"{place}: {ours.shape} and {theirs.shape}")
        different += int((ours.view(np.uint32) != theirs.view(np.uint32)).sum())
        weights += ours.size
    exact = (files.exact / "model.onnx.data").read_bytes() == (files.fast / "model.onnx.data").read_bytes()
    return {
        "tensors": tensors,
        "weights": weights,
        "different": different,
        "levels_share_their_bytes": int(exact),
    }


# --- text ------------------------------------------------------------------------------


@contextmanager
def float32_cache() -> Iterator[None]:
    """Contexts of llama.cpp that are made inside keep keys and values in float32."""
    lib = library()
    defaults = lib.llama_context_default_params

    def wider() -> Any:
        params = defaults()
        params.type_k = params.type_v = encodings.F32.type_id
        return params

    lib.llama_context_default_params = wider
    try:
        yield
    finally:
        lib.llama_context_default_params = defaults


class LlamaText:
    """Greedy text by llama.cpp, attention in float32."""

    def __init__(self, model: Path, threads: int) -> None:
        self._model = load_model(read_header(model), gpu_layers="off")
        context = make_context(
            self._model, model, n_ctx=CONTEXT, n_batch=STEP, n_threads=threads, all_logits=True
        )
        self._decoder = Decoder(context, STEP, ThreadGovernor(threads, fixed=True), rewinds=True)
        self._context = context

    def greedy(self, prompt: Sequence[int], count: int) -> list[int]:
        decoder = self._decoder
        decoder.reuse([])
        decoder.begin()
        decoder.prefill(prompt)
        text: list[int] = []
        for _ in range(count):
            pointer = decoder._lib.llama_get_logits_ith(self._context, -1)
            row = np.ctypeslib.as_array(pointer, shape=(self._model.vocab.size,))
            text.append(int(row.argmax()))
            decoder.next(text[-1])
        decoder.end()
        return text

    def close(self) -> None:
        self._decoder.close()
        self._model.free()


class OnnxText:
    """Greedy text by ONNX Runtime."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._decoder = make_decoder(
            open_folder(folder), "cpu", n_ctx=CONTEXT, n_batch=STEP, n_threads=threads
        )

    def greedy(self, prompt: Sequence[int], count: int) -> list[int]:
        decoder = self._decoder
        decoder.begin()
        decoder.clear()
        decoder.prefill(prompt)
        text: list[int] = []
        for _ in range(count):
            text.append(int(decoder.logits.argmax()))
            decoder.next(text[-1])
        decoder.end()
        return text

    def close(self) -> None:
        self._decoder.close()


def rows(scorer: Scorer | OnnxScorer, tokens: list[int]) -> Any:
    return np.concatenate([piece.copy() for piece in scorer.stream(tokens)])


@dataclass(frozen=True)
class Difference:
    """Where two greedy texts part for the first time."""

    prompt: str
    position: int
    """Tokens that they share."""
    tokens: tuple[int, int]
    """What llama.cpp takes, and what ONNX Runtime takes."""
    llama: tuple[float, float]
    """llama.cpp's logits of the two."""
    onnx: tuple[float, float]
    """ONNX Runtime's."""
    largest: float
    """The largest logit there, either sign."""

    @property
    def tie(self) -> bool:
        return abs(self.llama[0] - self.llama[1]) <= TIE * self.largest


def onnx_texts(files: Files, threads: int, count: int) -> tuple[list[list[int]], list[list[int]]]:
    """The prompts' tokens, and ONNX Runtime's greedy text of each."""
    scorer, ours = OnnxScorer(files.exact, CONTEXT, threads), OnnxText(files.exact, threads)
    start = [scorer.bos] if scorer.adds_bos and scorer.bos is not None else []
    prompts = [start + scorer.tokenize(text) for text in PROMPTS]
    texts = [ours.greedy(prompt, count) for prompt in prompts]
    ours.close()
    scorer.close()
    return prompts, texts


def exact_paths(
    files: Files, threads: int, prompts: list[list[int]], texts: list[list[int]], stepwise: bool
) -> tuple[dict[str, Any], list[list[int]]]:
    """Greedy texts and logits, float32 against float32. Also gives the sequences that were compared.

    stepwise: llama.cpp writes its own text, token by token; else it evaluates ONNX Runtime's.
    """
    scorer, other = Scorer(files.decoded, CONTEXT, threads), OnnxScorer(files.exact, CONTEXT, threads)
    llama = LlamaText(files.decoded, threads) if stepwise else None
    sequences: list[list[int]] = []
    differences: list[Difference] = []
    worst = 0.0
    for text, prompt, found in zip(PROMPTS, prompts, texts, strict=True):
        sequence = prompt + (llama.greedy(prompt, len(found)) if llama else found)
        sequences.append(sequence)
        a, b = rows(scorer, sequence), rows(other, sequence)
        theirs = sequence[len(prompt) :] if llama else a[len(prompt) - 1 : -1].argmax(axis=1).tolist()
        worst = max(worst, float((np.abs(a - b).max(axis=1) / np.abs(a).max(axis=1)).max()))
        if found != theirs:
            position = next(i for i, (x, y) in enumerate(zip(theirs, found, strict=True)) if x != y)
            row, pair = len(prompt) + position - 1, (theirs[position], found[position])
            differences.append(
                Difference(
                    text,
                    position,
                    pair,
                    (float(a[row, pair[0]]), float(a[row, pair[1]])),
                    (float(b[row, pair[0]]), float(b[row, pair[1]])),
                    float(np.abs(a[row]).max()),
                )
            )
    for each in (llama, scorer, other):
        if each is not None:
            each.close()
    return {
        "prompts": len(PROMPTS),
        "tokens_each": len(texts[0]),
        "stepwise": stepwise,
        "positions": sum(map(len, sequences)),
        "logits_relative": worst,
        "equal_texts": len(PROMPTS) - len(differences),
        "ties": sum(difference.tie for difference in differences),
        "differences": [asdict(difference) | {"tie": difference.tie} for difference in differences],
    }, sequences


def fast_paths(files: Files, threads: int, sequences: list[list[int]]) -> dict[str, Any]:
    scorer, other = Scorer(files.q4_0, CONTEXT, threads), OnnxScorer(files.fast, CONTEXT, threads)
    divergence, same = [], []
    for sequence in sequences:
        found = compare(rows(scorer, sequence)[:-1], rows(other, sequence)[:-1], sequence[1:])
        divergence.append(found.kl)
        same.append(found.same_top)
    scorer.close()
    other.close()
    kl = np.concatenate(divergence)
    return {
        "positions": len(kl),
        "kl_mean": float(kl.mean()),
        "kl_99": float(np.quantile(kl, 0.99)),
        "kl_max": float(kl.max()),
        "same_top": float(np.concatenate(same).mean()),
    }


def measure(name: str, threads: int, count: int) -> dict[str, Any]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / "hf"
        if name == "semilla":
            write_checkpoint_of(HERE / "models" / "semilla-f16.gguf", checkpoint)
        elif name in SHAPES:
            write_checkpoint(checkpoint, SHAPES[name])
        else:
            checkpoint = Path(name)
        files = prepare(checkpoint, Path(scratch))
        result: dict[str, Any] = {"weights": compare_weights(files)}
        prompts, texts = onnx_texts(files, threads, count)
        result["exact"], sequences = exact_paths(files, threads, prompts, texts, name not in SHAPES)
        with float32_cache():
            result["exact, float32 cache"], _ = exact_paths(
                files, threads, prompts, texts, name not in SHAPES
            )
        result["fast"] = fast_paths(files, threads, sequences)
    return result | {"seconds": round(time.monotonic() - began, 1)}


def show(name: str, result: dict[str, Any]) -> bool:
    """Print a model's table; whether all of it holds."""
    weights, fast = result["weights"], result["fast"]
    same_bits = weights["weights"] - weights["different"]
    lines = [
        ("weights bit-equal", f"{same_bits} of {weights['weights']}", same_bits == weights["weights"]),
        (
            "fast: mean KL divergence",
            f"{fast['kl_mean']:.1e} (99%: {fast['kl_99']:.1e}, most {fast['kl_max']:.1e}) "
            f"over {fast['positions']} positions",
            fast["kl_mean"] <= 1e-3,
        ),
    ]
    words: list[str] = []
    for kind in ("exact", "exact, float32 cache"):
        exact = result[kind]
        lines += [
            (
                f"{kind}: logits, relative",
                f"{exact['logits_relative']:.1e} over {exact['positions']} positions",
                exact["logits_relative"] <= 1e-3,
            ),
            (
                f"{kind}: greedy texts equal",
                f"{exact['equal_texts']} of {exact['prompts']}, {exact['ties']} part at a tie",
                exact["equal_texts"] + exact["ties"] == exact["prompts"],
            ),
        ]
        words += [f"{kind}: {in_words(difference)}" for difference in exact["differences"]]
    print(f"{name} ({result['seconds']:.0f} s)")
    for what, value, holds in lines:
        print(f"  {what:42} {value:62} {'holds' if holds else 'DOES NOT HOLD'}")
    for line in words:
        print(f"    {line}")
    return all(holds for _, _, holds in lines)


def keep(path: Path, name: str, result: dict[str, Any]) -> None:
    """Put one model's result into the file; other models' stay."""
    others = json.loads(path.read_text(encoding="utf-8"))["models"] if path.exists() else {}
    facts = {
        "benchmark": "onnx_accuracy",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": probe().cpu_name,
        "onnxruntime": version("onnxruntime"),
        "llama_cpp_python": version("llama-cpp-python"),
        "models": others | {name: result},
    }
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def in_words(difference: dict[str, Any]) -> str:
    """A first difference, with both logits of both."""
    (a, b), (x, y) = difference["llama"], difference["onnx"]
    return (
        f"{difference['prompt']!r}, token {difference['position']}: llama.cpp {a:.5f} and {b:.5f} "
        f"({a - b:+.5f}), ONNX Runtime {x:.5f} and {y:.5f} ({x - y:+.5f}), "
        f"largest {difference['largest']:.2f}: " + ("a tie" if difference["tie"] else "NOT a tie")
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", default=["semilla", "135m"])
    parser.add_argument("--tokens", type=int, default=200, help="of each greedy text")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, default=HERE / "results" / "onnx_accuracy.json")
    options = parser.parse_args()
    holds = True
    for name in options.models:
        result = measure(name, options.threads, options.tokens)
        holds &= show(name, result)
        keep(options.json, name, result)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
