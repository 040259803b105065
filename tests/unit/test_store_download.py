"""Downloads by name, against a hub on this machine: whole, continued, checked, or a clear reason."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from latam_edge.cli.main import main
from latam_edge.cli.models import rate
from latam_edge.core import paths
from latam_edge.core.errors import ChecksumMismatch, DownloadFailed, NotGGUF, UsageError
from latam_edge.core.progress import Step
from latam_edge.store import download
from latam_edge.store.download import Remote, Wanted
from latam_edge.store.library import Library

REPO = "escuela/modelo-GGUF"
Capture = pytest.CaptureFixture[str]


@dataclass
class Hub:
    """A hub on 127.0.0.1 with one repository."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: int | None = None
    """Bytes after which a connection breaks; None: never."""
    ranges: bool = True
    """Whether it can start in the middle of a file."""
    status: int | None = None
    """Answers every file with this."""
    wrong_sha256: bool = False
    redirect: str | None = None
    """Where it sends who asks for a file."""
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """(path, Range header) of every request."""
    url: str = ""


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append((path, self.headers.get("Range")))
            if path == f"/api/models/{REPO}/tree/main":
                self.answer(200, json.dumps(listing(hub)).encode())
            elif path.startswith(f"/{REPO}/resolve/main/"):
                self.send_file(hub.files.get(path.split("/main/")[1]))
            else:
                self.answer(404, b"")

        def send_file(self, data: bytes | None) -> None:
            if hub.status is not None or data is None:
                self.answer(hub.status or 404, b"")
            elif hub.redirect is not None:
                self.send_response(302)
                self.send_header("Location", hub.redirect)
                self.end_headers()
            else:
                wanted = self.headers.get("Range")
                start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and hub.ranges else 0
                self.send_response(206 if start else 200)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                end = len(data) if hub.cut_after is None else start + hub.cut_after
                self.wfile.write(data[start:end])
                self.close_connection = True

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def listing(hub: Hub) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"type": "directory", "path": "x.gguf"},
        {"type": "file", "path": "README.md", "size": 3},
    ]
    for name, data in hub.files.items():
        oid = "0" * 64 if hub.wrong_sha256 else hashlib.sha256(data).hexdigest()
        rows.append({"type": "file", "path": name, "size": len(data), "lfs": {"oid": oid, "size": len(data)}})
    return rows


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub({"modelo-Q4_0.gguf": tiny_model.read_bytes()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(hub))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("LATAM_EDGE_HUB", hub.url)
    monkeypatch.setattr(download, "PAUSE_S", 0.001)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield hub
    server.shutdown()
    server.server_close()
    thread.join()


def parts() -> list[Path]:
    folder = paths.cache_dir() / "downloads"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_model_is_downloaded_checked_and_registered(hub: Hub, tiny_model: Path) -> None:
    steps: list[Step] = []
    entry = download.add(Library(), Wanted(REPO), progress=steps.append)
    assert entry.name == "modelo-Q4_0"
    assert entry.path.read_bytes() == tiny_model.read_bytes()
    assert Library().info(entry.name)["source"] == f"{REPO}:modelo-Q4_0.gguf"
    assert {"models.downloading", "models.hashing"} <= {step.key for step in steps}
    assert parts() == []


def test_a_connection_that_breaks_again_and_again_is_continued(hub: Hub, tiny_model: Path) -> None:
    hub.cut_after = 10_000
    entry = download.add(Library(), Wanted(REPO))
    assert entry.path.read_bytes() == tiny_model.read_bytes()
    starts = [wanted for path, wanted in hub.asked if "/resolve/" in path]
    assert starts[:3] == [None, "bytes=10000-", "bytes=20000-"]


def test_what_an_earlier_run_downloaded_is_kept_and_continued(hub: Hub, tiny_model: Path) -> None:
    def interrupt(step: Step) -> None:
        raise KeyboardInterrupt

    hub.cut_after = 10_000
    with pytest.raises(KeyboardInterrupt):
        download.add(Library(), Wanted(REPO), progress=interrupt)
    (part,) = parts()
    have = part.stat().st_size
    assert 0 < have < tiny_model.stat().st_size
    hub.cut_after = None
    hub.asked.clear()
    download.add(Library(), Wanted(REPO))
    assert hub.asked[1][1] == f"bytes={have}-"
    assert parts() == []


def test_a_download_can_be_kept_slow_enough_for_others(hub: Hub, tiny_model: Path) -> None:
    begin = time.monotonic()
    download.add(Library(), Wanted(REPO), max_rate=150_000)
    assert time.monotonic() - begin >= 0.9 * tiny_model.stat().st_size / 150_000


@pytest.mark.parametrize(("text", "expected"), [("500k", 5e5), ("1,5M", 1.5e6), ("20000", 2e4)])
def test_a_rate_is_read_as_people_write_it(text: str, expected: float) -> None:
    assert rate(text) == expected


@pytest.mark.parametrize("text", ["", "k", "fast", "-5k", "0", "nanM", "10"])
def test_a_rate_that_can_not_be_is_wrong_usage(text: str, capsys: Capture) -> None:
    assert main(["models", "add", REPO, f"--max-rate={text}"]) == 2
    assert "--max-rate" in capsys.readouterr().err


def test_a_server_that_can_not_continue_sends_it_all_again(hub: Hub, tiny_model: Path) -> None:
    remote = download.choose(download.listing(Wanted(REPO)), Wanted(REPO))
    folder = paths.cache_dir() / "downloads"
    folder.mkdir(parents=True)
    (folder / f"{remote.sha256}.part").write_bytes(tiny_model.read_bytes()[:5000])
    hub.ranges = False
    entry = download.add(Library(), Wanted(REPO))
    assert entry.path.read_bytes() == tiny_model.read_bytes()


def test_a_server_that_brings_nothing_is_given_up_with_a_reason(hub: Hub) -> None:
    hub.cut_after = 0
    with pytest.raises(DownloadFailed, match="se corta"):
        download.add(Library(), Wanted(REPO))
    assert len([1 for path, _ in hub.asked if "/resolve/" in path]) == download.ATTEMPTS


@pytest.mark.parametrize(("status", "tries"), [(403, 1), (404, 1), (503, 5)])
def test_a_refusal_is_told_and_only_a_passing_one_tried_again(status: int, tries: int, hub: Hub) -> None:
    hub.status = status
    with pytest.raises(DownloadFailed, match=str(status)):
        download.add(Library(), Wanted(REPO))
    assert len([1 for path, _ in hub.asked if "/resolve/" in path]) == tries


def test_content_that_is_not_what_the_hub_listed_is_refused_and_not_kept(hub: Hub) -> None:
    hub.wrong_sha256 = True
    with pytest.raises(ChecksumMismatch):
        download.add(Library(), Wanted(REPO))
    assert [entry.name for entry in Library().list() if not entry.embedded] == []
    assert parts() == []


def test_a_file_that_is_no_model_is_refused_at_its_first_bytes(hub: Hub) -> None:
    hub.files = {"modelo.gguf": b"<html>" * 100_000}
    with pytest.raises(NotGGUF):
        download.add(Library(), Wanted(REPO))


def test_without_a_network_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch, hub: Hub, capsys: Capture
) -> None:
    monkeypatch.setenv("LATAM_EDGE_HUB", "http://127.0.0.1:1")
    assert main(["models", "add", REPO]) == 1
    said = capsys.readouterr().err
    assert "LE-206" in said
    assert "USB" in said


