"""Does a build for every processor cost speed? The portable wheel against the build of this machine.

    python benchmarks/portable_speed.py --site DIR [--rounds 7]

--site: a folder with the portable wheel unpacked (pip install --no-deps --target DIR WHEEL).
The other side is the installed llama-cpp-python; `latam-edge doctor` says which variant, if any,
that one is. Measured in turn, our whole stack on both sides, and compared within each round:
what the machine does in the meantime then hits both.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

from peers import DECODE_TOKENS, PREFILL_TOKENS, Ours, arguments, load_average, model_path, report, row, show

ROOT = Path(__file__).resolve().parents[1]
SIDES = ("native", "portable")


def main() -> int:
    parser = arguments(__doc__ or "")
    parser.add_argument("--site", type=Path, required=True, help="folder with the portable wheel unpacked")
    options = parser.parse_args()
    load = load_average()
    model = model_path(options.model)
    engines = {"native": start(model, None), "portable": start(model, options.site)}
    variants = {side: engine.client.start().variant for side, engine in engines.items()}
    print(", ".join(f"{side}: {variant or 'an ordinary build'}" for side, variant in variants.items()))
    if not variants["portable"]:
        sys.exit("--site holds no portable build")
    rates: dict[str, dict[str, list[float]]] = {
        kind: {side: [] for side in SIDES} for kind in ("prefill", "decode")
    }
    for engine in engines.values():  # the first run of each pays for caches
        engine.prefill(PREFILL_TOKENS)
        engine.decode(DECODE_TOKENS, "greedy")
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", flush=True)
        order = SIDES if number % 2 == 0 else SIDES[::-1]
        for side in order:
            rates["prefill"][side].append(engines[side].prefill(PREFILL_TOKENS))
        for side in order:
            rates["decode"][side].append(engines[side].decode(DECODE_TOKENS, "greedy")[0])
    for engine in engines.values():
        engine.client.close()
    rows = [row(side, kind, rates[kind][side]) for kind in rates for side in SIDES]
    show(rows)
    ratios = {}
    for kind, sides in rates.items():
        pairs = [ours / native for ours, native in zip(sides["portable"], sides["native"], strict=True)]
        ratios[kind] = {
            "median": round(statistics.median(pairs), 4),
            "min": round(min(pairs), 4),
            "max": round(max(pairs), 4),
        }
        print(f"portable / native, {kind}: {ratios[kind]}")
    extra = {"load_average": load, "model": model.name, "variants": variants, "portable_over_native": ratios}
    report("portable_speed", rows, extra, options.json)
    return 0


def start(model: Path, site: Path | None) -> Ours:
    """Our stack on the installed engine, or on the one in `site`."""
    before = os.environ.get("PYTHONPATH")
    if site is not None:
        os.environ["PYTHONPATH"] = os.pathsep.join((str(site.resolve()), str(ROOT)))
    try:
        return Ours.start(model)
    finally:
        if before is None:
            os.environ.pop("PYTHONPATH", None)
        else:
            os.environ["PYTHONPATH"] = before


if __name__ == "__main__":
    sys.exit(main())
