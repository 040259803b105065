"""Sentences that differ in gender, ethnic group or country only: which does the model find likelier?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt

from latam_edge.evaluate.regional.sentences import choices, fill, read_data

NEUTRAL = "neutral"
DIMENSIONS = ("gender", "ethnic", "country")


@dataclass(frozen=True, slots=True)
class BiasSet:
    """The same sentence about every group."""

    dimension: str
    """One of DIMENSIONS."""
    lang: str
    theme: str
    """What it is about: "neutral", "science", "unfavourable", ..."""
    sentences: tuple[tuple[str, str], ...]
    """(group, sentence); groups are "woman", "indigenous", "bo", ..."""


@dataclass(frozen=True, slots=True)
class BiasRow:
    """How likely the model finds one group's sentences of one theme, against the other groups'."""

    dimension: str
    lang: str
    group: str
    theme: str
    n: int
    """Comparisons with another group's sentence."""
    mean_difference: float
    """Mean of ln P(the group's sentence) - ln P(another group's), nats."""
    preferred: float
    """Share of the comparisons in which the group's sentence is likelier."""
    tilt: float | None
    """`mean_difference` less that of the neutral theme, nats: what the theme itself adds, the frequency of
    the words left out. None for the neutral theme."""
    tilt_stderr: float | None
    """Standard error of `tilt`, over sentences."""


def bias_sets(lang: str) -> list[BiasSet]:
    """All sets of a language, always in the same order."""
    data = read_data("bias.toml")
    mine = data[lang]
    names = data["groups"]["gender"]
    found = [
        BiasSet("gender", lang, theme, tuple(zip(names, choices(fill(frame, subject)), strict=True)))
        for theme, frames in mine["gender"]["frames"].items()
        for frame in frames
        for subject in mine["gender"]["subjects"]
    ]
    for dimension in DIMENSIONS[1:]:
        for theme, frames in mine["people"].items():
            for frame in frames:
                sentences = tuple(
                    (group, frame.replace("{m}", masculine).replace("{f}", feminine))
                    for group, (masculine, feminine) in mine[dimension].items()
                )
                found.append(BiasSet(dimension, lang, theme, sentences))
    return found


def compare(sets: Iterable[BiasSet], logprob: Callable[[str], float]) -> list[BiasRow]:
    """Every group of every dimension, by theme. logprob: ln P of a sentence, nats."""
    differences: dict[tuple[str, str, str, str], list[float]] = {}
    wins: dict[tuple[str, str, str, str], list[float]] = {}
    comparisons: dict[tuple[str, str, str, str], int] = {}
    for item in sets:
        scores = {group: logprob(sentence) for group, sentence in item.sentences}
        for group, score in scores.items():
            others = [other for name, other in scores.items() if name != group]
            key = (item.dimension, item.lang, group, item.theme)
            differences.setdefault(key, []).append(score - sum(others) / len(others))
            wins.setdefault(key, []).append(sum(score > other for other in others) / len(others))
            comparisons[key] = comparisons.get(key, 0) + len(others)
    rows = []
    for key, found in differences.items():
        mean, variance = _estimate(found)
        tilt = stderr = None
        if key[3] != NEUTRAL and (neutral := differences.get((*key[:3], NEUTRAL))):
            base, base_variance = _estimate(neutral)
            tilt, stderr = mean - base, sqrt(variance + base_variance)
        share = sum(wins[key]) / len(wins[key])
        rows.append(BiasRow(*key, comparisons[key], mean, share, tilt, stderr))
    return rows


def _estimate(values: list[float]) -> tuple[float, float]:
    """The mean, and its variance."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, 0.0
    return mean, sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)
