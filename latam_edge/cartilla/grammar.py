"""Conjugation, plurals, articles and opposites in Spanish and Portuguese.

Rules are held out by verb or word, which is the third field of the key:
"conj:<lang>:<verb>:<person>:<tense>", "plural:<lang>:<word>" and
"plural:<lang>:<word>:singular" for the way back. What has to be learned by
heart (irregular verbs and plurals, articles, opposites) is a fact, held out by
phrasing. The lists stand in data/verbs.toml and data/words.toml.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from latam_edge.cartilla.model import Check, Item, Kind, Lang
from latam_edge.cartilla.phrasing import ask, first_upper, read

LANGS: tuple[Lang, ...] = ("es", "pt")
TENSES: dict[Lang, tuple[str, ...]] = {
    "es": ("presente", "pasado", "futuro"),
    "pt": ("presente", "passado", "futuro"),
}
_SLOTS: dict[Lang, dict[str, int]] = {
    "es": {
        "yo": 0, "tú": 1, "vos": 2, "usted": 3, "él": 3, "ella": 3, "nosotros": 4, "ustedes": 5, "ellos": 5,
    },
    "pt": {"eu": 0, "você": 1, "ele": 1, "ela": 1, "a gente": 1, "nós": 2, "vocês": 3, "eles": 3},
}  # fmt: skip
"""Person to its place in the list of present forms."""
BY_DAY: dict[Lang, tuple[tuple[str, ...], ...]] = {
    "es": (
        ("Hoy {p} ___ ({v}).", "Completa: hoy {p} ___ ({v}).", "Todos los días {p} ___ (verbo {v})."),
        ("Ayer {p} ___ ({v}).", "Completa: ayer {p} ___ ({v}).", "La semana pasada {p} ___ (verbo {v})."),
        ("Mañana {p} ___ ({v}).", "Completa: mañana {p} ___ ({v}).", "El próximo año {p} ___ (verbo {v})."),
    ),
    "pt": (
        ("Hoje {p} ___ ({v}).", "Complete: hoje {p} ___ ({v}).", "Todos os dias {p} ___ (verbo {v})."),
        ("Ontem {p} ___ ({v}).", "Complete: ontem {p} ___ ({v}).", "Na semana passada {p} ___ (verbo {v})."),
        ("Amanhã {p} ___ ({v}).", "Complete: amanhã {p} ___ ({v}).", "No próximo ano {p} ___ (verbo {v})."),
    ),
}
"""Gaps to fill in whose day tells the tense, in the order of TENSES."""

_WHOLE: dict[Lang, tuple[str, ...]] = {
    "es": ("yo", "tú", "él", "nosotros", "ustedes"),
    "pt": ("eu", "você", "nós", "vocês"),
}

_PLAIN = str.maketrans("áéíóúâêô", "aeiouaeo")
_ACUTE = str.maketrans("aeiou", "áéíóú")
_ACCENTED = "áéíóúâêôãõ"
_VOWELS = "aeiou" + _ACCENTED


Part = tuple[str, str]
"""A form cut in two where the ending begins: ("habl", "as")."""


def _parts(stem: str, tails: tuple[str, ...]) -> tuple[Part, ...]:
    return tuple((stem, tail) for tail in tails)


def _joined(parts: Iterable[Part]) -> tuple[str, ...]:
    return tuple(stem + tail for stem, tail in parts)


def parts_es(verb: str, tense: str) -> tuple[Part, ...]:
    """Stem and ending of a regular Spanish verb for yo, tú, vos, él, nosotros, ustedes."""
    stem, ending = verb[:-2], verb[-2:]
    if tense == "futuro":
        return _parts(stem, tuple(ending + tail for tail in _FUTURE["es"]))
    if tense == "presente":
        first = stem
        if ending != "ar" and stem.endswith("g"):  # proteger -> protejo
            first = stem[:-1] + "j"
        tails = {
            "ar": ("as", "ás", "a", "amos", "an"),
            "er": ("es", "és", "e", "emos", "en"),
            "ir": ("es", "ís", "e", "imos", "en"),
        }[ending]
        return ((first, "o"), *_parts(stem, tails))
    if ending == "ar":
        first = stem
        for hard, soft in (("c", "qu"), ("g", "gu"), ("z", "c")):  # buscar -> busqué
            if stem.endswith(hard):
                first = stem[:-1] + soft
                break
        return ((first, "é"), *_parts(stem, ("aste", "aste", "ó", "amos", "aron")))
    if stem[-1] in "aeo":  # leer -> leyó
        return _parts(stem, ("í", "íste", "íste", "yó", "ímos", "yeron"))
    return _parts(stem, ("í", "iste", "iste", "ió", "imos", "ieron"))


def conjugate_es(verb: str, tense: str) -> tuple[str, ...]:
    """Forms of a regular Spanish verb, in the order of `parts_es`."""
    return _joined(parts_es(verb, tense))


def parts_pt(verb: str, tense: str) -> tuple[Part, ...]:
    """Stem and ending of a regular Portuguese verb for eu, você, nós, vocês."""
    stem, ending = verb[:-2], verb[-2:]
    if tense == "futuro":
        return _parts(stem, tuple(ending + tail for tail in _FUTURE["pt"]))
    if tense == "presente":
        first = stem
        if ending != "ar" and stem.endswith("g"):  # proteger -> protejo
            first = stem[:-1] + "j"
        elif ending != "ar" and stem.endswith("c"):  # descer -> desço
            first = stem[:-1] + "ç"
        tails = {
            "ar": ("a", "amos", "am"), "er": ("e", "emos", "em"), "ir": ("e", "imos", "em"),
        }[ending]  # fmt: skip
        return ((first, "o"), *_parts(stem, tails))
    if ending == "ar":
        first = stem
        for hard, soft in (("c", "qu"), ("g", "gu"), ("ç", "c")):  # ficar -> fiquei
            if stem.endswith(hard):
                first = stem[:-1] + soft
                break
        return ((first, "ei"), *_parts(stem, ("ou", "amos", "aram")))
    tails = ("eu", "emos", "eram") if ending == "er" else ("iu", "imos", "iram")
    return ((stem, "i"), *_parts(stem, tails))


def conjugate_pt(verb: str, tense: str) -> tuple[str, ...]:
    """Forms of a regular Portuguese verb, in the order of `parts_pt`."""
    return _joined(parts_pt(verb, tense))


_FUTURE: dict[Lang, tuple[str, ...]] = {
    "es": ("é", "ás", "ás", "á", "emos", "án"),
    "pt": ("ei", "á", "emos", "ão"),
}


@cache
def read_verbs() -> dict[str, Any]:
    """data/verbs.toml, read once."""
    return read("verbs.toml")


@cache
def _irregular(lang: Lang) -> dict[str, dict[str, tuple[str, ...]]]:
    """Irregular verbs: verb to tense to forms, in the order of `conjugate_es` or `conjugate_pt`."""
    found = {}
    for verb, forms in read_verbs()[lang]["irregular"].items():
        past = list(forms["past"])
        if lang == "es":
            past.insert(2, past[1])  # vos shares the past of tú
        future = _joined(_parts(forms["future"], _FUTURE[lang]))
        present_name, past_name, future_name = TENSES[lang]
        found[verb] = {present_name: tuple(forms["present"]), past_name: tuple(past), future_name: future}
    return found


def forms(lang: Lang, verb: str, tense: str) -> tuple[str, ...]:
    """Forms of any verb of the lists, regular or not."""
    irregular = _irregular(lang)
    if verb in irregular:
        return irregular[verb][tense]
    return conjugate_es(verb, tense) if lang == "es" else conjugate_pt(verb, tense)


def _cut(lang: Lang, verb: str, tense: str) -> tuple[Part, ...] | None:
    """Stems and endings of `forms`; None where forms are learned whole: past and present of irregular verbs."""
    if verb in _irregular(lang):
        if tense != "futuro":
            return None
        return _parts(read_verbs()[lang]["irregular"][verb]["future"], _FUTURE[lang])
    return parts_es(verb, tense) if lang == "es" else parts_pt(verb, tense)


CONJUGATION: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cómo se conjuga {v} con {p} en {t}?",
        "¿Cómo se conjuga el verbo {v} en {t} con {p}?",
        "Conjuga {v} en {t} con {p}.",
        "Conjuga el verbo {v} con {p} en {t}.",
        "{p} del verbo {v} en {t}",
        "¿Cuál es la forma de {p} del verbo {v} en {t}?",
        "¿Cómo se dice {v} con {p} en {t}?",
        "Dime el {t} de {v} con {p}.",
        "verbo {v}, {t}, {p}",
        "{v} en {t} {p}",
        "Completa en {t}: {p} ___ ({v}).",
        "¿Cómo es el {t} de {v} con {p}?",
        "¿Cómo digo {v} en {t} con {p}?",
        "Escribe el verbo {v} en {t} con {p}.",
        "¿Cuál es el {t} de {v} para {p}?",
        "conjugar {v} {p} {t}",
        "En {t}, ¿cómo se conjuga {v} con {p}?",
        "¿Sabes conjugar {v} con {p} en {t}?",
        "{p}, verbo {v}, {t}",
        "verbo {v} en {t} con {p}",
        "En {t}: {p} y el verbo {v}",
        "¿Qué forma del verbo {v} va con {p} en {t}?",
    ),
    "pt": (
        "Como se conjuga {v} com {p} no {t}?",
        "Como se conjuga o verbo {v} no {t} com {p}?",
        "Conjugue {v} no {t} com {p}.",
        "Conjugue o verbo {v} com {p} no {t}.",
        "{p} do verbo {v} no {t}",
        "Qual é a forma de {p} do verbo {v} no {t}?",
        "Como se diz {v} com {p} no {t}?",
        "Me diga o {t} de {v} com {p}.",
        "verbo {v}, {t}, {p}",
        "{v} no {t} {p}",
        "Complete no {t}: {p} ___ ({v}).",
        "Como é o {t} de {v} com {p}?",
        "Como eu digo {v} no {t} com {p}?",
        "Escreva o verbo {v} no {t} com {p}.",
        "Qual é o {t} de {v} para {p}?",
        "conjugar {v} {p} {t}",
        "No {t}, como se conjuga {v} com {p}?",
        "Você sabe conjugar {v} com {p} no {t}?",
        "{p}, verbo {v}, {t}",
        "verbo {v} no {t} com {p}",
        "No {t}: {p} e o verbo {v}",
        "Que forma do verbo {v} vai com {p} no {t}?",
    ),
}
PRESENT_ONLY: dict[Lang, tuple[str, ...]] = {
    "es": ("¿Cómo se conjuga {v} con {p}?", "Conjuga {v} con {p}.", "Conjuga el verbo {v} con {p}."),
    "pt": ("Como se conjuga {v} com {p}?", "Conjugue {v} com {p}.", "Conjugue o verbo {v} com {p}."),
}
WHOLE: dict[Lang, tuple[str, ...]] = {
    "es": (
        "Conjuga {v} en {t}.",
        "Conjuga el verbo {v} en {t}.",
        "¿Cómo se conjuga {v} en {t}?",
        "¿Cómo se conjuga el verbo {v} en {t}?",
        "{t} de {v}",
        "{t} del verbo {v}",
        "verbo {v} en {t}",
        "conjugación de {v} en {t}",
        "Dime el {t} del verbo {v}.",
        "¿Cuál es el {t} de {v}?",
        "¿Puedes conjugar {v} en {t}?",
        "Escribe la conjugación de {v} en {t}.",
        "¿Me ayudas a conjugar {v} en {t}?",
        "conjugar {v} {t}",
    ),
    "pt": (
        "Conjugue {v} no {t}.",
        "Conjugue o verbo {v} no {t}.",
        "Como se conjuga {v} no {t}?",
        "Como se conjuga o verbo {v} no {t}?",
        "{t} de {v}",
        "{t} do verbo {v}",
        "verbo {v} no {t}",
        "conjugação de {v} no {t}",
        "Me diga o {t} do verbo {v}.",
        "Qual é o {t} de {v}?",
        "Você pode conjugar {v} no {t}?",
        "Escreva a conjugação de {v} no {t}.",
        "Me ajuda a conjugar {v} no {t}?",
        "conjugar {v} {t}",
    ),
}
WHOLE_PRESENT: dict[Lang, tuple[str, ...]] = {
    "es": ("Conjuga el verbo {v}.", "Conjuga {v}.", "¿Cómo se conjuga {v}?", "conjugación de {v}"),
    "pt": ("Conjugue o verbo {v}.", "Conjugue {v}.", "Como se conjuga {v}?", "conjugação de {v}"),
}


def _kind(lang: Lang, verb: str) -> Kind:
    return "fact" if verb in _irregular(lang) else "rule"


def _ask_in_tense(
    family: str, templates: tuple[str, ...], lang: Lang, tense: str, **fields: str
) -> tuple[tuple[str, str], ...]:
    """Each template with the tense's plain name; the past also with its name in grammars."""
    questions = ask(family, templates, lang, 0, t=tense, **fields)
    if tense in ("pasado", "passado"):
        questions += ask(f"{family}-b", templates, lang, 0, t="pretérito", **fields)
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
    return f"{_VERB[lang][verb in _irregular(lang)].format(v=verb)}, {tense}: "


