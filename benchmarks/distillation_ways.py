"""One student, equal tokens: without a teacher, and taught in each of the three ways.

    python benchmarks/distillation_ways.py [--out runs/ways] [--tokens 250000] [--seeds 1]

A teacher is trained on the primer first. Then the same student (its own shape,
nothing taken from the teacher's layers) reads the same number of tokens: the
text alone; the text with the teacher beside it; with the teacher's cached
draws; and half of it text that the teacher wrote. Measured are bits per byte of
held-out dialogues, Spanish and Portuguese. About seven minutes on two cores; a run
that was broken off goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from latam_edge.train import prepare_threads

prepare_threads()

from peers import load_average, report  # noqa: E402

from latam_edge.cli.bar import Bar  # noqa: E402
from latam_edge.train.corpus_step import Paths, read_dialogues  # noqa: E402
from latam_edge.train.pipeline import RUN_STEPS, Run  # noqa: E402
from latam_edge.train.recipe import Data, Distill, Model, Recipe, Stage  # noqa: E402

WAYS = {
    "none": "without a teacher",
    "online": "full-vocabulary KL, the teacher beside the student",
    "cached": "KL from cached draws, about 12 tokens per position",
    "text": "half of the tokens written by the teacher",
}
FIGURES = ("draws", "bytes_per_position", "texts", "left_out")

BASE = Recipe(
    name="ways",
    data=Data(dialogues=15_000, context=128, vocabulary=2048),
    teacher=Model(layers=4, width=192, heads=6, kv_heads=2, feed_forward=512),
    student=Model(layers=2, width=128, heads=4, kv_heads=2, feed_forward=352),
    pretrain=Stage(tokens=600_000, batch_tokens=4096),
)


def walk(recipe: Recipe, folder: Path, until: str) -> Run:
    names = tuple(RUN_STEPS)
    with Bar() as bar:
        run = Run(recipe, folder, resume=True, progress=bar)
        run.walk(names[: names.index(until) + 1])
    return run


def write_prompts(paths: Paths, count: int) -> Path:
    """At most `count` questions of the primer, each once, for the teacher to answer."""
    path = paths.run / "prompts.jsonl"
    if not path.exists():
        asked: dict[str, str] = {}
        for dialogue in read_dialogues(paths.data / "dialogues.jsonl"):
            if not dialogue.system:
                asked.setdefault(dialogue.turns[0][0], dialogue.lang)
        lines = [json.dumps({"prompt": q, "lang": lang}, ensure_ascii=False) for q, lang in asked.items()]
        path.write_text("\n".join(lines[:count]) + "\n", encoding="utf-8")
    return path.resolve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/ways"), help="where the runs lie")
    parser.add_argument("--tokens", type=int, default=250_000, help="what each student reads")
    parser.add_argument("--teacher-tokens", type=int, default=BASE.pretrain.tokens, help="what it reads")
    parser.add_argument("--dialogues", type=int, default=BASE.data.dialogues, help="of the primer, to read")
    parser.add_argument("--prompts", type=int, default=700, help='that the teacher answers for "text"')
    parser.add_argument("--seeds", type=int, default=1, help="students of each way")
    parser.add_argument("--kl-weight", type=float, default=0.5, help="the rest is cross-entropy")
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS))
    parser.add_argument("--eager", action="store_true", help="without torch.compile, for a trial")
    parser.add_argument("--json", type=Path, help="where the result goes (default: benchmarks/results/)")
    options = parser.parse_args()
    load = load_average()
    base = replace(
        BASE,
        compile=not options.eager,
        data=replace(BASE.data, dialogues=options.dialogues),
        pretrain=replace(BASE.pretrain, tokens=options.teacher_tokens),
    )
    taught = walk(base, options.out / "teacher", "teacher")
    teacher = taught.paths.teacher.resolve()
    prompts = str(write_prompts(taught.paths, options.prompts))
    rows: list[dict[str, Any]] = []
    for way in options.ways:
        found: list[dict[str, float]] = []
        report_of: dict[str, Any] = {}
        for seed in range(base.seed, base.seed + options.seeds):
            stage = Distill(
                tokens=options.tokens, batch_tokens=4096, mode=way, teacher=str(teacher),
                learn_questions=True, kl_weight=options.kl_weight,
                prompts=(prompts,), max_new_tokens=60, temperature=0.3, min_characters=2,
            )  # fmt: skip
            data = replace(base.data, tokenizer=str(teacher))
            run = walk(
                replace(base, data=data, distill=stage, seed=seed), options.out / f"{way}-{seed}", "distill"
            )
            report_of = run.report.steps["distill"]
            found.append(report_of["bits_per_byte"])
        rows.append({
            "what": WAYS[way],
            "kind": way,
            **{lang: round(statistics.mean(f[lang] for f in found), 4) for lang in ("es", "pt")},
            "seconds": round(report_of["seconds"]),
            **{k: report_of[k] for k in FIGURES if k in report_of},
        })  # fmt: skip
        print(
            f"{way:8} es {rows[-1]['es']:.4f}  pt {rows[-1]['pt']:.4f}  {rows[-1]['seconds']} s", flush=True
        )
    teacher_report = taught.report.steps["teacher"]
    extra = {
        "load_average": load,
        "tokens": options.tokens,
        "seeds": options.seeds,
        "kl_weight": options.kl_weight,
        "teacher": {
            k: teacher_report[k] for k in ("parameters", "tokens", "bits_per_byte", "ngram_bits_per_byte")
        },
    }
    report("distillation_ways", rows, extra, options.json)


if __name__ == "__main__":
    main()
