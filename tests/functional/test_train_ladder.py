"""Every rung of recipes/region-70b walks at toy size: the recipes as they are, the numbers made small."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from latam_edge.core.progress import silent
from latam_edge.train import architecture
from latam_edge.train.pipeline import RUN_STEPS, Run
from latam_edge.train.recipe import Distill, Model, Recipe, load_recipe
from latam_edge.train.tokenizer import load_tokenizer

torch.set_num_threads(1)

LADDER = Path(__file__).parents[2] / "recipes" / "region-70b"
NOUNS = {"es": ["río", "árbol", "maestro", "maíz"], "pt": ["rio", "árvore", "professor", "milho"]}
SMALL = {"tokens": 3072, "batch_tokens": 1024, "micro_tokens": 512, "validate_tokens": 0}


def write(path: Path, records: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders and file names as the ladder's recipes name them."""
    base, rng = tmp_path_factory.mktemp("corpus"), random.Random(0)
    for lang, nouns in NOUNS.items():
        for folder, stem in (("text", "eltec-a"), ("text", "nuevo"), ("selected", "nuevo")):
            texts = [
                {
                    "text": " ".join(f"{rng.choice(nouns)} {rng.randrange(100)}." for _ in range(50)),
                    "source": str(n),
                }
                for n in range(30)
            ]
            write(base / folder / lang / f"{stem}.jsonl.xz", texts)
        asked = [{"context": f"Hay {n} ríos.", "question": "¿Cuántos?", "answer": f"{n}"} for n in range(30)]
        write(base / "instruct" / lang / "a.jsonl.xz", asked)
        told = [f'{{"prompt": "{noun}", "lang": "{lang}"}}' for noun in nouns]
        (base / "prompts").mkdir(exist_ok=True)
        (base / "prompts" / f"{lang}.jsonl").write_text("\n".join(told), encoding="utf-8")
    return base


def scaled(
    recipe: Recipe, corpus: Path, student: Model, distill: Distill, tokenizer: Path | None = None
) -> Recipe:
    """A rung at toy size; which data, which way of distilling and which mixture stay the recipe's."""
    data = replace(
        recipe.data,
        corpus=str(corpus),
        dialogues=150,
        finetune_dialogues=60,
        held_out_share=0.1,
        tokenizer_characters=20_000,
        validation_characters=2000,
        context=64,
        vocabulary=400,
        tokenizer=str(tokenizer) if tokenizer else "",
    )
    tuned = replace(recipe.finetune, **SMALL)
    return replace(
        recipe, data=data, student=student, distill=replace(distill, **SMALL), finetune=tuned, compile=False
    )


def walk(recipe: Recipe, out: Path, until: str) -> Run:
    run = Run(recipe, out, resume=False, progress=silent)
    run.walk(tuple(RUN_STEPS)[: list(RUN_STEPS).index(until) + 1])
    return run


@pytest.fixture(scope="module")
def ladder(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    patch = pytest.MonkeyPatch()
    patch.setenv("LATAM_EDGE_HOME", str(tmp_path_factory.mktemp("home")))
    out = tmp_path_factory.mktemp("ladder")
    rungs = {path.stem: load_recipe(path) for path in LADDER.glob("*.toml")}

    def shape(layers: int, width: int = 32) -> Model:
        return Model(layers=layers, width=width, heads=2, kv_heads=1, feed_forward=64)

    # In the 70B's place: a model with another tokenizer, and a chat template to be asked by.
    start = scaled(rungs["3-1b"], corpus, shape(1), Distill(mode="none"))
    start = replace(
        start,
        data=replace(start.data, vocabulary=420),
        distill=replace(start.distill, tokens=8192),
        finetune=replace(start.finetune, tokens=16_384, mix={}, weights={"greetings": 500.0}),
    )
    top = walk(start, out / "70b", "finetune")
    first = scaled(
        rungs["1-7b"],
        corpus,
        shape(4),
        replace(
            rungs["1-7b"].distill,
            teacher=str(top.paths.round(0)),
            max_new_tokens=48,
            min_characters=1,
            texts_per_prompt=8,
        ),
    )
    one = walk(first, out / "7b", "distill")
    second = replace(rungs["2-3b"].distill, teacher=str(one.paths.student))
    two = walk(scaled(rungs["2-3b"], corpus, shape(2), second, one.paths.tokenizer), out / "3b", "distill")
    third = replace(rungs["3-1b"].distill, teacher=str(two.paths.student))
    three = walk(
        scaled(rungs["3-1b"], corpus, shape(2, 64), third, one.paths.tokenizer), out / "1b", "finetune"
    )
    yield {"70b": top, "7b": one, "3b": two, "1b": three}
    patch.undo()


def test_the_top_writes_what_the_first_rung_reads(ladder: dict[str, Run]) -> None:
    report = ladder["7b"].report.steps["distill"]
    assert report["asked"] == 8 * 8
    assert report["texts"] + sum(report["left_out"].values()) == 8 * 8
    sizes = [load_tokenizer(ladder[name].paths.tokenizer).get_vocab_size() for name in ("70b", "7b")]
    assert sizes == [420, 400]


def test_lower_rungs_share_one_tokenizer_and_each_is_smaller(ladder: dict[str, Run]) -> None:
    tokenizers = {
        (ladder[name].paths.tokenizer / "tokenizer.json").read_bytes() for name in ("7b", "3b", "1b")
    }
    assert len(tokenizers) == 1
    layers = [architecture.load(ladder[name].paths.student).config.num_hidden_layers for name in ("7b", "3b")]
    assert layers == [4, 2]
    assert "teacher" not in ladder["3b"].report.steps


def test_the_last_rung_reads_cached_probabilities_and_ends_as_a_chat(ladder: dict[str, Run]) -> None:
    steps = ladder["1b"].report.steps
    assert 0 < steps["distill"]["bytes_per_position"] <= 40
    assert steps["finetune"]["data"]["reading"] > 0
    assert (ladder["1b"].paths.round(0) / "config.json").is_file()