def conjugation(lang: Lang, verb: str, person: str, tense: str) -> Item:
    """One form of one verb. The answer cuts a form that follows a rule where its ending begins."""
    slot = _SLOTS[lang][person]
    form = forms(lang, verb, tense)[slot]
    kind = _kind(lang, verb)
    cut = _cut(lang, verb, tense)
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
    questions = _ask_in_tense("conj", CONJUGATION[lang], lang, tense, v=verb, p=person)
    questions += ask("conj-day", BY_DAY[lang][TENSES[lang].index(tense)], lang, v=verb, p=person)
    if tense == "presente":
        questions += ask("conj-present", PRESENT_ONLY[lang], lang, v=verb, p=person)
    return questions


def whole_tense(lang: Lang, verb: str, tense: str) -> Item:
    """A verb through all persons of a tense."""
    table = forms(lang, verb, tense)
    pairs = [f"{person} {table[_SLOTS[lang][person]]}" for person in _WHOLE[lang]]
    questions = _ask_in_tense("tense", WHOLE[lang], lang, tense, v=verb)
    if tense == "presente":
        questions += ask("tense-present", WHOLE_PRESENT[lang], lang, v=verb)
    kind = _kind(lang, verb)
    cut = _cut(lang, verb, tense)
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


def _syllables(word: str) -> int:
    """Groups of vowels: enough to tell one syllable from more."""
    return sum(
        1 for i, letter in enumerate(word) if letter in _VOWELS and (i == 0 or word[i - 1] not in _VOWELS)
    )


