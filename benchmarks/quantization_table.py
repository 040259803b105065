"""The table of docs/quantization.md: what each 4-bit format costs and saves, on real models.

    python benchmarks/quantization_table.py [NAME=]CHECKPOINT ... [--text es:FILE pt:FILE]
        [--calibration es:FILE ...] [--qad NAME=FILE ...] [--control NAME=CHECKPOINT ...]
    python benchmarks/quantization_table.py --random 135m 0.5b 1b          size and speed alone

For every Hugging Face checkpoint: full precision, llama.cpp's 4-bit types with an importance
matrix from the same calibration text that ours sees, and ours. Figures: file size, bits per
weight, decoding speed (all files in turn, in one run), perplexity, KL divergence from the
full-precision logits and agreement, per language. Without --text, the evaluation text is that
of the cartilla's held-out questions (--per-category of each). Without --calibration it is, for a
checkpoint in the folder of a pipeline's run, --calibration-tokens tokens of that run's own training
dialogues and running text, as the pipeline's export takes them; for others, the project's own text.

Work is in steps (--steps build quality speed write), each kept in --json as soon as it is
done and not done again unless a file has changed: a broken run goes on. Speed wants a quiet
machine. --qad names a GGUF file or a checkpoint on the lattice (RUN/qad) for the model of that NAME
(by default the checkpoint folder's); --control a checkpoint that was trained on QAD's extra tokens in
full precision. --make-control NAME=RECIPE makes both out of RUN/chat, where NAME=RUN/chat was given:
QAD by the recipe's [qad], unless RUN/qad is there, and its control, the same rows in the same order at
the same rates without a lattice, learning from the text itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from convert.to_gguf import convert, imatrix, k_quants
from latam_edge.cartilla import held_out
from latam_edge.cli.bar import Bar
from latam_edge.cli.evaluate import language_of
from latam_edge.core.atomic import write_text
from latam_edge.core.hardware import probe
from latam_edge.core.paths import cache_dir
from latam_edge.evaluate import Text, evaluate
from latam_edge.formats.gguf import read_header
from latam_edge.formats.plain_text import read_text
from latam_edge.runtime.governor import ThreadGovernor
from latam_edge.runtime.llama.decoder import Decoder
from latam_edge.runtime.llama.model import load_model, make_context
from latam_edge.runtime.llama.stepper import STEP_TOKENS
from quant import calibration
from quant.calibration import Calibration

HERE = Path(__file__).resolve().parent
CONTEXT, PROMPT = 512, 32
"""Tokens of the window and of the prompt that decoding starts behind."""
STEPS = ("build", "quality", "speed", "write")
BEGIN, END = "<!-- table: benchmarks/quantization_table.py -->", "<!-- end of table -->"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    key: str
    title: str
    make: Callable[[Source, Path], None] | None
    """Writes the file; None: the file is given (QAD, control)."""


class Source:
    """A checkpoint, its unrounded GGUF and its importance matrix, made once."""

    def __init__(self, checkpoint: Path, folder: Path, texts: Calibration) -> None:
        self.checkpoint = checkpoint
        self.folder = folder
        self.texts = texts
        self.exact = folder / "f32.gguf"
        self._importance: Any = None

    def importance(self) -> Any:
        if self._importance is None:
            with Bar() as bar:
                self._importance = imatrix.collect(self.exact, self.texts, progress=bar).mean_squares
        return self._importance


def _ours(kind: str, method: str = "rtn", *, calibrated: bool = False) -> Callable[[Source, Path], None]:
    def make(source: Source, out: Path) -> None:
        texts = source.texts if calibrated else None
        with Bar() as bar:
            convert(source.checkpoint, out, kind, method=method, calibration=texts, progress=bar)

    return make


def _library(
    kind: str, *, weighted: bool = True, embedding: str | None = None
) -> Callable[[Source, Path], None]:
    def make(source: Source, out: Path) -> None:
        importance = source.importance() if weighted else None
        k_quants.quantize_file(source.exact, out, kind, importance=importance, embedding_type=embedding)

    return make


ROWS = (
    Row("f16", "full precision (f16)", _ours("f16")),
    Row("q4_0", "Q4_0 stock", _library("q4_0", weighted=False)),
    Row("q4_0-imatrix", "Q4_0 + imatrix", _library("q4_0")),
    Row("q4_0-imatrix-embd", "Q4_0 + imatrix, Q4_0 embedding", _library("q4_0", embedding="Q4_0")),
    Row("q4_k_s-imatrix", "Q4_K_S + imatrix", _library("q4_k_s")),
    Row("q4_k_m-imatrix", "Q4_K_M + imatrix", _library("q4_k_m")),
    Row("iq4_nl-imatrix", "IQ4_NL + imatrix", _library("iq4_nl")),
    Row("iq4_xs-imatrix", "IQ4_XS + imatrix", _library("iq4_xs")),
    Row("rtn", "ours, rtn", _ours("int4")),
    Row("rtn-calibrated", "ours, rtn + calibration", _ours("int4", calibrated=True)),
    Row("gptq", "ours, gptq", _ours("int4", "gptq", calibrated=True)),
    Row("qad", "ours, gptq + QAD", None),
    Row("control", "full precision, QAD's tokens (f16)", None),
)

RANDOM_ROWS = (
    ("f16", "full precision (f16)", None, None, True),
    ("q4_0", "Q4_0 stock", "q4_0", None, False),
    ("q4_0-imatrix", "Q4_0 + imatrix", "q4_0", None, True),
    ("lattice", "ours (= Q4_0 + imatrix, Q4_0 embedding)", "q4_0", "Q4_0", True),
    ("q4_k_s-imatrix", "Q4_K_S + imatrix", "q4_k_s", None, True),
    ("q4_k_m-imatrix", "Q4_K_M + imatrix", "q4_k_m", None, True),
    ("iq4_nl-imatrix", "IQ4_NL + imatrix", "iq4_nl", None, True),
    ("iq4_xs-imatrix", "IQ4_XS + imatrix", "iq4_xs", None, True),
)
"""Key, title, library type, embedding's type, whether the choice of types is that with an imatrix."""


