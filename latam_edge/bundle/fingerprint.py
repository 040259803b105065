"""A public key as ten words that can be read aloud over the phone.

Ten words of 256 are 80 bits of the key's sha256: to find another key with the same
words takes 2^80 tries. The same key has other words in another language, so both
people must read the same one; `all_languages` gives the three lines.
"""

from __future__ import annotations

from hashlib import sha256

from latam_edge.bundle.wordlists import WORDS
from latam_edge.core.i18n import LANGUAGES, language

COUNT = 10


def words(public: bytes, lang: str | None = None) -> str:
    """The words of a public key (32 bytes), five and five: "abeja cobre … - nube …"."""
    chosen = WORDS[lang or language()]
    found = [chosen[byte] for byte in sha256(public).digest()[:COUNT]]
    return " ".join(found[: COUNT // 2]) + " - " + " ".join(found[COUNT // 2 :])


def all_languages(public: bytes) -> dict[str, str]:
    """The words by language."""
    return {lang: words(public, lang) for lang in LANGUAGES}
