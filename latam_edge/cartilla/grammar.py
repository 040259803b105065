"""Conjugation, plurals, articles and opposites in Spanish and Portuguese.

Rules are held out by verb or word, which is the third field of the key:
"conj:<lang>:<verb>:<person>:<tense>", "plural:<lang>:<word>" and
"plural:<lang>:<word>:singular" for the way back. What has to be learned by
heart (irregular verbs and plurals, articles, opposites) is a fact, held out by
phrasing. The lists stand in data/verbs.toml and data/words.toml.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import cache, partial

from latam_edge.cartilla.model import Check, Item, Kind, Lang
from latam_edge.cartilla.noun_forms import cut_plural, irregular_plurals, nouns
from latam_edge.cartilla.phrasing import ask, ask_family, family, first_upper, read
from latam_edge.cartilla.verb_forms import SLOTS, TENSES, cut_form, forms, irregular_verbs, read_verbs

_asked = partial(family, "grammar")
_ask = partial(ask_family, "grammar")

LANGS: tuple[Lang, ...] = ("es", "pt")
_BY_DAY = ("conj-day-present", "conj-day-past", "conj-day-future")
"""Families of gaps to fill in whose day tells the tense, in the order of TENSES."""

_WHOLE: dict[Lang, tuple[str, ...]] = {
    "es": ("yo", "tú", "él", "nosotros", "ustedes"),
    "pt": ("eu", "você", "nós", "vocês"),
}


def _kind(lang: Lang, verb: str) -> Kind:
    return "fact" if verb in irregular_verbs(lang) else "rule"


def _ask_in_tense(name: str, lang: Lang, tense: str, **fields: str) -> tuple[tuple[str, str], ...]:
    """Each template with the tense's plain name; the past also with its name in grammars."""
    questions = _ask(name, lang, t=tense, **fields)
    if tense in ("pasado", "passado"):
        questions += ask(f"{name}-b", _asked(name)[lang], lang, 0, t="pretérito", **fields)
    return questions


RULE_QUESTIONS = 10
"""Ways in which one form of one regular verb or noun is asked: there are many words, and together
they are asked in every way."""

_VERB: dict[Lang, tuple[str, str]] = {
    "es": ("Verbo {v}", "Verbo irregular {v}"),
    "pt": ("Verbo {v}", "Verbo irregular {v}"),
}


