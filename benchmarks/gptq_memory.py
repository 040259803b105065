"""Memory and time of GPTQ on the shape of a 1B Llama, one layer of it.

    python benchmarks/gptq_memory.py [--tokens 8192] [--layers 1]

Layers are done one after another and each layer's weights and sums are let go of before the next, so the
peak is that of the largest matrix and does not grow with the number of layers: one or two
tell it. Time does grow: a whole model takes that of a layer times its layers, and the embedding's. The
checkpoint is random numbers in the shape of Llama 3.2 1B (width 2048, feed-forward 8192, vocabulary 128,256,
tied); the process that converts it is measured by the system, one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import textwrap
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from conversion import run

from latam_edge.core.atomic import write_text
from latam_edge.core.hardware import probe

SHAPE = {
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}

# In a process of its own: a child's peak memory counts from what its parent had.
WRITE = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from conversion import write_checkpoint
write_checkpoint(Path({checkpoint!r}), {shape!r})
"""

BASELINE = "import convert.to_gguf, convert.layerwise.run, quant.gptq"

GPTQ = """
from dataclasses import replace
from pathlib import Path
from convert.to_gguf import convert
from latam_edge.cli.bar import Bar
from quant import calibration
texts = calibration.default()
# The random tokenizer has few merges: a character is about a token.
texts = calibration.Calibration(tuple(
    replace(text, content=text.content[: {tokens} // len(texts.texts)]) for text in texts.texts
))
with Bar() as bar:
    convert(Path({checkpoint!r}), Path({out!r}), "int4", method="gptq", calibration=texts, progress=bar)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, default=8192, help="of calibration text, about")
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=128_256)
    default = Path(__file__).with_name("results") / "gptq_memory.json"
    parser.add_argument("--json", type=Path, default=default)
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint, out = Path(scratch) / "checkpoint", Path(scratch) / "model.gguf"
        layout = {**SHAPE, "num_hidden_layers": options.layers, "vocab_size": options.vocabulary}
        facts = {"checkpoint": str(checkpoint), "out": str(out), "tokens": options.tokens, "shape": layout}
        run(WRITE.format(here=str(Path(__file__).parent), **facts))
        base = run(BASELINE)
        cost = run(textwrap.dedent(GPTQ).format(**facts))
        result = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "cpu": probe().cpu_name,
            "shape": layout,
            "tokens": options.tokens,
            "baseline": asdict(base),
            "gptq": asdict(cost),
            "checkpoint_bytes": sum(path.stat().st_size for path in checkpoint.glob("*.safetensors")),
            "file_bytes": out.stat().st_size,
        }
    write_text(options.json, json.dumps(result, indent=1) + "\n")
    print(f"peak {cost.peak_rss_bytes / 1e9:.2f} GB ({base.peak_rss_bytes / 1e9:.2f} GB of it before work), "
          f"{cost.wall_s:.0f} s, {cost.processor_s:.0f} processor seconds")  # fmt: skip


if __name__ == "__main__":
    main()