def _bare_last(word: str) -> str:
    """The word without the accent before its last consonant, which stays where it marks a hiatus ("país")."""
    if word[-2] in "íú" and word[-3] in "aeo":
        return word
    return word[:-2] + word[-2].translate(_PLAIN) + word[-1]


def plural_es(word: str) -> str:
    """Plural of a regular Spanish noun."""
    last, before = word[-1], word[-2]
    if last in "aeiouáéó":
        return word + "s"
    if last == "z":
        return word[:-1] + "ces"
    if last in "sx":
        stressed = before in _ACCENTED or _syllables(word) == 1
        return _bare_last(word) + "es" if stressed else word
    if last == "n" and before in _ACCENTED:
        return _bare_last(word) + "es"
    if last == "n" and _syllables(word) > 1 and not set(word) & set(_ACCENTED):
        at = max(i for i, letter in enumerate(word[:-2]) if letter in _VOWELS)  # joven -> jóvenes
        return word[:at] + word[at].translate(_ACUTE) + word[at + 1 :] + "es"
    return word + "es"


def plural_pt(word: str) -> str:
    """Plural of a regular Portuguese noun; those in -ão are listed, not derived."""
    last, before = word[-1], word[-2:-1]
    if last == "m":
        return word[:-1] + "ns"
    if last == "l":
        marked = bool(set(word) & set(_ACCENTED))  # móvel, réptil: stressed before the ending
        if before == "i":
            return word[:-2] + ("eis" if marked else "is")
        if before in "eo" and not marked:
            return word[:-2] + before.translate(_ACUTE) + "is"
        return word[:-1] + "is"
    if word.endswith(("aiz", "uiz")):  # juiz -> juízes
        return word[:-2] + "ízes"
    if last in "rz":
        return word + "es"
    if last == "s":
        stressed = before in _ACCENTED or _syllables(word) == 1
        return _bare_last(word) + "es" if stressed else word
    return word + "s"


