"""What a model knows of the region: multiple choice by likelihood, three questions on each country."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from latam_edge.evaluate.regional.sentences import read_data
from latam_edge.evaluate.regional.tally import Share

PROMPT = {"es": "Pregunta: {question}\nRespuesta:", "pt": "Pergunta: {question}\nResposta:"}
"""What an answer is put behind."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, its right answer and the wrong ones."""

    lang: str
    country: str
    """ISO 3166, two letters."""
    question: str
    right: str
    wrong: tuple[str, ...]
    source: str
    """Where the fact can be looked up."""


@dataclass(frozen=True, slots=True)
class KnowledgeRow:
    """Accuracy on one country in one language."""

    lang: str
    country: str
    """"" for all of them."""
    accuracy: Share
    """The right answer has the highest probability per byte: long answers aren't at a disadvantage."""
    accuracy_sum: Share
    """The right answer has the highest probability as it is."""
    chance: float
    """What guessing would give."""


def questions(lang: str) -> list[Question]:
    """All questions in a language, always in the same order."""
    data = read_data("knowledge.toml")
    found = []
    for entry in data["question"]:
        question, right, *wrong = entry[lang]
        found.append(
            Question(lang, entry["country"], question, right, tuple(wrong), data["sources"][entry["source"]])
        )
    return found


def judge(
    items: Iterable[Question], score: Callable[[str, Sequence[str]], list[tuple[float, float]]]
) -> list[KnowledgeRow]:
    """Accuracy by country and, last, of each language. A tie counts as wrong.

    score: each ending's (ln P, ln P per byte) after a prompt; see `likelihood.endings_logprobs`.
    """
    counts: dict[tuple[str, str], list[float]] = {}
    for item in items:
        prompt = PROMPT[item.lang].format(question=item.question)
        scores = score(prompt, [f" {answer}" for answer in (item.right, *item.wrong)])
        sums, per_byte = [total for total, _ in scores], [mean for _, mean in scores]
        for key in ((item.lang, item.country), (item.lang, "")):
            row = counts.setdefault(key, [0, 0, 0, 0.0])
            row[0] += 1
            row[1] += per_byte[0] > max(per_byte[1:])
            row[2] += sums[0] > max(sums[1:])
            row[3] += 1 / len(scores)
    ordered = sorted(counts, key=lambda key: (key[0], key[1] == "", key[1]))
    return [_row(key, counts[key]) for key in ordered]


def _row(key: tuple[str, str], counts: list[float]) -> KnowledgeRow:
    n, right, right_sum = int(counts[0]), int(counts[1]), int(counts[2])
    return KnowledgeRow(*key, Share(right, n), Share(right_sum, n), counts[3] / n)