def test_an_address_that_is_not_https_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.redirect = "http://example.org/modelo.gguf"
    with pytest.raises(UsageError, match="https"):
        download.add(Library(), Wanted(REPO))
    monkeypatch.setenv("LATAM_EDGE_HUB", "http://example.org")
    with pytest.raises(UsageError, match="https"):
        download.hub()
    monkeypatch.setenv("LATAM_EDGE_HUB", "file:///etc")
    with pytest.raises(UsageError, match="https"):
        download.hub()


def test_the_command_line_downloads_and_says_from_where(hub: Hub, capsys: Capture) -> None:
    assert main(["models", "add", f"{REPO}:modelo-Q4_0.gguf", "--name", "escuela", "--default"]) == 0
    assert "127.0.0.1" in capsys.readouterr().err
    assert Library().default() == "escuela"


def test_a_file_that_exists_is_meant_even_when_it_reads_like_a_repository(
    hub: Hub, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dueño").mkdir()
    (tmp_path / "dueño" / "modelo").write_bytes(tiny_model.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main(["models", "add", "dueño/modelo"]) == 0
    assert hub.asked == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/b", Wanted("a/b")),
        ("a/b:c.gguf", Wanted("a/b", "c.gguf")),
        ("a/b:d/c-Q4_0.gguf@v1", Wanted("a/b", "d/c-Q4_0.gguf", "v1")),
        ("a/b@v1", Wanted("a/b", None, "v1")),
        ("a/b.gguf", None),
        ("./a/b", None),
        ("/a/b", None),
        ("~/a", None),
        ("../a", None),
        ("a", None),
        ("a/b/c", None),
        ("https://huggingface.co/a/b", Wanted("a/b")),
        ("https://huggingface.co/a/b/tree/main", Wanted("a/b")),
        ("https://huggingface.co/a/b/blob/main/c.gguf", Wanted("a/b", "c.gguf")),
        ("https://huggingface.co/a/b/resolve/v1/d/c.gguf?download=true", Wanted("a/b", "d/c.gguf", "v1")),
        ("https://huggingface.co/a/b/blob/main/%C3%B1.gguf", Wanted("a/b", "ñ.gguf")),
    ],
)
def test_a_name_is_told_from_a_path(text: str, expected: Wanted | None) -> None:
    assert download.parse(text) == expected


