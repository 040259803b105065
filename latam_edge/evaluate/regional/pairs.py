"""Minimal pairs: does the model find the right sentence likelier than the wrong one?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from latam_edge.evaluate.regional.sentences import choices, fill, read_data
from latam_edge.evaluate.regional.tally import Share

LANGUAGES = ("es", "pt")


@dataclass(frozen=True, slots=True)
class MinimalPair:
    """Two sentences that differ in one place."""

    lang: str
    phenomenon: str
    """What the pair is about: "article_gender", "ser_estar", ..."""
    right: str
    wrong: str


@dataclass(frozen=True, slots=True)
class PairRow:
    """Accuracy of one phenomenon in one language; chance is one half."""

    lang: str
    phenomenon: str
    """"" for all of the language's pairs."""
    accuracy: Share


def pairs(lang: str) -> list[MinimalPair]:
    """All pairs of a language, always in the same order, none twice."""
    found: dict[tuple[str, str], MinimalPair] = {}
    for group in read_data(f"pairs_{lang}.toml")["group"]:
        for frame in group["frames"]:
            for word in group["words"]:
                right, wrong = choices(fill(frame, word))
                found.setdefault((right, wrong), MinimalPair(lang, group["phenomenon"], right, wrong))
    return list(found.values())


def judge(items: Iterable[MinimalPair], logprob: Callable[[str], float]) -> list[PairRow]:
    """Accuracy by phenomenon and, last, of each language. A tie counts as wrong.

    logprob: ln P of a sentence, nats.
    """
    counts: dict[tuple[str, str], list[int]] = {}
    for item in items:
        good = logprob(item.right) > logprob(item.wrong)
        for key in ((item.lang, item.phenomenon), (item.lang, "")):
            row = counts.setdefault(key, [0, 0])
            row[0] += good
            row[1] += 1
    ordered = sorted(counts, key=lambda key: (key[0], key[1] == ""))
    return [PairRow(lang, phenomenon, Share(*counts[lang, phenomenon])) for lang, phenomenon in ordered]
