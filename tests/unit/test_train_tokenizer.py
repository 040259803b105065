"""The tokenizer and what dialogues become."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tokenizers import Tokenizer

from latam_edge.cartilla import corpus
from latam_edge.cartilla.model import Dialogue
from latam_edge.train import documents
from latam_edge.train import tokenizer as tok


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    texts = [text for d in corpus.dialogues(1, 3000) for turn in d.turns for text in turn]
    return tok.train_tokenizer(texts, 1024)


def test_digits_stand_one_by_one(tokenizer) -> None:
    tokens = tokenizer.encode("12345 + 678", add_special_tokens=False).tokens
    assert [t for t in tokens if any(c.isdigit() for c in t)] == list("12345678")


@pytest.mark.parametrize("letter", tok.WHOLE)
def test_accented_letters_are_whole(tokenizer, letter) -> None:
    assert len(tokenizer.encode(letter, add_special_tokens=False).ids) == 1


@pytest.mark.parametrize(
    "text", ["¿Qué es ñandú?", "São Tomé", "kuñataĩ ava ñe'ẽ", "日本 🙂 \n\n  x", "<|end|>"]
)
def test_any_text_comes_back_as_it_went_in(tokenizer, text) -> None:
    assert (
        tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids, skip_special_tokens=False)
        == text
    )


def test_dialogues_are_laid_out_as_the_chat_template_does(tokenizer, tmp_path) -> None:
    transformers = pytest.importorskip("transformers")
    tok.save_tokenizer(tokenizer, tmp_path)
    fast = transformers.PreTrainedTokenizerFast.from_pretrained(tmp_path)
    dialogue = Dialogue(
        "x", "es", (("¿Cuánto es 2 + 2?", "2 + 2 = 4."), ("¿Y 3 + 3?", "3 + 3 = 6.")), "Eres Semilla."
    )
    messages = [{"role": "system", "content": dialogue.system}]
    for question, answer in dialogue.turns:
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    text = fast.apply_chat_template(messages, tokenize=False)
    expected = tokenizer.encode(text, add_special_tokens=False).ids
    (document,) = documents.encode_dialogues(tokenizer, [dialogue])
    assert document.tokens.tolist() == expected


def test_answers_and_their_end_are_learnt_and_nothing_else(tokenizer) -> None:
    dialogue = Dialogue("x", "es", (("¿2 + 2?", "Es 4."), ("¿3 + 3?", "Es 6.")))
    (document,) = documents.encode_dialogues(tokenizer, [dialogue])
    learnt = tokenizer.decode(document.tokens[document.learn].tolist(), skip_special_tokens=False)
    assert learnt == "Es 4.<|end|>Es 6.<|end|>"


def test_the_saved_sampling_is_the_recipes(tokenizer, tmp_path) -> None:
    from latam_edge.train.recipe import Sampling

    tok.save_generation_config(tokenizer, Sampling(temperature=0.3), tmp_path)
    config = json.loads((tmp_path / "generation_config.json").read_text())
    assert config["temperature"] == 0.3
    assert config["eos_token_id"] == tokenizer.token_to_id("<|end|>")


def test_questions_from_files_come_with_their_language_and_broken_lines_are_passed_over(tmp_path) -> None:
    import lzma

    good = json.dumps({"question": " ¿Quién? ", "lang": "es"})
    with lzma.open(tmp_path / "q.jsonl.xz", "wt") as file:
        file.write(good + "\n{broken\n" + json.dumps({"question": 5, "lang": "es"}) + "\n")
    assert list(documents.read_questions(["q.jsonl.xz"], str(tmp_path))) == [("es", "¿Quién?")]


def test_plain_text_is_learnt_whole(tokenizer) -> None:
    (document,) = documents.encode_texts(tokenizer, ["Hola."])
    assert document.learn.tolist() == [False] + [True] * (len(document.tokens) - 1)
    assert document.tokens.dtype == np.uint16
