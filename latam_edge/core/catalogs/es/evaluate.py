"""Medir un modelo con textos."""

MESSAGES = {
    "evaluate.exam": "Haciendo el examen",
    "evaluate.scoring": "Midiendo",
    "evaluate.text_too_short": "{path} es demasiado corto para medir algo. Usa un texto más largo.",
    "evaluate.other_vocabulary": "{model} y {reference} tienen vocabularios distintos y no se pueden comparar token por token. Usa como referencia el mismo modelo.",
    "evaluate.unknown_windows": "No conozco las ventanas «{found}». Usa una de estas: {known}",
}
