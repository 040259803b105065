"""A run's report as plain tables: what each step cost and what it gained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from latam_edge.core.i18n import decimal, format_bytes, format_seconds, t


def render(name: str, model: Path, steps: dict[str, dict[str, Any]], lang: str | None = None) -> str:
    """The table of steps and, where there was an exam, the table of its results."""
    lines = [t("train.report.title", lang, name=name, model=model), ""]
    header = [t(f"train.report.{column}", lang) for column in ("step", "time", "result")]
    rows = [
        [t(f"train.step.{step}", lang), format_seconds(report["seconds"]), _result(step, report, lang)]
        for step, report in steps.items()
    ]
    total = sum(report["seconds"] for report in steps.values())
    rows.append([t("train.report.total", lang), format_seconds(total), ""])
    lines += table(header, rows)
    if "exam" in steps:
        lines += ["", t("train.exam.title", lang), "", *exam_table(steps["exam"], lang)]
    return "\n".join(lines)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table with aligned columns."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    return [line(header), line(["-" * width for width in widths]), *(line(row) for row in rows)]


def exam_table(exam: dict[str, list[dict[str, Any]]], lang: str | None = None) -> list[str]:
    """Accuracy by category and language, both files side by side; rules and facts apart."""
    lines: list[str] = []
    for kind in ("rule", "fact"):
        chosen = {file: [row for row in exam[file] if row["kind"] == kind] for file in ("f16", "int4")}
        if chosen["int4"]:
            lines += ["", t(f"train.exam.{kind}", lang), "", *_exam_part(chosen, lang)]
    return lines[1:]


def _exam_part(exam: dict[str, list[dict[str, Any]]], lang: str | None) -> list[str]:
    columns = [(code, file) for code in ("es", "pt") for file in ("f16", "int4")]
    header = [t("train.exam.category", lang), *(" ".join(column) for column in columns)]
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for file, rows in exam.items():
        for row in rows:
            found.setdefault(row["category"], {})[row["lang"], file] = row
    lines = []
    for category, cells in sorted(found.items()):
        int4 = [row for (_, file), row in cells.items() if file == "int4"]
        n = sum(row["n"] for row in int4)
        declined = sum(row["wrongly_declined"] for row in int4)
        shown = [_percent(cells.get(column)) for column in columns]
        lines.append([category, *shown, decimal(f"{100 * declined / n:.1f} %") if n else "–", str(n)])
    return table([*header, t("train.exam.declined", lang), "n"], lines)


def _percent(row: dict[str, Any] | None) -> str:
    return decimal(f"{100 * row['correct'] / row['n']:.1f} %") if row and row["n"] else "–"


def _result(step: str, report: dict[str, Any], lang: str | None) -> str:
    key = f"train.report.{step}"
    if step == "corpus":
        return t(key, lang, dialogues=report["dialogues"], prose=report["prose"])
    if step == "tokenizer":
        return t(
            key,
            lang,
            vocabulary=report["vocabulary"],
            bytes_per_token=decimal(str(report["bytes_per_token"])),
        )
    if step == "pack":
        packed = t(key, lang, tokens=report["tokens"], fill=round(100 * report["fill"]))
        return f"{packed}; {_texts(report, lang)}" if "texts" in report else packed
    if step == "teacher":
        return t(
            key, lang, **_stage(report),
            ngram_es=decimal(f"{report['ngram_bits_per_byte']['es']:.3f}"),
            ngram_pt=decimal(f"{report['ngram_bits_per_byte']['pt']:.3f}"),
        )  # fmt: skip
    if step == "distill":
        return t(key, lang, **_stage(report))
    if step == "finetune":
        return t(key, lang, tokens=_millions(report["tokens"]), loss=decimal(f"{report['loss']:.3f}"))
    if step == "health":
        return t(key, lang, excluded=len(report["excluded"]), unsafe=len(report["unsafe"]))
    if step == "qad":
        return t(key, lang, **_lattice(report))
    if step == "export":
        sizes = {kind: format_bytes(report[kind]["file_bytes"]) for kind in ("f16", "int4")}
        return t(key, lang, **sizes, bits=decimal(f"{report['int4']['bits_per_weight']:.2f}"))
    if step == "evaluate":
        return t(key, lang, **_evaluation(report))
    if step == "exam":
        means = {kind: _mean(report[kind]) for kind in ("f16", "int4")}
        return t(key, lang, **means)
    return t(key, lang, name=report["name"])


def _texts(report: dict[str, Any], lang: str | None) -> str:
    return t(
        "train.report.texts",
        lang,
        texts=report["texts"],
        tokens=_millions(report["text_tokens"]),
        held_out=report["held_out"],
        broken=report["broken"],
    )


def _stage(report: dict[str, Any]) -> dict[str, str]:
    bits = report["bits_per_byte"]
    return {
        "parameters": _millions(report["parameters"]),
        "tokens": _millions(report["tokens"]),
        "es": decimal(f"{bits['es']:.3f}"),
        "pt": decimal(f"{bits['pt']:.3f}"),
    }


def _lattice(report: dict[str, Any]) -> dict[str, Any]:
    kl = {code: decimal(f"{report['kl_gptq'][code]:.4f} → {report['kl'][code]:.4f}") for code in ("es", "pt")}
    worst = max(report["perplexity"].values())
    steps = max(int(step) for step in report["evaluations"])
    return {**kl, "loss": decimal(f"{100 * worst:.2f} %"), "step": report["best_step"], "steps": steps}


def _evaluation(report: dict[str, Any]) -> dict[str, str]:
    facts = {}
    for f16, int4 in zip(report["f16"], report["int4"], strict=True):
        lang = f16["language"]
        facts[lang] = decimal(f"{f16['perplexity']:.3f} → {int4['perplexity']:.3f}")
        facts[f"kl_{lang}"] = decimal(f"{int4['kl_mean']:.4f}")
    return facts


def _mean(rows: Sequence[dict[str, Any]]) -> str:
    n = sum(row["n"] for row in rows)
    return decimal(f"{100 * sum(row['correct'] for row in rows) / n:.1f} %") if n else "–"


def _millions(count: float) -> str:
    return decimal(f"{count / 1e6:.1f}")
