"""From recipe to packed rows: the cartilla is written, tokenized and packed."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from latam_edge.cartilla import corpus, decline, exam, held_out
from latam_edge.cartilla.model import Dialogue, Lang
from latam_edge.cartilla.noise import add_noise
from latam_edge.cartilla.normalize import normalize
from latam_edge.core.atomic import write_text
from latam_edge.core.errors import TrainingFault
from latam_edge.core.progress import Progress, Step
from latam_edge.train import chat_data, documents, packing
from latam_edge.train import tokenizer as tok
from latam_edge.train.corpus_files import corpus_folder
from latam_edge.train.readers import Tally
from latam_edge.train.recipe import MIX, Recipe
from latam_edge.train.teacher_text import Written

LANGS: tuple[Lang, ...] = ("es", "pt")


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the parts of a run lie, below its folder."""

    run: Path

    @property
    def data(self) -> Path:
        return self.run / "data"

    @property
    def tokenizer(self) -> Path:
        return self.run / "tokenizer"

    @property
    def teacher(self) -> Path:
        return self.run / "teacher"

    @property
    def student(self) -> Path:
        return self.run / "student"

    @property
    def chat(self) -> Path:
        """The fine-tuned student: what is exported."""
        return self.run / "chat"

    @property
    def qad(self) -> Path:
        """The chat model on the lattice, after quantization-aware distillation."""
        return self.run / "qad"

    def qad_round(self, number: int) -> Path:
        """The chat model on the lattice, before the health questions have been asked of it."""
        return self.run / f"qad-{number}"

    def round(self, number: int) -> Path:
        """The student after fine-tuning round `number`; a round never overwrites an earlier one."""
        return self.run / f"chat-{number}"

    def rows(self, name: str) -> Path:
        return self.data / f"{name}.npz"

    def held_out(self, lang: str) -> Path:
        return self.data / f"heldout.{lang}.txt"

    def gguf(self, name: str, kind: str) -> Path:
        return self.run / f"{name}-{kind}.gguf"


def draw(
    recipe: Recipe,
    seed: int,
    count: int,
    excluded: Collection[str] = (),
    weights: Mapping[str, float] | None = None,
) -> Iterator[Dialogue]:
    """`count` dialogues: the cartilla's, and declined questions from the recipe's files among them.

    weights: in place of the recipe's, for the categories named.
    """
    share = recipe.data.decline_share
    outside = list(_outside_questions(recipe))
    from_files = share * recipe.data.questions_share if outside else 0.0
    own = corpus.dialogues(
        seed,
        count,
        decline_share=max(0.0, share - from_files),
        excluded=excluded,
        weights={**recipe.data.weights, **(weights or {})},
    )
    rng = random.Random(f"outside {seed}")
    for dialogue in own:
        if rng.random() < from_files:
            lang, question = rng.choice(outside)
            noisy = add_noise(rng, question, lang)
            yield Dialogue("outside", lang, ((noisy, rng.choice(decline.ANSWERS[lang])),))
        else:
            yield dialogue


def _outside_questions(recipe: Recipe) -> Iterator[tuple[Lang, str]]:
    """Questions of the recipe's files that do not touch the cartilla and are no longer than 160 characters.

    A question shares the cartilla's ground when a distinctive word of some
    item's answer occurs in it (a country, a planet, a dish): such are left out,
    whatever they ask, rather than teach that Peru is unknown.
    """
    if not recipe.data.questions:
        return
    known = exam_words()
    folder = str(corpus_folder(recipe.data.corpus))
    for lang, question in documents.read_questions(recipe.data.questions, folder):
        if lang in LANGS and 12 <= len(question) <= 160 and not known & set(normalize(question).split()):
            yield lang, question


def exam_words() -> frozenset[str]:
    """Words that name what the cartilla is about: proper names, and the words asked for most."""
    from latam_edge.cartilla.subjects import all_items

    words: set[str] = set()
    for item in all_items():
        for answer in item.answers:
            for at, word in enumerate(answer.split()):
                bare = word.strip("¿?¡!.,;:()«»\"'")
                if at and bare[:1].isupper():
                    words |= set(normalize(bare).split())
    return frozenset(w for w in words if len(w) > 2)


def write_corpus(recipe: Recipe, paths: Paths, progress: Progress) -> dict[str, int]:
    """Write the pretraining dialogues and prose (JSON lines) and the held-out text. Returns counts."""
    dialogues = draw(recipe, recipe.seed, recipe.data.dialogues)
    count = _write_dialogues(paths, "dialogues", dialogues, recipe.data.dialogues, progress)
    n_prose = int(recipe.data.dialogues * recipe.data.prose_share)
    prose = [json.dumps(text, ensure_ascii=False) for _, text in corpus.prose(recipe.seed, n_prose)]
    write_text(paths.data / "prose.jsonl", "\n".join(prose) + "\n")
    for lang in LANGS:
        # For evaluation as plain text: held-out questions with right answers, laid out as the prose is.
        write_text(paths.held_out(lang), "\n".join(held_out.paragraphs(lang)) + "\n")
    return {"dialogues": count, "prose": len(prose)}


def write_distill(recipe: Recipe, paths: Paths, progress: Progress) -> str:
    """Write and pack dialogues for the distillation, if it has weights of its own. Returns the rows' name."""
    if not recipe.distill.weights:
        return "dialogues"
    count = recipe.data.dialogues
    dialogues = draw(recipe, recipe.seed + 2, count, weights=recipe.distill.weights)
    _write_dialogues(paths, "distill", dialogues, count, progress)
    _pack(recipe, paths, "distill", read_prose(paths.data / "prose.jsonl"))
    return "distill"


