"""Measuring a model on texts."""

MESSAGES = {
    "evaluate.exam": "Taking the exam",
    "evaluate.scoring": "Measuring",
    "evaluate.text_too_short": "{path} is too short to measure anything. Use a longer text.",
    "evaluate.not_finite": "it computes values that are no numbers (NaN or infinite): its weights are damaged. Get it from its original source or convert it again.",
    "evaluate.other_engine": "{model} runs on the {engine} engine: leave out --engine, or name a model for that one.",
    "evaluate.other_vocabulary": "{model} and {reference} have different vocabularies and can't be compared token by token. Use a reference of the same model.",
    "evaluate.unknown_windows": "Unknown windows “{found}”. Use one of: {known}",
    "evaluate.unknown_set": "There is no evaluation text “{found}”. There are: {known}",
    "evaluate.no_passport": "it carries no quality passport. Measure it with: latam-edge evaluate {path} --passport",
    "evaluate.passport_other_weights": "the passport speaks of other weights: the file changed after it was measured. Get it from its original source.",
    "evaluate.passport_other_reference": "That is not the passport's reference: it takes {expected}, unchanged.",
    "evaluate.unchecked_engine": "The figures of the {engine} engine were not measured: this file runs with another.",
    "evaluate.unchecked_text": "The text {name} is not that of this version of the program: it could not be compared.",
    "evaluate.unchecked_divergence": "The divergence was not measured: add --reference with the file {reference} for that.",
    "evaluate.passport_holds": "The passport holds: {count} figures measured again.",
    "evaluate.passport_fails": "the passport does not hold in {count} of {total} figures. Don't trust those that it states.",
    "evaluate.passport_altered": "something in the passport was changed after it was written, even though the figures that were measured agree. Get the file from its original source.",
    "evaluate.passport_written": "Passport written into {path}: {count} texts.",
    "evaluate.passport_registered": "{name} is in the library, and its sha256 would change. Write the passport into the original file and add that afterwards.",
}
