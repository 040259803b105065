"""Measuring a model on texts."""

MESSAGES = {
    "evaluate.exam": "Taking the exam",
    "evaluate.scoring": "Measuring",
    "evaluate.text_too_short": "{path} is too short to measure anything. Use a longer text.",
    "evaluate.other_vocabulary": "{model} and {reference} have different vocabularies and can't be compared token by token. Use a reference of the same model.",
    "evaluate.unknown_windows": "Unknown windows “{found}”. Use one of: {known}",
}
