"""The portable build's variants: found by what is installed, in the one registry, told to the user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from latam_edge.core import hardware
from latam_edge.core.errors import EngineUnfit, ModelRejected
from latam_edge.runtime import client as clients
from latam_edge.runtime.environment import child_environment
from latam_edge.runtime.extensions import parse_features, unused_extensions
from latam_edge.runtime.llama.variants import (
    ensure_cpu,
    loaded_variant,
    variant_folders,
    variant_name,
)
from latam_edge.runtime.types import EngineConfig


@pytest.fixture(autouse=True)
def _no_named_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLAMA_CPP_LIB_PATH", raising=False)


def site(folder: Path, *names: str) -> Path:
    """A site-packages with these empty files; returns its llama_cpp."""
    for name in ("llama_cpp/lib/libllama.so", *names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder / "llama_cpp"


# --- finding ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("libggml-cpu-haswell.so", "haswell"),
        ("libggml-cpu-armv8.2_2.so", "armv8.2_2"),
        ("ggml-cpu-skylakex.dll", "skylakex"),
        ("GGML-CPU-X64.DLL", "X64"),
        ("libggml-cpu-apple_m1.so", "apple_m1"),
        ("libggml-cpu.so", ""),
        ("libggml-cpu.so.0", ""),
        ("libggml-base.so.0", ""),
        ("libggml-vulkan.so", ""),
    ],
)
def test_a_variant_is_known_by_its_file_name(name: str, variant: str) -> None:
    assert variant_name(Path("somewhere") / name) == variant


def test_an_ordinary_build_has_no_folder_with_variants(tmp_path: Path) -> None:
    assert variant_folders(site(tmp_path, "llama_cpp/lib/libggml-cpu.so.0")) == []


def test_variants_in_the_package_win_over_those_in_bin(tmp_path: Path) -> None:
    package = site(tmp_path, "bin/libggml-cpu-x64.so", "llama_cpp/lib/libggml-cpu-haswell.so")
    assert variant_folders(package) == [package / "lib", tmp_path / "bin"]


def test_variants_are_found_in_bin_where_pip_leaves_them(tmp_path: Path) -> None:
    package = site(tmp_path, "bin/libggml-cpu-x64.so", "bin/other-program")
    assert variant_folders(package) == [tmp_path / "bin"]


def test_the_folder_that_the_bindings_were_told_of_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own build"
    site(tmp_path, "own build/libggml-cpu-zen4.so")
    package = site(tmp_path, "bin/libggml-cpu-x64.so")
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(own))
    assert variant_folders(package) == [own, tmp_path / "bin"]


def test_the_current_folder_is_never_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stick = tmp_path / "stick"
    site(stick, "libggml-cpu-evil.so", "bin/libggml-cpu-evil.so")
    monkeypatch.chdir(stick)
    assert variant_folders(site(tmp_path / "site")) == []


# --- loading: libraries of a few lines, compiled here, laid out as llama.cpp's ------------

REGISTRY = r"""
#include <dlfcn.h>
#include <string.h>
#include <stdio.h>
#include <dirent.h>
/* A registry as ggml's: one entry, the library with the best score. */
static void *code;
void *ggml_backend_reg_by_name(const char *name) { return strcmp(name, "CPU") ? 0 : code; }
void *ggml_backend_reg_get_proc_address(void *reg, const char *name) { return dlsym(reg, name); }
void ggml_backend_load_all_from_path(const char *folder) {
    char path[4096]; int best = 0; struct dirent *entry; DIR *dir = opendir(folder);
    while (dir && (entry = readdir(dir))) {
        if (strncmp(entry->d_name, "libggml-cpu-", 12)) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        void *library = dlopen(path, RTLD_NOW);
        int (*score)(void) = library ? (int (*)(void)) dlsym(library, "ggml_backend_score") : 0;
        if (score && score() > best) { best = score(); code = library; }
    }
    if (dir) closedir(dir);
}
"""
LLAMA = """
void *ggml_backend_reg_by_name(const char *);
void *llama(void) { return ggml_backend_reg_by_name("CPU"); }
"""
VARIANT = """
int ggml_backend_score(void) {{ return {score}; }}
int ggml_backend_get_features(void) {{ return 1; }}
"""
LOAD = """
import ctypes, sys
from pathlib import Path
from latam_edge.runtime.llama.variants import ensure_cpu, loaded_variant, variant_folders
package = Path(sys.argv[1])
llama = ctypes.CDLL(str(package / "lib/libllama.so"))
print(ensure_cpu(llama, variant_folders(package)))
print(loaded_variant(llama))
"""


class FakeBuild:
    """A llama_cpp package whose libraries are real and tiny."""

    def __init__(self, folder: Path, compiler: str) -> None:
        self.package = folder / "llama_cpp"
        self._compiler = compiler
        lib = self.package / "lib"
        lib.mkdir(parents=True)
        # As the real ones: libllama needs libggml.so.0, found beside it; a copy has another name.
        self._compile(REGISTRY, lib / "libggml.so.0", "-Wl,-soname,libggml.so.0")
        shutil.copy(lib / "libggml.so.0", lib / "libggml.so")
        self._compile(LLAMA, lib / "libllama.so", str(lib / "libggml.so.0"), "-Wl,-rpath,$ORIGIN")

    def _compile(self, text: str, to: Path, *options: str) -> None:
        source = to.with_name(to.name + ".c")
        source.write_text(text)
        command = [self._compiler, "-shared", "-fPIC", "-w", "-o", str(to), str(source), *options, "-ldl"]
        subprocess.run(command, check=True, timeout=60)
        source.unlink()

    def variant(self, name: str, score: int, folder: str = "lib") -> None:
        place = (self.package / folder).resolve()
        place.mkdir(exist_ok=True)
        self._compile(VARIANT.format(score=score), place / f"libggml-cpu-{name}.so")

    def load(self) -> list[str]:
        """What a fresh process says: whether there is code for the processor, and which."""
        command = [sys.executable, "-P", "-c", LOAD, str(self.package)]
        done = subprocess.run(
            command, env=child_environment(), capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.split()


@pytest.fixture
def fake(tmp_path: Path) -> FakeBuild:
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "the machine that built llama-cpp-python has a C compiler"
    return FakeBuild(tmp_path / "sité packages", compiler)


def test_the_variant_with_the_best_score_is_loaded_and_named(fake: FakeBuild) -> None:
    fake.variant("x64", 1)
    fake.variant("haswell", 63)
    fake.variant("zen4", 0)
    assert fake.load() == ["True", "haswell"]


def test_variants_outside_the_package_reach_the_registry_that_libllama_uses(fake: FakeBuild) -> None:
    fake.variant("armv8.2_2", 7, folder="../bin")
    assert fake.load() == ["True", "armv8.2_2"]


def test_a_folder_where_nothing_fits_leads_on_to_the_next(fake: FakeBuild) -> None:
    fake.variant("zen4", 0)
    fake.variant("x64", 1, folder="../bin")
    assert fake.load() == ["True", "x64"]


def test_no_code_for_this_processor_is_said(fake: FakeBuild) -> None:
    fake.variant("zen4", 0)
    assert fake.load() == ["False"]


class Linked:
    """A libllama that shows nothing of its ggml."""

    def __getitem__(self, name: str) -> Any:
        raise AttributeError(name)


def test_a_library_that_shows_no_registry_is_taken_as_it_is(tmp_path: Path) -> None:
    assert ensure_cpu(Linked(), [tmp_path])
    assert loaded_variant(Linked()) == ""


# --- what the user is told ----------------------------------------------------------------


def test_an_ordinary_build_without_what_the_processor_has_is_noticed() -> None:
    flags = frozenset({"sse4_2", "avx", "avx2", "fma", "f16c"})
    features = parse_features("CPU : SSE3 = 1 | SSSE3 = 1 | AVX = 1 | LLAMAFILE = 1 | OPENMP = 1 | ")
    assert unused_extensions(flags, features) == ["AVX2", "FMA", "F16C"]


def test_a_raspberry_pi_5_whose_build_lacks_dotprod_is_noticed() -> None:
    flags = frozenset({"fp", "asimd", "asimdhp", "asimddp"})
    assert unused_extensions(flags, ["NEON", "ARM_FMA"]) == ["DOTPROD", "FP16_VA"]


def test_the_best_variant_of_a_sapphire_rapids_is_not_called_slow() -> None:
    flags = frozenset({"avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni"})
    features = ["AVX", "AVX2", "FMA", "F16C", "AVX512", "AVX512_VNNI"]
    assert unused_extensions(flags, features) == []
    assert unused_extensions(flags, features[:-2]) == ["AVX512", "AVX512_VNNI", "AVX_VNNI"]


def test_nothing_is_said_where_nobody_knows_the_processor() -> None:
    assert unused_extensions(frozenset(), ["SSE3"]) == []


def test_a_worker_that_dies_of_an_illegal_instruction_blames_the_build_and_not_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "m.gguf"
    config = EngineConfig(engine="echo")
    for number, error in ((4, EngineUnfit), (11, ModelRejected)):
        monkeypatch.setenv("LATAM_EDGE_TEST_SIGNAL", str(number))
        monkeypatch.setattr(clients, "child_environment", lambda: _with_trap(tmp_path))
        client = clients.Client(model, config)
        with pytest.raises(error):
            client.start()
        client.close()


def _with_trap(folder: Path) -> dict[str, str]:
    """The worker's environment with an echo engine that kills its process while loading."""
    trap = folder / "sitecustomize.py"
    trap.write_text(
        "import os\n"
        "from latam_edge.runtime.engines.echo import EchoEngine\n"
        "EchoEngine.load = lambda *_: os.kill(os.getpid(), int(os.environ['LATAM_EDGE_TEST_SIGNAL']))\n"
    )
    env = child_environment()
    env["PYTHONPATH"] = os.pathsep.join([str(folder), env.get("PYTHONPATH", "")])
    return env


class Kernel:
    """A C library whose getauxval answers for one processor."""

    def __init__(self, words: dict[int, int]) -> None:
        self._words = words

    def __getitem__(self, name: str) -> Any:
        assert name == "getauxval"

        def getauxval(kind: int) -> int:
            return self._words.get(kind, 0)

        return getauxval


@pytest.mark.parametrize(
    ("hwcap", "hwcap2", "flags"),
    [
        (0x8FF, 0, {"fp", "asimd"}),  # Raspberry Pi 4: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid
        (0x100FFF, 0, {"fp", "asimd", "fphp", "asimdhp", "asimddp"}),  # Raspberry Pi 5
        (0x500FFF, 0x2002, {"fp", "asimd", "fphp", "asimdhp", "asimddp", "sve", "sve2", "i8mm"}),
    ],
)
def test_an_arm_processor_is_known_by_what_the_kernel_tells_the_process(
    hwcap: int, hwcap2: int, flags: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: Kernel({16: hwcap, 26: hwcap2}))
    assert hardware._arm_flags() == flags
