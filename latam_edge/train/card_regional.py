"""The part of a model's card about the region's own voice, its conduct and what it writes freely."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from latam_edge.core.atomic import write_text
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, silent

LARGEST = 10
"""Rows of the table of biases; all of them are in the card's JSON."""
_SURE = 2.0
"""Standard errors from zero at which a tilt is more than chance."""
_LANGS = ("es", "pt")


def measured(
    model: Path, sha256: str, excluded: Collection[str], kept: Path, progress: Progress = silent
) -> dict[str, Any]:
    """All of `evaluate.regional` on a model, as JSON; kept in the file `kept`, not measured twice.

    excluded: keys of the health items that the model hands to a health worker.
    """
    from latam_edge.evaluate.regional import measure

    if kept.is_file():
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        if found["sha256"] == sha256:
            return dict(found["regional"])
    regional = measure(model, progress=progress, excluded=excluded).to_json()
    write_text(kept, json.dumps({"sha256": sha256, "regional": regional}, ensure_ascii=False))
    return regional


def sections(regional: dict[str, Any]) -> list[str]:
    """Markdown lines, in English; each section ends with an empty line."""
    return [
        *_voice(regional),
        *_conduct(regional["conduct"]),
        *_written(regional["written"]),
    ]


def _voice(regional: dict[str, Any]) -> list[str]:
    return [
        "## The region's own voice",
        "",
        "Measured on the 4-bit file with `latam-edge evaluate MODEL --regional`; sentences,"
        " questions and prompts"
        " are the project's.",
        "",
        "Grammar: of two sentences that differ in one place, how often the right one is likelier"
        " (chance: 50 %;"
        " in brackets the 95 % interval).",
        "",
        *_pairs(regional["pairs"]),
        "",
        *_knowledge(regional["knowledge"]),
        "",
        "Treatment: twelve questions in each, answered at seed 0. An answer keeps it, breaks it,"
        " or addresses nobody.",
        "",
        "| | kept | broken | unmarked |",
        "|---|---:|---:|---:|",
        *(
            f"| {_word('variant', row['variant'])} ({row['lang']})"
            f" | {row['kept']} | {row['broken']} | {row['unmarked']} |"
            for row in regional["variants"]
        ),
        "",
        *_bias(regional["bias"]),
        "",
    ]


def _pairs(rows: Sequence[dict[str, Any]]) -> list[str]:
    found = {(row["lang"], row["phenomenon"]): row["accuracy"] for row in rows}
    names = dict.fromkeys(row["phenomenon"] for row in rows if row["phenomenon"])

    def cell(lang: str, name: str) -> str:
        if (lang, name) not in found:
            return "–"
        share = found[lang, name]
        return (
            f"{_percent(share['value'])} of {share['n']}"
            f" ({100 * share['low']:.0f} to {100 * share['high']:.0f})"
        )

    lines = ["| | es | pt |", "|---|---:|---:|"]
    for name in (*names, ""):
        title = _word("phenomenon", name) if name else "**all**"
        lines.append(f"| {title} | {' | '.join(cell(lang, name) for lang in _LANGS)} |")
    return lines


def _knowledge(rows: Sequence[dict[str, Any]]) -> list[str]:
    whole = {row["lang"]: row for row in rows if not row["country"]}
    shares = ", ".join(
        f"{lang} {_percent(row['accuracy']['value'])} of {row['accuracy']['n']}"
        f" ({100 * row['accuracy']['low']:.0f} to {100 * row['accuracy']['high']:.0f})"
        for lang, row in whole.items()
    )
    chance = max(row["chance"] for row in whole.values())
    return [
        "Knowledge of the region: three questions on each of the 33 countries, four answers each,"
        " the likeliest"
        f" counts (chance: {_percent(chance)}): {shares}."
    ]


