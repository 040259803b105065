"""From a corpus folder to rows: what is held out, the tokens on disk, the mixture that a stage reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latam_edge.core.atomic import atomic_write, write_text
from latam_edge.core.errors import EmptyCorpus, TrainingFault
from latam_edge.core.progress import Progress
from latam_edge.train import documents, packing, token_cache
from latam_edge.train.corpus_files import CorpusFile, corpus_folder, find_files, weight_of
from latam_edge.train.corpus_step import Paths
from latam_edge.train.holdout import HeldOut
from latam_edge.train.order import Course, Order, Shuffled, Weighted
from latam_edge.train.readers import Text
from latam_edge.train.recipe import Recipe, Stage
from latam_edge.train.spans import JoinedRows, RowSource, SpanRows
from latam_edge.train.tokenizer import load_tokenizer

CARTILLA = "cartilla"
"""The name that the primer's dialogues have among the weights of sources."""


@dataclass(frozen=True, slots=True)
class HeldOutRows:
    """Held-out text of one language, ready to be measured on."""

    rows: packing.Rows
    n_bytes: int
    """UTF-8 bytes of the text, marks not counted."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a stage reads, in which order, and what it is measured on."""

    rows: RowSource
    order: Order
    validation: dict[str, HeldOutRows] = field(default_factory=dict)
    """By language."""


def text_files(recipe: Recipe) -> list[CorpusFile]:
    """The files that `data.texts` names; those of `data.held_out_texts` are not among them."""
    folder = corpus_folder(recipe.data.corpus)
    held = {file.name for file in held_out_files(recipe)}
    return [file for file in find_files(folder, recipe.data.texts) if file.name not in held]


def held_out_files(recipe: Recipe) -> list[CorpusFile]:
    """The files that `data.held_out_texts` names."""
    if not recipe.data.held_out_texts:
        return []
    return find_files(corpus_folder(recipe.data.corpus), recipe.data.held_out_texts)


def _held_out_path(paths: Paths) -> Path:
    return paths.data / "held-out-texts.jsonl"


def find_held_out(recipe: Recipe, paths: Paths, progress: Progress) -> dict[str, int]:
    """Write the held-out texts into the run's folder. Returns how many records and characters they are.

    Raises EmptyCorpus when the files hold no text at all.
    """
    own = held_out_files(recipe)
    held_out = HeldOut(0.0 if own else recipe.data.held_out_share)
    count = characters = 0
    with atomic_write(_held_out_path(paths), "w", encoding="utf-8") as out:
        files = own or text_files(recipe)
        for text in token_cache.held_out_texts(files, held_out, progress, everything=bool(own)):
            record = {"text": text.text, "lang": text.lang, "source": text.source}
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
            characters += len(text.text)
    return {"held_out": count, "held_out_characters": characters}


def read_held_out(paths: Paths) -> Iterator[Text]:
    """What `find_held_out` wrote."""
    with _held_out_path(paths).open(encoding="utf-8") as lines:
        for line in lines:
            yield Text(**json.loads(line))


def remembered(recipe: Recipe, paths: Paths) -> HeldOut:
    """What is held out, from the file that `find_held_out` wrote."""
    held_out = HeldOut(0.0 if recipe.data.held_out_texts else recipe.data.held_out_share)
    for text in read_held_out(paths):
        held_out.remember(text)
    return held_out


def tokenizer_texts(recipe: Recipe, paths: Paths) -> Iterator[str]:
    """A sample of the training texts for a new tokenizer, weighted as pretraining reads them."""
    files = text_files(recipe)
    weights = {
        file.name: weight_of(recipe.data.sources, file.stem) * recipe.data.languages.get(file.lang, 1.0)
        for file in files
    }
    held_out = remembered(recipe, paths)
    return token_cache.sample_texts(files, held_out, recipe.data.tokenizer_characters, weights)


