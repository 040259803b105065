"""Sums and differences to 999, tables and exact divisions to 12.

Single-digit sums and differences, tables and divisions are facts, learned by
heart and held out by phrasing. Larger sums and differences are a rule, held out
by operand pair; their answers show the columns as a school notebook does, so
that every step needs only what stands next to it:

    47 + 85: unidades 7 + 5 = 12, escribo 2 y llevo 1; decenas 4 + 8 + 1 = 13. Resultado: 132.
    82 - 47: unidades 12 - 7 = 5, pido prestado 1; decenas 8 - 1 - 4 = 3. Resultado: 35.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache, partial

from latam_edge.cartilla import split
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.number_words import in_words
from latam_edge.cartilla.phrasing import ask_family, family

_asked = partial(family, "arithmetic")

LANGS: tuple[Lang, ...] = ("es", "pt")
RULES = ("sums2", "sums3", "diffs2", "diffs3")
"""Categories that `sample` draws: two-digit and three-digit sums and differences."""

_MAX_TABLE = 12
_HELD_OUT_PER_RULE = 300
_MAX_SPELLED = 144
"""Operands up to this one are also asked in words: what a table or two digits reach."""

_WEIGHT_OF_HUNDREDS = 0.2
"""Of a number above `_MAX_SPELLED` in words: there are six times as many as below, and each needs less."""

_PLACES: dict[Lang, tuple[str, ...]] = {
    "es": ("unidades", "decenas", "centenas"),
    "pt": ("unidades", "dezenas", "centenas"),
}

_RESULT = {"es": "Resultado", "pt": "Resultado"}
_CARRY: dict[Lang, str] = {"es": "escribo {} y llevo 1", "pt": "escrevo {} e vai 1"}
_BORROW: dict[Lang, str] = {"es": "pido prestado 1", "pt": "pego 1 emprestado"}


@cache
def templates(op: str, lang: Lang, spelled: bool) -> tuple[tuple[str, str], ...]:
    """(name, text with {a} {b} {wa} {wb}) of an operation: "add", "sub", "mul" or "div".

    A name is that of the words around, a full stop, and that of what is calculated.
    """
    found = [
        (f"{wrapper}.{core}", frame.replace("{x}", body))
        for wrapper, frame in _asked("around").named[lang]
        for core, body in _asked(f"core-{op}").named[lang]
        if spelled or "{wa}" not in body
    ]
    found += _asked(f"special-{op}").named[lang] * 2
    if spelled:
        found += _asked(f"spelled-{op}").named[lang]
    return tuple(found)


def ask(template: str, a: int, b: int, lang: Lang) -> str:
    """The template's text with the operands in it, its first letter large where it ends a sentence."""
    wa = in_words(a, lang) if "{wa}" in template else ""
    wb = in_words(b, lang) if "{wb}" in template else ""
    return template.format(a=a, b=b, wa=wa, wb=wb)


def _questions(op: str, a: int, b: int, lang: Lang) -> tuple[tuple[str, str], ...]:
    spelled = a <= _MAX_SPELLED and b <= _MAX_SPELLED
    return tuple((name, ask(text, a, b, lang)) for name, text in templates(op, lang, spelled))


def _digits(n: int) -> list[int]:
    return [int(d) for d in reversed(str(n))]


def sum_working(a: int, b: int, lang: Lang) -> str:
    """The columns of a + b, 0..999 each, as a school notebook shows them, and the result last."""
    if a < 10 and b < 10:
        return f"{a} + {b} = {a + b}."
    left, right = _digits(a), _digits(b)
    columns = max(len(left), len(right))
    steps, carry = [], 0
    for place in range(columns):
        terms = [d[place] for d in (left, right) if place < len(d)] + ([1] if carry else [])
        total = sum(terms)
        step = f"{_PLACES[lang][place]} " + " + ".join(map(str, terms))
        if len(terms) > 1:
            step += f" = {total}"
        carry = total // 10
        if carry and place < columns - 1:
            step += ", " + _CARRY[lang].format(total % 10)
        steps.append(step)
    return f"{a} + {b}: {'; '.join(steps)}. {_RESULT[lang]}: {a + b}."


def difference_working(a: int, b: int, lang: Lang) -> str:
    """The columns of a - b, 0 <= b <= a <= 999. Raises ValueError when b > a."""
    if b > a:
        raise ValueError(f"{a} - {b} is below zero")
    if a < 10:
        return f"{a} - {b} = {a - b}."
    left, right = _digits(a), _digits(b)
    steps, borrow = [], 0
    for place, digit in enumerate(left):
        terms = ([1] if borrow else []) + ([right[place]] if place < len(right) else [])
        value = digit - sum(terms)
        borrow = value < 0
        if borrow:
            digit, value = digit + 10, value + 10
        step = f"{_PLACES[lang][place]} " + " - ".join(map(str, [digit, *terms]))
        if terms:
            step += f" = {value}"
        if borrow:
            step += ", " + _BORROW[lang]
        steps.append(step)
    return f"{a} - {b}: {'; '.join(steps)}. {_RESULT[lang]}: {a - b}."


def sum_key(a: int, b: int) -> str:
    """The same for a + b and b + a: the pair decides what is held out."""
    return f"add:{min(a, b)}+{max(a, b)}"


def difference_key(a: int, b: int) -> str:
    return f"sub:{a}-{b}"


def _item(category: str, op: str, a: int, b: int, lang: Lang, questions: tuple[tuple[str, str], ...]) -> Item:
    if op == "add":
        key, answer, result = sum_key(a, b), sum_working(a, b, lang), a + b
    else:
        key, answer, result = difference_key(a, b), difference_working(a, b, lang), a - b
    kind = "fact" if category in ("sums1", "diffs1") else "rule"
    return Item(
        category,
        lang,
        key,
        "fact" if kind == "fact" else "rule",
        questions,
        (answer,),
        Check(number=str(result)),
    )


