"""How many entries should the vocabulary have: bits per byte, and decode speed, at equal bytes read.

    python benchmarks/vocabulary_size.py --corpus FOLDER [--bytes 1400000]
        [--vocabularies 3072 8192 16384 24576] [--out runs/vocabularies]

FOLDER (or the variable LATAM_EDGE_CORPUS) is a corpus as recipes read it; its modern Spanish and
Portuguese texts and the primer are used. For every size a tokenizer is made of the same text, and
a model of the embedded model's layers and width reads the same bytes in about as many steps.
Measured are bits per byte of held-out documents and of the primer's held-out questions, by
language, and how fast the exported 4-bit file writes: tokens, and bytes of text. What a larger
vocabulary costs in time is in `train_seconds`.

About twelve minutes on two cores, most of it training; what is left is said on the way. A run that
was broken off goes on where it was. --into FILE writes the table between the marks of a document.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from latam_edge.train import prepare_threads

prepare_threads()

import numpy as np  # noqa: E402
from distillation_ways import walk  # noqa: E402
from peers import SETTLE_S, load_average, report  # noqa: E402

from latam_edge.cli.bar import Bar  # noqa: E402
from latam_edge.core.i18n import format_seconds  # noqa: E402
from latam_edge.core.progress import silent  # noqa: E402
from latam_edge.runtime.client import Client  # noqa: E402
from latam_edge.runtime.types import Done, EngineConfig, Message, Request, Sampling  # noqa: E402
from latam_edge.train import architecture, documents, measure, packing, stages, text_step  # noqa: E402
from latam_edge.train.corpus_files import VARIABLE  # noqa: E402
from latam_edge.train.corpus_step import LANGS, held_out_dialogues  # noqa: E402
from latam_edge.train.pipeline import Run  # noqa: E402
from latam_edge.train.recipe import Data, Distill, Model, Recipe  # noqa: E402
from latam_edge.train.tokenizer import SPECIALS, load_tokenizer  # noqa: E402
from latam_edge.train.validation import evaluate_rows  # noqa: E402

SHAPE = Model(layers=4, width=256, heads=4, kv_heads=2, feed_forward=640)
"""As recipes/semilla.toml."""
CONTEXT = 256
STEP_BYTES = 8000
"""Bytes of text in a step, so that each size takes as many steps."""
TEXTS = (
    "text/es/tatoeba-es*", "text/es/openstax-quimica*", "text/es/openstax-introduccion*",
    "text/es/metadocencia*", "text/es/comococinar*", "text/es/global-asp*", "text/es/opensource-guide*",
    "text/es/open-science-handbook*",
    "text/pt/wikilivros-pt*", "text/pt/porsimples*", "text/pt/para-todxs*", "text/pt/react-docs*",
    "text/pt/asp-source*", "text/pt/storybooks*", "text/pt/caderno-rea*", "text/pt/opensource-guide*",
    "text/pt/open-science-handbook*", "text/pt/metadocencia*",
)  # fmt: skip
"""Modern and of everyday life or school, about as much of each language; patterns that fit nothing are
passed over. Nothing that is trained here is given away."""
HELD_OUT_EVERY = 5
"""Of the primer's held-out questions, every so many is measured on."""
SECONDS_PER_WEIGHT_TOKEN = 1 / (5700 * 5.2e6)
"""Two quiet cores; see docs/decisions/0007. Replaced by what was measured once a size is done."""
COMPILE_S = 30
"""Of each size, until something was measured."""
BEGIN, END = "<!-- vocabulary_size: written by benchmarks/vocabulary_size.py -->", "<!-- end -->"


def recipe_of(vocabulary: int, corpus: str, dialogues: int, characters: int) -> Recipe:
    """The recipe of one size; its tokens are set when it is known how long they are."""
    return Recipe(
        name=f"vocabulary-{vocabulary}",
        data=Data(
            corpus=corpus,
            texts=TEXTS,
            held_out_share=0.04,
            dialogues=dialogues,
            sources={"cartilla": 3.0},
            tokenizer_characters=characters,
            validation_characters=80_000,
            context=CONTEXT,
            vocabulary=vocabulary,
        ),
        student=SHAPE,
        distill=Distill(mode="none", learn_questions=True),
    )


def token_bytes(folder: Path) -> np.ndarray[Any, np.dtype[np.int64]]:
    """UTF-8 bytes of every entry, (vocabulary,); marks have none. In byte-level BPE a letter is a byte."""
    tokenizer = load_tokenizer(folder)
    found = np.zeros(tokenizer.get_vocab_size(), np.int64)
    for token, number in tokenizer.get_vocab().items():
        found[number] = 0 if token in SPECIALS else len(token)
    return found


def mixture_of(run: Run) -> text_step.Mixture:
    """What the student will read; as `stages.distill_student` puts it together."""
    rows = packing.load_rows(run.paths.rows("dialogues"))
    rows = packing.Rows(rows.tokens, rows.segment, rows.segment != 0)
    return text_step.mixture(run.recipe, run.paths, run.recipe.distill, rows, run.recipe.seed + 1)


