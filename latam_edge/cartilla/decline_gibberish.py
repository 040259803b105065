"""What is no question: keys hit at random, laughter, punctuation."""

from __future__ import annotations

import random

_LETTERS = ("asdfghjkl", "qwertyuiop", "zxcvbnm", "aeiou", "bcdfghjklmnpqrstvwxyz")


def gibberish(rng: random.Random) -> str:
    """A line that asks nothing."""
    if rng.random() < 0.1:
        laugh = rng.choice(("ja", "je", "ji", "ha", "k", "rs", "jaj"))
        return laugh * rng.randrange(2, 7) + rng.choice(("", "", " lol", " xdd", " ay"))
    if rng.random() < 0.15:
        return rng.choice(
            ("?", "???", "...", "!!!", "jajaja", "kkkk", "xd", "ok ok", "mmm", "eh", "hmm", "🙂", "123abc")
        )
    words = []
    for _ in range(rng.randrange(1, 5)):
        row = rng.choice(_LETTERS)
        words.append("".join(rng.choice(row) for _ in range(rng.randrange(4, 9))))
    return " ".join(words) + rng.choice(("", "", "?", "."))
