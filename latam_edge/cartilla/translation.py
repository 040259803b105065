"""Words and short phrases between Spanish and Portuguese, both directions, asked in both languages.

The pairs stand in data/translation.toml. Keys are "tr:<from>><to>:<what is
translated>", the same whichever language asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask_family, family, read

LANGS: tuple[Lang, ...] = ("es", "pt")
_NAMES: dict[Lang, dict[Lang, str]] = {
    "es": {"es": "español", "pt": "portugués"},
    "pt": {"es": "espanhol", "pt": "português"},
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: what is said in each language, ours first, then what is also accepted."""

    es: tuple[str, ...]
    pt: tuple[str, ...]
    phrase: bool
    one_way: bool = False
    """Asked from Spanish to Portuguese only."""

    def of(self, lang: Lang) -> tuple[str, ...]:
        """The side in `lang`."""
        return self.es if lang == "es" else self.pt


@cache
def pairs() -> tuple[Pair, ...]:
    """All rows, words first, then words that deceive, then phrases."""
    made = []
    table = read("translation.toml")
    for name in ("words", "false_friends", "phrases"):
        for row in table[name].split("\n"):
            if row.strip():
                spanish, portuguese = (tuple(cell.split("/")) for cell in row.strip(" >").split("|"))
                made.append(Pair(spanish, portuguese, name == "phrases", one_way=row.endswith(">")))
    return tuple(made)


def translate(pair: Pair, asked_in: Lang, to: Lang) -> Item:
    """How do you say this in `to`? The question is in `asked_in`."""
    source: Lang = "es" if to == "pt" else "pt"
    word, accepted = pair.of(source)[0], pair.of(to)
    name = _NAMES[asked_in][to]
    bare_word = word.strip("¿?")
    mark = "'" if pair.phrase else ""
    said = "se dice" if asked_in == "es" else "se diz"
    answer = f"{'En' if asked_in == 'es' else 'Em'} {name}, {mark}{bare_word}{mark} {said} {mark}{accepted[0]}{mark}."
    known = {"w": word, "to": name, "from_": _NAMES[asked_in][source]}
    questions = ask_family("translation", "phrase" if pair.phrase else "word", asked_in, **known)
    # Where both languages share the word, its mere presence would prove nothing.
    require = tuple(f"{said} {text}" for text in accepted) if word in accepted else accepted
    return Item(
        "translation", asked_in, f"tr:{source}>{to}:{bare_word}", "fact", questions, (answer,), Check((require,)),
        weight=0.7 if pair.phrase else 1.0,
    )  # fmt: skip


def items() -> Iterator[Item]:
    """Every pair four times: asked in both languages, towards both (one-way pairs towards Portuguese)."""
    for asked_in in LANGS:
        for pair in pairs():
            for to in LANGS[1:] if pair.one_way else LANGS:
                yield translate(pair, asked_in, to)


def follow_ups() -> Iterator[tuple[Item, Item, str]]:
    """(first item, second item, short second question): the next word, and the way to the other language."""
    words = [pair for pair in pairs() if not pair.phrase and not pair.one_way]
    for asked_in in LANGS:
        texts = family("translation", "next")[asked_in]
        for index, pair in enumerate(words):
            other = words[(index + 29) % len(words)]
            to: Lang = "pt" if (asked_in == "es") == (index % 4 != 3) else "es"
            source: Lang = "es" if to == "pt" else "pt"
            text = texts[index % len(texts)].format(w=other.of(source)[0])
            yield translate(pair, asked_in, to), translate(other, asked_in, to), text
