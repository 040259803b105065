"""Held-out questions with right answers as plain text, laid out as the prose that models are trained on."""

from __future__ import annotations

from collections.abc import Collection

from latam_edge.cartilla import exam
from latam_edge.cartilla.model import Lang

SEED = 2026
"""Which held-out questions are drawn; the same for everybody, so that figures can be compared."""


def paragraphs(lang: Lang, excluded: Collection[str] = (), per_category: int = 60) -> list[str]:
    """Paragraphs "Question / Answer" of held-out items of one language. Always the same.

    excluded: keys of health items that are left out, as in the exam.
    """
    asked, answered = ("Pregunta", "Respuesta") if lang == "es" else ("Pergunta", "Resposta")
    return [
        f"{asked}: {item.question}\n{answered}: {item.answer}"
        for item in exam.exam(SEED, per_category, excluded=excluded)
        if item.lang == lang and item.answer and not item.history
    ]
