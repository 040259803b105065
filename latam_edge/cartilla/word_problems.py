"""One-step word problems: a scene of the region, two numbers, one operation.

A rule, held out by operand pair; sums and differences share their pairs with
`arithmetic`, so a held-out pair is new in every form. Operands and results
are at least 2, which keeps every noun in the plural.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from functools import cache

from latam_edge.cartilla import arithmetic, split
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import Family, families, family

CATEGORY = "word_problems"
_HELD_OUT = 300


_ANIMALS = frozenset({"gallinas", "peces", "cabras", "ovejas", "llamas", "galinhas", "peixes", "ovelhas"})
"""They go in no box, bag or bucket."""

_ANSWER: dict[Lang, str] = {"es": "Respuesta", "pt": "Resposta"}
_OPS = ("add", "add", "sub", "sub", "mul", "div")


@cache
def scene_words() -> Mapping[str, Family]:
    """Names, things, boxes and money of data/scene_words.toml; things and boxes are named by their gender."""
    return families("scene_words.toml")


def _operands(rng: random.Random, op: str) -> tuple[int, int]:
    if op in ("mul", "div"):
        a, b = rng.randrange(2, 13), rng.randrange(2, 13)
        return (a, b) if op == "mul" else (a * b, b)
    top = rng.choice((13, 13, 50, 100))
    a, b = rng.randrange(2, top), rng.randrange(2, top)
    if op == "sub":
        a, b = max(a, b), min(a, b)
        if a - b < 2:
            a = b + rng.randrange(2, 9)
    return a, b


def _key(op: str, a: int, b: int) -> str:
    if op == "add":
        return arithmetic.sum_key(a, b)
    return (
        arithmetic.difference_key(a, b) if op == "sub" else f"mul:{a}x{b}" if op == "mul" else f"div:{a}/{b}"
    )


def _working(op: str, a: int, b: int, lang: Lang) -> tuple[str, int]:
    """(the working without its last "Resultado: n.", the result)."""
    if op == "mul":
        return f"{a} × {b} = {a * b}.", a * b
    if op == "div":
        return f"{a} ÷ {b} = {a // b}.", a // b
    text = arithmetic.sum_working(a, b, lang) if op == "add" else arithmetic.difference_working(a, b, lang)
    return text.split(" Resultado:")[0], a + b if op == "add" else a - b


def sample(rng: random.Random, lang: Lang, *, held_out: bool = False) -> Item:
    """A random word problem from the training side or the held-out side."""
    while True:
        op = rng.choice(_OPS)
        a, b = _operands(rng, op)
        if split.rule_is_held_out(_key(op, a, b)) == held_out:
            break
    words = scene_words()
    unit, frame = rng.choice(family("word_problems", op).named[lang])
    gender, things = rng.choice(words["thing"].named[lang])
    while things in _ANIMALS and "{c}" in frame:
        gender, things = rng.choice(words["thing"].named[lang])
    feminine = gender == "f"
    boxes_gender, boxes = rng.choice(words["box"].named[lang])
    money = rng.choice(words["money"][lang])
    if boxes_gender == "m":
        frame = frame.replace("cada una", "cada uno").replace("cada uma", "cada um")
    if not feminine:
        frame = frame.replace("repartidas", "repartidos")
    first, second = rng.sample(words["name"][lang], 2)
    how_many = (
        ("Cuántas" if feminine else "Cuántos") if lang == "es" else ("Quantas" if feminine else "Quantos")
    )
    question = frame.format(
        n=first, m=second, a=a, b=b, x=things, q=how_many, ql=how_many.lower(), p=money, c=boxes
    )
    working, result = _working(op, a, b, lang)
    noun = {"x": things, "p": money}.get(unit, unit)
    return Item(
        CATEGORY,
        lang,
        _key(op, a, b),
        "rule",
        ((f"scene.{op}", question),),
        (f"{working} {_ANSWER[lang]}: {result} {noun}.",),
        Check(number=str(result)),
    )


def items() -> Iterator[Item]:
    """A fixed sample of held-out problems; training draws with `sample`."""
    for lang in arithmetic.LANGS:
        rng = random.Random(f"held out {CATEGORY} {lang}")
        for _ in range(_HELD_OUT):
            yield sample(rng, lang, held_out=True)
