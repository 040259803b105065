"""Texts out of files, one after another: .txt, .jsonl and .parquet, plain or .gz, .xz, .zst.

Nothing is read whole. A line that can't be used is counted and passed over,
for one bad line in ten million must not end a night's work; a file that is not
text at all is refused by its name, for it was put there by mistake.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from zlib import error as ZlibError

from latam_edge.core.errors import FileMissing, MissingExtra, NotText, UnreadableFile

KINDS = (".txt", ".jsonl", ".ndjson", ".parquet")
PACKED = (".gz", ".xz", ".zst")

PIECE_CHARACTERS = 24_000
"""A .txt file is handed on in pieces of about so many characters, cut between paragraphs."""
LINE_BYTES = 1 << 26
"""A longer line of JSON is no record but a mistake."""
_SNIFF_BYTES = 1 << 16
_FOREIGN_SHARE = 0.01
"""Of the characters at a file's begin, how many may be no text. Windows' 8-bit Spanish has more accents."""


@dataclass(frozen=True, slots=True)
class Text:
    """One record: a document, or a piece of one."""

    text: str
    lang: str
    source: str
    """Where it comes from. What stands before "#" names the document, what stands after it the piece."""


@dataclass(slots=True)
class Tally:
    """What was found in a file, for the report."""

    texts: int = 0
    broken: int = 0
    """Lines or records that were passed over: no JSON, no `text`, no UTF-8."""
    cut: bool = False
    """The file ends in the middle: a compressed file that was not copied whole."""
    bytes_by_lang: dict[str, int] = field(default_factory=dict)
    """UTF-8 bytes of the texts, by language."""


def kind_of(path: Path) -> str | None:
    """ ".txt", ".jsonl" or ".parquet" by the name, whatever it is packed in; None for other names."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    kind = suffixes[-1] if suffixes else None
    return {".ndjson": ".jsonl"}.get(kind or "", kind) if kind in KINDS else None


def stem_of(path: Path) -> str:
    """The file's name without what says how it is written: "eltec-spa-00" of eltec-spa-00.jsonl.xz."""
    name = path.name
    for suffix in reversed(path.suffixes):
        if suffix.lower() not in (*KINDS, *PACKED):
            break
        name = name[: -len(suffix)]
    return name


def read_texts(path: Path, lang: str, tally: Tally) -> Iterator[Text]:
    """Every usable record of a file, in its order; `tally` is kept up while it runs.

    lang: the language of records that name none.
    Raises FileMissing, UnreadableFile, NotText, MissingExtra (for .zst and .parquet).
    """
    with _forgiving(path, tally), _opened(path) as file:
        for record in _RECORDS[kind_of(path) or ".txt"](file, path, lang, tally):
            tally.texts += 1
            size = len(record.text.encode())
            tally.bytes_by_lang[record.lang] = tally.bytes_by_lang.get(record.lang, 0) + size
            yield record


def read_records(path: Path, tally: Tally) -> Iterator[Any]:
    """The lines of a .txt file, or the JSON objects of a .jsonl file, one after another.

    Raises FileMissing, UnreadableFile, NotText, MissingExtra (for .zst).
    """
    with _forgiving(path, tally), _opened(path) as file:
        for raw in _lines(file, path, tally, LINE_BYTES):
            try:
                record = raw.decode("utf-8").strip() if kind_of(path) == ".txt" else json.loads(raw)
            except (ValueError, RecursionError):
                tally.broken += 1
                continue
            if isinstance(record, dict) or (isinstance(record, str) and record):
                tally.texts += 1
                yield record


@contextmanager
def _forgiving(path: Path, tally: Tally) -> Iterator[None]:
    """A file that breaks off is counted as cut if anything was read; else it is refused by name."""
    try:
        yield
    except FileNotFoundError:
        raise FileMissing(path=path) from None
    except _damage() as error:
        if not tally.texts:
            raise NotText(path=path, detail=str(error) or type(error).__name__) from error
        # What was read before the break is good.
        tally.broken += 1
        tally.cut = True
    except PermissionError:
        raise UnreadableFile(path=path) from None


def _damage() -> tuple[type[BaseException], ...]:
    kinds: list[type[BaseException]] = [EOFError, gzip.BadGzipFile, lzma.LZMAError, ZlibError]
    try:
        import zstandard
    except ModuleNotFoundError:
        pass
    else:
        kinds.append(zstandard.ZstdError)
    return tuple(kinds)


