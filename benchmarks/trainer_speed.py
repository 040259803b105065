"""Our training step against transformers' Trainer: same model, same rows, same batch, same minutes.

    python benchmarks/trainer_speed.py [--rounds 3] [--steps 3]

All take turns in one process, a few steps each, so that a noisy minute hurts
all alike. Trainer runs with bf16 and torch_compile, and once more eagerly; it is
given whole rows of tokens without marks between documents, which is less work
than ours: our rows hold many documents that do not see each other. Ours runs as
recipes do (Muon and AdamW), and with AdamW alone, as Trainer does. About four
minutes on two cores, most of it compiling; meant for a quiet machine.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from latam_edge.train import prepare_threads

prepare_threads()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from peers import arguments, load_average, report, row, show  # noqa: E402
from transformers import Trainer, TrainerCallback, TrainingArguments  # noqa: E402

from latam_edge.train import architecture, packing  # noqa: E402
from latam_edge.train.documents import Document  # noqa: E402
from latam_edge.train.losses import cross_entropy  # noqa: E402
from latam_edge.train.order import Shuffled  # noqa: E402
from latam_edge.train.recipe import Model, Stage  # noqa: E402
from latam_edge.train.trainer import Stepper, device  # noqa: E402

SHAPE = Model(layers=6, width=256, heads=4, kv_heads=2, feed_forward=640)
VOCABULARY = 4096
CONTEXT = 256
BATCH_TOKENS = 4096
GPU_SHAPE = Model(layers=12, width=768, heads=12, kv_heads=4, feed_forward=2048)
"""About a hundred million weights, where there is a GPU."""


def make_rows(n_rows: int) -> packing.Rows:
    """Rows of documents of all lengths. What the tokens are costs nothing."""
    rng = np.random.default_rng(0)
    documents = []
    for size in rng.integers(8, CONTEXT, n_rows * 3):
        tokens = rng.integers(6, VOCABULARY, size).astype(np.uint16)
        documents.append(Document(tokens, np.ones(size, np.bool_)))
    return packing.pack(documents, CONTEXT)


class Turns(TrainerCallback):
    """Times each of Trainer's steps; after every few, lets the others have their turn."""

    def __init__(self, every: int, others: Any = None, warm_up: int = 0) -> None:
        self.every, self.others, self.warm_up = every, others, warm_up
        self.seconds: list[float] = []
        self._begun = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        synchronize()
        self._begun = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        synchronize()
        took = time.perf_counter() - self._begun
        if state.global_step > self.warm_up:
            self.seconds.append(took)
            if self.others and (state.global_step - self.warm_up) % self.every == 0:
                self.others()


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class Tokens(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """The rows as Trainer reads them: every place is learnt."""

    def __init__(self, rows: packing.Rows) -> None:
        self._tokens = torch.from_numpy(rows.tokens.astype(np.int64))

    def __len__(self) -> int:
        return len(self._tokens)

    def __getitem__(self, at: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self._tokens[at], "labels": self._tokens[at]}


def trainer(
    rows: packing.Rows, shape: Model, steps: int, compiled: bool, turns: Turns, folder: Path
) -> Trainer:
    options = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=BATCH_TOKENS // CONTEXT,
        max_steps=steps,
        bf16=True,
        torch_compile=compiled,
        use_cpu=not torch.cuda.is_available(),
        optim="adamw_torch_fused",
        max_grad_norm=1.0,
        dataloader_drop_last=True,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    model = architecture.build(shape, VOCABULARY, seed=1)
    made = Trainer(model=model, args=options, train_dataset=Tokens(rows), callbacks=[turns])
    return made


class Ours:
    """Our step, compiled, with its optimizer."""

    def __init__(self, rows: packing.Rows, shape: Model, optimizer: str) -> None:
        model = architecture.build(shape, VOCABULARY, seed=1).to(device()).train()
        stage = Stage(batch_tokens=BATCH_TOKENS, optimizer=optimizer)
        order = Shuffled(len(rows), 1)
        self._step = Stepper(model, rows, stage, cross_entropy, order=order, compile_step=True)
        self._at = 0

    def steps(self, count: int) -> list[float]:
        """Seconds of each of the next `count` steps."""
        found = []
        for _ in range(count):
            synchronize()
            begin = time.perf_counter()
            self._step(self._at, 1000)
            synchronize()
            found.append(time.perf_counter() - begin)
            self._at += 1
        return found


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.set_defaults(rounds=3)
    parser.add_argument("--steps", type=int, default=3, help="steps of each in a round")
    options = parser.parse_args()
    load = load_average()
    shape = GPU_SHAPE if torch.cuda.is_available() else SHAPE
    rows = make_rows(BATCH_TOKENS // CONTEXT * (options.rounds * options.steps + 4))
    seconds: dict[str, list[float]] = defaultdict(list)
    ours = {name: Ours(rows, shape, name) for name in ("muon", "adamw")}
    for each in ours.values():
        each.steps(2)  # compiles

    def others() -> None:
        print(
            f"round {len(seconds['ours, Muon and AdamW']) // options.steps + 1} of {options.rounds}",
            flush=True,
        )
        seconds["ours, Muon and AdamW"] += ours["muon"].steps(options.steps)
        seconds["ours, AdamW alone"] += ours["adamw"].steps(options.steps)
        eager = Turns(options.steps, warm_up=1)
        trainer(rows, shape, options.steps + 1, False, eager, folder / "eager").train()
        seconds["Trainer, eager"] += eager.seconds

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compiled = Turns(options.steps, others, warm_up=2)
        trainer(rows, shape, options.rounds * options.steps + 2, True, compiled, folder / "compiled").train()
    seconds["Trainer, bf16 and torch_compile"] = compiled.seconds

    result = [
        row(what, "training", [BATCH_TOKENS / each for each in found]) for what, found in seconds.items()
    ]
    show(result)
    peer = statistics.median(seconds["Trainer, bf16 and torch_compile"])
    ratios = {what: round(peer / statistics.median(found), 3) for what, found in seconds.items()}
    for what, ratio in ratios.items():
        print(f"{ratio:6.3f} times Trainer with bf16 and torch_compile: {what}")
    extra = {
        "load_average": load,
        "shape": {k: getattr(shape, k) for k in ("layers", "width", "heads", "kv_heads", "feed_forward")},
        "vocabulary": VOCABULARY,
        "context": CONTEXT,
        "batch_tokens": BATCH_TOKENS,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "torch": torch.__version__,
        "times_trainer": ratios,
    }
    report("trainer_speed", result, extra, options.json)


if __name__ == "__main__":
    main()