PLURAL_WRAP = 3
PLURAL: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cuál es el plural de {w}?",
        "¿Cómo se escribe el plural de {w}?",
        "¿Cómo se dice {w} en plural?",
        "plural de {w}",
        "¿Plural de {w}?",
        "El plural de {w} es...",
        "Dime el plural de {w}.",
        "¿Cómo es el plural de {w}?",
        "Escribe el plural de {w}.",
        "¿Cómo se forma el plural de {w}?",
        "¿Cuál es el plural de la palabra {w}?",
        "Pon en plural la palabra {w}.",
        "{w} en plural",
        "Pasa {w} al plural.",
        "¿Sabes el plural de {w}?",
        "Si hay más de uno, ¿cómo se dice {w}?",
        "Completa: el plural de {w} es ___.",
        "¿Cuál es el plural de '{w}'?",
        "la palabra {w} en plural",
        "Forma el plural de {w}.",
        "¿Qué plural tiene {w}?",
    ),
    "pt": (
        "Qual é o plural de {w}?",
        "Como se escreve o plural de {w}?",
        "Como se diz {w} no plural?",
        "plural de {w}",
        "Plural de {w}?",
        "O plural de {w} é...",
        "Me diga o plural de {w}.",
        "Como é o plural de {w}?",
        "Escreva o plural de {w}.",
        "Como se forma o plural de {w}?",
        "Qual é o plural da palavra {w}?",
        "Coloque no plural a palavra {w}.",
        "{w} no plural",
        "Passe {w} para o plural.",
        "Você sabe o plural de {w}?",
        "Se há mais de um, como se diz {w}?",
        "Complete: o plural de {w} é ___.",
        "Qual é o plural de '{w}'?",
        "a palavra {w} no plural",
        "Forme o plural de {w}.",
        "Que plural tem {w}?",
    ),
}
SINGULAR: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cuál es el singular de {w}?",
        "singular de {w}",
        "¿Cómo se dice {w} en singular?",
        "Dime el singular de {w}.",
        "Pon en singular la palabra {w}.",
        "{w} en singular",
        "Pasa {w} al singular.",
        "Escribe el singular de {w}.",
        "¿Cómo se escribe el singular de {w}?",
        "¿Cuál es el singular de la palabra {w}?",
        "¿Cómo es el singular de {w}?",
        "la palabra {w} en singular",
        "¿Singular de {w}?",
        "¿Sabes el singular de {w}?",
    ),
    "pt": (
        "Qual é o singular de {w}?",
        "singular de {w}",
        "Como se diz {w} no singular?",
        "Me diga o singular de {w}.",
        "Coloque no singular a palavra {w}.",
        "{w} no singular",
        "Passe {w} para o singular.",
        "Escreva o singular de {w}.",
        "Como se escreve o singular de {w}?",
        "Qual é o singular da palavra {w}?",
        "Como é o singular de {w}?",
        "a palavra {w} no singular",
        "O singular de {w}?",
        "Você sabe o singular de {w}?",
    ),
}


