"""History: saved and exported conversations."""

MESSAGES = {
    "history.you": "You",
    "history.assistant": "Answer",
    "history.state_length": "The answer was cut off: there was no more room.",
    "history.state_cancelled": "Stopped.",
    "history.state_interrupted": "Interrupted.",
    "history.recovered_title": "Recovered conversation",
    "history.exported": "Exported on {date} with latam-edge. Model: {model}",
    "history.earlier": "Earlier answer",
}
