"""Which files of a corpus folder a recipe names, and what language they are in."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from latam_edge.core.errors import EmptyCorpus, FileMissing, NotText
from latam_edge.train.readers import KINDS, kind_of, stem_of

VARIABLE = "LATAM_EDGE_CORPUS"
"""Environment variable that names the corpus folder; `--corpus` wins over it, it wins over the recipe."""

UNKNOWN = "und"
"""ISO 639's "undetermined"."""
_TAG = re.compile(r"[a-z]{2}|nah|oto|tar|hch|mix|quz|quy|arn|tsc|yua|kek|quc|mam|zap|maz|tzo|tzh|gug|jac")


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file of text."""

    path: Path
    name: str
    """Its path inside the corpus folder, with "/"."""
    lang: str
    """The language of records that name none."""

    @property
    def stem(self) -> str:
        """The name that weights are given by: "eltec-spa-00"."""
        return stem_of(self.path)


def corpus_folder(named: str, option: str | None = None) -> Path:
    """The corpus folder: the command line's, else the environment's, else the recipe's; "~" is expanded."""
    chosen = option or os.environ.get(VARIABLE) or named
    return Path(os.path.expandvars(chosen)).expanduser()


def find_files(folder: Path, patterns: Sequence[str]) -> list[CorpusFile]:
    """Files below `folder` that a pattern names ("text/*/*"), by name. Others than texts are passed over.

    Raises EmptyCorpus when nothing is found, FileMissing or NotText for a name
    without "*" that is absent or no text.
    """
    found: dict[str, CorpusFile] = {}
    for pattern in patterns:
        exact = not any(sign in pattern for sign in "*?[")
        paths: Iterable[Path] = [folder / pattern] if exact else folder.glob(pattern)
        for path in paths:
            if exact and not path.is_file():
                raise FileMissing(path=path)
            if exact and kind_of(path) is None:
                raise NotText(path=path, detail=", ".join(KINDS))
            if path.is_file() and kind_of(path) is not None and not path.name.startswith("."):
                name = path.relative_to(folder).as_posix()
                found[name] = CorpusFile(path, name, _language(name, path))
    if not found:
        raise EmptyCorpus(path=folder, patterns=", ".join(patterns))
    return [found[name] for name in sorted(found)]


def _language(name: str, path: Path) -> str:
    """By the nearest folder whose name is a language's tag, or by the file's own name ("es.jsonl.xz")."""
    for part in (stem_of(path), *reversed(name.split("/")[:-1])):
        if _TAG.fullmatch(part):
            return part
    return UNKNOWN


def weight_of(weights: dict[str, float], name: str) -> float:
    """The weight of the first pattern that `name` fits; 1 when none does."""
    for pattern, weight in weights.items():
        if fnmatchcase(name, pattern):
            return weight
    return 1.0


def listing_digest(files: Sequence[CorpusFile]) -> str:
    """Names the files and their sizes: for a run's fingerprints, which must not read them all."""
    lines = []
    for file in files:
        size = file.path.stat().st_size
        lines.append(f"{file.name} {size}")
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=6).hexdigest()
