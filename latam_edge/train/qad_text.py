"""What quantization-aware distillation reads: rows to train on, text to choose by, text to calibrate on.

Half of it is running text, cut into whole windows that begin with the begin mark, as
files are compared on; half are dialogues as the chat template lays them out. The
model's own probabilities are learnt at every place, so no answers are marked.

Nothing here is held out for the exam or the passport: a choice among checkpoints, and
the calibration, are made on text of the recipe's own or on the user's.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from latam_edge.cartilla import corpus
from latam_edge.cartilla.model import Dialogue
from latam_edge.core.errors import TrainingFault
from latam_edge.evaluate.texts import Text
from latam_edge.train import documents, packing, text_step
from latam_edge.train.corpus_step import LANGS, Paths, read_dialogues
from latam_edge.train.order import Order, Weighted
from latam_edge.train.recipe import Qad, Recipe, Stage
from latam_edge.train.spans import RowSource
from latam_edge.train.tokenizer import ASSISTANT, BOS, END, SYSTEM, USER, load_tokenizer
from quant import calibration
from quant.calibration import Calibration

PROSE_SEED, HELD_OUT_SEED, CALIBRATION_SEED = 5000, 6000, 7000
"""Added to the recipe's seed: three draws of the primer's running text."""
_TOKENS_PER_PARAGRAPH = 60
"""About as many has a paragraph of the primer; it only decides how many are drawn."""
_CHARACTERS_PER_TOKEN = 4
CONTEXT = 512
"""Tokens per row for a checkpoint of unknown origin."""
HELD_OUT_PART = 0.05
"""Share of a user's text, at its end, that is kept for choosing by; more when that is too little."""


@dataclass(frozen=True, slots=True)
class QadText:
    """The text of one run."""

    rows: RowSource
    """Rows to train on, all places learnt."""
    order: Order
    """Which of them a step reads."""
    held_out: tuple[Text, ...]
    """One text per language, in no row; the kept checkpoint is the one whose file is best on them."""
    calibration: Calibration
    """What GPTQ's codes are chosen on."""


def of_recipe(recipe: Recipe, paths: Paths, seed: int, excluded: Collection[str] = ()) -> QadText:
    """The recipe's dialogues and running text, and its texts where it names some.

    excluded: keys of health items that are not drawn.
    """
    # Rows of texts have the length that their cache is read in.
    own = 0 if recipe.data.texts else recipe.qad.context
    settings = replace(recipe.qad, context=own or recipe.data.context)
    tokenizer = load_tokenizer(paths.tokenizer)
    held_out = _prose(recipe.seed + HELD_OUT_SEED, settings.held_out_tokens * len(LANGS), excluded)
    known = {text for texts in held_out.values() for text in texts}
    training = _prose(recipe.seed + PROSE_SEED, round(settings.tokens * settings.text_share), excluded)
    running = [
        windows(tokenizer, "\n".join(text for text in texts if text not in known), settings.context)
        for texts in training.values()
    ]
    dialogues = itertools.islice(
        read_dialogues(paths.data / "finetune.jsonl"),
        # A short one has some 20 tokens; more than are needed do no harm.
        max(1, round(settings.tokens * (1 - settings.text_share) / 20)),
    )
    chat = _all_learnt(packing.pack(documents.encode_dialogues(tokenizer, dialogues), settings.context))
    rows: RowSource
    order: Order
    rows, order = _mixed(packing.joined(running), chat, settings.text_share, seed)
    if recipe.data.texts:
        stage = Stage(tokens=settings.tokens, batch_tokens=settings.batch_tokens)
        mixture = text_step.mixture(recipe, paths, stage, packing.joined([*running, chat]), seed)
        rows, order = mixture.rows, mixture.order
    return QadText(
        rows,
        order,
        tuple(Text(f"qad.{lang}", lang, "\n".join(texts) + "\n") for lang, texts in held_out.items()),
        recipe_calibration(recipe, paths, settings.calibration_tokens, excluded),
    )


