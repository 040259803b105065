"""The whole road at toy size: it ends with a model in the library, and survives being killed."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from latam_edge.formats import passport as passports

WAIT_S = 500
"""Longest wait for one run: a minute and a half of one quiet core, and machines are not always quiet."""

pytestmark = pytest.mark.timeout(3 * WAIT_S)

RECIPE = """
name = "toy"
compile = false
checkpoint_s = 0.2
[data]
dialogues = 1500
finetune_dialogues = 300
context = 128
vocabulary = 512
[teacher]
layers = 3
width = 64
heads = 2
kv_heads = 1
feed_forward = 96
[student]
layers = 2
width = 64
heads = 2
kv_heads = 1
feed_forward = 96
[pretrain]
tokens = 60_000
batch_tokens = 1024
[distill]
tokens = 40_000
batch_tokens = 1024
[finetune]
tokens = 20_000
batch_tokens = 1024
[qad]
tokens = 8192
batch_tokens = 1024
context = 128
evaluations = 2
held_out_tokens = 600
calibration_tokens = 1024
[export]
calibration_tokens = 1024
[exam]
per_category = 1
max_tokens = 2
health_seeds = 1
health_rounds = 1
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "toy.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@contextmanager
def started(recipe: Path, out: Path, home: Path, *extra: str) -> Iterator[subprocess.Popen[str]]:
    """The pipeline as a process of its own, which never outlives the block."""
    env = {**os.environ, "LATAM_EDGE_HOME": str(home), "LATAM_EDGE_LANG": "es", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "latam_edge", "pipeline", str(recipe), "--out", str(out), *extra],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(recipe: Path, out: Path, home: Path, *extra: str) -> str:
    """What a run that is left in peace prints."""
    with started(recipe, out, home, *extra) as process:
        printed, complaints = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, complaints
    return printed


def digests(out: Path) -> dict[str, str]:
    files = ("data/dialogues.jsonl", "teacher/model.safetensors", "student/model.safetensors",
             "chat/model.safetensors", "qad/model.safetensors", "toy-int4.gguf", "toy-f16.gguf")  # fmt: skip
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in files}


@pytest.fixture(scope="module")
def unbroken(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    out, home = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("pipeline-home")
    return out, home, finish(recipe, out, home)


def test_the_pipeline_registers_a_model_that_answers(unbroken) -> None:
    _, home, printed = unbroken
    assert "Destilando al alumno" in printed
    assert "KL de GPTQ → QAD" in printed
    assert "KL" in printed
    env = {**os.environ, "LATAM_EDGE_HOME": str(home), "LATAM_EDGE_LANG": "es"}
    run = [sys.executable, "-m", "latam_edge", "run", "--model", "toy", "Hola", "--max-tokens", "3", "--json"]
    done = subprocess.run(run, capture_output=True, text=True, env=env, timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"engine": "llama"' in done.stdout


def test_the_passport_was_measured_on_windows_as_long_as_the_rows(unbroken) -> None:
    stated = passports.of_file(unbroken[0] / "toy-int4.gguf")
    assert stated is not None
    assert stated.n_ctx == 128


def test_a_run_killed_twice_and_resumed_ends_with_the_same_bytes(recipe, unbroken, tmp_path) -> None:
    expected = digests(unbroken[0])
    out = tmp_path / "run"
    moments = random.Random(11)
    for marker in ("train-teacher/checkpoint.pt", "train-distill/checkpoint.pt", "train-qad/checkpoint.pt"):
        with started(recipe, out, tmp_path / "home", "--resume") as process:
            limit = time.monotonic() + WAIT_S
            while not (out / marker).exists():
                assert time.monotonic() < limit
                assert process.poll() is None, process.communicate()
                time.sleep(0.02)
            time.sleep(moments.random() * 0.3)
            process.send_signal(signal.SIGKILL)
    finish(recipe, out, tmp_path / "home", "--resume")
    assert digests(out) == expected
