"""Calibration text: what a model is expected to read, by language.

Which errors matter in a weight depends on the inputs it meets, so the text should be
like the text of later use, in its language. The wheel carries a small text of the
project's own in Spanish and in Portuguese for those who bring none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from latam_edge.core.errors import BadFile, UsageError
from latam_edge.core.i18n import t
from latam_edge.core.language import UNDETERMINED, guess
from latam_edge.formats.plain_text import read_text

DEFAULT_LANGUAGES = ("es", "pt")


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a calibration."""

    name: str
    """Where it came from: a path, or "latam-edge:es" for the wheel's own."""
    language: str
    """ISO 639 code as declared, or guessed; "und" when neither."""
    content: str
    """The text itself."""
    guessed: str
    """What its frequent words look like: "es", "pt", "en" or "und"."""

    @property
    def suspicious(self) -> bool:
        """Whether it looks like another language than the declared one."""
        return self.guessed not in (UNDETERMINED, self.language) and self.language != UNDETERMINED


@dataclass(frozen=True, slots=True)
class Calibration:
    """The texts that decide which errors matter."""

    texts: tuple[Text, ...]
    """In the order given; at least one."""

    @property
    def sha256(self) -> str:
        """Of all languages and contents: two calibrations with the same digest give the same file."""
        digest = hashlib.sha256()
        for text in self.texts:
            raw = text.content.encode()
            digest.update(f"{text.language}:{len(raw)}:".encode() + raw)
        return digest.hexdigest()

    @property
    def suspicious(self) -> tuple[Text, ...]:
        """Texts that look like another language than they were declared to be."""
        return tuple(text for text in self.texts if text.suspicious)

    def by_language(self) -> dict[str, str]:
        """All text of each language, in order of first appearance."""
        joined: dict[str, str] = {}
        for text in self.texts:
            before = joined.get(text.language)
            joined[text.language] = text.content if before is None else f"{before}\n\n{text.content}"
        return joined


def read(files: Sequence[tuple[Path, str]]) -> Calibration:
    """(path, declared language) of each text; "" or "und" has the language guessed.

    Raises UsageError for no files, BadFile for one that is empty or not UTF-8, FileMissing, ...
    """
    if not files:
        raise UsageError(detail=t("convert.calibration_none"))
    return Calibration(tuple(_text(str(path), language, _read(Path(path))) for path, language in files))


def default() -> Calibration:
    """The project's own text, es and pt."""
    folder = resources.files("latam_edge") / "assets" / "calibration"
    return Calibration(
        tuple(
            _text(f"latam-edge:{language}", language, (folder / f"{language}.txt").read_text("utf-8"))
            for language in DEFAULT_LANGUAGES
        )
    )


def _text(name: str, language: str, content: str) -> Text:
    guessed = guess(content)
    return Text(name, language if language not in ("", UNDETERMINED) else guessed, content, guessed)


def _read(path: Path) -> str:
    content = read_text(path)
    if not content.strip():
        raise BadFile(path=path, reason=t("convert.calibration_empty"))
    return content
