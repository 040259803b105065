"""The forms of Spanish and Portuguese verbs, regular by rule, irregular from data/verbs.toml."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from latam_edge.cartilla.model import Lang
from latam_edge.cartilla.phrasing import read

TENSES: dict[Lang, tuple[str, ...]] = {
    "es": ("presente", "pasado", "futuro"),
    "pt": ("presente", "passado", "futuro"),
}

SLOTS: dict[Lang, dict[str, int]] = {
    "es": {
        "yo": 0, "tú": 1, "vos": 2, "usted": 3, "él": 3, "ella": 3, "nosotros": 4, "ustedes": 5, "ellos": 5,
    },
    "pt": {"eu": 0, "você": 1, "ele": 1, "ela": 1, "a gente": 1, "nós": 2, "vocês": 3, "eles": 3},
}  # fmt: skip
"""Person to its place in the list of present forms."""

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
def irregular_verbs(lang: Lang) -> dict[str, dict[str, tuple[str, ...]]]:
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
    irregular = irregular_verbs(lang)
    if verb in irregular:
        return irregular[verb][tense]
    return conjugate_es(verb, tense) if lang == "es" else conjugate_pt(verb, tense)


def cut_form(lang: Lang, verb: str, tense: str) -> tuple[Part, ...] | None:
    """Stems and endings of `forms`; None where forms are learned whole: past and present of irregular verbs."""
    if verb in irregular_verbs(lang):
        if tense != "futuro":
            return None
        return _parts(read_verbs()[lang]["irregular"][verb]["future"], _FUTURE[lang])
    return parts_es(verb, tense) if lang == "es" else parts_pt(verb, tense)