@cache
def nouns(lang: Lang) -> tuple[tuple[str, str, str], ...]:
    """(word, gender "m" or "f", plural) of the nouns with a regular plural, each once."""
    make = plural_es if lang == "es" else plural_pt
    table = read("words.toml")["plural"][lang]
    seen: dict[str, tuple[str, str, str]] = {}
    for gender in ("m", "f"):
        for word in table[gender].split():
            seen.setdefault(word, (word, gender, make(word)))
    return tuple(seen.values())


@cache
def irregular_plurals(lang: Lang) -> dict[str, str]:
    """Singular to plural of the nouns learned by heart."""
    return dict(read("words.toml")["plural"][f"{lang}_irregular"])


def _cut_plural(word: str, many: str) -> str:
    """The plural with a hyphen where it leaves the singular, accents aside: "cancion-es", "lápi-ces"."""
    plain, end = word.translate(_PLAIN), 0
    while end < len(word) and many[end].translate(_PLAIN) == plain[end]:
        end += 1
    return f"{many[:end]}-{many[end:]}"


_UNCHANGED: dict[Lang, str] = {"es": "no cambia", "pt": "não muda"}
_SAID: dict[Lang, str] = {"es": "Se dice", "pt": "Se diz"}


def plural(lang: Lang, word: str, many: str, kind: Kind) -> Item:
    """The plural of a noun: the word, the plural cut where its ending begins, the plural."""
    step = _UNCHANGED[lang] if word == many else _cut_plural(word, many)
    answer = f"Plural de {word}: {step}. {_SAID[lang]} {many}."
    key = f"plural:{lang}:{word}"
    questions = ask("plural", PLURAL[lang], lang, PLURAL_WRAP, w=word)
    if kind == "rule":
        questions = _some(key, questions)
    # The step repeats a word that doesn't change: only what is said at the end counts.
    check = Check(((f"{_SAID[lang]} {many}",) if word == many else (many,),))
    weight = 8.0 if kind == "fact" else 1.0
    return Item("plurals", lang, key, kind, questions, (answer,), check, weight=weight)