def bytes_read(run: Run, steps: int, per_step: int) -> int:
    """Bytes of text in the first `steps` steps of `per_step` rows."""
    mixture, sizes = mixture_of(run), token_bytes(run.paths.tokenizer)
    total = 0
    for step in range(steps):
        rows = mixture.rows.take(mixture.order(step, per_step))
        total += int(sizes[rows.tokens][rows.segment != 0].sum())
    return total


def with_tokens(run: Run, wanted: int) -> Recipe:
    """The run's recipe with as many tokens as hold `wanted` bytes."""
    sample = 400
    per_row = bytes_read(run, 1, sample) / sample
    per_step = max(1, round(STEP_BYTES / per_row))
    steps = max(1, round(wanted / per_row / per_step))
    batch = per_step * CONTEXT
    stage = replace(run.recipe.distill, tokens=steps * batch, batch_tokens=batch)
    return replace(run.recipe, distill=stage)


def train(recipe: Recipe, folder: Path) -> tuple[Run, dict[str, Any]]:
    """Train the model of one size, measure it and write its 4-bit file; what is done is not done again."""
    with Bar() as bar:
        run = Run(recipe, folder, resume=True, progress=bar)
        key = run.fingerprint("distill")
        done = run.state.finished("sized", key)
        if done is None:
            trained = stages.distill_student(recipe, run.paths, key, bar)
            exported = measure.export(recipe, run.paths, "int4", bar, run.paths.student, "rtn")
            done = {**trained, **exported, "primer": primer_bits(run.paths.student)}
            run.state.mark("sized", key, done)
    return run, done


def finished(recipe: Recipe, folder: Path) -> bool:
    """Whether `train` has nothing left to do."""
    run = Run(recipe, folder, resume=True, progress=silent)
    return run.state.finished("sized", run.fingerprint("distill")) is not None


def primer_bits(checkpoint: Path) -> dict[str, float]:
    """Bits per byte of a part of the primer's held-out questions with their answers, by language."""
    model, tokenizer = architecture.load(checkpoint), load_tokenizer(checkpoint)
    found = {}
    for lang in LANGS:
        dialogues = held_out_dialogues(lang, ())[::HELD_OUT_EVERY]
        n_bytes = sum(len(text.encode()) for d in dialogues for turn in d.turns for text in turn)
        rows = packing.pack(documents.encode_dialogues(tokenizer, dialogues), CONTEXT)
        found[lang] = round(evaluate_rows(model, rows, n_bytes), 4)
    return found


def bytes_per_token(run: Run) -> dict[str, float]:
    """How long a token is on the held-out documents, by language."""
    sizes = token_bytes(run.paths.tokenizer)
    found = {}
    for lang, held_out in text_step.validation(run.recipe, run.paths).items():
        tokens = sizes[held_out.rows.tokens[held_out.rows.segment != 0]]
        found[lang] = round(held_out.n_bytes / int((tokens > 0).sum()), 3)
    return found


def decode_tps(client: Client, tokens: int, seed: int) -> float:
    """Tokens per second over as many drawn texts as give `tokens`; the first token of each is left out."""
    time.sleep(SETTLE_S)
    steps, seconds = 0, 0.0
    while steps < tokens:
        seed += 1
        request = Request(
            (Message("user", f"{seed}. La casa"),),
            Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, seed=seed, max_tokens=120),
            raw=True,
        )
        done = list(client.stream(request))[-1]
        assert isinstance(done, Done)
        made = done.usage.completion_tokens - 1
        if made > 0 and done.timings.decode_tps > 0:
            steps += made
            seconds += made / done.timings.decode_tps
        elif seed > 100_000:
            break
    return steps / max(seconds, 1e-9)


