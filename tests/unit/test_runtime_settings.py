"""Sampling defaults, memory estimates, other programs' use, the machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from latam_edge.core import hardware
from latam_edge.core.errors import EngineMissing, NotEnoughMemory
from latam_edge.formats.footprint import footprint
from latam_edge.formats.gguf import read_header
from latam_edge.runtime import engine, environment, free_cores, memory
from latam_edge.runtime.defaults import DEFAULTS, resolved, shipped
from latam_edge.runtime.types import Sampling


def test_what_is_asked_wins_over_the_file_and_the_file_over_the_defaults() -> None:
    base = shipped({"general.sampling.temp": 0.2, "general.sampling.top_k": 10})
    assert base == Sampling(temperature=0.2, top_k=10, top_p=0.95, min_p=0.05, repeat_penalty=1.0)
    assert resolved(Sampling(temperature=0.0, seed=3), base) == Sampling(0.0, 10, 0.95, 0.05, 1.0, 3, None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "hot", True, None])
def test_nonsense_in_a_file_is_passed_over(value: object) -> None:
    assert shipped({"general.sampling.temp": value}) == DEFAULTS


def test_numbers_out_of_range_are_brought_into_it() -> None:
    sampling = resolved(Sampling(temperature=-1, top_k=-5, top_p=7, min_p=-0.1, repeat_penalty=0), DEFAULTS)
    assert sampling == Sampling(0.0, 0, 1.0, 0.0, 0.01)


def test_a_model_that_does_not_fit_is_refused_with_the_numbers(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "memory_available", lambda: 1 << 20)
    with pytest.raises(NotEnoughMemory) as caught:
        memory.fitting_context(read_header(tiny_model), "tiny", None)
    assert "tiny" in str(caught.value)
    assert "1,0 MB" in str(caught.value)


def test_a_long_context_is_shortened_to_fit_unless_it_was_asked_for(
    make_tiny_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    header = read_header(make_tiny_model(n_ctx=4096))
    enough = footprint(header, 2048).total_bytes
    monkeypatch.setattr(memory, "memory_available", lambda: enough)
    assert memory.fitting_context(header, "tiny", None) == 2048
    with pytest.raises(NotEnoughMemory):
        memory.fitting_context(header, "tiny", 4096)


def test_an_unknown_amount_of_memory_refuses_nothing(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "memory_available", lambda: 0)
    assert memory.fitting_context(read_header(tiny_model), "tiny", 10**9) == 10**9


def test_cores_are_free_but_for_what_others_use() -> None:
    now, busy, own = [0.0], [0.0], [0.0]
    probe = free_cores.FreeCores(lambda: busy[0], lambda: own[0], lambda: now[0], cores=2)
    now[0], busy[0], own[0] = 1.0, 1.7, 0.9
    assert probe.cores() == pytest.approx(1.2)
    now[0], busy[0] = 1.01, 99.0
    assert probe.cores() == pytest.approx(1.2), "too soon for a new look"
    now[0], busy[0], own[0] = 2.0, 2.0, 2.0
    assert probe.cores() == 2.0, "clocks of different grain may make the difference negative"
    probe.restart()
    assert probe.cores() is None


def test_where_the_system_tells_nothing_nothing_is_known() -> None:
    now = [0.0]
    probe = free_cores.FreeCores(lambda: None, lambda: 0.0, lambda: now[0])
    now[0] = 5.0
    assert probe.cores() is None


def test_our_own_work_leaves_its_core_free() -> None:
    probe = free_cores.FreeCores()
    begin, own = time.monotonic(), time.process_time()
    while time.monotonic() < begin + 0.5:
        pass
    free = probe.cores()
    own_cores = (time.process_time() - own) / (time.monotonic() - begin)
    assert free is None or free >= own_cores - 0.2


def test_the_machine_is_described() -> None:
    machine = hardware.probe()
    assert 1 <= machine.cores_usable <= machine.cores_logical
    assert machine.cores_physical <= machine.cores_logical
    assert 0 < machine.memory_available_bytes <= machine.memory_total_bytes
    assert machine.system


def test_affinity_bounds_the_usable_cores(run_python: Callable[..., object]) -> None:
    run_python(
        "import os\n"
        "from latam_edge.core.hardware import usable_cores\n"
        "if hasattr(os, 'sched_setaffinity'):\n"
        "    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "    assert usable_cores() == 1"
    )


def test_a_container_bounds_cores_and_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text(f"{1 << 28}\n")
    (tmp_path / "memory.current").write_text(f"{1 << 27}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {1 << 20}\n")
    monkeypatch.setattr(hardware, "_cgroup_folders", lambda controller: iter([tmp_path]))
    monkeypatch.setattr(hardware, "_siblings", lambda cpus: iter("abcdefgh"))
    assert hardware.usable_cores.__wrapped__() == 2
    assert hardware.memory_total() == 1 << 28
    assert hardware.memory_available() == (1 << 28) - (1 << 27) + (1 << 20)


def test_an_engine_that_does_not_exist_or_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineMissing):
        engine.create("steam")
    monkeypatch.setitem(engine.ENGINES, "later", ("latam_edge.runtime.engines.not_yet", "Later", "[onnx]"))
    with pytest.raises(EngineMissing) as caught:
        engine.create("later")
    assert "latam-edge[onnx]" in str(caught.value)


def test_the_users_own_openmp_settings_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    assert environment.child_environment()["GOMP_SPINCOUNT"] == "7"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    assert "GOMP_SPINCOUNT" not in environment.child_environment()


def test_the_worker_asks_for_large_pages_unless_the_user_tuned_the_allocator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    assert environment.child_environment()["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=1")
    assert environment.child_environment()["GLIBC_TUNABLES"] == "glibc.malloc.check=1"


def test_a_cancel_before_the_answer_starts_is_not_lost() -> None:
    cancellation = engine.Cancellation()
    cancellation.cancel()
    woken = []
    with cancellation.waking(lambda: woken.append(1)):
        assert woken == [1]
    cancellation.cancel()
    assert woken == [1]
