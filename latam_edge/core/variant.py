"""How the model should address whoever writes: tú, vos, usted, você. A setting, told to the model as words.

The line goes into the system prompt, in the language that it is about, and leaves
answers in the other language alone. A model that was taught no system prompts may
ignore it; `latam-edge evaluate MODEL --regional variants` measures what a model
does of itself.
"""

from __future__ import annotations

LINES = {
    "tú": "En español, trata de tú a quien te escribe: «tú tienes», «tú puedes».",
    "vos": "En español, tratá de vos a quien te escribe: «vos tenés», «vos podés».",
    "usted": "En español, trate de usted a quien le escribe: «usted tiene», «usted puede».",
    "você": "Em português, trate por você quem escreve: “você tem”, “você pode”.",
}
"""Variant: what the model is told."""

_PLAIN = {"tu": "tú", "voce": "você"}
"""For keyboards and consoles without accents."""

EXPECTED = ", ".join(f'"{name}"' for name in LINES)
"""What a setting may be, for an error's words."""


def canonical(name: str) -> str | None:
    """The variant that `name` means, one of LINES; None when it is none."""
    lowered = name.strip().lower()
    found = _PLAIN.get(lowered, lowered)
    return found if found in LINES else None


def system_prompt(system: str | None, variant: str | None) -> str | None:
    """`system` with the line about `variant` below it; either may be missing.

    variant: as a setting or an option has it; one that is unknown says nothing.
    """
    line = LINES.get(canonical(variant) or "") if variant else None
    return "\n".join(part for part in (system, line) if part) or None if line else system
