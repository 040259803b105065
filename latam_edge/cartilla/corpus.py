"""The cartilla as training text: conversations without end, and short paragraphs of a primer.

Everything follows from the seed. No question that the exam asks is ever
produced: questions are drawn from the training side of `pool`, and what noise
makes of them is compared with the exam once more.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from math import sqrt

from latam_edge.cartilla import arithmetic, decline, health, open_text, pool, word_problems
from latam_edge.cartilla.model import Dialogue, Item, Lang
from latam_edge.cartilla.noise import add_noise
from latam_edge.cartilla.normalize import question_key

DECLINE_SHARE = 0.18
"""Share of questions that lie outside. More makes the model decline inside."""
MULTI_TURN_SHARE = 0.12
SYSTEM_SHARE = 0.04

WEIGHTS: dict[str, float] = {
    "sums1": 2.0,
    "sums2": 11.0,
    "sums3": 4.0,
    "diffs1": 2.0,
    "diffs2": 11.0,
    "diffs3": 4.0,
    "tables": 7.0,
    "divisions": 4.0,
    "numbers": 2.0,
    "word_problems": 8.0,
    "greetings": 2.5,
    "identity": 3.0,
    "calendar": 5.0,
    "units": 4.0,
    "clock": 3.0,
    "capitals": 9.0,
    "currencies": 3.5,
    "languages": 3.5,
    "neighbours": 6.0,
    "regions": 2.5,
    "demonyms": 2.5,
    "conjugation": 5.0,
    "plurals": 4.0,
    "opposites": 3.0,
    "articles": 1.5,
    "translation": 8.0,
    "science": 8.0,
    "health": 5.0,
    "indigenous": 6.0,
    "culture": 5.0,
}
"""How often a category is drawn, against the others.

