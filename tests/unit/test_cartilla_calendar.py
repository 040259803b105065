"""Days, months, units, the clock, and manners."""

from __future__ import annotations

import re

from latam_edge.cartilla import calendar_units, clock, manners, units
from latam_edge.cartilla.exam import grade


def test_the_clock_is_read_as_people_say_it() -> None:
    assert clock.say_time(1, 0, "es") == "Es la una en punto."
    assert clock.say_time(3, 30, "es") == "Son las tres y media."
    assert clock.say_time(1, 15, "pt") == "É uma e quinze."
    assert clock.say_time(2, 30, "pt") == "São duas e meia."
    assert clock.say_time(10, 0, "pt") == "São dez horas."


def test_days_and_months_follow_each_other_around_the_year() -> None:
    items = {(item.lang, item.key): item for item in calendar_units.items()}
    assert grade(items["es", "day-after:6"].check, "Después del domingo viene el lunes.")
    assert items["pt", "day-before:0"].answers == ("Antes da segunda-feira vem o domingo.",)
    assert items["pt", "day-after:6"].answers == ("Depois do domingo vem a segunda-feira.",)
    assert items["es", "month-after:11"].answers == ("Después de diciembre viene enero.",)
    assert items["es", "month-days:8"].answers == ("Septiembre tiene 30 días.",)


def test_conversions_are_right() -> None:
    sizes = {key: size for key, size, _ in units.HOLDS}
    for item in calendar_units.items():
        if item.key.startswith("convert:"):
            _, unit, count = item.key.split(":")
            rate, product, result = re.split("; |, así que |, então ", item.answers[0])
            assert rate.split()[-2] == str(sizes[unit])
            first, *steps = product.split(" = ")
            assert first == f"{count} × {sizes[unit]}"
            assert {sum(map(int, step.split(" + "))) for step in steps} == {int(count) * sizes[unit]}
            numbers = [int(n) for n in re.findall(r"\d+", result)]
            assert numbers == [int(count), int(count) * sizes[unit]]


def test_days_and_months_are_counted_one_by_one() -> None:
    items = {(item.lang, item.key): item for item in calendar_units.items()}
    assert items["es", "days-on:1:3"].answers == (
        "Desde martes: 1 miércoles, 2 jueves, 3 viernes. Es viernes.",
    )
    assert items["pt", "days-back:0:2"].answers == ("Desde segunda-feira: 1 domingo, 2 sábado. É sábado.",)
    assert items["es", "months-on:11:2"].answers == ("Desde diciembre: 1 enero, 2 febrero. Es febrero.",)
    assert not grade(
        items["es", "days-on:1:3"].check, "Desde martes: 1 miércoles, 2 jueves, 3 viernes. Es jueves."
    )


def test_claims_are_answered_with_the_fact() -> None:
    items = {(item.lang, item.key): item for item in calendar_units.items()}
    february = items["es", "is-month-days:1:no"]
    assert february.answers == ("Febrero tiene 28 días, y 29 en año bisiesto.",)
    assert not grade(february.check, "Sí, febrero tiene 31 días.")
    assert items["pt", "is-holds:m-cm:yes"].answers == ("Um metro tem 100 centímetros.",)
    assert not grade(items["pt", "is-holds:m-cm:yes"].check, "Sim, é verdade.")


def test_questions_agree_with_the_gender_of_what_is_counted() -> None:
    for item in calendar_units.items():
        for _, text in item.questions:
            assert not re.search(r"[Cc]uántos (horas|unidades)|[Qq]uantos (horas|unidades)", text), text


def test_manners_say_who_the_model_is() -> None:
    items = {(item.lang, item.key): item for item in manners.items()}
    assert "Soy Semilla, un modelo escolar pequeño" in items["es", "identity:who"].answers[0]
    assert {lang for lang, _ in items} == {"es", "pt"}
    for item in items.values():
        assert len(item.questions) >= 6
        assert all(grade(item.check, answer) for answer in item.answers)