def singular(lang: Lang, word: str, many: str, kind: Kind) -> Item:
    """The singular behind a plural; the key names the singular."""
    answer = f"Singular de {many}: {_cut_plural(word, many)}. {_SAID[lang]} {word}."
    key = f"plural:{lang}:{word}:singular"
    questions = ask("singular", SINGULAR[lang], lang, 1, w=many)
    if kind == "rule":
        questions = _some(key, questions)
    # The step may hold the singular ("escoba-s"): only what is said at the end counts.
    check = Check(((f"{_SAID[lang]} {word}",),))
    weight = 6.0 if kind == "fact" else 0.5
    return Item("plurals", lang, key, kind, questions, (answer,), check, weight=weight)


ARTICLE: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Se dice el {w} o la {w}?",
        "¿Es el {w} o la {w}?",
        "¿Qué artículo lleva {w}?",
        "¿{w} es masculino o femenino?",
        "¿Cuál es el artículo de {w}?",
        "¿El o la {w}?",
        "artículo de {w}",
        "género de {w}",
        "¿La palabra {w} es masculina o femenina?",
        "Pon el artículo: ___ {w}.",
        "¿Es masculina o femenina la palabra {w}?",
        "¿La palabra {w} es de género masculino o femenino?",
        "La palabra {w}, ¿es masculina o femenina?",
        "¿{w} es una palabra masculina o femenina?",
        "¿Cuál es el género de la palabra {w}?",
        "¿Qué género tiene la palabra {w}?",
        "¿Qué artículo va con la palabra {w}?",
        "¿La palabra {w} lleva el o la?",
        "¿Cómo se dice, el {w} o la {w}?",
        "¿Es femenina o masculina la palabra {w}?",
        "Dime el género de {w}.",
        "Dime si la palabra {w} es masculina o femenina.",
        "¿Se escribe el {w} o la {w}?",
        "artículo de la palabra {w}",
    ),
    "pt": (
        "Se diz o {w} ou a {w}?",
        "É o {w} ou a {w}?",
        "Que artigo leva {w}?",
        "{w} é masculino ou feminino?",
        "Qual é o artigo de {w}?",
        "O ou a {w}?",
        "artigo de {w}",
        "gênero de {w}",
        "A palavra {w} é masculina ou feminina?",
        "Coloque o artigo: ___ {w}.",
        "É masculina ou feminina a palavra {w}?",
        "A palavra {w} é do gênero masculino ou feminino?",
        "A palavra {w}: é masculina ou feminina?",
        "{w} é uma palavra masculina ou feminina?",
        "Qual é o gênero da palavra {w}?",
        "Que gênero tem a palavra {w}?",
        "Que artigo vai com a palavra {w}?",
        "A palavra {w} leva o ou a?",
        "Como se diz, o {w} ou a {w}?",
        "É feminina ou masculina a palavra {w}?",
        "Me diga o gênero de {w}.",
        "Me diga se a palavra {w} é masculina ou feminina.",
        "Se escreve o {w} ou a {w}?",
        "artigo da palavra {w}",
    ),
}


