"""Whether a model fits this machine."""

MESSAGES = {
    "fit.yes": "Yes: {model} fits this machine.",
    "fit.tight": "Just: {model} fits if you close other programs.",
    "fit.no": "No: {model} needs more memory than this machine has.",
    "fit.need": "Needs",
    "fit.weights": "weights",
    "fit.kv_cache": "conversation of {context} tokens",
    "fit.rest": "computing and program",
    "fit.available": "Free memory",
    "fit.total": "Memory in all",
    "fit.speed": "Estimated speed",
    "fit.between": "between {low} and {high} tokens per second",
    "fit.reading": "It will write faster than one reads.",
    "fit.slow": "It will write more slowly than one reads.",
    "fit.measure": "To measure it: {command}",
    "fit.close_programs": "Close the browser and other programs before using it.",
    "fit.less_context": "With less context it needs less memory: {command}",
    "fit.smaller": "A smaller model that you already have: {model}",
    "fit.find_smaller": "Look for a smaller one, or the same with fewer bits per weight (Q4_0).",
}