What must be exact gets most: columns of two digits, tables and capitals; then
categories with many facts, which are learned one by one. A category that is not
named here weighs the square root of its number of items per language over 4,
between 1 and 4. Those of `open_text` weigh nothing unless a recipe says so.
"""

SYSTEMS: dict[Lang, tuple[str, ...]] = {
    "es": ("Eres un ayudante escolar.", "Responde en español.", "Responde corto y claro.", "Eres Semilla."),
    "pt": (
        "Você é um ajudante escolar.",
        "Responda em português.",
        "Responda curto e claro.",
        "Você é a Semilla.",
    ),
}
_LANGS: tuple[Lang, ...] = ("es", "pt")
_NO_POLITENESS = frozenset({"greetings"})

WITHDRAWN_WEIGHT = 2.0
"""How much oftener an item is drawn once it is withdrawn: its old answer must be unlearned."""


@dataclass(frozen=True, slots=True)
class _Turn:
    item: Item
    question: str
    answer: str
    system: str = ""
    """A system line that belongs to the question."""
    more: tuple[_Turn, ...] = ()
    """Further questions about the text that stands in this one."""


class _Shelf:
    """One category in one language: items to train on, drawn by weight."""

    def __init__(self, entries: list[tuple[Item, tuple[str, ...]]]) -> None:
        self.entries = entries
        self._bounds = list(accumulate(item.weight for item, _ in entries))

    def draw(self, rng: random.Random) -> tuple[Item, tuple[str, ...]]:
        place = bisect(self._bounds, rng.random() * self._bounds[-1])
        return self.entries[min(place, len(self.entries) - 1)]


class Corpus:
    """Draws questions and answers from the training side. `excluded`: keys of items that
    are no longer answered (health only): they train the referral to a health worker instead."""

    def __init__(self, excluded: Collection[str] = (), weights: Mapping[str, float] | None = None) -> None:
        self._given = {**WEIGHTS, **(weights or {})}
        self._split = pool.load()
        self._excluded = frozenset(excluded)
        self._open = tuple(name for name in open_text.CATEGORIES if self._given.get(name))
        by_shelf: dict[tuple[str, Lang], list[tuple[Item, tuple[str, ...]]]] = {}
        for entries in self._split.train.values():
            for item, texts in entries:
                by_shelf.setdefault((item.category, item.lang), []).append((self._allowed(item), texts))
        self._shelves = {key: _Shelf(entries) for key, entries in by_shelf.items()}
        self._weights: dict[Lang, tuple[list[str], list[float]]] = {
            lang: self._weigh(lang) for lang in _LANGS
        }
        self._firsts: dict[Lang, dict[str, list[tuple[Item, tuple[str, ...]]]]] = {
            lang: {} for lang in _LANGS
        }
        for key in self._split.follow_ups:
            for item, texts in self._split.train.get(key, ()):
                if item.key not in self._excluded:
                    self._firsts[item.lang].setdefault(item.category, []).append((item, texts))

    def _allowed(self, item: Item) -> Item:
        if item.key not in self._excluded:
            return item
        return replace(withdrawn(item), weight=item.weight * WITHDRAWN_WEIGHT)

    def _weigh(self, lang: Lang) -> tuple[list[str], list[float]]:
        weights = {}
        for (category, shelf_lang), shelf in self._shelves.items():
            if shelf_lang == lang:
                weights[category] = min(4.0, max(1.0, sqrt(len(shelf.entries)) / 4))
        weights.update({name: weight for name, weight in self._given.items() if name in weights})
        for name in (*arithmetic.RULES, word_problems.CATEGORY, *self._open):
            weights[name] = self._given[name]
        return list(weights), list(accumulate(weights.values()))

    def _ask(self, rng: random.Random, item: Item, text: str) -> _Turn | None:
        """The question with noise and the answer; None when the exam asks just this."""
        noisy = add_noise(rng, text, item.lang, polite=item.category not in _NO_POLITENESS)
        if question_key(noisy) in self._split.taboo:
            noisy = text
            if question_key(noisy) in self._split.taboo:
                return None
        return _Turn(item, noisy, rng.choice(item.answers))

    def inside(self, rng: random.Random, lang: Lang, category: str | None = None) -> _Turn:
        """A question that the cartilla answers."""
        names, bounds = self._weights[lang]
        while True:
            name = category or names[bisect(bounds, rng.random() * bounds[-1])]
            if name in self._open:
                return self._open_turn(rng, open_text.sample(rng, name, lang))
            if name in arithmetic.RULES:
                item = arithmetic.sample(rng, name, lang)
                text = item.questions[0][1]
            elif name == word_problems.CATEGORY:
                item = word_problems.sample(rng, lang)
                text = item.questions[0][1]
            else:
                item, texts = self._shelves[name, lang].draw(rng)
                text = rng.choice(texts)
            turn = self._ask(rng, item, text)
            if turn:
                return turn

    def _open_turn(self, rng: random.Random, asked: open_text.Asked) -> _Turn:
        """A text that stands in a question keeps its letters: noise falls on the last paragraph alone."""
        turns = []
        for item in (asked.item, *asked.more):
            before, gap, text = item.questions[0][1].rpartition("\n")
            noisy = text if "«" in text or "“" in text else add_noise(rng, text, item.lang)
            turns.append(_Turn(item, before + gap + noisy, rng.choice(item.answers), asked.system))
        return replace(turns[0], more=tuple(turns[1:]))

    def outside(self, rng: random.Random, lang: Lang) -> _Turn:
        """A question that the cartilla does not answer."""
        while True:
            item = decline.sample(rng, lang)
            turn = self._ask(rng, item, item.questions[0][1])
            if turn and not (self._open and open_text.touches(turn.question)):
                return turn

    def turn(self, rng: random.Random, lang: Lang, decline_share: float) -> _Turn:
        return self.outside(rng, lang) if rng.random() < decline_share else self.inside(rng, lang)

    def _next(self, rng: random.Random, turn: _Turn) -> _Turn | None:
        """A short next question that needs the one before ("¿y la de Perú?")."""
        item = turn.item
        if item.category in ("capitals", "currencies") and rng.random() < 0.15:
            following, text = decline.country_follow_up(rng, item.lang)
            return self._ask(rng, following, text)
        sampled = arithmetic.follow_up(rng, item)
        if sampled:
            return self._ask(rng, *sampled)
        choices = self._split.follow_ups.get(pool.item_id(item))
        if not choices:
            return None
        following, text = rng.choice(choices)
        return self._ask(rng, self._allowed(following), text)

    def chain(self, rng: random.Random, lang: Lang) -> list[_Turn]:
        """A question and one to three that hang on it."""
        firsts = self._firsts[lang]
        if firsts and rng.random() < 0.6:
            names = list(firsts)
            name = rng.choices(names, weights=[WEIGHTS.get(name, 2.0) for name in names])[0]
            item, texts = rng.choice(firsts[name])
            first = self._ask(rng, item, rng.choice(texts)) or self.inside(rng, lang)
        else:
            name = rng.choice(("tables", "tables", "divisions", *arithmetic.RULES))
            first = self.inside(rng, lang, name)
        turns = [first]
        while len(turns) < 4 and (len(turns) == 1 or rng.random() < 0.4):
            following = self._next(rng, turns[-1])
            if following is None:
                break
            turns.append(following)
        return turns

    def mixed(self, rng: random.Random, lang: Lang, decline_share: float) -> list[_Turn]:
        """Two to four questions that have nothing to do with each other, often with a greeting."""
        turns = [self.turn(rng, lang, decline_share) for _ in range(rng.choice((1, 2, 2, 3)))]
        if len(turns) == 1 or rng.random() < 0.3:
            turns.insert(0, self.inside(rng, lang, "greetings"))
        return turns[:4]


def withdrawn(item: Item) -> Item:
    """A health item that is no longer answered: it sends the person to a health worker."""
    return replace(item, answers=(health.SAFE_ANSWER[item.lang],), check=health.SAFE_CHECK[item.lang])


@lru_cache(maxsize=4)
def _corpus(excluded: frozenset[str], weights: tuple[tuple[str, float], ...] = ()) -> Corpus:
    return Corpus(excluded, dict(weights))


def dialogues(
    seed: int,
    count: int,
    *,
    decline_share: float = DECLINE_SHARE,
    multi_turn_share: float = MULTI_TURN_SHARE,
    system_share: float = SYSTEM_SHARE,
    excluded: Collection[str] = (),
    weights: Mapping[str, float] | None = None,
) -> Iterator[Dialogue]:
    """`count` conversations, the same for the same seed.

    excluded: see Corpus. weights: in place of those that WEIGHTS gives to the categories named.
    """
    corpus = _corpus(frozenset(excluded), tuple(sorted((weights or {}).items())))
    rng = random.Random(seed)
    for _ in range(count):
        lang = rng.choice(_LANGS)
        if rng.random() >= multi_turn_share:
            turns = [corpus.turn(rng, lang, decline_share)]
            turns += turns[0].more
        elif rng.random() < 0.6:
            turns = corpus.chain(rng, lang)
        else:
            turns = corpus.mixed(rng, lang, decline_share)
        system = rng.choice(SYSTEMS[lang]) if rng.random() < system_share else ""
        system = turns[0].system or system
        pairs = tuple((turn.question, turn.answer) for turn in turns)
        yield Dialogue(turns[-1].item.category, lang, pairs, system)


_LESSON: dict[Lang, tuple[str, str, str]] = {
    "es": ("Lección", "Pregunta", "Respuesta"),
    "pt": ("Lição", "Pergunta", "Resposta"),
}


def prose(seed: int, count: int, *, excluded: Collection[str] = ()) -> Iterator[tuple[Lang, str]]:
    """`count` short paragraphs (language, text) made of training answers, as a primer would print them."""
    corpus = _corpus(frozenset(excluded))
    rng = random.Random(f"prose {seed}")
    for number in range(1, count + 1):
        lang = rng.choice(_LANGS)
        first = corpus.inside(rng, lang)
        category = first.item.category
        turns = [first, *(corpus.inside(rng, lang, category) for _ in range(rng.randrange(2, 6)))]
        title, asked, answered = _LESSON[lang]
        if rng.random() < 0.7:
            yield (
                lang,
                f"{title} {number % 100 + 1}. " + " ".join(dict.fromkeys(turn.answer for turn in turns)),
            )
        else:
            yield lang, "\n".join(f"{asked}: {turn.question}\n{answered}: {turn.answer}" for turn in turns)