@pytest.mark.parametrize(
    "address",
    [
        "https://x/y",
        "https://huggingface.co/a",
        "https://huggingface.co.example.org/a/b",
        "http://huggingface.co/a/b",
    ],
)
def test_an_address_elsewhere_is_refused_with_what_would_work(address: str, capsys: Capture) -> None:
    assert main(["models", "add", address]) == 2
    assert "huggingface.co" in capsys.readouterr().err


def remote(path: str) -> Remote:
    return Remote(path, 1, None)


Choice = Callable[..., Remote]


def test_the_most_suitable_file_is_taken() -> None:
    files = [remote(f"m-{kind}.gguf") for kind in ("F16", "IQ4_0_X", "Q8_0", "Q4_K_M", "q4_0")]
    assert download.choose(files, Wanted("a/b")).path == "m-q4_0.gguf"
    assert download.choose(files, Wanted("a/b", "m-F16.gguf")).path == "m-F16.gguf"
    assert download.choose([remote("only-F16.gguf")], Wanted("a/b")).path == "only-F16.gguf"


def test_a_choice_that_can_not_be_made_lists_what_there_is() -> None:
    files = [remote("m-F16.gguf"), remote("m-F32.gguf")]
    with pytest.raises(DownloadFailed, match=r"m-F32\.gguf"):
        download.choose(files, Wanted("a/b"))
    with pytest.raises(DownloadFailed, match=r"m-F32\.gguf"):
        download.choose(files, Wanted("a/b", "x.gguf"))
    with pytest.raises(DownloadFailed, match="GGUF"):
        download.choose([], Wanted("a/b"))


def test_a_model_in_several_pieces_is_not_offered(hub: Hub) -> None:
    hub.files = {"m-00001-of-00002.gguf": b"GGUF", "m-00002-of-00002.gguf": b"GGUF"}
    assert download.listing(Wanted(REPO)) == []
