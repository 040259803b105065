"""What a run's checkpoints and files are worth: bits per byte, f16 against int4, the exam."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from latam_edge.cartilla import open_text
from latam_edge.cartilla.model import Lang
from latam_edge.core.progress import Progress
from latam_edge.train import architecture, documents, packing, qad_text
from latam_edge.train.corpus_step import LANGS, Paths, held_out_dialogues, read_dialogues
from latam_edge.train.recipe import Recipe
from latam_edge.train.tokenizer import load_tokenizer
from latam_edge.train.trainer import evaluate_rows

NGRAM_DIALOGUES = 40_000
"""Training dialogues that the 5-gram model counts; more changes its bits per byte little and costs memory."""


@lru_cache(maxsize=8)
def _held_out(tokenizer_folder: Path, lang: Lang) -> tuple[packing.Rows, int]:
    """Held-out dialogues of one language, packed, and the UTF-8 bytes of their text (marks not counted)."""
    dialogues = held_out_dialogues(lang, ())
    n_bytes = sum(len(text.encode()) for d in dialogues for turn in d.turns for text in turn)
    docs = documents.encode_dialogues(load_tokenizer(tokenizer_folder), dialogues)
    return packing.pack(docs, 256), n_bytes


def bits_per_byte(checkpoint: Path, lang: Lang) -> float:
    """Bits per byte of a checkpoint on the held-out dialogues of one language, question and answer."""
    rows, n_bytes = _held_out(checkpoint, lang)
    return round(evaluate_rows(architecture.load(checkpoint), rows, n_bytes), 4)


def ngram_bits_per_byte(paths: Paths, langs: Sequence[Lang]) -> dict[str, float]:
    """The same measure for a 5-gram model over the same tokens, counted on the training dialogues."""
    from itertools import islice

    from latam_edge.evaluate.ngram import NgramModel

    tokenizer = load_tokenizer(paths.tokenizer)
    train = islice(read_dialogues(paths.data / "dialogues.jsonl"), NGRAM_DIALOGUES)
    counted = [d.tokens.tolist() for d in documents.encode_dialogues(tokenizer, train)]
    model = NgramModel.train(counted, vocabulary=tokenizer.get_vocab_size(), order=5)
    figures: dict[str, float] = {}
    for lang in langs:
        dialogues = held_out_dialogues(lang, ())
        n_bytes = sum(len(text.encode()) for d in dialogues for turn in d.turns for text in turn)
        held_out = [d.tokens.tolist() for d in documents.encode_dialogues(tokenizer, dialogues)]
        figures[lang] = round(model.bits(held_out) / n_bytes, 4)
    return figures


def export(
    recipe: Recipe,
    paths: Paths,
    kind: str,
    progress: Progress,
    checkpoint: Path | None = None,
    method: str | None = None,
    excluded: Collection[str] = (),
) -> dict[str, Any]:
    """Write `checkpoint` (None: the chat's) as GGUF of type `kind`. Returns size, bits per weight, method.

    method: how int4 codes are chosen; None: as the recipe says, which for "qad" means the
    checkpoint that [qad] made. A method that can't be had is an error, never another method.
    excluded: keys of health items that the calibration text leaves out.
    """
    from convert.to_gguf import convert

    # The primer is ours to give. What others' text allows only who chose it knows (docs/decisions/0021).
    ours = not (recipe.data.texts or recipe.data.instructions or recipe.data.questions)
    facts = {
        "general.name": recipe.name,
        "general.description": recipe.description,
        **({"general.license": "apache-2.0"} if ours else {}),
        "general.languages": list(LANGS),
    }
    method = (method or recipe.method) if kind == "int4" else "rtn"
    calibration = None
    if method == "gptq":
        tokens = recipe.export.calibration_tokens
        calibration = qad_text.recipe_calibration(recipe, paths, tokens, excluded)
    result = convert(
        checkpoint or (paths.qad if method == "qad" else paths.chat),
        paths.gguf(recipe.name, kind),
        kind,
        method=method,
        calibration=calibration,
        metadata=facts,
        progress=progress,
    )
    report = {"file_bytes": result.file_bytes, "bits_per_weight": round(result.bits_per_weight, 3)}
    return {**report, "method": method} if kind == "int4" else report


def compare(recipe: Recipe, paths: Paths, progress: Progress) -> dict[str, Any]:
    """int4 against f16 on held-out text, per language: perplexity, KL divergence, top-1 agreement.

    The figures, and those on the project's prose, become the int4 file's passport. Windows are
    no longer than the rows that the model was trained on (docs/passport.md).
    """
    from convert.passport import write
    from latam_edge.core.atomic import write_text
    from latam_edge.evaluate import Text, evaluate, evaluation_set
    from latam_edge.evaluate.passport import of_reports
    from latam_edge.evaluate.texts import N_CTX

    primer = evaluation_set.cartilla(recipe.exam.per_category)
    texts: dict[tuple[str, str], Text] = {
        (name, lang): evaluation_set.load(name, lang) for name in (primer, "prose") for lang in LANGS
    }
    for lang in LANGS:
        write_text(paths.held_out(lang), texts[primer, lang].content)
    f16, int4 = paths.gguf(recipe.name, "f16"), paths.gguf(recipe.name, "int4")
    n_ctx = min(N_CTX, recipe.data.context)
    reports = evaluate(int4, list(texts.values()), f16, progress, n_ctx=n_ctx)
    write(int4, of_reports(int4, f16, texts, reports))
    own = [report for (name, _), report in zip(texts, reports, strict=True) if name == primer]
    return {
        "f16": [
            {"language": r.language, "tokens": r.tokens, "perplexity": r.reference_perplexity} for r in own
        ],
        "int4": [report.to_json() for report in own],
    }


def exam(recipe: Recipe, paths: Paths, excluded: Collection[str], progress: Progress) -> dict[str, Any]:
    """Held-out accuracy by category and language of both files, at the shipped sampling."""
    from latam_edge.evaluate.exam import take_exam

    return {
        kind: [
            asdict(row)
            for row in take_exam(
                paths.gguf(recipe.name, kind),
                per_category=recipe.exam.per_category,
                seeds=range(recipe.exam.seeds),
                excluded=excluded,
                open_categories=[name for name in open_text.CATEGORIES if recipe.data.weights.get(name)],
                max_tokens=recipe.exam.max_tokens,
                progress=progress,
            )
        ]
        for kind in ("f16", "int4")
    }


def register(recipe: Recipe, model: Path) -> str:
    """Put the file into the user's library under the recipe's name, in place of an earlier one.

    The embedded model keeps its name: one made anew from its recipe is called "<name>-new".
    """
    from latam_edge.store.entry import EMBEDDED
    from latam_edge.store.library import Library

    name = f"{recipe.name}-new" if recipe.name == EMBEDDED else recipe.name
    return Library().add(model, name=name, replace=True).name
