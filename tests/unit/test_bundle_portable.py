"""The portable wheel: variants in the package, every library once, RECORD true, what's missing refused."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from latam_edge.bundle import elf, portable
from latam_edge.bundle.runtime_wheel import FLAGS, SOURCE_SHA256, build, main, prepare
from latam_edge.bundle.wheel import Wheel
from latam_edge.core.errors import BundleGather, BundleWheel

PLATFORM = "linux-x86_64"
INFO = "llama_cpp_python-0.3.36.dist-info"

Compile = Callable[..., bytes]


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    """Make a small library: compiled(soname, *names of libraries that it needs) -> its bytes."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "the machine that built llama-cpp-python has a C compiler"
    folder = tmp_path / "libraries"
    folder.mkdir()
    source = folder / "empty.c"
    source.write_text("int nothing;\n")

    def make(soname: str, *needed: str) -> bytes:
        path = folder / soname
        command = [compiler, "-shared", "-nostdlib", "-o", str(path), str(source), f"-Wl,-soname,{soname}"]
        links = [str(folder / name) for name in needed]
        subprocess.run([*command, "-Wl,--no-as-needed", *links], check=True, timeout=60)
        return path.read_bytes()

    return make


def wheel(path: Path, files: dict[str, bytes]) -> Path:
    """A wheel with a true RECORD."""
    path.parent.mkdir(parents=True, exist_ok=True)
    record = io.StringIO()
    rows = csv.writer(record)
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.writerow((name, f"sha256={digest}", len(data)))
    rows.writerow((f"{INFO}/RECORD", "", ""))
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**files, f"{INFO}/RECORD": record.getvalue().encode()}.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def as_pip_builds(tmp_path: Path, compiled: Compile) -> dict[str, bytes]:
    """The files of a wheel as pip builds it with the flags alone."""
    gomp = compiled("libgomp.so.1")
    (tmp_path / "libgomp.so.1").write_bytes(gomp)
    base = compiled("libggml-base.so.0", "libgomp.so.1")
    ggml = compiled("libggml.so.0", "libggml-base.so.0")
    llama = compiled("libllama.so.0", "libggml.so.0", "libggml-base.so.0")
    variant = compiled("variant", "libggml-base.so.0", "libgomp.so.1")
    files = {
        "llama_cpp/__init__.py": b"",
        f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: llama_cpp_python\nVersion: 0.3.36\n",
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-linux_x86_64\n",
        "include/llama.h": b"x",
    }
    for stem, data in (("libllama", llama), ("libggml", ggml), ("libggml-base", base)):
        for suffix in ("", ".0", ".0.25.3"):
            files[f"llama_cpp/lib/{stem}.so{suffix}"] = files[f"lib/{stem}.so{suffix}"] = data
    files.update({f"bin/libggml-cpu-{name}.so": variant for name in portable.VARIANTS[PLATFORM]})
    return files


@pytest.fixture
def built(tmp_path: Path, as_pip_builds: dict[str, bytes]) -> Path:
    return wheel(tmp_path / "built/llama_cpp_python-0.3.36-py3-none-linux_x86_64.whl", as_pip_builds)


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_the_repaired_wheel_holds_each_library_once_with_all_variants_beside_them(
    tmp_path: Path, built: Path
) -> None:
    path = portable.repair(built, tmp_path / "out", PLATFORM, runtime=[tmp_path / "libgomp.so.1"])
    assert path.name == "llama_cpp_python-0.3.36-1portable-py3-none-linux_x86_64.whl"
    libraries = {name.removeprefix("llama_cpp/lib/") for name in names(path) if ".so" in name}
    variants = {f"libggml-cpu-{name}.so" for name in portable.VARIANTS[PLATFORM]}
    # libllama and libggml are opened by file name; what they need is found under its SONAME.
    assert libraries == variants | {
        "libllama.so",
        "libggml.so",
        "libggml.so.0",
        "libggml-base.so.0",
        "libgomp.so.1",
    }
    assert not [name for name in names(path) if name.startswith(("bin/", "lib/", "include/"))]
    assert portable.check(path, PLATFORM).problems == ()
    with zipfile.ZipFile(path) as archive:
        assert b"GCC Runtime Library Exception" in archive.read(f"{INFO}/licenses/libgomp.txt")
        assert b"Build: 1portable" in archive.read(f"{INFO}/WHEEL")
        assert set(json.loads(archive.read(portable.FACTS))["variants"]) == portable.VARIANTS[PLATFORM]


def test_the_new_record_is_true_for_every_file(tmp_path: Path, built: Path) -> None:
    path = portable.repair(built, tmp_path / "out", PLATFORM, runtime=[tmp_path / "libgomp.so.1"])
    with Wheel(path) as checked:
        checked.extract(tmp_path / "site", 10**9)
    assert (tmp_path / "site/llama_cpp/lib/libggml-cpu-haswell.so").is_file()


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, built: Path) -> None:
    runtime = [tmp_path / "libgomp.so.1"]
    first = portable.repair(built, tmp_path / "a", PLATFORM, runtime=runtime)
    again = portable.repair(first, tmp_path / "b", PLATFORM, runtime=runtime)
    once_more = portable.repair(built, tmp_path / "c", PLATFORM, runtime=runtime)
    assert first.read_bytes() == once_more.read_bytes()
    assert names(first) == names(again), "a portable wheel stays as it is"


