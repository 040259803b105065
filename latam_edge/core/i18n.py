"""Words in the user's language: catalogs, and the choice of the language.

A key is "domain.rest"; the domain names the catalog module that holds it,
`latam_edge/core/catalogs/<lang>/<domain>.py`, imported when first asked for, so
that a command loads only the words it says.
"""

from __future__ import annotations

import locale
import os
from functools import cache
from importlib import import_module
from typing import Any

LANGUAGES = ("es", "pt", "en")

_chosen: str | None = None


def detect_language() -> str:
    """The user's language: LATAM_EDGE_LANG, then the locale, then Spanish, which most of our users read."""
    return _named_language() or "es"


def known_language() -> str | None:
    """The language that was chosen or that the system names; None: nobody said, and Spanish is a guess."""
    return _chosen or _named_language()


def _named_language() -> str | None:
    """What LATAM_EDGE_LANG or the locale says. "C" and "POSIX" name no language.

    The variables are read in the order that gettext documents.
    """
    names = [os.environ.get(v, "") for v in ("LATAM_EDGE_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")]
    if os.name == "nt":
        names.append(locale.getlocale()[0] or "")
    for name in names:
        # LANGUAGE may hold a list, "pt_BR:pt:en"; Windows writes "Portuguese_Brazil".
        for part in name.split(":"):
            code = part[:2].lower()
            code = {"sp": "es", "po": "pt"}.get(code, code) if "_" in part and os.name == "nt" else code
            if code in LANGUAGES:
                return code
    return None


def set_language(lang: str | None) -> None:
    """Choose the language of every later message; None goes back to detection."""
    global _chosen
    if lang is not None and lang not in LANGUAGES:
        raise ValueError(f"unknown language {lang!r}")
    _chosen = lang


def language() -> str:
    """The language in force, one of LANGUAGES."""
    return _chosen or detect_language()


@cache
def catalog(lang: str, domain: str) -> dict[str, str]:
    """All messages of one domain in one language. Raises ModuleNotFoundError for an unknown domain."""
    module = import_module(f"latam_edge.core.catalogs.{lang}.{domain}")
    messages: dict[str, str] = module.MESSAGES
    return messages


def t(key: str, /, lang: str | None = None, **facts: Any) -> str:
    """The message `key` in the language in force, with its fields filled in.

    Raises KeyError when a key or a field is missing: a test keeps the three
    catalogs equal, so that this is a programming fault and never a user's.
    """
    message = catalog(lang or language(), key.split(".", 1)[0])[key]
    return message.format(**facts) if facts else message


def format_bytes(count: float) -> str:
    """A size for people: "12 MB", "1,5 GB". Decimal units, as disks are sold; comma or point by language."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    text = f"{count:.0f}" if unit in ("B", "kB") or count >= 100 else f"{count:.1f}"
    return f"{decimal(text)} {unit}"


def decimal(text: str) -> str:
    """A number's text with the decimal mark of the language in force."""
    return text if language() == "en" else text.replace(".", ",")


def format_seconds(seconds: float) -> str:
    """A duration for people: "8 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