def _draw_pair(rng: random.Random, category: str) -> tuple[str, int, int]:
    """(op, a, b) of a category, easy sizes and carries all well represented."""
    op = "add" if category.startswith("sums") else "sub"
    if category.endswith("2"):
        a = rng.randrange(10, 100)
        b = rng.randrange(10, 100) if rng.random() < 0.75 else rng.randrange(10)
    else:
        a = rng.randrange(100, 1000)
        b = rng.choice(
            (rng.randrange(100, 1000), rng.randrange(100, 1000), rng.randrange(10, 100), rng.randrange(10))
        )
    if op == "sub":
        return op, max(a, b), min(a, b)
    return (op, a, b) if rng.random() < 0.6 else (op, b, a)


def sample(rng: random.Random, category: str, lang: Lang, *, held_out: bool = False) -> Item:
    """A random item of one of RULES with one question, from the training side or the held-out side."""
    while True:
        op, a, b = _draw_pair(rng, category)
        key = sum_key(a, b) if op == "add" else difference_key(a, b)
        if split.rule_is_held_out(key) == held_out:
            break
    name, text = rng.choice(templates(op, lang, a <= _MAX_SPELLED and b <= _MAX_SPELLED))
    return _item(category, op, a, b, lang, ((name, ask(text, a, b, lang)),))


def items() -> Iterator[Item]:
    """Every fact, and of each rule a fixed sample of held-out pairs (training draws with `sample`)."""
    for lang in LANGS:
        yield from _facts(lang)
    for category in RULES:
        for lang in LANGS:
            rng = random.Random(f"held out {category} {lang}")
            seen: set[str] = set()
            while len(seen) < _HELD_OUT_PER_RULE:
                item = sample(rng, category, lang, held_out=True)
                if item.key not in seen:
                    seen.add(item.key)
                    yield item


def _facts(lang: Lang) -> Iterator[Item]:
    for a in range(10):
        for b in range(10):
            yield _item("sums1", "add", a, b, lang, _questions("add", a, b, lang))
            if b <= a:
                yield _item("diffs1", "sub", a, b, lang, _questions("sub", a, b, lang))
    for a in range(_MAX_TABLE + 1):
        for b in range(_MAX_TABLE + 1):
            yield Item(
                "tables",
                lang,
                f"mul:{a}x{b}",
                "fact",
                _questions("mul", a, b, lang),
                (f"{a} × {b} = {a * b}.",),
                Check(number=str(a * b)),
                weight=0.3 if 0 in (a, b) else 1.0,
            )
            if a and b:
                yield Item(
                    "divisions",
                    lang,
                    f"div:{a * b}/{b}",
                    "fact",
                    _questions("div", a * b, b, lang),
                    (f"{a * b} ÷ {b} = {a}.",),
                    Check(number=str(a)),
                )
    for a in range(1, _MAX_TABLE + 1):
        yield _whole_table(a, lang)
    yield from _spelling(lang)


def _whole_table(a: int, lang: Lang) -> Item:
    lines = [f"{a} × {b} = {a * b}" for b in range(1, 11)]
    return Item(
        "tables",
        lang,
        f"table:{a}",
        "fact",
        tuple((name, ask(text, a, 0, lang)) for name, text in _asked("whole-table").named[lang]),
        (", ".join(lines) + ".",),
        Check(require=tuple((line.replace("=", ""),) for line in lines)),
        weight=2.0,
    )


def _spelling(lang: Lang) -> Iterator[Item]:
    """Numbers from digits to words and back, 0 to 999. A rule, held out by number.

    All of them, because every seventh of those above 144 taught the hundreds too thinly.
    """
    said = "se escribe" if lang == "es" else "se escreve"
    for n in range(1000):
        words = in_words(n, lang)
        weight = 1.0 if n <= _MAX_SPELLED else _WEIGHT_OF_HUNDREDS
        for name, answer, check in (
            ("words", f"{n} {said} {words}.", Check(require=((words,),))),
            ("digits", f"{words[0].upper()}{words[1:]} {said} {n}.", Check(number=str(n))),
        ):
            questions = ask_family("arithmetic", name, lang, n=str(n), w=words)
            yield Item(
                "numbers", lang, f"number:{n}:{name}", "rule", questions, (answer,), check, weight=weight
            )


def follow_up(rng: random.Random, item: Item) -> tuple[Item, str] | None:
    """A next question after an arithmetic item, and the item that answers it; None where there is none."""
    lang, category = item.lang, item.category
    if category in RULES:
        following = sample(
            rng, rng.choice((category, "sums2" if category.startswith("sums") else "diffs2")), lang
        )
        op = "add" if category.startswith("sums") else "sub"
        sign = "+" if op == "add" else "-"
        a, b = (int(n) for n in following.answers[0].split(":")[0].split(sign))
    elif category == "tables":
        op, a, b = "mul", rng.randrange(1, _MAX_TABLE + 1), rng.randrange(1, _MAX_TABLE + 1)
        answer, result = f"{a} × {b} = {a * b}.", a * b
        following = Item(category, lang, f"mul:{a}x{b}", "fact", (), (answer,), Check(number=str(result)))
    elif category == "divisions":
        op, b, quotient = "div", rng.randrange(1, _MAX_TABLE + 1), rng.randrange(1, _MAX_TABLE + 1)
        a = b * quotient
        answer = f"{a} ÷ {b} = {quotient}."
        following = Item(category, lang, f"div:{a}/{b}", "fact", (), (answer,), Check(number=str(quotient)))
    else:
        return None
    return following, rng.choice(_asked(f"next-{op}")[lang]).format(a=a, b=b)
