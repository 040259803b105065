"""Words and short phrases between Spanish and Portuguese, both directions, asked in both languages.

The pairs stand in data/translation.toml. Keys are "tr:<from>><to>:<what is
translated>", the same whichever language asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.phrasing import ask, read

LANGS: tuple[Lang, ...] = ("es", "pt")
_NAMES: dict[Lang, dict[Lang, str]] = {
    "es": {"es": "español", "pt": "portugués"},
    "pt": {"es": "espanhol", "pt": "português"},
}

WRAP = 2
WORD: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cómo se dice {w} en {to}?",
        "¿Cómo se dice '{w}' en {to}?",
        "Traduce al {to}: {w}",
        "Traduce '{w}' al {to}.",
        "{w} en {to}",
        "¿Cómo digo {w} en {to}?",
        "¿Qué palabra es {w} en {to}?",
        "traducir {w} al {to}",
        "Traduce {w} al {to}.",
        "¿Cuál es la traducción de {w} al {to}?",
        "Dime {w} en {to}.",
        "¿{w} en {to}?",
        "En {to}, ¿cómo se dice {w}?",
        "¿Cómo se traduce {w} al {to}?",
        "¿Me puedes traducir {w} al {to}?",
        "¿Sabes decir {w} en {to}?",
        "¿Cómo se escribe {w} en {to}?",
        "Pasa al {to}: {w}",
        "{w}, ¿cómo se dice en {to}?",
        "Si quiero decir {w} en {to}, ¿cómo lo digo?",
        "Del {from_} al {to}: {w}",
        "La palabra {w}, ¿cómo se dice en {to}?",
    ),
    "pt": (
        "Como se diz {w} em {to}?",
        "Como se diz '{w}' em {to}?",
        "Traduza para o {to}: {w}",
        "Traduza '{w}' para o {to}.",
        "{w} em {to}",
        "Como eu digo {w} em {to}?",
        "Que palavra é {w} em {to}?",
        "traduzir {w} para o {to}",
        "Traduza {w} para o {to}.",
        "Qual é a tradução de {w} para o {to}?",
        "Me diga {w} em {to}.",
        "E {w} em {to}?",
        "Em {to}, como se diz {w}?",
        "Como se traduz {w} para o {to}?",
        "Você pode traduzir {w} para o {to}?",
        "Você sabe dizer {w} em {to}?",
        "Como se escreve {w} em {to}?",
        "Passe para o {to}: {w}",
        "{w}: como se diz em {to}?",
        "Como fala {w} em {to}?",
        "Do {from_} para o {to}: {w}",
        "A palavra {w}, como se diz em {to}?",
    ),
}
PHRASE: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cómo se dice '{w}' en {to}?",
        "Traduce al {to}: {w}",
        "Traduce '{w}' al {to}.",
        "'{w}' en {to}",
        "¿Cómo digo '{w}' en {to}?",
        "¿Cómo se dice {w} en {to}?",
        "Dime '{w}' en {to}.",
        "¿Cuál es la traducción de '{w}' al {to}?",
        "¿Cómo se traduce '{w}' al {to}?",
        "¿Me puedes traducir '{w}' al {to}?",
        "Pasa al {to}: {w}",
        "En {to}, ¿cómo se dice '{w}'?",
        "traducir al {to} {w}",
        "Del {from_} al {to}: {w}",
        "¿Cómo puedo decir '{w}' en {to}?",
    ),
    "pt": (
        "Como se diz '{w}' em {to}?",
        "Traduza para o {to}: {w}",
        "Traduza '{w}' para o {to}.",
        "'{w}' em {to}",
        "Como eu digo '{w}' em {to}?",
        "Como se diz {w} em {to}?",
        "Me diga '{w}' em {to}.",
        "Qual é a tradução de '{w}' para o {to}?",
        "Como se traduz '{w}' para o {to}?",
        "Você pode traduzir '{w}' para o {to}?",
        "Passe para o {to}: {w}",
        "Em {to}, como se diz '{w}'?",
        "traduzir para o {to} {w}",
        "Do {from_} para o {to}: {w}",
        "Como posso dizer '{w}' em {to}?",
    ),
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
    templates = PHRASE[asked_in] if pair.phrase else WORD[asked_in]
    questions = ask(
        "phrase" if pair.phrase else "word",
        templates,
        asked_in,
        1 if pair.phrase else WRAP,
        w=word,
        to=name,
        from_=_NAMES[asked_in][source],
    )
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


NEXT: dict[Lang, tuple[str, ...]] = {
    "es": ("¿Y {w}?", "¿y {w}?", "¿Y cómo se dice {w}?", "¿Y '{w}'?"),
    "pt": ("E {w}?", "e {w}?", "E como se diz {w}?", "E '{w}'?"),
}


def follow_ups() -> Iterator[tuple[Item, Item, str]]:
    """(first item, second item, short second question): the next word, and the way to the other language."""
    words = [pair for pair in pairs() if not pair.phrase and not pair.one_way]
    for asked_in in LANGS:
        for index, pair in enumerate(words):
            other = words[(index + 29) % len(words)]
            to: Lang = "pt" if (asked_in == "es") == (index % 4 != 3) else "es"
            source: Lang = "es" if to == "pt" else "pt"
            text = NEXT[asked_in][index % len(NEXT[asked_in])].format(w=other.of(source)[0])
            yield translate(pair, asked_in, to), translate(other, asked_in, to), text