def write_finetune(
    recipe: Recipe, paths: Paths, excluded: Collection[str], progress: Progress
) -> dict[str, float]:
    """Write and pack the fine-tuning dialogues; health items in `excluded` send to a health worker."""
    count = recipe.data.finetune_dialogues
    mix = recipe.finetune.mix or {MIX[0]: 1.0}
    whole = sum(mix.values())
    own = round(count * mix.get(MIX[0], 0.0) / whole)
    dialogues: Iterable[Dialogue] = draw(recipe, recipe.seed + 1, own, excluded, recipe.finetune.weights)
    counts: dict[str, float] = {}
    if own < count:
        tokenizer = tok.load_tokenizer(paths.tokenizer)
        tally = Tally()
        found = list(chat_data.read_chat(recipe, tally))
        for kind in MIX[1:]:
            mine = [dialogue for dialogue in found if dialogue.category == kind]
            wanted = round(count * mix.get(kind, 0.0) / whole)
            drawn = list(chat_data.draw_chat(mine, tokenizer, recipe.data.context, wanted, recipe.seed))
            counts[kind] = len(drawn)
            dialogues = itertools.chain(dialogues, drawn)
        counts["broken"] = tally.broken
    _write_dialogues(paths, "finetune", dialogues, count, progress)
    return {**_pack(recipe, paths, "finetune", []), **counts}


def pack_written(recipe: Recipe, paths: Paths, written: Iterable[Written]) -> packing.Rows:
    """A teacher's answers to prompts, as dialogues packed into rows; what does not fit a row is left out."""
    tokenizer = tok.load_tokenizer(paths.tokenizer)
    dialogues = (Dialogue("teacher", cast("Lang", w.lang), ((w.prompt, w.answer),)) for w in written)
    docs = [
        document
        for document in documents.encode_dialogues(tokenizer, dialogues)
        if len(document.tokens) <= recipe.data.context
    ]
    if not docs:
        raise TrainingFault(detail='distill.mode = "text": 0 documents')
    return packing.pack(documents.shuffled(docs, recipe.seed), recipe.data.context)


def _write_dialogues(
    paths: Paths, name: str, dialogues: Iterable[Dialogue], count: int, progress: Progress
) -> int:
    lines = []
    for done, dialogue in enumerate(dialogues, start=1):
        lines.append(json.dumps(asdict(dialogue), ensure_ascii=False))
        if done % 2000 == 0 or done == count:
            progress(Step("train.step.corpus", done, count, "dialogues"))
    write_text(paths.data / f"{name}.jsonl", "\n".join(lines) + "\n")
    return len(lines)


def read_dialogues(path: Path) -> Iterator[Dialogue]:
    """Read what `write_corpus` wrote."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            raw = json.loads(line)
            yield Dialogue(
                raw["category"], raw["lang"], tuple((q, a) for q, a in raw["turns"]), raw["system"]
            )


def read_prose(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def make_tokenizer(
    recipe: Recipe, paths: Paths, progress: Progress, corpus_texts: Iterable[str] = ()
) -> dict[str, float]:
    """Train the tokenizer on the cartilla's and the corpus's text, or take the recipe's; save its files.

    Returns its measures, on the cartilla. Raises FileMissing, BadCheckpoint (our marks are missing).
    """
    progress(Step("train.step.tokenizer", 0, 1))
    dialogues = itertools.islice(read_dialogues(paths.data / "dialogues.jsonl"), 60_000)
    texts = [text for d in dialogues for turn in d.turns for text in turn]
    texts += list(read_prose(paths.data / "prose.jsonl"))[:5000]
    if recipe.data.tokenizer:
        tokenizer = tok.borrow_tokenizer(Path(recipe.data.tokenizer).expanduser())
    else:
        tokenizer = tok.train_tokenizer(itertools.chain(texts, corpus_texts), recipe.data.vocabulary)
    tok.save_tokenizer(tokenizer, paths.tokenizer)
    tok.save_generation_config(tokenizer, recipe.sampling, paths.tokenizer)
    progress(Step("train.step.tokenizer", 1, 1))
    sample = texts[:5000]
    n_bytes = sum(len(t.encode()) for t in sample)
    n_tokens = sum(len(e.ids) for e in tokenizer.encode_batch_fast(sample, add_special_tokens=False))
    return {"vocabulary": tokenizer.get_vocab_size(), "bytes_per_token": round(n_bytes / n_tokens, 3)}


def pack_dialogues(recipe: Recipe, paths: Paths, progress: Progress) -> dict[str, float]:
    """Tokenize and pack the pretraining dialogues and prose."""
    progress(Step("train.step.pack", 0, 1))
    report = _pack(recipe, paths, "dialogues", read_prose(paths.data / "prose.jsonl"))
    progress(Step("train.step.pack", 1, 1))
    return report


def _pack(recipe: Recipe, paths: Paths, name: str, prose: Iterable[str]) -> dict[str, float]:
    tokenizer = tok.load_tokenizer(paths.tokenizer)
    docs = list(documents.encode_dialogues(tokenizer, read_dialogues(paths.data / f"{name}.jsonl")))
    docs += list(documents.encode_texts(tokenizer, prose))
    rows = packing.pack(documents.shuffled(docs, recipe.seed), recipe.data.context)
    packing.save_rows(rows, paths.rows(name))
    return {"tokens": int((rows.segment != 0).sum()), "fill": round(rows.fill, 4)}


def held_out_dialogues(lang: Lang, excluded: Collection[str]) -> list[Dialogue]:
    """The held-out questions of one language with their right answers, as dialogues."""
    return [
        Dialogue(item.category, lang, (*item.history, (item.question, item.answer)))
        for item in exam.exam(held_out.SEED, 60, excluded=excluded)
        if item.lang == lang and item.answer
    ]