def _opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked as they are read."""
    packed = path.suffix.lower()
    if packed == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if packed == ".xz":
        return lzma.open(path, "rb")
    if packed == ".zst":
        try:
            import zstandard
        except ModuleNotFoundError as error:
            raise MissingExtra(package="zstandard", extra="train") from error
        stream = zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True)
        return io.BufferedReader(stream)
    return path.open("rb")


def _refuse_what_is_no_text(begin: bytes, path: Path) -> None:
    """Raises NotText when the first bytes of a file are not UTF-8 text."""
    if b"\0" in begin:
        raise NotText(path=path, detail="NUL")
    text = begin.decode("utf-8", "replace")
    # The last character may be cut in two by the end of what was read.
    foreign = sum(c == "\ufffd" or (c < " " and c not in "\t\n\r\f\x0b\x1b") for c in text[:-1])
    if foreign > _FOREIGN_SHARE * len(text):
        raise NotText(path=path, detail="≠ UTF-8")


def _txt(file: IO[bytes], path: Path, lang: str, tally: Tally) -> Iterator[Text]:
    """Pieces of a plain text, cut between paragraphs; they are one document, named by the file."""
    lines = _lines(file, path, tally, PIECE_CHARACTERS)
    held: list[str] = []
    size = number = 0
    for raw in lines:
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            tally.broken += 1
            continue
        if size >= PIECE_CHARACTERS or (not line.strip() and size >= PIECE_CHARACTERS * 0.8):
            if text := "".join(held).strip():
                yield Text(text, lang, f"{path.name}#{number}")
            held, size, number = [], 0, number + 1
        held.append(line)
        size += len(line)
    if text := "".join(held).strip():
        yield Text(text, lang, f"{path.name}#{number}")


def _jsonl(file: IO[bytes], path: Path, lang: str, tally: Tally) -> Iterator[Text]:
    for raw in _lines(file, path, tally, LINE_BYTES):
        if not raw.strip():
            continue
        try:
            record = _record(json.loads(raw), lang, path)
        except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
            record = None
        if record is None:
            tally.broken += 1
        else:
            yield record


def _parquet(file: IO[bytes], path: Path, lang: str, tally: Tally) -> Iterator[Text]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise MissingExtra(package="pyarrow", extra="train") from error
    with tempfile.TemporaryFile() as whole:
        if path.suffix.lower() in PACKED:
            shutil.copyfileobj(file, whole)  # its table of contents stands at the end
            whole.seek(0)
        try:
            table = pyarrow.parquet.ParquetFile(whole if path.suffix.lower() in PACKED else file)
            names = [name for name in ("text", "lang", "source") if name in table.schema_arrow.names]
            if "text" not in names:
                raise NotText(path=path, detail=f"text ∉ {', '.join(table.schema_arrow.names)}")
            for batch in table.iter_batches(batch_size=256, columns=names):
                for row in batch.to_pylist():
                    record = _record(row, lang, path)
                    if record is None:
                        tally.broken += 1
                    else:
                        yield record
        except (pyarrow.ArrowException, OSError) as error:
            if not tally.texts:
                raise NotText(path=path, detail=str(error).partition("\n")[0]) from error
            tally.broken += 1
            tally.cut = True


_RECORDS = {".txt": _txt, ".jsonl": _jsonl, ".parquet": _parquet}


def _record(value: Any, lang: str, path: Path) -> Text | None:
    """A record, or None when it holds no text."""
    if not isinstance(value, dict):
        return None
    text = value.get("text")
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, as "\ud800" spells it
        return None
    mine, source = value.get("lang"), value.get("source")
    return Text(text, mine if isinstance(mine, str) and mine else lang, str(source or path.name))


def _lines(file: IO[bytes], path: Path, tally: Tally, longest: int) -> Iterator[bytes]:
    """Lines of at most `longest` bytes. Of .jsonl a longer one is passed over; of .txt it is cut in two."""
    # peek is what all of these have: plain, gzip, lzma and buffered files.
    _refuse_what_is_no_text(file.peek(_SNIFF_BYTES)[:_SNIFF_BYTES], path)  # type: ignore[attr-defined]
    records = kind_of(path) == ".jsonl"
    first, kept = True, b""
    while line := file.readline(longest):
        if first:
            line, first = line.removeprefix(b"\xef\xbb\xbf"), False  # a byte order mark
        line, kept = kept + line, b""
        if line.endswith(b"\n") or len(line) < longest:
            yield line
        elif records:
            tally.broken += 1
            while line and not line.endswith(b"\n"):
                line = file.readline(longest)
        else:
            # A letter may be cut in two: its bytes go with the next part.
            at = next(n for n in range(1, len(line) + 1) if line[-n] & 0xC0 != 0x80)
            whole = len(line) - at if line[-at] >= 0xC0 else len(line)
            yield line[:whole]
            kept = line[whole:]
    if kept:
        yield kept