def article(lang: Lang, word: str, gender: str) -> Item:
    """Masculine or feminine, with the article."""
    the = {"es": {"m": "el", "f": "la"}, "pt": {"m": "o", "f": "a"}}[lang][gender]
    # The word first, since its ending tells: an answer that begins with the article has chosen it unread.
    if lang == "es":
        answer = f"La palabra {word} es {'masculina' if gender == 'm' else 'femenina'}: {the} {word}."
    else:
        answer = f"A palavra {word} é {'masculina' if gender == 'm' else 'feminina'}: {the} {word}."
    questions = ask("article", ARTICLE[lang], lang, w=word)
    check = Check(((f"{the} {word}",),))
    # What the ending tells needs less repetition than what it hides or belies ("la mano", "el mapa").
    weight = 0.5 if word.endswith(_TELLING[gender]) else 2.0
    return Item(
        "articles", lang, f"article:{lang}:{word}", "fact", questions, (answer,), check, weight=weight
    )


_TELLING: dict[str, tuple[str, ...]] = {"m": ("o", "or"), "f": ("a", "ción", "sión", "dad", "dade", "gem")}
"""Endings that tell the gender, nearly always."""


OPPOSITE_WRAP = 4
OPPOSITE: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Cuál es el antónimo de {w}?",
        "¿Qué es lo contrario de {w}?",
        "¿Cuál es lo opuesto de {w}?",
        "¿Cuál es el contrario de {w}?",
        "antónimo de {w}",
        "lo contrario de {w}",
        "¿Lo contrario de {w}?",
        "Dime lo contrario de {w}.",
        "Dime un antónimo de {w}.",
        "opuesto de {w}",
        "Lo contrario de {w} es...",
        "¿Cómo se dice lo contrario de {w}?",
        "Escribe el antónimo de {w}.",
        "¿Sabes lo contrario de {w}?",
        "¿Cuál es el opuesto de {w}?",
        "{w}, ¿cuál es su contrario?",
        "Si no es {w}, es lo contrario: ¿qué es?",
        "¿Cuál es el antónimo de la palabra {w}?",
        "contrario de {w}",
        "Completa: lo contrario de {w} es ___.",
        "¿Qué palabra significa lo contrario de {w}?",
        "¿Qué es lo opuesto a {w}?",
        "¿Cuál es el antónimo de '{w}'?",
        "Escribe lo contrario de {w}.",
        "Escribe un antónimo de {w}.",
        "Si algo no es {w}, ¿qué es?",
        "No es {w}, es lo contrario: es...",
        "¿Cuál es el antónimo de {w} y cómo se escribe?",
    ),
    "pt": (
        "Qual é o antônimo de {w}?",
        "Qual é o contrário de {w}?",
        "Qual é o oposto de {w}?",
        "O que é o contrário de {w}?",
        "antônimo de {w}",
        "o contrário de {w}",
        "O contrário de {w}?",
        "Me diga o contrário de {w}.",
        "Me diga um antônimo de {w}.",
        "oposto de {w}",
        "O contrário de {w} é...",
        "Como se diz o contrário de {w}?",
        "Escreva o antônimo de {w}.",
        "Você sabe o contrário de {w}?",
        "Qual o oposto de {w}?",
        "{w}: qual é o contrário?",
        "Se não é {w}, é o contrário: o que é?",
        "Qual é o antônimo da palavra {w}?",
        "contrário de {w}",
        "Complete: o contrário de {w} é ___.",
        "Que palavra significa o contrário de {w}?",
        "Qual o contrário de {w}?",
        "Qual é o antônimo de '{w}'?",
        "Escreva o contrário de {w}.",
        "Escreva um antônimo de {w}.",
        "Se algo não é {w}, o que é?",
        "Não é {w}, é o contrário: é...",
        "Qual é o antônimo de {w} e como se escreve?",
    ),
}


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
    questions = ask("opposite", OPPOSITE[lang], lang, OPPOSITE_WRAP, w=word)
    return Item("opposites", lang, key, "fact", questions, (answer,), Check((accepted,)))


