"""The texts that a passport's figures are measured on: the same for everybody.

"prose": modern prose that the project wrote, in the wheel, for measuring alone: no
recipe, generator or calibration reads it. "cartilla": held-out questions of the primer
with right answers, the domain of the embedded model, always the same for one version
of the primer; "cartilla-20" has at most 20 of each category, "cartilla" 60.
"""

from __future__ import annotations

import hashlib
import re
from importlib import resources

from latam_edge.cartilla.model import Lang
from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import t
from latam_edge.evaluate.texts import Text

LANGUAGES: tuple[Lang, ...] = ("es", "pt")
SETS = ("prose", "cartilla")


PER_CATEGORY = 60
"""Questions of each of the primer's categories in "cartilla"."""

_CARTILLA = re.compile(r"cartilla(?:-([1-9][0-9]{0,2}))?")


def load(name: str, language: str) -> Text:
    """One text of the set. Raises UsageError for a set or a language that there is none of."""
    primer = _CARTILLA.fullmatch(name)
    known = next((lang for lang in LANGUAGES if lang == language), None)
    if known is None or (name != "prose" and primer is None):
        names = ", ".join(f"{text}.{lang}" for text in SETS for lang in LANGUAGES)
        raise UsageError(detail=t("evaluate.unknown_set", found=f"{name}.{language}", known=names))
    content = _cartilla(known, int(primer[1] or PER_CATEGORY)) if primer else _prose(known)
    return Text(f"{name}.{language}", language, content)


def cartilla(per_category: int) -> str:
    """The name of the primer's text with at most so many questions of each category."""
    return "cartilla" if per_category == PER_CATEGORY else f"cartilla-{per_category}"


def sha256(text: Text) -> str:
    """Of a text's UTF-8 bytes."""
    return hashlib.sha256(text.content.encode()).hexdigest()


def _prose(language: Lang) -> str:
    folder = resources.files("latam_edge") / "assets" / "evaluation"
    return (folder / f"{language}.txt").read_text("utf-8")


def _cartilla(language: Lang, per_category: int) -> str:
    from latam_edge.cartilla import held_out

    return "\n".join(held_out.paragraphs(language, (), per_category)) + "\n"