def test_a_wheel_without_one_of_the_variants_is_refused(
    tmp_path: Path, as_pip_builds: dict[str, bytes]
) -> None:
    del as_pip_builds["bin/libggml-cpu-sse42.so"]
    path = wheel(tmp_path / "w.whl", as_pip_builds)
    with pytest.raises(BundleWheel, match="missing variants: sse42"):
        portable.repair(path, tmp_path / "out", PLATFORM, runtime=[tmp_path / "libgomp.so.1"])
    assert not (tmp_path / "out").exists()


def test_a_library_that_no_system_without_a_compiler_has_must_be_packed(tmp_path: Path, built: Path) -> None:
    with pytest.raises(BundleWheel, match=r"libggml-base\.so\.0 needs libgomp\.so\.1"):
        portable.repair(built, tmp_path / "out", PLATFORM)


def test_a_library_for_another_machine_is_refused(tmp_path: Path, as_pip_builds: dict[str, bytes]) -> None:
    name = "bin/libggml-cpu-zen4.so"
    data = bytearray(as_pip_builds[name])
    data[18:20] = (183).to_bytes(2, "little")  # e_machine: AArch64
    path = wheel(tmp_path / "w.whl", {**as_pip_builds, name: bytes(data)})
    with pytest.raises(BundleWheel, match="for another machine: llama_cpp/lib/libggml-cpu-zen4"):
        portable.repair(path, tmp_path / "out", PLATFORM, runtime=[tmp_path / "libgomp.so.1"])


def test_an_ordinary_build_is_not_taken_for_a_portable_one(
    tmp_path: Path, as_pip_builds: dict[str, bytes], compiled: Compile
) -> None:
    files = {name: data for name, data in as_pip_builds.items() if not name.startswith("bin/")}
    cpu = compiled("libggml-cpu.so.0")
    files["llama_cpp/lib/libggml-cpu.so"] = files["llama_cpp/lib/libggml-cpu.so.0"] = cpu
    problems = portable.check(wheel(tmp_path / "w.whl", files), PLATFORM).problems
    assert any(problem.startswith("an ordinary build") for problem in problems)
    assert any(problem.startswith("missing variants") for problem in problems)


def test_another_package_is_refused(tmp_path: Path, as_pip_builds: dict[str, bytes]) -> None:
    as_pip_builds[f"{INFO}/METADATA"] = b"Metadata-Version: 2.1\nName: numpy\nVersion: 0.3.36\n"
    with pytest.raises(BundleWheel, match="numpy"):
        portable.repair(wheel(tmp_path / "w.whl", as_pip_builds), tmp_path / "out", PLATFORM)


# --- ELF ---------------------------------------------------------------------------------


def test_a_library_tells_its_name_and_what_it_needs(compiled: Compile) -> None:
    compiled("libone.so.1")
    compiled("libtwo.so.2")
    found = elf.read(compiled("libthree.so.3", "libone.so.1", "libtwo.so.2"))
    assert found is not None
    assert (found.soname, found.needed) == ("libthree.so.3", ("libone.so.1", "libtwo.so.2"))


def test_every_cut_of_a_library_is_read_or_refused_and_never_a_fault(compiled: Compile) -> None:
    data = compiled("libone.so.1")
    whole = elf.read(data)
    for length in range(0, len(data), 61):
        assert elf.read(data[:length]) in (None, whole)


# --- the script ----------------------------------------------------------------------------


def test_another_source_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "llama_cpp_python-0.3.36.tar.gz"
    source.write_bytes(b"something else")
    with pytest.raises(BundleGather, match="sha256"):
        build(PLATFORM, tmp_path / "out", tmp_path / "work", source=source)


def test_variants_that_the_compiler_cannot_make_are_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text('set(LLAMA_BUILD_COMMON ON CACHE BOOL "x" FORCE)\n')
    inner = tmp_path / "vendor/llama.cpp/ggml/src/CMakeLists.txt"
    inner.parent.mkdir(parents=True)
    text = (
        "ggml_add_cpu_backend_variant(armv8.6_2    DOTPROD SVE2)\n"
        "    ggml_add_cpu_backend_variant(armv9.2_1    DOTPROD SME)\n"
        "    ggml_add_cpu_backend_variant(apple_m4     NOSVE SME)\n"
    )
    inner.write_text(text)
    assert prepare(tmp_path, sme=True) == []
    assert inner.read_text() == text
    assert prepare(tmp_path, sme=False) == ["armv9.2_1"]
    assert [line[0] for line in inner.read_text().splitlines()] == ["g", "#", " "]
    assert prepare(tmp_path, sme=False) == ["armv9.2_1"], "a run that goes on says the same"
    assert [line[0] for line in inner.read_text().splitlines()] == ["g", "#", " "]
    assert "LLAMA_BUILD_COMMON OFF" in (tmp_path / "CMakeLists.txt").read_text()


def test_the_script_repairs_a_wheel_and_says_what_it_needs(
    tmp_path: Path, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--repair", str(built), "--out", str(tmp_path / "out"), "--platform", PLATFORM])
    said = capsys.readouterr()
    assert status == 0, said.err
    assert "1portable" in said.out
    assert "sandybridge" in said.out


def test_the_script_ends_with_a_reason_when_there_is_no_compiler_for_the_platform(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path), "--work", str(tmp_path / "w"), "--platform", "macos-arm64"]) == 3
    assert "LE-161" in capsys.readouterr().err


def test_flags_and_source_are_pinned() -> None:
    assert "-DGGML_NATIVE=OFF" in FLAGS
    assert len(SOURCE_SHA256) == 64
