"""What a model reads: dialogues and plain text as token lists, with the part to learn marked."""

from __future__ import annotations

import json
import lzma
import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from latam_edge.cartilla.model import Dialogue
from latam_edge.core.errors import FileMissing
from latam_edge.train.tokenizer import ASSISTANT, BOS, END, SYSTEM, USER


@dataclass(frozen=True, slots=True)
class Document:
    """One document: token ids, and for each whether it is to be learnt (an answer) or only read."""

    tokens: NDArray[np.unsignedinteger]
    learn: NDArray[np.bool_]


def token_dtype(vocabulary: int) -> type[np.unsignedinteger]:
    """The smallest type that holds every token id."""
    return np.uint16 if vocabulary <= 1 << 16 else np.uint32


def begin_and_end(tokenizer: Tokenizer) -> tuple[int, int]:
    """Ids of the marks of a text's begin and end."""
    bos, end = tokenizer.token_to_id(BOS), tokenizer.token_to_id(END)
    assert bos is not None
    assert end is not None
    return bos, end


def encode_dialogues(tokenizer: Tokenizer, dialogues: Iterable[Dialogue]) -> Iterator[Document]:
    """Tokens of each dialogue as the chat template lays it out.

    Built part by part, so that a question that spells "<|end|>" stays text and
    the marked part is exactly the answer and the token that ends it.
    """
    ids = {name: tokenizer.token_to_id(name) for name in (BOS, END, SYSTEM, USER, ASSISTANT)}
    batch: list[Dialogue] = []
    dtype = token_dtype(tokenizer.get_vocab_size())

    def flush() -> Iterator[Document]:
        texts = [
            t for d in batch for t in ((d.system,) if d.system else ()) + tuple(x for q in d.turns for x in q)
        ]
        encoded = iter(tokenizer.encode_batch_fast(texts, add_special_tokens=False))
        for d in batch:
            tokens, learn = [ids[BOS]], [False]
            if d.system:
                part = next(encoded).ids
                tokens += [ids[SYSTEM], *part, ids[END]]
                learn += [False] * (len(part) + 2)
            for _ in d.turns:
                question, answer = next(encoded).ids, next(encoded).ids
                tokens += [ids[USER], *question, ids[END], ids[ASSISTANT], *answer, ids[END]]
                learn += [False] * (len(question) + 3) + [True] * (len(answer) + 1)
            yield Document(np.array(tokens, dtype), np.array(learn, np.bool_))

    for dialogue in dialogues:
        batch.append(dialogue)
        if len(batch) == 1000:
            yield from flush()
            batch.clear()
    yield from flush()


def encode_texts(tokenizer: Tokenizer, texts: Iterable[str]) -> Iterator[Document]:
    """Tokens of plain texts, all of them to be learnt, between the marks of begin and end."""
    bos, end = begin_and_end(tokenizer)
    dtype = token_dtype(tokenizer.get_vocab_size())
    for text in texts:
        tokens = np.array([bos, *tokenizer.encode(text, add_special_tokens=False).ids, end], dtype)
        learn = np.ones(len(tokens), np.bool_)
        learn[0] = False
        yield Document(tokens, learn)


def in_pieces(documents: Iterable[Document], context: int) -> Iterator[Document]:
    """Documents cut into pieces that fit a row; neighbours share a token, so that all are learnt once."""
    for document in documents:
        for at in range(0, max(1, len(document.tokens) - 1), context - 1):
            yield Document(document.tokens[at : at + context], document.learn[at : at + context])


def read_questions(files: Iterable[str], folder: str) -> Iterator[tuple[str, str]]:
    """(`lang`, `question`) of each line of JSON-lines files, plain or .xz; a broken line is passed over.

    Raises FileMissing.
    """
    base = Path(os.path.expandvars(folder)).expanduser()
    for name in files:
        path = base / name
        if not path.is_file():
            raise FileMissing(path=path)
        opener = lzma.open if path.suffix == ".xz" else open
        with opener(path, "rt", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    record = json.loads(line)
                    lang, question = record["lang"], record["question"]
                except (ValueError, KeyError, TypeError):
                    continue
                if isinstance(question, str):
                    yield str(lang), question.strip()


def shuffled(documents: list[Document], seed: int) -> list[Document]:
    """The documents in an order that the seed decides."""
    order = list(range(len(documents)))
    random.Random(seed).shuffle(order)
    return [documents[i] for i in order]