class Results:
    """Everything measured so far, on disk after every figure."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data: dict[str, Any] = {"models": {}, "random": {}}
        if path.exists():
            self.data |= json.loads(path.read_text("utf-8"))

    def cell(self, part: str, model: str, row: str) -> dict[str, Any]:
        found: dict[str, Any] = self.data[part].setdefault(model, {}).setdefault(row, {})
        return found

    def save(self) -> None:
        machine = probe()
        self.data["date"] = datetime.now(UTC).isoformat(timespec="seconds")
        self.data["machine"] = {
            "cpu": machine.cpu_name,
            "cores": machine.cores_usable,
            "llama_cpp_python": version("llama-cpp-python"),
        }
        write_text(self.path, json.dumps(self.data, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoints", nargs="*", metavar="[NAME=]CHECKPOINT")
    parser.add_argument("--random", nargs="*", default=[], metavar="SHAPE")
    parser.add_argument("--text", nargs="*", default=[])
    parser.add_argument("--calibration", nargs="*", default=[])
    parser.add_argument("--calibration-tokens", type=int, default=65536)
    parser.add_argument("--make-control", nargs="*", default=[], metavar="NAME=RECIPE")
    parser.add_argument("--per-category", type=int, default=100)
    parser.add_argument("--qad", nargs="*", default=[], metavar="NAME=FILE")
    parser.add_argument("--control", nargs="*", default=[], metavar="NAME=CHECKPOINT")
    parser.add_argument("--rows", nargs="*", help="keys of rows to do; all by default")
    parser.add_argument("--steps", nargs="*", choices=STEPS, default=list(STEPS))
    parser.add_argument("--n-ctx", type=int, default=512, help="tokens of a window; see docs/quantization.md")
    parser.add_argument("--windows", default="overlapping")
    parser.add_argument("--threads", type=int, help="by default one per core")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--decode-tokens", type=int, default=128)
    parser.add_argument("--work", type=Path, default=cache_dir() / "benchmarks" / "quantization")
    parser.add_argument("--json", type=Path, default=HERE / "results" / "quantization_table.json")
    parser.add_argument("--markdown", type=Path, default=HERE.parent / "docs" / "quantization.md")
    options = parser.parse_args()
    results = Results(options.json)
    given = {("qad", *pair.split("=", 1)) for pair in options.qad}
    given |= {("control", *pair.split("=", 1)) for pair in options.control}
    folders = {}
    for checkpoint in options.checkpoints:
        name, _, folder = checkpoint.rpartition("=")
        folders[name or Path(folder).resolve().name] = Path(folder)
    for name, recipe in (pair.split("=", 1) for pair in options.make_control):
        given |= trained(name, folders[name], Path(recipe), options.work / name)
    files: dict[tuple[str, str, str], Path] = {}
    for name, folder in folders.items():
        files |= models(name, folder, options, results, given)
    for name in options.random:
        files |= random_models(name, options, results)
    if "speed" in options.steps:
        speed(files, options, results)
    if "write" in options.steps:
        markdown(results, options.markdown)


def models(
    name: str, checkpoint: Path, options: argparse.Namespace, results: Results, given: set[Any]
) -> dict[tuple[str, str, str], Path]:
    """Build every file of one checkpoint and measure its quality."""
    folder = options.work / name
    folder.mkdir(parents=True, exist_ok=True)
    texts = calibration_texts(name, checkpoint, options)
    source = Source(checkpoint, folder, texts)
    if "build" in options.steps or not source.exact.exists():
        with Bar() as bar:
            convert(checkpoint, source.exact, "f32", progress=bar)
    stamp = f"{digest(source.exact)[:16]} {texts.sha256[:16]}"
    files = {}
    for row in ROWS:
        if options.rows and row.key not in options.rows:
            continue
        out = folder / f"{row.key}.gguf"
        cell = results.cell("models", name, row.key)
        if row.make is None:
            path = next((Path(p) for key, n, p in given if (key, n) == (row.key, name)), None)
            if path is None:
                continue
            if path.is_dir() and row.key == "qad":
                convert(path, out, "int4", method="qad")
            elif path.is_dir():
                convert(path, out, "f16")
            else:
                out = path
        elif "build" in options.steps and (cell.get("stamp") != stamp or not out.exists()):
            print(f"{name}: {row.title}", flush=True)
            begin = time.monotonic()
            row.make(source, out)
            cell["build_s"] = round(time.monotonic() - begin, 1)
        if not out.exists():
            continue
        kind = row.key.split("-")[0]
        cell |= {"stamp": stamp, **file_facts(out, kind if kind in k_quants.FILE_TYPES else "")}
        cell["title"] = row.title
        results.save()
        files["models", name, row.key] = out
        if "quality" in options.steps:
            quality(cell, out, source.exact, options)
            results.save()
    return files


def file_facts(path: Path, library_type: str) -> dict[str, Any]:
    header = read_header(path)
    return {
        "sha256": digest(path),
        "file_bytes": header.file_bytes,
        "bits_per_weight": round(header.bits_per_weight, 3),
        "parameters": header.parameters,
        "fallbacks": list(k_quants.fallbacks(header, library_type)) if library_type else [],
    }


def quality(cell: dict[str, Any], path: Path, exact: Path, options: argparse.Namespace) -> None:
    """Perplexity and divergence on every text, unless the same file was measured on the same texts."""
    texts = evaluation_texts(options)
    mark = hashlib.sha256(
        "".join(f"{text.language}{text.content}{options.windows}{options.n_ctx}" for text in texts).encode()
    ).hexdigest()
    mark = f"{mark[:16]} {cell['sha256'][:16]} {digest(exact)[:16]}"
    if cell.get("quality_mark") == mark:
        return
    with Bar() as bar:
        reports = evaluate(
            path,
            texts,
            exact,
            bar,
            windows=options.windows,
            n_ctx=options.n_ctx,
            n_threads=options.threads,
        )
    cell["quality"] = {report.language: report.to_json() for report in reports}
    cell["quality_mark"] = mark
    for report in reports:
        print(
            f"  {path.stem} {report.language}: {report.tokens} tokens, perplexity {report.perplexity:.4f}"
            f" (full {report.reference_perplexity:.4f}), KLD {report.kl_mean:.5f}, p99 {report.kl_p99:.4f},"
            f" top-1 {report.top1_agreement:.4f}",
            flush=True,
        )


def calibration_texts(name: str, checkpoint: Path, options: argparse.Namespace) -> Calibration:
    """What all calibrated rows of a model see."""
    if options.calibration:
        return calibration.read([language_of(text) for text in options.calibration])
    run = checkpoint.resolve().parent
    if not (run / "data" / "finetune.jsonl").exists():
        return calibration.default()
    from latam_edge.train.corpus_step import Paths
    from latam_edge.train.qad_text import recipe_calibration
    from latam_edge.train.recipe import Recipe

    return recipe_calibration(Recipe(name=name), Paths(run), options.calibration_tokens)


def trained(name: str, checkpoint: Path, recipe_path: Path, work: Path) -> set[tuple[str, str, str]]:
    """QAD of a run's chat model, if the run has none, and its control; what is there is not made again."""
    from latam_edge.train import prepare_threads

    prepare_threads()
    from latam_edge.train import qad_control, qad_text
    from latam_edge.train.corpus_step import Paths
    from latam_edge.train.qad import Job, distill_on_lattice
    from latam_edge.train.recipe import load_recipe

    recipe, paths = load_recipe(recipe_path), Paths(checkpoint.resolve().parent)
    qad = paths.qad if paths.qad.exists() else work / "qad"
    control = work / "control"
    with Bar() as bar:
        text = None
        if not qad.exists() or not control.exists():
            text = qad_text.of_recipe(recipe, paths, recipe.seed + 3)
        mark = f"{digest(checkpoint / 'model.safetensors')} {recipe.fingerprint('qad')}"
        job = Job(checkpoint, qad, work / "train-qad", mark, recipe.qad, compile_step=recipe.compile)
        if text and not qad.exists():
            print(name, distill_on_lattice(job, text, bar), flush=True)
        if text and not control.exists():
            print(name, qad_control.train_control(checkpoint, control, text, job, bar), flush=True)
    return {("qad", name, str(qad)), ("control", name, str(control))}


