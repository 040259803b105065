"""Whole numbers in words, Spanish and Brazilian Portuguese, 0 to 999, masculine."""

from __future__ import annotations

from latam_edge.cartilla.model import Lang

_SMALL: dict[Lang, list[str]] = {
    "es": [
        "cero",
        "uno",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
        "diez",
        "once",
        "doce",
        "trece",
        "catorce",
        "quince",
        "dieciséis",
        "diecisiete",
        "dieciocho",
        "diecinueve",
        "veinte",
        "veintiuno",
        "veintidós",
        "veintitrés",
        "veinticuatro",
        "veinticinco",
        "veintiséis",
        "veintisiete",
        "veintiocho",
        "veintinueve",
    ],
    "pt": [
        "zero",
        "um",
        "dois",
        "três",
        "quatro",
        "cinco",
        "seis",
        "sete",
        "oito",
        "nove",
        "dez",
        "onze",
        "doze",
        "treze",
        "catorze",
        "quinze",
        "dezesseis",
        "dezessete",
        "dezoito",
        "dezenove",
    ],
}
_TENS: dict[Lang, list[str]] = {
    "es": [
        "_",
        "_",
        "veinte",
        "treinta",
        "cuarenta",
        "cincuenta",
        "sesenta",
        "setenta",
        "ochenta",
        "noventa",
    ],
    "pt": ["_", "_", "vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"],
}
_HUNDREDS: dict[Lang, list[str]] = {
    "es": [
        "_",
        "ciento",
        "doscientos",
        "trescientos",
        "cuatrocientos",
        "quinientos",
        "seiscientos",
        "setecientos",
        "ochocientos",
        "novecientos",
    ],
    "pt": [
        "_",
        "cento",
        "duzentos",
        "trezentos",
        "quatrocentos",
        "quinhentos",
        "seiscentos",
        "setecentos",
        "oitocentos",
        "novecentos",
    ],
}
_AND: dict[Lang, str] = {"es": " y ", "pt": " e "}


def in_words(n: int, lang: Lang) -> str:
    """0..999. Raises ValueError outside. in_words(47, "es") == "cuarenta y siete"."""
    if not 0 <= n <= 999:
        raise ValueError(f"number words go from 0 to 999, not to {n}")
    if n < len(_SMALL[lang]):
        return _SMALL[lang][n]
    if n < 100:
        tens, units = divmod(n, 10)
        return _TENS[lang][tens] + (_AND[lang] + _SMALL[lang][units] if units else "")
    if n == 100:
        return "cien" if lang == "es" else "cem"
    hundreds, rest = divmod(n, 100)
    if not rest:
        return _HUNDREDS[lang][hundreds]
    return _HUNDREDS[lang][hundreds] + (" " if lang == "es" else " e ") + in_words(rest, lang)


ALL_WORDS: frozenset[str] = frozenset(
    word for table in (_SMALL, _TENS, _HUNDREDS) for words in table.values() for word in words
) | {"cien", "cem"}
"""Every single number word: typing noise leaves them alone, as it does digits."""
