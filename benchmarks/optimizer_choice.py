"""Muon for the matrices against AdamW alone: one model, the same rows, equal tokens.

    python benchmarks/optimizer_choice.py [--out runs/optimizers] [--tokens 300000]

AdamW gets several learning rates, so that it is not judged by a bad one. Bits
per byte of held-out dialogues, and seconds. About five minutes on two cores; a
run that was broken off goes on where it was.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from latam_edge.train import prepare_threads

prepare_threads()

from distillation_ways import BASE, walk  # noqa: E402
from peers import load_average, report  # noqa: E402

from latam_edge.train.recipe import Stage  # noqa: E402

ADAMW_RATES = (0.0003, 0.001, 0.003, 0.006)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/optimizers"), help="where the runs lie")
    parser.add_argument("--tokens", type=int, default=300_000, help="what each model reads")
    parser.add_argument("--dialogues", type=int, default=BASE.data.dialogues, help="of the primer, to read")
    parser.add_argument("--eager", action="store_true", help="without torch.compile, for a trial")
    parser.add_argument("--json", type=Path, help="where the result goes (default: benchmarks/results/)")
    options = parser.parse_args()
    load = load_average()
    common = Stage(tokens=options.tokens, batch_tokens=4096)
    stages = {"Muon 0.02, AdamW 0.003": common}
    for rate in ADAMW_RATES:
        stages[f"AdamW {rate}"] = replace(common, optimizer="adamw", lr_other=rate)
    rows = []
    for number, (what, stage) in enumerate(stages.items()):
        data = replace(BASE.data, dialogues=options.dialogues)
        recipe = replace(BASE, compile=not options.eager, data=data, pretrain=stage)
        run = walk(recipe, options.out / str(number), "teacher")
        found = run.report.steps["teacher"]
        rows.append({"what": what, **found["bits_per_byte"], "seconds": round(found["seconds"])})
        print(f"{what:24} es {rows[-1]['es']:.4f}  pt {rows[-1]['pt']:.4f}", flush=True)
    report("optimizer_choice", rows, {"load_average": load, "tokens": options.tokens}, options.json)


if __name__ == "__main__":
    main()
