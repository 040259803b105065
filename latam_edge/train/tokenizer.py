"""Byte-level BPE tokenizer: training, chat template, and the files a checkpoint carries.

Digits stand one by one, so that a number's places line up and arithmetic can
be learnt; everything else is split as GPT-2 does. llama.cpp knows this pair of
rules as the pre-tokenizer "smollm", so text is cut alike in training and chat.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from latam_edge.core.atomic import write_text
from latam_edge.core.errors import BadCheckpoint, FileMissing
from latam_edge.train.recipe import Sampling

BOS, END, SYSTEM, USER, ASSISTANT, PAD = SPECIALS = (
    "<|bos|>",
    "<|end|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|pad|>",
)

CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ '<|' + message.role + '|>' + message.content | trim + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


WHOLE = "áéíóúüñãõâêôàçÁÉÍÓÚÜÑÃÕÂÊÔÀÇ¿¡×÷ĩũỹẽäï"
"""Letters of two bytes that are one token each, however rare they are in the text: those of Spanish and
Portuguese, and of the indigenous words that the cartilla teaches."""
_WHOLE_TIMES = 1000


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Train on `texts`. `vocabulary`: entries in all, the 256 bytes and the specials included."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # Counted often enough, its bytes are merged among the first; a digit keeps each letter a word of its own.
    letters = ("0".join(WHOLE) for _ in range(_WHOLE_TIMES))
    tokenizer.train_from_iterator(chain(texts, letters), trainer)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json, chat template included."""
    write_text(folder / "tokenizer.json", tokenizer.to_str(pretty=False))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": END,
        "pad_token": PAD,
        "add_bos_token": True,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 1024,
    }
    write_text(folder / "tokenizer_config.json", json.dumps(config, ensure_ascii=False, indent=1))


def save_generation_config(tokenizer: Tokenizer, sampling: Sampling, folder: Path) -> None:
    """Write generation_config.json: the sampling that the model ships with."""
    config = {
        "bos_token_id": tokenizer.token_to_id(BOS),
        "eos_token_id": tokenizer.token_to_id(END),
        "pad_token_id": tokenizer.token_to_id(PAD),
        "do_sample": True,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
    }
    write_text(folder / "generation_config.json", json.dumps(config, indent=1))


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read tokenizer.json."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def borrow_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of another run, whose models can then teach this one's.

    Raises FileMissing, BadCheckpoint when it is none or lacks the marks of the chat's form.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise FileMissing(path=path)
    try:
        tokenizer = load_tokenizer(folder)
    except Exception as error:  # the library raises Exception itself
        raise BadCheckpoint(path=path, detail=str(error)) from error
    missing = [mark for mark in SPECIALS if tokenizer.token_to_id(mark) is None]
    if missing:
        raise BadCheckpoint(path=path, detail=", ".join(missing))
    return tokenizer
