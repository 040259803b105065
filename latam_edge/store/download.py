"""Fetch a model by name from a hub: "owner/repository" or "owner/repository:file.gguf".

The only code here that opens a network connection, and only when the user asked
for a download by name. HTTPS always (plain HTTP to this very machine aside, for
tests and mirrors); an interrupted download goes on where it stopped; the file's
sha256 comes from the hub's listing and is checked before the file is registered.

The hub's listing (`/api/models/REPO/tree/REVISION`) and file addresses
(`/REPO/resolve/REVISION/FILE`) are those of https://huggingface.co/docs/hub/api;
LATAM_EDGE_HUB names a mirror with the same ones.
"""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from latam_edge.core import paths
from latam_edge.core.atomic import disk_errors
from latam_edge.core.errors import ChecksumMismatch, DownloadFailed, NotGGUF, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.formats.gguf import MAGIC
from latam_edge.store import copying

if TYPE_CHECKING:
    from latam_edge.store.entry import Entry
    from latam_edge.store.library import Library

HUB = "https://huggingface.co"
TIMEOUT_S = 30.0
"""Longest silence of the other side before a connection is given up."""
ATTEMPTS = 5
"""Connections in a row that may bring nothing before the download is given up."""
PAUSE_S = 1.0
"""Wait before the first new attempt; doubles with each."""
PIECE_BYTES = 1 << 18
MAX_LISTING_BYTES = 8 << 20

PREFERRED = ("Q4_0", "Q4_K_M", "Q4_K_S", "Q5_K_M", "Q8_0")
"""Which file to take when a repository has several: 4 bits first, the fastest kind on old machines."""

_SPEC = re.compile(r"(?P<repo>[\w.\-]+/[\w.\-]+?)(?::(?P<file>[^:@]+\.gguf))?(?:@(?P<revision>[\w.\-/]+))?")
_ADDRESS = re.compile(
    r"/(?P<repo>[\w.\-]+/[\w.\-]+)"
    r"(?:/(?:resolve|blob)/(?P<revision>[\w.\-]+)/(?P<file>[^?#]+\.gguf)|/tree/main)?/?(?:[?#].*)?"
)
_PIECE_OF_MANY = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for."""

    repo: str
    """"owner/repository"."""
    file: str | None = None
    """Path inside it; None: the most suitable one."""
    revision: str = "main"

    def __str__(self) -> str:
        return f"{self.repo}:{self.file}" if self.file else self.repo


@dataclass(frozen=True, slots=True)
class Remote:
    """A file as the hub lists it."""

    path: str
    """Inside the repository."""
    file_bytes: int
    sha256: str | None
    """None for a small file that the hub keeps in git itself."""


def parse(text: str) -> Wanted | None:
    """What `text` asks for; None when it does not read like a download's name (a path does not).

    An address copied from the browser is understood too. Raises UsageError when it is not the hub's."""
    if text.startswith(("https://", "http://")):
        found = _ADDRESS.fullmatch(text.removeprefix(hub()))
        if found is None:
            raise UsageError(detail=t("models.download.other_address", host=host()))
        file = unquote(found["file"]) if found["file"] else None
        return Wanted(found["repo"], file, found["revision"] or "main")
    found = _SPEC.fullmatch(text)
    if found is None or text.startswith((".", "/", "~")) or found["repo"].lower().endswith(".gguf"):
        return None
    return Wanted(found["repo"], found["file"], found["revision"] or "main")


def hub() -> str:
    """Address of the hub. Raises UsageError when it is not HTTPS."""
    return _checked(os.environ.get("LATAM_EDGE_HUB") or HUB).rstrip("/")


def host() -> str:
    """The hub's name, to tell the user who will be asked."""
    return urlsplit(hub()).netloc


def add(
    library: Library,
    wanted: Wanted,
    name: str | None = None,
    progress: Progress = silent,
    *,
    sha256: str | None = None,
    max_rate: float | None = None,
) -> Entry:
    """Download and register. Raises DownloadFailed, and what `Library.add` raises.

    max_rate: bytes per second at most, so that others can use the link too."""
    remote = choose(listing(wanted), wanted)
    expected = sha256 or remote.sha256
    folder = paths.cache_dir() / "downloads"
    path = fetch(wanted, remote, folder, progress, max_rate=max_rate)
    try:
        source = f"{wanted.repo}:{remote.path}"
        entry = library.add(path, name or _name(remote), progress, move=True, source=source, sha256=expected)
    except ChecksumMismatch:
        path.unlink(missing_ok=True)  # what can't be right must not be continued next time
        raise
    path.unlink(missing_ok=True)
    return entry


def _name(remote: Remote) -> str | None:
    """A name for the model from its file's, as the downloaded file itself is named after its content."""
    from latam_edge.store import names

    return names.sanitize(Path(remote.path).stem) or None