def speeds(files: Sequence[Path], rounds: int, tokens: int) -> list[list[float]]:
    """Decode speeds of every file, in turn, as the chat runs it."""
    clients = [Client(path, EngineConfig(n_ctx=CONTEXT)) for path in files]
    found: list[list[float]] = [[] for _ in files]
    try:
        for client in clients:
            decode_tps(client, 16, 0)
        for number in range(rounds):
            for client, mine in zip(clients, found, strict=True):
                mine.append(decode_tps(client, tokens, 1000 * (number + 1)))
    finally:
        for client in clients:
            client.close()
    return found


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The result as Markdown."""
    lines = [
        "| entries | weights | int4 file | bytes per token es, pt | bits per byte of text es, pt"
        " | of the primer es, pt | tokens/s | bytes/s | training |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for r in rows:
        bits, primer, length = r["bits_per_byte"], r["primer_bits_per_byte"], r["bytes_per_token"]
        lines.append(
            f"| {r['vocabulary']} | {r['parameters'] / 1e6:.1f} M | {r['file_bytes'] / 1e6:.1f} MB"
            f" | {length['es']:.2f}, {length['pt']:.2f} | {bits['es']:.3f}, {bits['pt']:.3f}"
            f" | {primer['es']:.3f}, {primer['pt']:.3f} | {r['decode_tps']:.0f}"
            f" | {r['decode_bytes_per_s']:.0f} | {r['train_seconds']:.0f} s |"
        )
    return lines


def write_into(path: Path, lines: Sequence[str]) -> None:
    """Put the table between the marks of a document, in place of what stands there."""
    text = path.read_text(encoding="utf-8")
    joined = "\n".join((BEGIN, *lines, END))
    new, count = re.subn(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: joined, text, flags=re.S)
    if not count:
        raise SystemExit(f"{path}: {BEGIN}?")
    path.write_text(new, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--corpus", default=os.environ.get(VARIABLE, ""), help=f"folder of texts (or ${VARIABLE})"
    )
    parser.add_argument("--vocabularies", type=int, nargs="+", default=[3072, 8192, 16_384, 24_576])
    parser.add_argument("--bytes", type=int, default=1_400_000, help="of text that each model reads")
    parser.add_argument("--dialogues", type=int, default=8000, help="of the primer, to draw from")
    parser.add_argument("--characters", type=int, default=6_000_000, help="that tokenizers are made of")
    parser.add_argument("--eager", action="store_true", help="without torch.compile, for a trial")
    parser.add_argument("--rounds", type=int, default=5, help="of the decode speed")
    parser.add_argument("--out", type=Path, default=Path("runs/vocabularies"), help="where the runs lie")
    parser.add_argument("--json", type=Path, help="where the result goes (default: benchmarks/results/)")
    parser.add_argument("--into", type=Path, help="document whose table is written anew")
    options = parser.parse_args()
    if not options.corpus:
        parser.error(f"--corpus FOLDER, or {VARIABLE}=FOLDER")
    # The option wins, as it does for recipes.
    os.environ[VARIABLE] = str(Path(options.corpus).expanduser().resolve())
    load = load_average()

    recipes: dict[Path, Recipe] = {}
    for vocabulary in options.vocabularies:
        folder = options.out / str(vocabulary)
        begun = recipe_of(vocabulary, options.corpus, options.dialogues, options.characters)
        begun = replace(begun, compile=not options.eager)
        recipes[folder] = with_tokens(walk(begun, folder, "pack"), options.bytes)

    def cost(recipe: Recipe) -> float:
        """Weights times tokens."""
        weights = architecture.count_parameters(architecture.build(SHAPE, recipe.data.vocabulary, 0, CONTEXT))
        return float(weights * recipe.distill.tokens)

    todo = {folder: cost(recipe) for folder, recipe in recipes.items() if not finished(recipe, folder)}
    done, seconds = 0.0, 0.0
    found: list[tuple[Run, dict[str, Any]]] = []
    for folder, recipe in recipes.items():
        if folder in todo:
            per_cost = seconds / done if done else SECONDS_PER_WEIGHT_TOKEN
            left = per_cost * sum(todo.values()) + (0 if done else COMPILE_S * len(todo))
            print(f"{recipe.name}: about {format_seconds(left)} of training are left", flush=True)
        run, figures = train(recipe, folder)
        if folder in todo:
            done, seconds = done + todo.pop(folder), seconds + figures["seconds"]
        found.append((run, figures))

    print("decode speed", flush=True)
    files = [run.paths.gguf(run.recipe.name, "int4") for run, _ in found]
    rows = []
    for (run, figures), tps in zip(found, speeds(files, options.rounds, 256), strict=True):
        length, stage = bytes_per_token(run), run.recipe.distill
        steps = stage.tokens // stage.batch_tokens
        median = statistics.median(tps)
        rows.append({
            "vocabulary": run.recipe.data.vocabulary,
            "parameters": figures["parameters"],
            "file_bytes": figures["file_bytes"],
            "bytes_per_token": length,
            "bits_per_byte": {lang: round(figures[f"bits_per_byte/{lang}"], 4) for lang in LANGS},
            "primer_bits_per_byte": figures["primer"],
            "decode_tps": round(median, 1),
            "decode_tps_range": [round(min(tps), 1), round(max(tps), 1)],
            "decode_bytes_per_s": round(median * statistics.mean(length.values()), 1),
            "bytes_read": bytes_read(run, steps, stage.batch_tokens // CONTEXT),
            "tokens_read": stage.tokens,
            "steps": steps,
            "train_seconds": round(figures["seconds"]),
        })  # fmt: skip
    lines = table(rows)
    print("\n" + "\n".join(lines))
    extra = {"load_average": load, "shape": asdict(SHAPE), "context": CONTEXT, "texts": list(TEXTS)}
    report("vocabulary_size", rows, extra, options.json)
    if options.into:
        write_into(options.into, lines)


if __name__ == "__main__":
    main()
