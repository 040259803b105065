"""Making a bundle: what is on the stick, and that a second time writes only what changed."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from bundles import HERE, TARGET, noise, tree, write_bundle, write_wheel

from latam_edge.bundle import gather, layout, make, manifest, own_wheel, verify
from latam_edge.bundle.offer import look
from latam_edge.bundle.wheel import Wheel
from latam_edge.core.errors import (
    BadFile,
    BadPersona,
    BundleEngine,
    BundleGather,
    BundleMissing,
    DiskFull,
    UsageError,
)
from latam_edge.core.progress import Step


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    return [
        write_wheel(tmp_path / "w", "alfa", {"alfa/a.py": noise(3000)}),
        write_wheel(tmp_path / "w", "beta", {"beta/b.so": noise(5000, 1)}, licence="BSD-3-Clause"),
    ]


def test_a_bundle_holds_what_its_list_says_with_licences(
    tmp_path: Path, wheels: list[Path], tiny_model: Path
) -> None:
    made = write_bundle(tmp_path / "stick", wheels, models=[tiny_model])
    files = tree(tmp_path / "stick")
    listed = {item.path: item for item in made.manifest.files}
    assert files.keys() == listed.keys() | {layout.MANIFEST, layout.SIGNATURE}
    assert {"instalar.sh", "instalar.bat", "LEEME.txt", "LEIAME.txt", "README.txt"} <= files.keys()
    assert listed["latam-edge/wheels/beta-1.0-py3-none-any.whl"].licence == "BSD-3-Clause"
    assert all(len(files[path]) == item.size for path, item in listed.items())
    assert made.manifest.models[0].name == "tiny"


def test_every_name_on_the_stick_suits_fat32(tmp_path: Path, wheels: list[Path]) -> None:
    write_bundle(tmp_path / "stick", wheels)
    for path in (tmp_path / "stick").rglob("*"):
        assert layout.problem_with(path.relative_to(tmp_path / "stick").as_posix()) is None
        assert not path.is_symlink()


def test_the_windows_files_have_windows_line_ends_and_the_shell_script_has_not(
    tmp_path: Path, wheels: list[Path]
) -> None:
    write_bundle(tmp_path / "stick", wheels)
    files = tree(tmp_path / "stick")
    for name in ("instalar.bat", "LEEME.txt", "LEIAME.txt", "README.txt"):
        assert files[name].count(b"\n") == files[name].count(b"\r\n") > 5
    assert b"\r" not in files["instalar.sh"]


def test_a_second_time_writes_nothing(tmp_path: Path, wheels: list[Path], tiny_model: Path) -> None:
    first = write_bundle(tmp_path / "stick", wheels, models=[tiny_model])
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "stick").rglob("*")}
    second = write_bundle(tmp_path / "stick", wheels, models=[tiny_model])
    assert second.written == second.removed == ()
    assert second.manifest == first.manifest
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "stick").rglob("*")} == times


def test_only_what_changed_is_written_and_what_is_no_longer_wanted_goes(
    tmp_path: Path, wheels: list[Path]
) -> None:
    first = write_bundle(tmp_path / "stick", wheels)
    gamma = write_wheel(tmp_path / "w", "gamma")
    second = write_bundle(tmp_path / "stick", [wheels[0], gamma])
    assert second.written == ("latam-edge/wheels/gamma-1.0-py3-none-any.whl",)
    assert second.removed == ("latam-edge/wheels/beta-1.0-py3-none-any.whl",)
    assert second.manifest.serial > first.manifest.serial
    assert verify.verify(tmp_path / "stick").good


def test_a_file_that_went_bad_on_the_stick_is_written_again(tmp_path: Path, wheels: list[Path]) -> None:
    write_bundle(tmp_path / "stick", wheels)
    bad = tmp_path / "stick" / "latam-edge" / "wheels" / wheels[1].name
    data = bytearray(bad.read_bytes())
    data[100] ^= 1
    bad.write_bytes(data)
    assert write_bundle(tmp_path / "stick", wheels).written == (f"latam-edge/wheels/{wheels[1].name}",)
    assert verify.verify(tmp_path / "stick").good


def test_somebody_elses_files_stay(tmp_path: Path, wheels: list[Path]) -> None:
    own = tmp_path / "stick" / "latam-edge" / "tarea.doc"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    write_bundle(tmp_path / "stick", wheels)
    write_bundle(tmp_path / "stick", wheels[:1])
    assert own.read_bytes() == b"mine"


def test_a_file_of_the_users_own_with_a_name_that_the_bundle_needs_is_not_overwritten(
    tmp_path: Path, wheels: list[Path]
) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "README.txt").write_bytes(b"mine")
    with pytest.raises(BadFile, match=r"README\.txt"):
        write_bundle(folder, wheels)
    assert tree(folder) == {"README.txt": b"mine"}


def test_cut_short_it_can_not_be_installed_and_the_next_time_completes_it(
    tmp_path: Path, wheels: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "stick"
    write_bundle(folder, wheels[:1])
    real = make._write_one

    def pulled(place: Path, source: make.Source) -> None:
        (place / "latam-edge" / "wheels" / ".beta.whl.abc.part").write_bytes(b"half")
        raise DiskFull(path=place)

    monkeypatch.setattr(make, "_write_one", pulled)
    with pytest.raises(DiskFull):
        write_bundle(folder, wheels[1:])
    with pytest.raises(BundleMissing):
        look(folder)
    monkeypatch.setattr(make, "_write_one", real)
    made = write_bundle(folder, wheels[1:])
    assert made.removed == (f"latam-edge/wheels/{wheels[0].name}",)
    assert verify.verify(folder).good


def test_a_model_is_cut_into_parts_that_give_it_back(
    tmp_path: Path, wheels: list[Path], tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "PART_BYTES", 10_000)
    made = write_bundle(tmp_path / "stick", wheels, models=[tiny_model])
    (file,) = made.manifest.models[0].files
    assert len(file.parts) == -(-tiny_model.stat().st_size // 10_000) > 3
    joined = b"".join((tmp_path / "stick" / part).read_bytes() for part in file.parts)
    assert joined == tiny_model.read_bytes()
    assert all(made.manifest.item(part).size <= 10_000 for part in file.parts)


def test_no_part_reaches_the_limit_of_fat32() -> None:
    assert layout.PART_BYTES < layout.MAX_FILE_BYTES < 1 << 32


def test_the_embedded_model_need_not_be_asked_for(tmp_path: Path, wheels: list[Path]) -> None:
    with pytest.raises(UsageError):
        write_bundle(tmp_path / "stick", wheels, models=[Path("semilla")])


def test_texts_are_carried_along_and_a_name_that_no_stick_takes_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "maestra.txt").write_text("x", encoding="utf-8")
    (folder / "foto.exe").write_bytes(b"MZ")
    planner = make._Planner(lambda step: None)
    planner.texts(folder, folder)
    paths = {source.item.path for source in planner.plan().sources}
    assert {"latam-edge/personas/maestra.txt", "latam-edge/docs/maestra.txt"} <= paths
    assert not any(path.endswith(".exe") for path in paths)
    (folder / "qué?.txt").write_text("x", encoding="utf-8")
    with pytest.raises(BadFile):
        planner.texts(folder, None)
    (folder / "qué?.txt").write_bytes(b"\xff")  # a persona that no chat could use
    with pytest.raises(BadPersona):
        planner.texts(folder, None)


def test_progress_counts_to_the_end(tmp_path: Path, wheels: list[Path]) -> None:
    steps: list[Step] = []
    planner = make._Planner(steps.append)
    planner.packages(HERE, wheels)
    make.write(tmp_path / "stick", planner.plan(), None, steps.append)
    last = [step for step in steps if step.key == "bundle.writing"][-1]
    assert last.done == last.total > 0


def test_the_same_list_always_gives_the_same_bytes(tmp_path: Path, wheels: list[Path]) -> None:
    made = write_bundle(tmp_path / "stick", wheels)
    data = (tmp_path / "stick" / layout.MANIFEST).read_bytes()
    assert manifest.encode(manifest.decode(data, tmp_path)) == data == manifest.encode(made.manifest)


# --- our own wheel ---------------------------------------------------------------------


def test_our_own_wheel_is_whole_and_always_the_same(tmp_path: Path) -> None:
    first, second = own_wheel.pack(tmp_path / "1"), own_wheel.pack(tmp_path / "2")
    assert first.read_bytes() == second.read_bytes()
    with Wheel(first) as wheel:
        about = wheel.about()
        names = {entry.filename for entry in wheel.entries}
        wheel.extract(tmp_path / "lib", about.unpacked)
    assert (about.name, about.licence) == ("latam-edge", "Apache-2.0")
    assert {"latam_edge/assets/semilla.gguf", "tui/app.py", "quant/rtn.py", "convert/__init__.py"} <= names
    assert not any("__pycache__" in name for name in names)
    assert (tmp_path / "lib" / "latam_edge" / "bundle" / "files" / "instalar.sh").exists()
    assert zipfile.ZipFile(first).testzip() is None


def test_the_requirements_are_those_of_a_chat() -> None:
    text = " ".join(own_wheel.requirements())
    assert "llama-cpp-python" in text
    assert "torch" not in text


# --- pip -------------------------------------------------------------------------------


class Pip:
    """Stands for pip: has some wheels without a network and more with it."""

    def __init__(self, local: bool, network: bool, missing: str = "jinja2>=3.1.4") -> None:
        self.local, self.network = local, network
        self.missing = missing
        self.calls: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        good = self.local if "--no-index" in command else self.network
        if good:
            write_wheel(Path(command[command.index("--dest") + 1]), "alfa")
        error = "" if good else f"ERROR: x\nERROR: No matching distribution found for {self.missing}\n"
        return subprocess.CompletedProcess(list(command), 0 if good else 1, "", error)


def test_the_network_is_only_used_for_what_is_not_here() -> None:
    pip, said = Pip(local=True, network=True), []
    found = gather.wheels(TARGET, [Path("mine")], offline=False, say=said.append, run=pip)
    assert [path.name for path in found] == ["alfa-1.0-py3-none-any.whl"]
    assert said == []
    assert len(pip.calls) == 1
    assert pip.calls[0][pip.calls[0].index("--find-links") + 1] == "mine"


def test_when_something_is_missing_the_user_is_told_before_the_network_is_used() -> None:
    pip, said = Pip(local=False, network=True), []
    gather.wheels(TARGET, [], offline=False, say=said.append, run=pip)
    assert said == [str(TARGET)]
    assert ["--no-index" in call for call in pip.calls] == [True, False]


def test_offline_means_offline_and_pip_says_what_is_missing() -> None:
    pip = Pip(local=False, network=True)
    with pytest.raises(BundleGather, match="jinja2"):
        gather.wheels(TARGET, [], offline=True, say=lambda target: None, run=pip)
    assert len(pip.calls) == 1


def test_when_the_engine_is_missing_the_command_that_compiles_it_is_told() -> None:
    pip = Pip(local=False, network=False, missing="llama-cpp-python==0.3.36")
    with pytest.raises(BundleEngine) as caught:
        gather.wheels(TARGET, [], offline=False, say=lambda target: None, run=pip)
    said = str(caught.value)
    assert f"-m latam_edge.bundle.runtime_wheel --platform {TARGET.platform} --out paquetes" in said
    assert "--wheels paquetes" in said


def test_what_was_fetched_before_survives_a_failure() -> None:
    gather.wheels(TARGET, [], offline=False, say=lambda target: None, run=Pip(local=True, network=True))
    with pytest.raises(BundleGather):
        gather.wheels(TARGET, [], offline=False, say=lambda target: None, run=Pip(False, False))
    assert [path.name for path in gather.cache(TARGET).iterdir()] == ["alfa-1.0-py3-none-any.whl"]
