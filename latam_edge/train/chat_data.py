"""Instructions and questions about a text, from files, as dialogues to fine-tune on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, cast

from tokenizers import Tokenizer

from latam_edge.cartilla.model import Dialogue, Lang
from latam_edge.train import documents
from latam_edge.train.corpus_files import corpus_folder, find_files
from latam_edge.train.readers import Tally, read_records
from latam_edge.train.recipe import Recipe

READING, INSTRUCTIONS = "reading", "instructions"
REPEATS = 4
"""How often a dialogue may come where there are fewer than wanted: more is nearly without use
(Muennighoff et al. 2023)."""


def read_chat(recipe: Recipe, tally: Tally) -> Iterator[Dialogue]:
    """Every usable record of `data.instructions`; its category says which of the two kinds it is.

    Raises EmptyCorpus, FileMissing, NotText.
    """
    for file in find_files(corpus_folder(recipe.data.corpus), recipe.data.instructions):
        for record in read_records(file.path, tally):
            dialogue = to_dialogue(record, file.lang)
            if dialogue is None:
                tally.broken += 1
            else:
                yield dialogue


def to_dialogue(record: Any, lang: str) -> Dialogue | None:
    """A record with `messages`, or with `context`, `question` and `answer`; None for anything else."""
    if not isinstance(record, dict):
        return None
    mine = cast("Lang", record["lang"] if isinstance(record.get("lang"), str) else lang)
    if "messages" in record:
        return _from_messages(record["messages"], mine)
    parts = [record.get(name) for name in ("context", "question", "answer")]
    if not all(isinstance(part, str) and part.strip() for part in parts):
        return None
    context, question, answer = (str(part).strip() for part in parts)
    return Dialogue(READING, mine, ((f"{context}\n\n{question}", answer),))


def _from_messages(messages: Any, lang: Lang) -> Dialogue | None:
    """System or not, then user and assistant in turn, the assistant last."""
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        return None
    told = [(m.get("role"), m.get("content")) for m in messages]
    if not told or not all(isinstance(text, str) and text.strip() for _, text in told):
        return None
    system = str(told.pop(0)[1]).strip() if told[0][0] == "system" else ""
    roles = [role for role, _ in told]
    if not told or len(told) % 2 or roles != ["user", "assistant"] * (len(told) // 2):
        return None
    texts = [str(text).strip() for _, text in told]
    return Dialogue(INSTRUCTIONS, lang, tuple(zip(texts[::2], texts[1::2], strict=True)), system)


def draw_chat(
    dialogues: list[Dialogue], tokenizer: Tokenizer, context: int, count: int, seed: int
) -> Iterator[Dialogue]:
    """`count` of the dialogues that fit into a row whole, in an order that the seed decides.

    A dialogue that is longer than a row is left out: what is learnt would be an
    answer that breaks off. Each comes at most REPEATS times.
    """
    order = random.Random(f"chat {seed}").sample(dialogues, len(dialogues))
    given = 0
    fitting: list[Dialogue] = []
    for dialogue, document in zip(order, documents.encode_dialogues(tokenizer, order), strict=True):
        if given == count:
            return
        if len(document.tokens) <= context:
            fitting.append(dialogue)
            given += 1
            yield dialogue
    for _ in range(REPEATS - 1):
        for dialogue in fitting:
            if given == count:
                return
            given += 1
            yield dialogue
