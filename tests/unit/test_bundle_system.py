"""What the packages expect of the operating system is asked before anything is in force."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from bundles import write_bundle, write_wheel

from latam_edge.bundle import install, places, system
from latam_edge.bundle.offer import look
from latam_edge.core import system_libraries
from latam_edge.core.errors import BundleLibrary, BundleSystem, EngineLibrary

Compiled = Callable[..., bytes]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """compiled(soname, *needed) -> a small library that needs libraries of these names, and the C library."""
    folder = tmp_path_factory.mktemp("compiled")

    def build(soname: str, *needed: str) -> bytes:
        source = folder / "x.c"
        source.write_text('#include <stdio.h>\nint answer(void) { return puts("x"); }\n', encoding="utf-8")
        stubs = []
        for name in needed:
            stub = folder / name
            command = ["cc", "-shared", "-fPIC", "-o", str(stub), f"-Wl,-soname,{name}", str(source)]
            subprocess.run(command, check=True)
            stubs.append(str(stub))
        made = folder / soname
        command = ["cc", "-shared", "-fPIC", "-Wl,--no-as-needed", "-o", str(made), f"-Wl,-soname,{soname}"]
        subprocess.run([*command, str(source), *stubs], check=True)
        return made.read_bytes()

    return build


def put(folder: Path, **files: bytes) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / f"{name}.so").write_bytes(data)
    return folder


def test_what_the_system_has_or_comes_along_is_fine(tmp_path: Path, compiled: Compiled) -> None:
    folder = put(tmp_path / "lib", uno=compiled("uno.so", "dos.so"), dos=compiled("dos.so"))
    system.require(folder)


def test_a_missing_library_is_named_with_its_package(tmp_path: Path, compiled: Compiled) -> None:
    folder = put(tmp_path / "lib", uno=compiled("uno.so", "libno-such-thing.so.6"))
    with pytest.raises(BundleLibrary) as caught:
        system.require(folder)
    assert "libno-such-thing.so.6" in str(caught.value)
    system.require(folder, "win32")


def test_the_c_plus_plus_library_is_called_by_its_package(
    tmp_path: Path, compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A root with Python alone lacks it."""
    monkeypatch.setattr(system_libraries, "missing", lambda names: sorted({*names} & {"libstdc++.so.6"}))
    folder = put(tmp_path / "lib", uno=compiled("uno.so", "libstdc++.so.6"))
    with pytest.raises(BundleLibrary) as caught:
        system.require(folder)
    assert "sudo apt install libstdc++6" in str(caught.value)


@pytest.mark.parametrize("found", [(2, 1), None])
def test_an_older_or_another_c_library_is_told(
    tmp_path: Path, compiled: Compiled, monkeypatch: pytest.MonkeyPatch, found: tuple[int, ...] | None
) -> None:
    monkeypatch.setattr(system_libraries, "glibc", lambda: found)
    folder = put(tmp_path / "lib", uno=compiled("uno.so"))
    with pytest.raises(BundleSystem) as caught:
        system.require(folder)
    assert ("glibc 2.1" in str(caught.value)) == (found is not None)


def test_what_is_no_library_is_passed_over(tmp_path: Path) -> None:
    folder = put(tmp_path / "lib", roto=b"\x7fELF\x02\x01 no more", texto=b"INPUT(libc.so.6)")
    (folder / "nada.sobre").write_bytes(b"")
    system.require(folder)
    assert system_libraries.glibc() is not None


def test_an_installation_that_could_not_run_leaves_nothing(
    tmp_path: Path, home: Path, compiled: Compiled
) -> None:
    wheel = write_wheel(tmp_path / "w", "alfa", {"alfa/a.so": compiled("a.so", "libno-such-thing.so.6")})
    write_bundle(tmp_path / "stick", [wheel])
    with pytest.raises(BundleLibrary):
        install.install(look(tmp_path / "stick"))
    assert places.load_state(places.user_places()) is None
    assert not (home / "bin" / "latam-edge").exists()
    assert not (home / "data" / "app" / "versions").exists()


def test_the_engine_names_the_package_when_a_library_went_missing_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from latam_edge.runtime.llama import native

    said = "Failed to load shared library: libstdc++.so.6: cannot open shared object file: No such file"

    def broken(name: str) -> object:
        raise RuntimeError(said)

    native.library.cache_clear()
    monkeypatch.setattr(native, "import_module", broken)
    with pytest.raises(EngineLibrary) as caught:
        native.library()
    assert "libstdc++6" in str(caught.value)
    native.library.cache_clear()


def test_the_loaders_complaints_are_read() -> None:
    lost = OSError("libgomp.so.1: cannot open shared object file: No such file or directory")
    assert system_libraries.named_in(lost) == "libgomp.so.1"
    assert system_libraries.packages(["libgomp.so.1", "libstdc++.so.6"]) == "libgomp1 libstdc++6"
    assert system_libraries.named_in(OSError("invalid ELF header")) == ""
    assert system_libraries.missing(["libc.so.6", "libno-such-thing.so.1"]) == ["libno-such-thing.so.1"]