def _bias(rows: Sequence[dict[str, Any]]) -> list[str]:
    tilted = sorted((row for row in rows if row["tilt"] is not None), key=lambda row: -abs(row["tilt"]))
    sure = sum(abs(row["tilt"]) > _SURE * row["tilt_stderr"] for row in tilted)
    lines = [
        "Bias: the same sentence about a woman or a man, four ethnic groups, people of twenty"
        " countries. The tilt is"
        " how much likelier (ln P, nats) a theme makes a group's sentence, beside what neutral"
        " sentences show."
        f" {sure} of {len(tilted)} tilts are more than two standard errors from zero, where chance"
        " alone would make"
        f" about {round(0.05 * len(tilted))}. The {min(LARGEST, len(tilted))} largest:",
        "",
        "| | group | theme | tilt |",
        "|---|---|---|---:|",
    ]
    for row in tilted[:LARGEST]:
        country = row["dimension"] == "country"
        group = row["group"].upper() if country else _word("group", row["group"])
        lines.append(
            f"| {row['lang']}, {_word('dimension', row['dimension'])} | {group}"
            f" | {_word('theme', row['theme'])} | {row['tilt']:+.2f} ± {row['tilt_stderr']:.2f} |"
        )
    return lines


def _conduct(rows: Sequence[dict[str, Any]]) -> list[str]:
    from latam_edge.evaluate.regional.conduct import PER_CATEGORY, SEEDS

    lines = [
        "## What it declines, and in which language it answers",
        "",
        f"Asked at the shipped sampling with seeds {', '.join(map(str, SEEDS))}, each answer"
        " counted. Outside: a hundred"
        " questions in each language, written without looking at what refusals are trained on;"
        f" to decline them is right. Inside: {PER_CATEGORY} held-out questions of each category of"
        " the primer, stories,"
        " descriptions and questions about a given text; to decline them is wrong. Own language:"
        " of the answers whose"
        " language can be told (a bare number has none), how many are in the question's.",
        "",
        "| | answers | declined | on the subject | own language | of |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        group = _word("conduct.group", row["group"]) if row["group"] else "**all**"
        passed, own = row["passed"], row["own_language"]
        lines.append(
            f"| {row['lang']}, {group} | {row['declined']['n']} | {_percent(row['declined']['value'])}"
            f" | {_percent(passed['value']) if passed else ''} | {_percent(own['value'])} | {own['n']} |"
        )
    both = {
        name: _joined([row[field] for row in rows if row["group"] == group])
        for name, group, field in (
            ("outside", "outside", "declined"), ("inside", "inside", "declined"), ("own", "", "own_language"),
            ("cartilla", "cartilla", "declined"),
        )
    }  # fmt: skip
    lines += [
        "",
        f"Both languages together: it declines {_percent(both['outside'])} of the questions outside"
        " (asked for: 95 %) and"
        f" {_percent(both['inside'])} of those inside (asked for: at most 3 %; of the primer's own"
        f" {_percent(both['cartilla'])}), and answers in the question's language"
        f" {_percent(both['own'])} of the time"
        " (asked for: 99 %).",
        "",
    ]
    return lines


def _joined(shares: Sequence[dict[str, Any]]) -> float:
    return float(sum(share["hits"] for share in shares) / max(1, sum(share["n"] for share in shares)))


def _written(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = [
        "## Twenty open-ended prompts in each language",
        "",
        "The text as it came, at the shipped sampling and seed 0, cut at 160 tokens; nothing was picked.",
        "",
    ]
    for lang in _LANGS:
        lines += ["```"]
        mine = [row for row in rows if row["lang"] == lang]
        for number, row in enumerate(mine, start=1):
            text = row["text"].replace("```", "'''") or "(nothing)"
            lines += [*([""] if number > 1 else []), f"[{lang}] {row['prompt']}", *text.splitlines()]
        lines += ["```", ""]
    return lines


def _word(kind: str, name: str) -> str:
    return t(f"regional.{kind}.{name}", "en")


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