def evaluation_texts(options: argparse.Namespace) -> list[Text]:
    if options.text:
        named = [language_of(text) for text in options.text]
        return [Text(path.name, language, read_text(path)) for path, language in named]
    return [
        Text(f"cartilla.{lang}", lang, "\n".join(held_out.paragraphs(lang, (), options.per_category)) + "\n")
        for lang in ("es", "pt")
    ]


def random_models(
    name: str, options: argparse.Namespace, results: Results
) -> dict[tuple[str, str, str], Path]:
    """Every format of one shape with random weights."""
    import random_model

    files = {}
    for key, title, kind, embedding, flat in RANDOM_ROWS:
        if options.rows and key not in options.rows:
            continue
        path = random_model.write(options.work / "random", name, kind, embedding, flat=flat)
        cell = results.cell("random", name, key)
        cell |= {**file_facts(path, kind or ""), "title": title}
        files["random", name, key] = path
    results.save()
    return files


class Decoding:
    """One file's decoding, as llama-bench measures it: tokens are given, so that no answer ends early."""

    def __init__(self, path: Path, n_threads: int) -> None:
        header = read_header(path)
        self.model = load_model(header, gpu_layers="off")
        context = make_context(self.model, path, n_ctx=CONTEXT, n_batch=STEP_TOKENS, n_threads=n_threads)
        self.decoder = Decoder(context, STEP_TOKENS, ThreadGovernor(n_threads, fixed=True), rewinds=True)

    def tokens_per_second(self, count: int, seed: int) -> float:
        tokens = random.Random(seed).sample(range(self.model.vocab.size), PROMPT + count)
        self.decoder.stepper.begin()
        try:
            self.decoder.reuse([-1])  # nothing is kept of the time before
            self.decoder.prefill(tokens[:PROMPT])
            begin = time.perf_counter()
            for token in tokens[PROMPT:]:
                self.decoder.next(token)
            return count / (time.perf_counter() - begin)
        finally:
            self.decoder.stepper.end()

    def close(self) -> None:
        self.decoder.close()
        self.model.free()


