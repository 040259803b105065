"""Two processes train as one does, through accelerate; a killed one ends the run, which can go on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ACCELERATE = Path(__file__).parents[2] / "recipes" / "accelerate"
WAIT_S = 400
"""Longest wait for one run: twenty seconds of one quiet core, and machines are not always quiet."""

pytestmark = pytest.mark.timeout(4 * WAIT_S)

SCRIPT = '''
"""train.py FOLDER [STEP]: trains a toy model; at STEP the second process of two dies."""
import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)

from latam_edge.core.errors import LatamEdgeError
from latam_edge.train import architecture, packing, trainer
from latam_edge.train.documents import Document
from latam_edge.train.recipe import Model, Stage
from latam_edge.train.text_step import HeldOutRows
from latam_edge.train.world import join_world

trainer.LOG_EVERY = 1
out, fatal = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else -1
rng = np.random.default_rng(0)
starts, sizes = rng.integers(6, 40, 300), rng.integers(4, 20, 300)
documents = [
    Document(np.arange(at, at + size).astype(np.uint16), np.arange(size) > 0)
    for at, size in zip(starts, sizes)
]
rows = packing.pack(documents, 64)
stage = Stage(tokens=16 * 512, batch_tokens=512, micro_tokens=256, precision="fp32", optimizer="adamw",
              ema=0.9, lr_other=0.01, validate_tokens=8 * 512)


def progress(step):
    if world.rank == 1 and step.done == fatal * 512:
        os.kill(os.getpid(), signal.SIGKILL)


try:
    world = join_world()
    model = architecture.build(Model(2, 32, 2, 1, 64), 64, seed=2)
    trainer.train(
        model, rows, stage, trainer.cross_entropy, folder=out, fingerprint="f", seed=1, key="k",
        progress=progress, compile_step=False, world=world, checkpoint_s=0.0 if fatal > 0 else 1e9,
        validation={"es": HeldOutRows(packing.pack(documents[:40], 64), 400)},
    )
    whole = world.plain(model)
    if world.main:
        torch.save(whole.state_dict(), out / "weights.pt")
        (out / "world.txt").write_text(f"{world.size} {world.sharded}")
    world.leave()
except LatamEdgeError as error:
    print(error, file=sys.stderr, flush=True)
    os._exit(error.exit_code)
'''


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "train.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def run(
    script: Path, out: Path, *arguments: str, config: str | None = None
) -> subprocess.CompletedProcess[str]:
    """One process, or two as accelerate's launcher starts them."""
    out.mkdir(exist_ok=True)
    return launched([str(script), str(out), *arguments], config)


def launched(arguments: list[str], config: str | None) -> subprocess.CompletedProcess[str]:
    launcher = [sys.executable]
    if config:
        launcher += ["-m", "accelerate.commands.launch", "--config_file", str(ACCELERATE / config)]
        launcher += ["--num_processes", "2", "--main_process_port", "0"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "LATAM_EDGE_LANG": "es"}
    process = subprocess.Popen(
        [*launcher, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True,
    )  # fmt: skip
    try:
        printed, complaints = process.communicate(timeout=WAIT_S)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, printed, complaints)


def course(out: Path, what: str) -> list[float]:
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    found = [line[what] for line in lines if what in line]
    return [value["es"] if isinstance(value, dict) else value for value in found]


@pytest.fixture(scope="module")
def alone(script: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("alone")
    done = run(script, out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.parametrize(("config", "sharded"), [("ddp-cpu.yaml", False), ("fsdp2.yaml", True)])
def test_two_processes_have_the_losses_and_weights_of_one(script, alone, tmp_path, config, sharded) -> None:
    import torch

    done = run(script, tmp_path, config=config)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "world.txt").read_text() == f"2 {sharded}"
    losses = course(alone, "loss")
    assert len(losses) == 16
    assert losses[0] > 1.3 * losses[-1]
    assert course(tmp_path, "loss") == pytest.approx(losses, rel=1e-4)
    assert course(tmp_path, "bits_per_byte") == pytest.approx(course(alone, "bits_per_byte"), rel=1e-3)
    mine = torch.load(tmp_path / "weights.pt")
    for name, weight in torch.load(alone / "weights.pt").items():
        torch.testing.assert_close(mine[name], weight, rtol=1e-3, atol=1e-4)


def test_a_killed_process_ends_the_run_and_any_number_go_on_from_its_checkpoint(
    script, alone, tmp_path
) -> None:
    import torch

    done = run(script, tmp_path, "7", config="ddp-cpu.yaml")
    assert done.returncode != 0
    assert "LE-404" in done.stderr, done.stderr[-3000:]
    assert "--resume" in done.stderr
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] in (6, 7)
    assert not list(tmp_path.glob(".*.part")), "nothing half-written is left"
    sharded = tmp_path / "sharded"
    sharded.mkdir()
    for name in ("checkpoint.pt", "metrics.jsonl"):
        shutil.copyfile(tmp_path / name, sharded / name)
    for out, config in ((tmp_path, None), (sharded, "fsdp2.yaml")):
        done = run(script, out, config=config)
        assert done.returncode == 0, done.stderr[-3000:]
        assert course(out, "loss") == pytest.approx(course(alone, "loss"), rel=1e-4)
    # Half of the sixteen steps were taken by each: the average and the optimizer went over, too.
    mine = torch.load(sharded / "weights.pt")
    for name, weight in torch.load(alone / "weights.pt").items():
        torch.testing.assert_close(mine[name], weight, rtol=1e-3, atol=1e-4)


RECIPE = """
name = "juntos"
compile = false
[data]
dialogues = 200
finetune_dialogues = 50
context = 64
vocabulary = 400
[teacher]
layers = 1
width = 32
heads = 2
kv_heads = 1
feed_forward = 64
[student]
layers = 1
width = 32
heads = 2
kv_heads = 1
feed_forward = 64
[pretrain]
tokens = 2048
batch_tokens = 512
[distill]
tokens = 2048
batch_tokens = 512
mode = "cached"
"""


def test_a_recipe_is_walked_by_two_processes_and_told_once(tmp_path) -> None:
    recipe = tmp_path / "juntos.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    done = launched(["-m", "latam_edge", "distill", str(recipe), "-o", str(tmp_path / "run")], "ddp-cpu.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("Destilando al alumno") == 1
    assert (tmp_path / "run/student/model.safetensors").exists()
    assert set(json.loads((tmp_path / "run/state.json").read_text())) >= {"pack", "teacher", "distill"}
