"""Three sets of colours: dark, light, and the terminal's own.

The first two need 256 colours or more. On a console with 16 the terminal's own
colours are the ones its user can read, on a dark background or a light one.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="latam-dark",
    dark=True,
    primary="#7aa2c9",
    secondary="#8fb99a",
    accent="#d9a85f",
    foreground="#dcdcd6",
    background="#16181b",
    surface="#1d2024",
    panel="#24282d",
    success="#8fb99a",
    warning="#d9a85f",
    error="#e08a80",
    variables={"input-selection-background": "#7aa2c9 35%", "border": "#4a5058", "border-blurred": "#33383e"},
)

LIGHT = Theme(
    name="latam-light",
    dark=False,
    primary="#2b5d8a",
    secondary="#2f6b45",
    accent="#8a5300",
    foreground="#1f2328",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#eae7e0",
    success="#2f6b45",
    warning="#8a5300",
    error="#a3312a",
    variables={"input-selection-background": "#2b5d8a 25%", "border": "#a9a49a", "border-blurred": "#d3cfc6"},
)

TERMINAL = Theme(
    name="latam-terminal",
    ansi=True,
    dark=True,
    primary="ansi_blue",
    secondary="ansi_green",
    accent="ansi_yellow",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border": "ansi_default",
        "border-blurred": "ansi_default",
        "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_blue",
        "block-cursor-text-style": "bold",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_white",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_white",
    },
)

THEMES = (DARK, LIGHT, TERMINAL)


def first_theme(color_system: str | None, no_color: bool, colorfgbg: str) -> str:
    """Which one to begin with.

    color_system: what rich found the terminal to be: "truecolor", "256", "standard", "windows" or None.
    colorfgbg: the variable in which some terminals tell their colours, "15;0": background last.
    """
    if no_color or color_system not in ("truecolor", "256"):
        return TERMINAL.name
    background = colorfgbg.rsplit(";", 1)[-1]
    return LIGHT.name if background in ("7", "15") else DARK.name