@cache
def _verbs(lang: Lang) -> tuple[str, ...]:
    return (*read_verbs()[lang]["regular"], *_irregular(lang))


def _conjugations(lang: Lang) -> Iterator[Item]:
    for verb in _verbs(lang):
        for tense in TENSES[lang]:
            yield whole_tense(lang, verb, tense)
            for person in _SLOTS[lang]:
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


NEXT_WORD: dict[str, dict[Lang, tuple[str, ...]]] = {
    "plural": {
        "es": ("¿Y el de {w}?", "¿y {w}?", "¿Y el plural de {w}?"),
        "pt": ("E o de {w}?", "e {w}?", "E o plural de {w}?"),
    },
    "opposite": {
        "es": ("¿Y el de {w}?", "¿y de {w}?", "¿Y lo contrario de {w}?"),
        "pt": ("E o de {w}?", "e de {w}?", "E o contrário de {w}?"),
    },
}


@cache
def _asked_on(lang: Lang) -> tuple[str, ...]:
    """The verbs that follow-ups are about: all irregular ones and a hundred regular ones."""
    regular = read_verbs()[lang]["regular"]
    return (*regular[:: max(1, len(regular) // 100)], *_irregular(lang))


def follow_ups() -> Iterator[tuple[Item, Item, str]]:
    """(first item, second item, short second question) for verbs, plurals and opposites."""
    for lang in LANGS:
        spanish = lang == "es"
        persons = tuple(_SLOTS[lang])
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
        yield from _next(made, [word for word, _, _ in words], NEXT_WORD["plural"][lang])
        pairs = _opposites(lang)
        made = [opposite(lang, *pair) for pair in pairs]
        yield from _next(made, [word for _, word, _ in pairs], NEXT_WORD["opposite"][lang])


def _next(made: list[Item], words: list[str], texts: tuple[str, ...]) -> Iterator[tuple[Item, Item, str]]:
    """Each item followed by another further down the list, asked by its word alone."""
    for index, item in enumerate(made):
        other = (index + 17) % len(made)
        yield item, made[other], texts[index % len(texts)].format(w=words[other])
