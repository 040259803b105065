"""A teacher's probabilities on disk: a few sampled tokens per position, unbiased, read by every later run.

At each learnt position the teacher's distribution is drawn from `draws` times
with replacement; kept are the tokens drawn and how often each was. The shares
count / draws are an unbiased estimate of the distribution, where the k most
probable tokens alone would not be (Anshumann et al. 2025, arXiv 2503.16870).

    facts.json   key, draws, slots, positions, bytes
    rows.npy     int64 (n_rows + 1,): where each row's positions begin
    kept.npy     uint8 (positions,): how many tokens each position keeps
    entries.npy  uint8 (n, 3) or (n, 4): token (17 or 25 bits) and count (7 bits), little-endian
    entropy.npy  float16 (positions,): the teacher's entropy, nats

17 bits hold the vocabulary of Llama 3; a larger one takes a byte more per
token. 12 tokens of 3 bytes, their number and the entropy are 39 bytes per position.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latam_edge.core.atomic import disk_errors

COUNT_BITS = 7
MAX_DRAWS = (1 << COUNT_BITS) - 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn for the learnt positions of one row."""

    kept: NDArray[np.uint8]
    """(positions,): how many tokens each position keeps"""
    tokens: NDArray[np.int64]
    """(sum of kept,)"""
    counts: NDArray[np.int64]
    """(sum of kept,): they add up to the number of draws at each position"""
    entropy: NDArray[np.float32]
    """(positions,): nats"""


class CachedTargets:
    """An opened cache, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        self.draws: int = facts["draws"]
        self.slots: int = facts["slots"]
        """Most tokens that any position keeps."""
        self.bytes_per_position: float = facts["bytes_per_position"]
        self.tokens_per_position: float = facts["tokens_per_position"]
        self._rows = np.load(folder / "rows.npy", mmap_mode="r")
        kept = np.load(folder / "kept.npy", mmap_mode="r")
        # One byte per position on the disk, eight in memory.
        self._first = np.concatenate([[0], np.cumsum(kept, dtype=np.int64)])
        self._entries = np.load(folder / "entries.npy", mmap_mode="r")
        self._entropy = np.load(folder / "entropy.npy", mmap_mode="r")

    def at(
        self, picked: NDArray[np.int64], marked: NDArray[np.bool_], capacity: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """Tokens (capacity, slots), shares and entropy (capacity,) at the marked places of the rows `picked`.

        marked: (rows, context), as make_batch finds them; the first `capacity` of them are given.
        Raises ValueError when the cache is not of these rows.
        """
        sampled = np.zeros((capacity, self.slots), np.int64)
        share = np.zeros((capacity, self.slots), np.float32)
        entropy = np.zeros(capacity, np.float32)
        at = 0
        for row, count in zip(picked.tolist(), marked.sum(1).tolist(), strict=True):
            begin, end = int(self._rows[row]), int(self._rows[row + 1])
            if end - begin != count:
                raise ValueError(f"row {row}: {count} positions, {end - begin} cached")
            count = min(count, capacity - at)
            firsts = self._first[begin : begin + count + 1]
            tokens, counts = _unpacked(self._entries[firsts[0] : firsts[-1]])
            sizes = np.diff(firsts)
            line = np.repeat(np.arange(at, at + count), sizes)
            column = np.arange(len(tokens)) - np.repeat(firsts[:-1] - firsts[0], sizes)
            sampled[line, column] = tokens
            share[line, column] = counts / np.float32(self.draws)
            entropy[at : at + count] = self._entropy[begin : begin + count]
            at += count
        return sampled, share, entropy


def is_cached(folder: Path, key: str) -> bool:
    """Whether a whole cache of this key is there."""
    try:
        return bool(json.loads((folder / "facts.json").read_text(encoding="utf-8"))["key"] == key)
    except (FileNotFoundError, ValueError, KeyError):
        return False


def write_cache(
    folder: Path,
    key: str,
    draws: int,
    vocabulary: int,
    rows: Iterator[Drawn],
    note: Callable[[int], None] = lambda done: None,
) -> CachedTargets:
    """Write what was drawn, row by row; the folder is whole or absent. Raises DiskFull.

    note: is told how many rows are done.
    """
    width = 3 if vocabulary <= 1 << (24 - COUNT_BITS) else 4
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            ends = [0]
            kept: list[NDArray[np.uint8]] = [np.zeros(0, np.uint8)]
            entropy: list[NDArray[np.float16]] = [np.zeros(0, np.float16)]
            n_entries = 0
            with (part / "raw").open("wb") as out:
                for done, row in enumerate(rows, start=1):
                    out.write(_packed(row.tokens, row.counts, width).tobytes())
                    n_entries += len(row.tokens)
                    kept.append(row.kept)
                    entropy.append(row.entropy.astype(np.float16))
                    ends.append(ends[-1] + len(row.kept))
                    note(done)
            all_kept = np.concatenate(kept)
            np.save(part / "rows.npy", np.array(ends, np.int64))
            np.save(part / "kept.npy", all_kept)
            np.save(part / "entropy.npy", np.concatenate(entropy))
            with (part / "entries.npy").open("wb") as out, (part / "raw").open("rb") as raw:
                shape = {"descr": "|u1", "fortran_order": False, "shape": (n_entries, width)}
                np.lib.format.write_array_header_2_0(out, shape)
                shutil.copyfileobj(raw, out, 1 << 20)
            (part / "raw").unlink()
            size = sum(file.stat().st_size for file in part.iterdir())
            positions = max(1, len(all_kept))
            facts = {
                "key": key,
                "draws": draws,
                "slots": int(all_kept.max(initial=1)),
                "positions": len(all_kept),
                "tokens_per_position": round(n_entries / positions, 3),
                "bytes_per_position": round(size / positions, 3),
            }
            (part / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return CachedTargets(folder)


def _packed(tokens: NDArray[np.int64], counts: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """uint8 (n, width): token << 7 | count, little-endian."""
    whole = (tokens << COUNT_BITS | counts).astype("<u4")
    return whole.view(np.uint8).reshape(-1, 4)[:, :width]


def _unpacked(entries: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    whole = np.zeros((len(entries), 4), np.uint8)
    whole[:, : entries.shape[1]] = entries
    values = whole.view("<u4").ravel().astype(np.int64)
    return values >> COUNT_BITS, values & MAX_DRAWS