def tokenize(recipe: Recipe, paths: Paths, progress: Progress) -> dict[str, Any]:
    """Fill the token cache and note its entries in the run's folder. Returns what was found.

    Raises EmptyCorpus when no file holds a usable text.
    """
    entries = token_cache.tokenize_files(
        text_files(recipe), paths.tokenizer, remembered(recipe, paths), progress
    )
    files = [token_cache.open_entry(entry) for entry in entries]
    if not any(len(file.tokens) for file in files):
        raise EmptyCorpus(path=corpus_folder(recipe.data.corpus), patterns=", ".join(recipe.data.texts))
    write_text(paths.data / "texts.json", json.dumps([str(entry) for entry in entries]))
    by_lang: dict[str, int] = {}
    for file in files:
        sizes = np.diff(file.ends, prepend=0)
        for number, lang in enumerate(file.langs):
            by_lang[lang] = by_lang.get(lang, 0) + int(sizes[file.lang == number].sum())
    broken = {file.stem: file.tally["broken"] for file in files if file.tally["broken"]}
    return {
        "texts": sum(file.tally["texts"] for file in files),
        "held_out": sum(1 for _ in read_held_out(paths)),
        "text_tokens": sum(by_lang.values()),
        "text_tokens_by_language": by_lang,
        "broken": sum(broken.values()),
        "broken_by_file": broken,
        "cut_files": [file.stem for file in files if file.tally["cut"]],
    }


def mixture(recipe: Recipe, paths: Paths, stage: Stage, cartilla: packing.Rows, seed: int) -> Mixture:
    """The rows of a stage: the primer's and, where the recipe names texts, the corpus's by their weights."""
    if not recipe.data.texts:
        return Mixture(cartilla, Shuffled(len(cartilla), seed))
    parts: list[RowSource] = [cartilla]
    names: list[tuple[str, str]] = [(CARTILLA, "")]
    for entry in json.loads((paths.data / "texts.json").read_text(encoding="utf-8")):
        file = token_cache.open_entry(Path(entry))
        for lang in file.langs:
            parts.append(SpanRows(file, lang, recipe.data.context))
            names.append((file.stem, lang))
    rows = JoinedRows(parts)

    def order(sources: dict[str, float], seed: int) -> Order:
        weights: list[NDArray[np.float64]] = []
        for part, (name, lang) in zip(parts, names, strict=True):
            weight = weight_of(sources, name) * recipe.data.languages.get(lang, 1.0)
            weights.append(np.full(len(part), weight))
        joined = np.concatenate(weights)
        if not joined.sum() > 0:
            raise TrainingFault(detail="data.sources, data.languages: 0")
        return Weighted(joined, seed)

    course: list[tuple[int, Order]] = [(0, order(stage.sources or recipe.data.sources, seed))]
    steps = max(1, stage.tokens // stage.batch_tokens)
    if stage.late_share and stage.late_sources:
        course.append((round(steps * (1 - stage.late_share)), order(stage.late_sources, seed + 1000)))
    return Mixture(rows, Course(course), validation(recipe, paths))


def validation(recipe: Recipe, paths: Paths) -> dict[str, HeldOutRows]:
    """Held-out text by language, about `data.validation_characters` of each, from all over its documents."""
    if not recipe.data.texts:
        return {}
    found: dict[str, list[str]] = {}
    for record in read_held_out(paths):
        found.setdefault(record.lang, []).append(record.text)
    tokenizer = load_tokenizer(paths.tokenizer)
    measured: dict[str, HeldOutRows] = {}
    for lang, texts in sorted(found.items()):
        room = recipe.data.validation_characters
        chosen: list[str] = []
        # Every k-th text, so that the first novel does not stand for the language.
        every = max(1, len(texts) * 4000 // max(1, room))
        for text in texts[::every]:
            if room <= 0:
                break
            chosen.append(text[: min(room, 8000)])
            room -= len(chosen[-1])
        docs = documents.in_pieces(documents.encode_texts(tokenizer, chosen), recipe.data.context)
        rows = packing.pack(docs, recipe.data.context)
        measured[lang] = HeldOutRows(rows, sum(len(text.encode()) for text in chosen))
    return measured
