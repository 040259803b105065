"""The texts that a passport's figures are measured on: the same for everybody.

"prose": modern prose that the project wrote, in the wheel, for measuring alone: no
recipe, generator or calibration reads it. "cartilla": held-out questions of the primer
with right answers, the domain of the embedded model, always the same for one version
of the primer.
"""

from __future__ import annotations

import hashlib
from importlib import resources

from latam_edge.cartilla.model import Lang
from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import t
from latam_edge.evaluate.texts import Text

LANGUAGES: tuple[Lang, ...] = ("es", "pt")
SETS = ("prose", "cartilla")


def load(name: str, language: Lang) -> Text:
    """One text of the set. Raises UsageError for a set or a language that there is none of."""
    if name not in SETS or language not in LANGUAGES:
        known = ", ".join(f"{text}.{lang}" for text in SETS for lang in LANGUAGES)
        raise UsageError(detail=t("evaluate.unknown_set", found=f"{name}.{language}", known=known))
    content = _prose(language) if name == "prose" else _cartilla(language)
    return Text(f"{name}.{language}", language, content)


def sha256(text: Text) -> str:
    """Of a text's UTF-8 bytes."""
    return hashlib.sha256(text.content.encode()).hexdigest()


def _prose(language: Lang) -> str:
    folder = resources.files("latam_edge") / "assets" / "evaluation"
    return (folder / f"{language}.txt").read_text("utf-8")


def _cartilla(language: Lang) -> str:
    from latam_edge.cartilla import held_out

    return "\n".join(held_out.paragraphs(language)) + "\n"