def recipe_calibration(
    recipe: Recipe, paths: Paths, tokens: int, excluded: Collection[str] = ()
) -> Calibration:
    """About `tokens` tokens of what the recipe trains on, half of them per language.

    Half of each are fine-tuning dialogues with the template's marks, half running text.
    """
    each = tokens * _CHARACTERS_PER_TOKEN // len(LANGS)
    prose = _prose(recipe.seed + CALIBRATION_SEED, tokens, excluded)
    texts = []
    for lang in LANGS:
        dialogues = (d for d in read_dialogues(paths.data / "finetune.jsonl") if d.lang == lang)
        chat = _up_to(each // 2, (chat_text(dialogue) for dialogue in dialogues))
        running = _up_to(each // 2, (f"{text}\n" for text in prose[lang]))
        texts.append(calibration.Text(f"{recipe.name}:{lang}", lang, chat + running, lang))
    return Calibration(tuple(texts))


def of_files(texts: Calibration, checkpoint: Path, settings: Qad, seed: int) -> QadText:
    """A user's own text for a checkpoint from anywhere: the end of each language is held out.

    Raises TrainingFault for a language that is too short for two windows.
    """
    settings = replace(settings, context=settings.context or CONTEXT)
    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    running, held_out, kept = [], [], []
    for lang, content in texts.by_language().items():
        room = max(round(len(content) * HELD_OUT_PART), settings.held_out_tokens * _CHARACTERS_PER_TOKEN)
        cut = len(content) - min(room, len(content) // 2)
        rows = windows(tokenizer, content[:cut], settings.context)
        if not len(rows):
            raise TrainingFault(detail=f"{lang}: < {settings.context} tokens")
        running.append(rows)
        held_out.append(Text(f"qad.{lang}", lang, content[cut : cut + room]))
        kept.append(calibration.Text(f"qad:{lang}", lang, content[:cut], lang))
    rows = packing.joined(running)
    return QadText(
        rows,
        Weighted(np.ones(len(rows)), seed),
        tuple(held_out),
        shortened(Calibration(tuple(kept)), settings),
    )


def shortened(texts: Calibration, settings: Qad) -> Calibration:
    """A calibration of about `settings.calibration_tokens` tokens: pieces from all over each text."""
    each = settings.calibration_tokens * _CHARACTERS_PER_TOKEN // max(1, len(texts.texts))
    piece = settings.context * _CHARACTERS_PER_TOKEN
    kept = []
    for text in texts.texts:
        n_pieces, room = max(1, each // piece), len(text.content)
        starts = [number * room // n_pieces for number in range(n_pieces)]
        content = "".join(text.content[start : start + piece] for start in starts)
        kept.append(replace(text, content=content if each < room else text.content))
    return Calibration(tuple(kept))


def windows(tokenizer: Tokenizer, text: str, context: int) -> packing.Rows:
    """Running text as whole rows, each beginning with the begin mark where the tokenizer has ours."""
    # By paragraphs: one string of megabytes takes the tokenizer much memory.
    lines = text.splitlines(keepends=True)
    pieces = ["".join(lines[at : at + 200]) for at in range(0, len(lines), 200)]
    encoded = tokenizer.encode_batch_fast(pieces, add_special_tokens=False)
    ids = np.array([token for one in encoded for token in one.ids], np.int64)
    mark = tokenizer.token_to_id(BOS)
    taken = context if mark is None else context - 1
    n_rows = len(ids) // taken
    dtype = documents.token_dtype(tokenizer.get_vocab_size())
    tokens = ids[: n_rows * taken].reshape(n_rows, taken).astype(dtype)
    if mark is not None:
        tokens = np.concatenate([np.full((n_rows, 1), mark, dtype), tokens], axis=1)
    whole = np.ones(tokens.shape, np.bool_)
    return packing.Rows(tokens, whole.astype(np.uint8), whole)


def chat_text(dialogue: Dialogue) -> str:
    """A dialogue as the chat template lays it out."""
    system = f"{SYSTEM}{dialogue.system}{END}" if dialogue.system else ""
    turns = (f"{USER}{question}{END}{ASSISTANT}{answer}{END}" for question, answer in dialogue.turns)
    return BOS + system + "".join(turns)


def _prose(seed: int, tokens: int, excluded: Collection[str]) -> dict[str, list[str]]:
    """About `tokens` tokens of the primer's running text, by language."""
    texts: dict[str, list[str]] = {lang: [] for lang in LANGS}
    for lang, text in corpus.prose(seed, max(20, tokens // _TOKENS_PER_PARAGRAPH), excluded=excluded):
        texts[lang].append(text)
    return texts


def _all_learnt(rows: packing.Rows) -> packing.Rows:
    return packing.Rows(rows.tokens, rows.segment, rows.segment != 0)


def _mixed(running: packing.Rows, chat: packing.Rows, share: float, seed: int) -> tuple[packing.Rows, Order]:
    """Both as one, and an order in which `share` of the rows read are running text."""
    parts: Sequence[tuple[packing.Rows, float]] = ((running, share), (chat, 1 - share))
    total = sum(len(rows) for rows, _ in parts)
    weights = [np.full(len(rows), part * total / max(1, len(rows))) for rows, part in parts]
    return packing.joined([running, chat]), Weighted(np.concatenate(weights), seed)


def _up_to(characters: int, texts: Iterable[str]) -> str:
    """As many whole texts as fit into so many characters; at least one."""
    taken: list[str] = []
    for text in texts:
        taken.append(text)
        characters -= len(text)
        if characters <= 0:
            break
    return "".join(taken)
