"""What a teacher with any tokenizer writes to the recipe's prompts, filtered: sequence-level distillation.

Kim & Rush 2016: a student that learns from its teacher's own sentences needs
neither its vocabulary nor its probabilities. What the teacher writes badly is
left out: cut off, too short, in circles, in another language, told before.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from latam_edge.core.atomic import disk_errors
from latam_edge.core.errors import BadCheckpoint, EmptyCorpus
from latam_edge.core.progress import Progress, Step
from latam_edge.train.corpus_files import UNKNOWN, corpus_folder
from latam_edge.train.holdout import letters
from latam_edge.train.languages import language_of
from latam_edge.train.readers import Tally, read_records
from latam_edge.train.recipe import Distill
from latam_edge.train.world import device

_TOGETHER = 32
"""Prompts that are answered at a time."""
_REPEATED = 0.3
"""Share of four-word sequences that may occur twice; text that goes in circles has more."""


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    lang: str


@dataclass(frozen=True, slots=True)
class Written:
    """One answer that passed the filters."""

    prompt: str
    answer: str
    lang: str


def read_prompts(stage: Distill, corpus: str) -> list[Prompt]:
    """The recipe's prompts: as they stand there, or in .txt and .jsonl files (relative to the corpus folder).

    Raises FileMissing, NotText, EmptyCorpus when there is none.
    """
    found: list[Prompt] = []
    for prompt in stage.prompts:
        if not re.fullmatch(r"\S+\.(txt|jsonl)(\.(gz|xz|zst))?", prompt):
            found.append(Prompt(prompt, language_of(prompt) or UNKNOWN))
            continue
        for record in read_records(corpus_folder(corpus) / prompt, Tally()):
            text = record if isinstance(record, str) else record.get("prompt", record.get("question"))
            if isinstance(text, str) and text.strip():
                lang = record.get("lang") if isinstance(record, dict) else None
                found.append(Prompt(text.strip(), str(lang or language_of(text) or UNKNOWN)))
    if not found:
        raise EmptyCorpus(path=corpus_folder(corpus), patterns=", ".join(stage.prompts))
    return found


class Filter:
    """Which answers are worth learning from; counts why others were left out."""

    def __init__(self, stage: Distill) -> None:
        self._stage = stage
        self._seen: set[bytes] = set()
        self.left_out: Counter[str] = Counter()

    def passes(self, prompt: Prompt, answer: str, ended: bool) -> bool:
        """ended: the teacher ended it itself."""
        reason = self._reason(prompt, answer, ended)
        if reason:
            self.left_out[reason] += 1
        return reason is None

    def _reason(self, prompt: Prompt, answer: str, ended: bool) -> str | None:
        if not ended:
            return "cut"
        if len(answer) < self._stage.min_characters:
            return "short"
        if repeated_share(answer) > _REPEATED:
            return "repetition"
        spoken = language_of(answer)
        if prompt.lang in ("es", "pt") and spoken is not None and spoken != prompt.lang:
            return "language"
        mark = hashlib.blake2b(letters(answer).encode(), digest_size=8).digest()
        if mark in self._seen:
            return "duplicate"
        self._seen.add(mark)
        return None


def repeated_share(text: str, n: int = 4) -> float:
    """Share of the sequences of `n` words that occurred before in the text; of short texts, of words."""
    words = text.casefold().split()
    n = n if len(words) >= 4 * n else 1
    grams = [tuple(words[at : at + n]) for at in range(len(words) - n + 1)]
    if len(grams) < 8:
        return 0.0
    share = 1 - len(set(grams)) / len(grams)
    # Single words come again in any text: three in four must be new only where n is 4.
    return share if n > 1 else max(0.0, share - 0.4)


def write_texts(
    stage: Distill, teacher_path: Path, corpus: str, seed: int, path: Path, progress: Progress
) -> dict[str, Any]:
    """Answers of the teacher to every prompt, one JSON object a line in `path`; returns the counts.

    Each batch's lines are appended when it is done, so that a run that was broken
    off goes on with the next batch and ends with the same file.
    Raises BadCheckpoint, EmptyCorpus, FileMissing, DiskFull.
    """
    prompts = [prompt for prompt in read_prompts(stage, corpus) for _ in range(stage.texts_per_prompt)]
    done = _resume(path)
    sieve = Filter(stage)
    kept = 0
    for batch in done:
        for line in batch:
            if sieve.passes(Prompt(line["prompt"], line["lang"]), line["answer"], line["ended"]):
                kept += 1
    teacher = None
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for number, at in enumerate(range(0, len(prompts), _TOGETHER)):
            progress(Step("train.step.writing", at, len(prompts), "texts"))
            if number < len(done):
                continue
            teacher = teacher or _Writer(teacher_path, stage)
            chosen = prompts[at : at + _TOGETHER]
            lines = []
            for prompt, (answer, ended) in zip(chosen, teacher.write(chosen, seed + number), strict=True):
                kept += sieve.passes(prompt, answer, ended)
                lines.append({"prompt": prompt.text, "lang": prompt.lang, "answer": answer, "ended": ended})
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(lines, ensure_ascii=False) + "\n")
    progress(Step("train.step.writing", len(prompts), len(prompts), "texts"))
    return {"texts": kept, "asked": len(prompts), "left_out": dict(sieve.left_out)}


def read_texts_written(path: Path, stage: Distill) -> Iterator[Written]:
    """The answers of `write_texts` that pass the filters."""
    sieve = Filter(stage)
    for batch in _resume(path):
        for line in batch:
            if sieve.passes(Prompt(line["prompt"], line["lang"]), line["answer"], line["ended"]):
                yield Written(line["prompt"], line["answer"], line["lang"])


def _resume(path: Path) -> list[list[dict[str, Any]]]:
    """The whole batches in the file; a line that a power cut tore is taken off."""
    if not path.exists():
        return []
    whole: list[list[dict[str, Any]]] = []
    good = 0
    with path.open("rb") as file:
        for raw in file:
            try:
                whole.append(json.loads(raw))
            except ValueError:
                break
            if not raw.endswith(b"\n"):
                whole.pop()
                break
            good += len(raw)
    if good < path.stat().st_size:
        with path.open("rb+") as file:
            file.truncate(good)
    return whole


class _Writer:
    """Any causal language model in a local folder, with its own tokenizer."""

    def __init__(self, folder: Path, stage: Distill) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self._stage = stage
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, padding_side="left"
            )
            model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype="auto")
        except (OSError, ValueError, KeyError) as error:
            raise BadCheckpoint(path=folder, detail=str(error).partition("\n")[0]) from error
        if self._tokenizer.eos_token is None:
            raise BadCheckpoint(path=folder, detail="eos_token")
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._on = device()
        self._model = model.to(self._on).eval()

    @torch.no_grad()
    def write(self, prompts: Sequence[Prompt], seed: int) -> list[tuple[str, bool]]:
        """(answer, whether the teacher ended it) to each prompt."""
        told = [self._told(prompt.text) for prompt in prompts]
        inputs = self._tokenizer(told, return_tensors="pt", padding=True, add_special_tokens=not self._chat)
        inputs = {name: inputs[name].to(self._on) for name in ("input_ids", "attention_mask")}
        torch.manual_seed(seed)  # generate draws from the global generator
        made = self._model.generate(
            **inputs,
            max_new_tokens=self._stage.max_new_tokens,
            do_sample=self._stage.temperature > 0,
            temperature=self._stage.temperature or None,
            top_p=self._stage.top_p,
            top_k=0,
            pad_token_id=self._tokenizer.pad_token_id,
            eos_token_id=self._tokenizer.eos_token_id,
        )
        answers = []
        for ids in made[:, inputs["input_ids"].shape[1] :].tolist():
            ended = self._tokenizer.eos_token_id in ids
            if ended:
                ids = ids[: ids.index(self._tokenizer.eos_token_id)]
            answers.append((self._tokenizer.decode(ids, skip_special_tokens=True).strip(), ended))
        return answers

    @property
    def _chat(self) -> bool:
        return bool(self._tokenizer.chat_template)

    def _told(self, prompt: str) -> str:
        if not self._chat:
            return prompt
        messages = [{"role": "user", "content": prompt}]
        text: str = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return text