def _some(key: str, questions: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """RULE_QUESTIONS of the questions, evenly from the list; where to begin hangs on the key."""
    if len(questions) <= RULE_QUESTIONS:
        return tuple(questions)
    begin = zlib.crc32(key.encode())
    places = {
        (begin + step * len(questions) // RULE_QUESTIONS) % len(questions) for step in range(RULE_QUESTIONS)
    }
    return tuple(questions[place] for place in sorted(places))


def _verb_first(lang: Lang, verb: str, tense: str) -> str:
    """How an answer about a verb begins: the verb and the tense once more, to build on."""
    return f"{_VERB[lang][verb in irregular_verbs(lang)].format(v=verb)}, {tense}: "


def conjugation(lang: Lang, verb: str, person: str, tense: str) -> Item:
    """One form of one verb. The answer cuts a form that follows a rule where its ending begins."""
    slot = SLOTS[lang][person]
    form = forms(lang, verb, tense)[slot]
    kind = _kind(lang, verb)
    cut = cut_form(lang, verb, tense)
    answer = _verb_first(lang, verb, tense)
    if cut is None:
        answer += f"{person} {form}."
    else:
        answer += f"{'-'.join(cut[slot])}. {first_upper(person)} {form}."
    key = f"conj:{lang}:{verb}:{person}:{tense}"
    questions = _conjugation_questions(lang, verb, person, tense)
    if kind == "rule":
        questions = _some(key, questions)
    weight = 2.0 if kind == "fact" else 0.09
    return Item("conjugation", lang, key, kind, questions, (answer,), Check(((form,),)), weight=weight)


@cache
def _conjugation_questions(lang: Lang, verb: str, person: str, tense: str) -> tuple[tuple[str, str], ...]:
    by_day = _BY_DAY[TENSES[lang].index(tense)]
    questions = _ask_in_tense("conj", lang, tense, v=verb, p=person)
    questions += ask("conj-day", _asked(by_day)[lang], lang, v=verb, p=person)
    if tense == "presente":
        questions += _ask("conj-present", lang, v=verb, p=person)
    return questions


def whole_tense(lang: Lang, verb: str, tense: str) -> Item:
    """A verb through all persons of a tense."""
    table = forms(lang, verb, tense)
    pairs = [f"{person} {table[SLOTS[lang][person]]}" for person in _WHOLE[lang]]
    questions = _ask_in_tense("tense", lang, tense, v=verb)
    if tense == "presente":
        questions += _ask("tense-present", lang, v=verb)
    kind = _kind(lang, verb)
    cut = cut_form(lang, verb, tense)
    answer = _verb_first(lang, verb, tense)
    # The stem stands before the forms that are built on it: that of the second person never changes its spelling.
    answer += ", ".join(pairs) + "." if cut is None else f"{cut[1][0]}-. {first_upper(', '.join(pairs))}."
    key = f"conj:{lang}:{verb}:todo:{tense}"
    return Item(
        "conjugation",
        lang,
        key,
        kind,
        _some(key, questions) if kind == "rule" else questions,
        (answer,),
        Check(tuple((pair,) for pair in pairs)),
        weight=6.0 if kind == "fact" else 0.25,
    )


_UNCHANGED: dict[Lang, str] = {"es": "no cambia", "pt": "não muda"}
_SAID: dict[Lang, str] = {"es": "Se dice", "pt": "Se diz"}


def plural(lang: Lang, word: str, many: str, kind: Kind) -> Item:
    """The plural of a noun: the word, the plural cut where its ending begins, the plural."""
    step = _UNCHANGED[lang] if word == many else cut_plural(word, many)
    answer = f"Plural de {word}: {step}. {_SAID[lang]} {many}."
    key = f"plural:{lang}:{word}"
    questions = _ask("plural", lang, w=word)
    if kind == "rule":
        questions = _some(key, questions)
    # The step repeats a word that doesn't change: only what is said at the end counts.
    check = Check(((f"{_SAID[lang]} {many}",) if word == many else (many,),))
    weight = 8.0 if kind == "fact" else 1.0
    return Item("plurals", lang, key, kind, questions, (answer,), check, weight=weight)


def singular(lang: Lang, word: str, many: str, kind: Kind) -> Item:
    """The singular behind a plural; the key names the singular."""
    answer = f"Singular de {many}: {cut_plural(word, many)}. {_SAID[lang]} {word}."
    key = f"plural:{lang}:{word}:singular"
    questions = _ask("singular", lang, w=many)
    if kind == "rule":
        questions = _some(key, questions)
    # The step may hold the singular ("escoba-s"): only what is said at the end counts.
    check = Check(((f"{_SAID[lang]} {word}",),))
    weight = 6.0 if kind == "fact" else 0.5
    return Item("plurals", lang, key, kind, questions, (answer,), check, weight=weight)


def article(lang: Lang, word: str, gender: str) -> Item:
    """Masculine or feminine, with the article."""
    the = {"es": {"m": "el", "f": "la"}, "pt": {"m": "o", "f": "a"}}[lang][gender]
    # The word first, since its ending tells: an answer that begins with the article has chosen it unread.
    if lang == "es":
        answer = f"La palabra {word} es {'masculina' if gender == 'm' else 'femenina'}: {the} {word}."
    else:
        answer = f"A palavra {word} é {'masculina' if gender == 'm' else 'feminina'}: {the} {word}."
    questions = _ask("article", lang, w=word)
    check = Check(((f"{the} {word}",),))
    # What the ending tells needs less repetition than what it hides or belies ("la mano", "el mapa").
    weight = 0.5 if word.endswith(_TELLING[gender]) else 2.0
    return Item(
        "articles", lang, f"article:{lang}:{word}", "fact", questions, (answer,), check, weight=weight
    )


_TELLING: dict[str, tuple[str, ...]] = {"m": ("o", "or"), "f": ("a", "ción", "sión", "dad", "dade", "gem")}
"""Endings that tell the gender, nearly always."""


@cache
def _opposites(lang: Lang) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(key, word, accepted opposites with ours first), both ways round unless a row ends in ">"."""
    made = []
    for row in read("words.toml")["opposites"]["rows"].split("\n"):
        if not row.strip():
            continue
        cells = [tuple(cell.strip().split("/")) for cell in row.strip(" >").split("|")]
        name = cells[0][0]
        one, other = cells[:2] if lang == "es" else cells[2:]
        made.append((f"opposite:{name}:1", one[0], other))
        if not row.endswith(">"):
            made.append((f"opposite:{name}:2", other[0], one))
    return tuple(made)


def opposite(lang: Lang, key: str, word: str, accepted: tuple[str, ...]) -> Item:
    """The antonym of a word."""
    answer = (
        f"Lo contrario de {word} es {accepted[0]}."
        if lang == "es"
        else f"O contrário de {word} é {accepted[0]}."
    )
    questions = _ask("opposite", lang, w=word)
    return Item("opposites", lang, key, "fact", questions, (answer,), Check((accepted,)))


@cache
def _verbs(lang: Lang) -> tuple[str, ...]:
    return (*read_verbs()[lang]["regular"], *irregular_verbs(lang))


def _conjugations(lang: Lang) -> Iterator[Item]:
    for verb in _verbs(lang):
        for tense in TENSES[lang]:
            yield whole_tense(lang, verb, tense)
            for person in SLOTS[lang]:
                yield conjugation(lang, verb, person, tense)


def _plurals(lang: Lang) -> Iterator[Item]:
    by_heart = tuple((word, many, "fact") for word, many in irregular_plurals(lang).items())
    by_rule = tuple((word, many, "rule") for word, _, many in nouns(lang))
    for word, many, kind in (*by_rule, *by_heart):
        yield plural(lang, word, many, "fact" if kind == "fact" else "rule")
        if word != many:
            yield singular(lang, word, many, "fact" if kind == "fact" else "rule")


def items() -> Iterator[Item]:
    """Every item: Spanish first, then Portuguese."""
    for lang in LANGS:
        yield from _conjugations(lang)
        yield from _plurals(lang)
        no_article = read("words.toml")["article"]["skip"][lang]
        for word, gender, _ in nouns(lang):
            if word not in no_article:
                yield article(lang, word, gender)
        for key, word, accepted in _opposites(lang):
            yield opposite(lang, key, word, accepted)


@cache
def _asked_on(lang: Lang) -> tuple[str, ...]:
    """The verbs that follow-ups are about: all irregular ones and a hundred regular ones."""
    regular = read_verbs()[lang]["regular"]
    return (*regular[:: max(1, len(regular) // 100)], *irregular_verbs(lang))


def follow_ups() -> Iterator[tuple[Item, Item, str]]:
    """(first item, second item, short second question) for verbs, plurals and opposites."""
    for lang in LANGS:
        spanish = lang == "es"
        persons = tuple(SLOTS[lang])
        for index, verb in enumerate(_asked_on(lang)):
            for turn, tense in enumerate(TENSES[lang]):
                one = persons[(index + turn) % len(persons)]
                two = persons[(index + turn * 2 + 1) % len(persons)]
                later = TENSES[lang][(turn + 1) % 3]
                first = conjugation(lang, verb, one, tense)
                if one != two:
                    second = conjugation(lang, verb, two, tense)
                    yield first, second, f"¿Y con {two}?" if spanish else f"E com {two}?"
                yield (
                    first,
                    conjugation(lang, verb, one, later),
                    f"¿Y en {later}?" if spanish else f"E no {later}?",
                )
        some = nouns(lang)
        words = [(word, many, "rule") for word, _, many in some[:: max(1, len(some) // 250)]]
        words += [(word, many, "fact") for word, many in irregular_plurals(lang).items()]
        made = [plural(lang, word, many, "fact" if kind == "fact" else "rule") for word, many, kind in words]
        yield from _next(made, [word for word, _, _ in words], _asked("next-plural")[lang])
        pairs = _opposites(lang)
        made = [opposite(lang, *pair) for pair in pairs]
        yield from _next(made, [word for _, word, _ in pairs], _asked("next-opposite")[lang])


def _next(made: list[Item], words: list[str], texts: tuple[str, ...]) -> Iterator[tuple[Item, Item, str]]:
    """Each item followed by another further down the list, asked by its word alone."""
    for index, item in enumerate(made):
        other = (index + 17) % len(made)
        yield item, made[other], texts[index % len(texts)].format(w=words[other])