def speed(files: dict[tuple[str, str, str], Path], options: argparse.Namespace, results: Results) -> None:
    """Decoding speed of a model's files in turn, `--rounds` times: no format has the quieter minute."""
    n_threads = options.threads or probe().cores_usable
    for part, model in dict.fromkeys((part, model) for part, model, _ in files):
        opened = {
            key: Decoding(path, n_threads) for (p, m, key), path in files.items() if (p, m) == (part, model)
        }
        seen: dict[str, list[float]] = {key: [] for key in opened}
        try:
            for side in opened.values():
                side.tokens_per_second(8, 0)  # everything touched once
            for number in range(options.rounds):
                for key, side in opened.items():
                    seen[key].append(side.tokens_per_second(options.decode_tokens, number))
        finally:
            for side in opened.values():
                side.close()
        for key, values in seen.items():
            cell = results.cell(part, model, key)
            cell["decode_tps"] = {
                "median": round(statistics.median(values), 1),
                "min": round(min(values), 1),
                "max": round(max(values), 1),
                "rounds": len(values),
                "tokens": options.decode_tokens,
                "threads": n_threads,
            }
            print(f"  {model} {key}: {cell['decode_tps']['median']} tokens/s", flush=True)
        results.save()


_HEAD = ("", "MB", "bits/weight", "tokens/s")
_QUALITY = (("perplexity", "PPL"), ("kl_mean", "KLD"), ("kl_p99", "KLD p99"), ("top1_agreement", "top-1"))


