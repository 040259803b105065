"""The wheels of a target, resolved and fetched by the user's own pip.

What is already in the cache or in a folder that the user names is tried first,
without network. Only when that is not enough is pip let to its index: `bundle make`
is the download that the user asked for, and it says so.

pip evaluates environment markers for the machine it runs on, not for the target;
nothing that the chat needs has a marker that matters on the platforms of `targets`.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from latam_edge.bundle import own_wheel
from latam_edge.bundle.targets import PLATFORMS, Target
from latam_edge.core import paths
from latam_edge.core.errors import BundleEngine, BundleGather
from latam_edge.core.i18n import t

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]

ENGINE = "llama-cpp-python"


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it says."""
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")


def cache(target: Target) -> Path:
    """Where the wheels of a target are kept between two `make`s."""
    return paths.cache_dir() / "bundle" / f"{target.platform}-{target.tag}"


def wheels(
    target: Target, local: Sequence[Path], *, offline: bool, say: Callable[[str], None], run: Run = run
) -> list[Path]:
    """The wheels that latam-edge needs on `target`, its own left out, sorted by name.

    local: folders with wheels that win over nothing but are looked into first.
    offline: never ask the index. say: called with the target before the network is used.
    Raises BundleEngine when it is llama-cpp-python, which the index has as source only;
    BundleGather with anything else that is missing."""
    kept = cache(target)
    kept.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_name(kept.name + ".part")
    links = [*local, kept]
    done = _download(target, links, fresh, run, index=False)
    if done.returncode != 0 and not offline:
        say(str(target))
        done = _download(target, links, fresh, run, index=True)
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        detail = _reason(done)
        if ENGINE in detail:
            raise BundleEngine(target=str(target), command=_compiles(target))
        raise BundleGather(target=str(target), detail=detail)
    shutil.rmtree(kept)
    fresh.replace(kept)
    return sorted(kept.glob("*.whl"))


def _download(
    target: Target, links: Sequence[Path], folder: Path, run: Run, *, index: bool
) -> subprocess.CompletedProcess[str]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--dest", str(folder), "--python-version", target.python]
    command += ["--implementation", "cp"]
    for abi in (target.tag, "abi3", "none"):
        command += ["--abi", abi]
    for tag in PLATFORMS[target.platform]:
        command += ["--platform", tag]
    for link in links:
        command += ["--find-links", str(link)]
    if not index:
        command.append("--no-index")
    return run([*command, *own_wheel.requirements()])


def _compiles(target: Target) -> str:
    """The command line that compiles the engine for `target`."""
    folder = t("bundle.word.packages")
    words = [sys.executable, "-m", "latam_edge.bundle.runtime_wheel", "--platform", target.platform]
    return " ".join(shlex.quote(word) for word in (*words, "--out", folder))


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """pip's own last word on why."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["pip"])[-1][:300]
