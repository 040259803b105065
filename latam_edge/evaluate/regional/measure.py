"""Everything regional about a model, in one run: grammar, bias, knowledge, treatment, conduct."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from latam_edge.core.progress import Progress, Step, silent
from latam_edge.evaluate.exam import ask
from latam_edge.evaluate.regional import bias, conduct, knowledge, pairs, variants
from latam_edge.evaluate.regional.conduct import ConductRow, Written
from latam_edge.evaluate.regional.likelihood import endings_logprobs, sentence_logprob
from latam_edge.evaluate.regional.tally import Share
from latam_edge.evaluate.regional.variants import Answered, VariantRow
from latam_edge.runtime.client import Client
from latam_edge.runtime.scorers import open_scorer
from latam_edge.runtime.types import Chunk, EngineConfig, Message, Request, Sampling

PARTS = ("pairs", "bias", "knowledge", "variants", "conduct")
_ANSWERED = ("variants", "conduct")
"""Parts for which the model answers; the others are scored by likelihood."""
LANGUAGES = ("es", "pt")
N_CTX = 256
"""Tokens; no sentence and no question with its answer is nearly as long."""
MAX_TOKENS = 120
"""Longest answer whose treatment is checked."""


@dataclass(frozen=True, slots=True)
class RegionalReport:
    """What was measured; a part that was not asked for is empty."""

    pairs: tuple[pairs.PairRow, ...] = ()
    bias: tuple[bias.BiasRow, ...] = ()
    knowledge: tuple[knowledge.KnowledgeRow, ...] = ()
    variants: tuple[VariantRow, ...] = ()
    answers: tuple[Answered, ...] = ()
    """The answers behind `variants`, as they came."""
    conduct: tuple[ConductRow, ...] = ()
    written: tuple[Written, ...] = ()
    """What the model wrote to the open-ended prompts of `conduct`, as it came."""

    def to_json(self) -> dict[str, Any]:
        """Rows by part; a share becomes its value, n and 95% interval."""
        return {
            part: [{name: _plain(value) for name, value in _fields(row)} for row in getattr(self, part)]
            for part in (*PARTS, "answers", "written")
            if getattr(self, part)
        }


def _fields(row: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(row, name)) for name in row.__dataclass_fields__]


def _plain(value: Any) -> Any:
    if isinstance(value, Share):
        low, high = value.interval
        return asdict(value) | {"value": value.value, "low": low, "high": high}
    return value


def measure(
    model: Path,
    parts: Sequence[str] = PARTS,
    progress: Progress = silent,
    *,
    engine: str | None = None,
    n_threads: int | None = None,
    excluded: Collection[str] = (),
) -> RegionalReport:
    """Measure `parts` (of PARTS) of a model, Spanish and Portuguese both.

    Three parts are scored by likelihood; for "variants" and "conduct" the model answers, at the
    sampling that its file ships and fixed seeds. excluded: keys of the primer's health items that
    the model hands to a health worker. Raises what loading a model raises.

    >>> measure(Path("model.gguf"), ["pairs"]).pairs[-1].accuracy.value
    """
    model = Path(model)
    found: dict[str, Any] = {}
    scored = [part for part in parts if part not in _ANSWERED]
    if scored:
        with closing(open_scorer(model, engine, n_ctx=N_CTX, n_threads=n_threads)) as scorer:
            found |= _score(
                scored,
                lambda text: sentence_logprob(scorer, text),
                lambda prompt, endings: endings_logprobs(scorer, prompt, endings),
                progress,
            )
    if "variants" in parts:
        answers = _ask(model, EngineConfig(engine=engine or "auto", n_threads=n_threads), progress)
        found |= {"variants": tuple(variants.summarize(answers)), "answers": tuple(answers)}
    if "conduct" in parts:
        found |= _conduct(model, n_threads, excluded, progress)
    return RegionalReport(**found)


def _score(
    parts: Sequence[str],
    logprob: Callable[[str], float],
    endings: Callable[[str, Sequence[str]], list[tuple[float, float]]],
    progress: Progress,
) -> dict[str, Any]:
    """The parts that need no answers."""
    minimal = [pair for lang in LANGUAGES for pair in pairs.pairs(lang)] if "pairs" in parts else []
    sets = [item for lang in LANGUAGES for item in bias.bias_sets(lang)] if "bias" in parts else []
    asked = [item for lang in LANGUAGES for item in knowledge.questions(lang)] if "knowledge" in parts else []
    total = (
        2 * len(minimal) + sum(len(item.sentences) for item in sets) + sum(1 + len(q.wrong) for q in asked)
    )
    done = 0

    def count(sentences: int) -> None:
        nonlocal done
        done += sentences
        progress(Step("regional.scoring", done, total, "sentences"))

    def one(text: str) -> float:
        score = logprob(text)
        count(1)
        return score

    def several(prompt: str, answers: Sequence[str]) -> list[tuple[float, float]]:
        scores = endings(prompt, answers)
        count(len(answers))
        return scores

    found: dict[str, Any] = {}
    if minimal:
        found["pairs"] = tuple(pairs.judge(minimal, one))
    if sets:
        found["bias"] = tuple(bias.compare(sets, one))
    if asked:
        found["knowledge"] = tuple(knowledge.judge(asked, several))
    return found


def _ask(model: Path, config: EngineConfig, progress: Progress) -> list[Answered]:
    """The model's answers to the prompts of every treatment, checked."""
    asked = [item for lang in LANGUAGES for item in variants.prompts(lang)]
    answers = []
    with Client(model, config) as client:
        for number, item in enumerate(asked, 1):
            request = Request((Message("user", item.prompt),), Sampling(seed=0, max_tokens=MAX_TOKENS))
            text = "".join(event.text for event in client.stream(request) if isinstance(event, Chunk))
            answers.append(Answered(item.variant, item.prompt, text, *variants.check(item.variant, text)))
            progress(Step("regional.answering", number, len(asked), "questions"))
    return answers


def _conduct(
    model: Path, n_threads: int | None, excluded: Collection[str], progress: Progress
) -> dict[str, Any]:
    """Answers to what lies inside and outside, by several workers of one thread each."""
    free = [
        (item, text)
        for item, _, text in ask(
            model, conduct.open_ended(), seeds=conduct.SEEDS[:1], workers=n_threads, progress=progress
        )
    ]
    told = [
        (item, text)
        for item, _, text in ask(
            model, conduct.asked(excluded), seeds=conduct.SEEDS, workers=n_threads, progress=progress
        )
    ]
    return {
        "conduct": tuple(conduct.summarize([*told, *free])),
        "written": tuple(conduct.written(free)),
    }