def markdown(results: Results, path: Path) -> None:
    """Put the tables between the two marks of `path`, or write a new file."""
    lines = []
    for model, rows in results.data["models"].items():
        lines += [f"### {model}", "", *_table(rows), "", *_remarks(rows), ""]
    for rows in results.data["random"].values():
        size = next(iter(rows.values()))["parameters"]
        lines += [
            f"### Random weights, {size / 1e6:.0f} M, all rows multiples of 256",
            "",
            *_table(rows),
            "",
            *_remarks(rows),
            "",
        ]
    machine = results.data.get("machine", {})
    lines.insert(0, f"{machine.get('cpu', '')}, llama-cpp-python {machine.get('llama_cpp_python', '')}.\n")
    block = "\n".join([BEGIN, "", *lines, END])
    text = path.read_text("utf-8") if path.exists() else f"# 4 bits, measured\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    write_text(path, before + block + rest.partition(END)[2])
    print(path)


def _table(rows: dict[str, Any]) -> list[str]:
    languages = list(dict.fromkeys(lang for row in rows.values() for lang in row.get("quality", {})))
    head = [*_HEAD, *(f"{title} {lang}" for lang in languages for _, title in _QUALITY)]
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for row in rows.values():
        if "file_bytes" not in row:
            continue
        tps = row.get("decode_tps")
        cells = [row["title"], f"{row['file_bytes'] / 1e6:.2f}", f"{row['bits_per_weight']:.2f}"]
        cells.append(f"{tps['median']:.0f}" if tps else "")
        for lang in languages:
            figures = row.get("quality", {}).get(lang, {})
            cells += [_figure(name, figures.get(name)) for name, _ in _QUALITY]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _remarks(rows: dict[str, Any]) -> list[str]:
    """What the table's columns can't say: how much text, which matrices fell back, how speed was taken."""
    measured = next((row["quality"] for row in rows.values() if row.get("quality")), {})
    texts = [f"{figures['tokens']} tokens {lang}" for lang, figures in measured.items()]
    remarks = (
        [f"- Text: {', '.join(texts)}; windows: {_windows(next(iter(measured.values())))}"] if texts else []
    )
    timed = next((row["decode_tps"] for row in rows.values() if row.get("decode_tps")), None)
    if timed:
        remarks.append(
            f"- Speed: {timed['threads']} threads, {timed['rounds']} rounds of {timed['tokens']} tokens"
        )
    remarks += [
        f"- Fallbacks of {row['title']}: {', '.join(row['fallbacks'])}"
        for row in rows.values()
        if row.get("fallbacks")
    ]
    return remarks


def _windows(figures: dict[str, Any]) -> str:
    return f"{figures['windows']}, {figures.get('n_ctx', 512)} tokens"


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name == "top1_agreement":
        return f"{100 * value:.1f} %"
    return f"{value:.3f}" if name == "perplexity" else f"{value:.4f}"


def digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
