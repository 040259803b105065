"""The cartilla's exam of the embedded model, after and before the 4 bits.

    python benchmarks/exam.py [--seeds 5] [--per-category 60] [--json FILE] [MODEL ...]

Held-out questions at the sampling that each file ships, rules and facts apart.
Without MODEL: semilla as shipped (int4) and benchmarks/models/semilla-f16.gguf.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from latam_edge.cartilla import exam as questions
from latam_edge.cartilla.normalize import normalize
from latam_edge.cli.bar import Bar
from latam_edge.core import paths
from latam_edge.evaluate.exam import ask, refers
from latam_edge.store import card
from latam_edge.train.report import table

HERE = Path(__file__).parent
YES_OR_NO = ("es cierto", "es verdad", "e certo", "e verdade")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--per-category", type=int, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    embedded = paths.assets_dir() / "semilla.gguf"
    models = options.models or [embedded, HERE / "models" / "semilla-f16.gguf"]
    # Topics that Semilla hands to a health worker are right when it does so.
    excluded = card.read(embedded.with_suffix(".json")).get("health_excluded", [])
    items = questions.exam(0, options.per_category, excluded=excluded)
    found = {}
    for model in models:
        with Bar() as bar:
            results = ask(model, items, seeds=range(options.seeds), progress=bar)
        rows = questions.summarize((item, answer) for item, _, answer in results)
        found[model.name] = [asdict(row) for row in rows]
        print(f"\n{model}\n")
        cells = [
            [
                r.category,
                r.lang,
                r.kind,
                str(r.n),
                f"{100 * r.correct / r.n:.1f} %",
                f"{100 * r.wrongly_declined / r.n:.1f} %",
            ]
            for r in sorted(rows, key=lambda r: (r.kind, r.category, r.lang))
        ]
        print("\n".join(table(["category", "language", "kind", "n", "right", "declined wrongly"], cells)))
        capitals = [(i, a) for i, _, a in results if i.category == "capitals"]
        direct = [
            (i, a) for i, a in capitals if not any(words in normalize(i.question) for words in YES_OR_NO)
        ]
        outside = [a for i, _, a in results if i.category == "outside"]
        plain = _share([questions.grade(item.check, answer) for item, answer in direct])
        print(f"\ncapitals, but for yes-or-no questions: {plain}")
        print(f"capitals, yes-or-no questions: {len(capitals) - len(direct)} of {len(capitals)}")
        print(f"outside, declined or sent to a health worker: {_share([refers(a) for a in outside])}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _share(right: list[bool]) -> str:
    return f"{100 * sum(right) / max(1, len(right)):.1f} % of {len(right)}"


if __name__ == "__main__":
    main()
