"""Texts as tokens on disk, memory-mapped: tokenized once, read by every run that cuts text alike.

An entry belongs to one file of text and is named by all that decides its
content: the tokenizer, the file's bytes, what is held out. It is written beside
and renamed, so that it is whole or absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from latam_edge.core import paths
from latam_edge.core.atomic import disk_errors
from latam_edge.core.progress import Progress, Step
from latam_edge.train.corpus_files import CorpusFile
from latam_edge.train.documents import begin_and_end, token_dtype
from latam_edge.train.holdout import HeldOut
from latam_edge.train.readers import Tally, Text, read_texts
from latam_edge.train.tokenizer import load_tokenizer

VERSION = 1
"""To be raised when reading or cutting changes, so that old entries are no longer found."""
_BATCH = 256


@dataclass(frozen=True, slots=True)
class TokenFile:
    """One file's documents as tokens, one after another, all memory-mapped."""

    stem: str
    """The name that weights are given by."""
    tokens: NDArray[np.unsignedinteger]
    """uint16 or uint32 (n_tokens,): every document with its begin and end mark"""
    ends: NDArray[np.int64]
    """(n_documents,): where each document ends in `tokens`"""
    lang: NDArray[np.uint8]
    """(n_documents,): number of its language in `langs`"""
    langs: tuple[str, ...]
    tally: dict[str, Any]
    """The fields of readers.Tally."""


def cache_folder() -> Path:
    """Where entries lie: the user's cache, which may be emptied at any time between runs."""
    return paths.cache_dir() / "tokens"


def tokenize_files(
    files: Sequence[CorpusFile],
    tokenizer_folder: Path,
    held_out: HeldOut,
    progress: Progress,
    folder: Path | None = None,
) -> list[Path]:
    """Entries of every file, made where they are missing. Held-out documents are not in them.

    Raises what `read_texts` raises, and DiskFull.
    """
    folder = folder or cache_folder()
    tokenizer = load_tokenizer(tokenizer_folder)
    cut = hashlib.sha256((tokenizer_folder / "tokenizer.json").read_bytes()).hexdigest()
    outside = held_out.digest()
    total = sum(file.path.stat().st_size for file in files)
    done = 0
    entries = []
    for file in files:
        with file.path.open("rb") as raw:
            content = hashlib.file_digest(raw, "sha256").hexdigest()
        named = f"{VERSION} {cut} {content} {outside} {file.lang} {file.name}"
        entry = folder / hashlib.sha256(named.encode()).hexdigest()[:32]
        if not (entry / "facts.json").exists():
            _write(file, tokenizer, held_out, entry)
        entries.append(entry)
        done += file.path.stat().st_size
        progress(Step("train.step.pack", done, total, "bytes"))
    return entries


def open_entry(entry: Path) -> TokenFile:
    """Map an entry. An entry without tokens has empty arrays."""
    facts = json.loads((entry / "facts.json").read_text(encoding="utf-8"))
    return TokenFile(
        stem=facts["stem"],
        tokens=np.load(entry / "tokens.npy", mmap_mode="r"),
        ends=np.load(entry / "ends.npy"),
        lang=np.load(entry / "lang.npy"),
        langs=tuple(facts["langs"]),
        tally=facts["tally"],
    )


def _write(file: CorpusFile, tokenizer: Tokenizer, held_out: HeldOut, entry: Path) -> None:
    dtype = token_dtype(tokenizer.get_vocab_size())
    bos, end = begin_and_end(tokenizer)
    tally = Tally()
    langs: list[str] = []
    numbers: list[int] = []
    ends: list[int] = []
    with disk_errors(entry):
        entry.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{entry.name}.", dir=entry.parent))
        try:
            at = 0
            with (part / "raw").open("wb") as out:
                for batch in _batches(_training_texts(file, held_out, tally)):
                    encoded = tokenizer.encode_batch_fast([t for _, t in batch], add_special_tokens=False)
                    for (lang, _), one in zip(batch, encoded, strict=True):
                        ids = np.array([bos, *one.ids, end], dtype)
                        out.write(ids.tobytes())
                        at += len(ids)
                        ends.append(at)
                        if lang not in langs:
                            langs.append(lang)
                        numbers.append(langs.index(lang))
            _as_npy(part / "raw", part / "tokens.npy", dtype, at)
            np.save(part / "ends.npy", np.array(ends, np.int64))
            np.save(part / "lang.npy", np.array(numbers, np.uint8))
            facts = {"stem": file.stem, "name": file.name, "langs": langs, "tally": asdict(tally)}
            (part / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
            if entry.exists():  # without its facts: of no use
                shutil.rmtree(entry)
            part.rename(entry)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


def _training_texts(file: CorpusFile, held_out: HeldOut, tally: Tally) -> Iterator[tuple[str, str]]:
    """(`lang`, text) of each record that is not held out, cleaned of what a held-out one has."""
    for record in read_texts(file.path, file.lang, tally):
        if not held_out.holds(record) and (text := held_out.cleaned(record.text)):
            yield record.lang, text


def _batches(texts: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    batch: list[tuple[str, str]] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _as_npy(raw: Path, path: Path, dtype: type[np.unsignedinteger], count: int) -> None:
    """The raw bytes under the header of a .npy file, whose length was not known before."""
    with path.open("wb") as out, raw.open("rb") as source:
        shape = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (count,)}
        np.lib.format.write_array_header_2_0(out, shape)
        shutil.copyfileobj(source, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
    raw.unlink()


def sample_texts(
    files: Sequence[CorpusFile], held_out: HeldOut, characters: int, weights: dict[str, float]
) -> Iterator[str]:
    """Training texts for a tokenizer, about `characters` in all, from every file by its weighted size.

    A text is cut at 10,000 characters, so that a novel does not stand for a language.
    """
    shares = [weights.get(file.name, 1.0) * file.path.stat().st_size for file in files]
    for file, share in zip(files, shares, strict=True):
        room = characters * share / max(1.0, sum(shares))
        texts = _training_texts(file, held_out, Tally())
        while room > 0 and (found := next(texts, None)) is not None:
            text = found[1][:10_000]
            room -= len(text)
            yield text


def held_out_texts(
    files: Sequence[CorpusFile], held_out: HeldOut, progress: Progress, *, everything: bool
) -> Iterator[Text]:
    """The held-out records of `files` (all, where `everything` is held out); `held_out` notes them."""
    total = sum(file.path.stat().st_size for file in files)
    done = 0
    for file in files:
        for record in read_texts(file.path, file.lang, Tally()):
            if everything or held_out.holds(record):
                held_out.remember(record)
                yield record
        done += file.path.stat().st_size
        progress(Step("train.step.corpus", done, total, "bytes"))
