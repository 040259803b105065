"""The time as it is said. A rule, held out by time."""

from __future__ import annotations

from collections.abc import Iterator

from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.number_words import in_words
from latam_edge.cartilla.phrasing import ask_family, uncapped


def say_time(hour: int, minute: int, lang: Lang) -> str:
    """The time as it is said, 1..12 hours and 0..59 minutes: (3, 30) is "Son las tres y media."."""
    if lang == "es":
        spoken = "la una" if hour == 1 else "las " + in_words(hour, "es")
        verb = "Es" if hour == 1 else "Son"
        tail = {0: " en punto", 15: " y cuarto", 30: " y media"}.get(minute, f" y {in_words(minute, 'es')}")
        return f"{verb} {spoken}{tail}."
    feminine = {1: "uma", 2: "duas"}.get(hour, in_words(hour, "pt"))
    verb = "É" if hour == 1 else "São"
    tail = {0: f" {'hora' if hour == 1 else 'horas'}", 30: " e meia"}.get(
        minute, f" e {in_words(minute, 'pt')}"
    )
    return f"{verb} {feminine}{tail}."


def items(lang: Lang) -> Iterator[Item]:
    """Every five minutes of twelve hours."""
    for hour in range(1, 13):
        the = "la" if hour == 1 else "las"
        for minute in range(0, 60, 5):
            answer = say_time(hour, minute, lang)
            yield Item(
                "clock",
                lang,
                f"time:{hour}:{minute:02d}",
                "rule",
                uncapped(ask_family("clock", "clock", lang, t=f"{hour}:{minute:02d}", the=the)),
                (answer,),
                Check(require=((answer,),)),
                weight=2.0 if minute in (0, 15, 30) else 1.0,
            )
