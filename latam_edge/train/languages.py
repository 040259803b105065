"""Spanish or Portuguese: told by the small words that every sentence has."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+")

_SPANISH_WORDS = """
el la los las una unos unas y es en que del al con por para como más pero su sus se lo le les muy ya
hay son está están fue era ser tiene hace también cuando donde qué cómo cuál porque sin sobre entre hasta
desde este esta estos estas ese esa eso esto yo tú usted ustedes nosotros mi tu nos no sí o ni si otro otra
puede cada hoy siempre todo toda todos
"""
_PORTUGUESE_WORDS = """
o a os as um uma uns umas e é em que do da dos das ao à no na nos nas com por para como mais mas seu sua
seus suas se lhe muito já há são está estão foi era ser tem faz também quando onde quê qual porque sem sobre
entre até desde este esta esse essa isso isto eu você vocês nós meu minha não sim ou nem outro outra pode cada
hoje sempre tudo todo toda pelo pela num numa
"""
_SPANISH = frozenset(_SPANISH_WORDS.split())
_PORTUGUESE = frozenset(_PORTUGUESE_WORDS.split())
_ONLY_SPANISH = _SPANISH - _PORTUGUESE
_ONLY_PORTUGUESE = _PORTUGUESE - _SPANISH


def language_of(text: str) -> str | None:
    """ "es" or "pt" by the words that one has and the other has not; None when neither leads clearly."""
    words = [word.casefold() for word in _WORD.findall(text)]
    spanish = sum(word in _ONLY_SPANISH for word in words) + 2 * len(re.findall(r"[ñ¿¡]", text))
    portuguese = sum(word in _ONLY_PORTUGUESE for word in words) + 2 * len(re.findall(r"[ãõçâê]", text))
    if spanish == portuguese or max(spanish, portuguese) < 2:
        return None
    ahead = max(spanish, portuguese) / (spanish + portuguese)
    if ahead < 0.6:
        return None
    return "es" if spanish > portuguese else "pt"