def listing(wanted: Wanted) -> list[Remote]:
    """The repository's model files, split ones aside. Raises DownloadFailed."""
    url = f"{hub()}/api/models/{quote(wanted.repo)}/tree/{quote(wanted.revision, safe='')}?recursive=true"
    with _open(url, str(wanted)) as response:
        try:
            data = response.read(MAX_LISTING_BYTES + 1)
        except _network_faults() as error:
            detail = t("models.download.no_network", host=host(), reason=error)
            raise DownloadFailed(name=wanted, detail=detail) from error
    try:
        rows = json.loads(data)
        files = [row for row in rows if row["type"] == "file" and str(row["path"]).lower().endswith(".gguf")]
        remotes = [
            Remote(str(row["path"]), int(row["size"]), (row.get("lfs") or {}).get("oid")) for row in files
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DownloadFailed(name=wanted, detail=t("models.download.odd_answer", host=host())) from None
    return [remote for remote in remotes if not _PIECE_OF_MANY.search(remote.path)]


def choose(remotes: list[Remote], wanted: Wanted) -> Remote:
    """The file that was asked for, or the most suitable. Raises DownloadFailed when there is no such file."""
    if not remotes:
        raise DownloadFailed(name=wanted, detail=t("models.download.no_gguf"))
    if wanted.file is not None:
        for remote in remotes:
            if remote.path == wanted.file:
                return remote
        names = ", ".join(remote.path for remote in remotes[:12])
        raise DownloadFailed(name=wanted, detail=t("models.download.no_file", files=names))
    if len(remotes) == 1:
        return remotes[0]
    for kind in PREFERRED:
        for remote in remotes:
            if re.search(rf"(?<![A-Za-z0-9]){kind}(?![A-Za-z0-9_])", remote.path, re.IGNORECASE):
                return remote
    names = ", ".join(remote.path for remote in remotes[:12])
    raise DownloadFailed(name=wanted, detail=t("models.download.which", files=names, repo=wanted.repo))


def fetch(
    wanted: Wanted,
    remote: Remote,
    folder: Path,
    progress: Progress = silent,
    *,
    max_rate: float | None = None,
) -> Path:
    """The file, downloaded into `folder`; an earlier part of it is continued.

    Raises DownloadFailed (the part stays, for next time), NotGGUF, DiskFull, ReadOnlyPlace."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    # Named after the content, so that a file that changed on the hub starts anew.
    label = remote.sha256 or f"{wanted.repo}-{wanted.revision}-{remote.path}-{remote.file_bytes}"
    part = folder / (re.sub(r"[^\w.\-]", "-", label)[-120:] + ".part")
    have = part.stat().st_size if part.exists() else 0
    if have > remote.file_bytes:
        part.unlink()
        have = 0
    copying.require_room(folder, remote.file_bytes - have)
    url = f"{hub()}/{quote(wanted.repo)}/resolve/{quote(wanted.revision, safe='')}/{quote(remote.path)}"
    failures, pause = 0, PAUSE_S
    while have < remote.file_bytes:
        before = have
        try:
            _receive(url, part, have, remote, str(wanted), progress, max_rate)
            problem = t("models.download.cut")
        except DownloadFailed as error:
            if not error.facts.get("again"):
                raise
            problem = error.facts["detail"]
        have = part.stat().st_size if part.exists() else 0
        if have >= remote.file_bytes:
            break
        failures = 0 if have > before else failures + 1
        if failures >= ATTEMPTS:
            raise DownloadFailed(name=wanted, detail=problem)
        if have > before:
            pause = PAUSE_S
        time.sleep(pause)
        pause = min(pause * 2, 30.0)
    return part


def _receive(
    url: str,
    part: Path,
    have: int,
    remote: Remote,
    name: str,
    progress: Progress,
    max_rate: float | None,
) -> None:
    """One connection's worth of the file, appended to `part`."""
    largest = PIECE_BYTES if max_rate is None else max(1024, min(PIECE_BYTES, int(max_rate / 4)))
    with _open(url, name, start=have) as response:
        if have and response.status != 206:  # the server sends all of it again
            have = 0
        elif have and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise DownloadFailed(name=name, detail=t("models.download.odd_answer", host=host()))
        begin, first = time.monotonic(), have
        with disk_errors(part), open(part, "ab" if have else "wb", buffering=0) as file:
            while have < remote.file_bytes:
                try:
                    piece = response.read(min(largest, remote.file_bytes - have))
                except _network_faults():
                    return
                if not piece:
                    return
                if have == 0 and not piece.startswith(MAGIC[: len(piece)]):
                    raise NotGGUF(path=remote.path)
                file.write(piece)
                have += len(piece)
                progress(Step("models.downloading", have, remote.file_bytes, "bytes"))
                if max_rate is not None:
                    # What is not read stays in the socket's small buffer, and the sender waits.
                    time.sleep(max(0.0, (have - first) / max_rate - (time.monotonic() - begin)))
            os.fsync(file.fileno())


def _network_faults() -> tuple[type[Exception], ...]:
    from http.client import HTTPException

    return (OSError, HTTPException)


def _checked(url: str) -> str:
    """`url` if it is HTTPS, or HTTP to this very machine. Raises UsageError."""
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise UsageError(detail=t("models.download.https_only", url=url))
    return url


def _open(url: str, name: str, start: int = 0) -> Any:
    """GET `url` from byte `start`. Raises DownloadFailed; its fact `again` says whether waiting may help."""
    import urllib.request
    from urllib.error import HTTPError

    from latam_edge.core.version import __version__

    class Redirects(urllib.request.HTTPRedirectHandler):
        """Follows a redirect only to where we would have gone ourselves."""

        def redirect_request(
            self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
        ) -> urllib.request.Request | None:
            return super().redirect_request(req, fp, code, msg, headers, _checked(newurl))

    headers = {"User-Agent": f"latam-edge/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    opener = urllib.request.build_opener(Redirects)
    try:
        return opener.open(urllib.request.Request(_checked(url), headers=headers), timeout=TIMEOUT_S)
    except HTTPError as error:
        with suppress(OSError):
            error.close()
        key = {401: "closed", 403: "closed", 404: "not_found"}.get(error.code, "refused")
        again = error.code in (408, 425, 429, 500, 502, 503, 504)
        detail = t(f"models.download.{key}", host=host(), status=error.code)
        raise DownloadFailed(name=name, detail=detail, again=again) from error
    except _network_faults() as error:
        detail = t("models.download.no_network", host=host(), reason=getattr(error, "reason", error))
        raise DownloadFailed(name=name, detail=detail, again=True) from error
