"""The card of a model that a run made: what it is made of, what it cost, what it reaches, what it can't.

    python -m latam_edge.train.card runs/semilla recipes/semilla.toml latam_edge/assets

copies the run's 4-bit file there as <name>.gguf (one that is there already is left
alone) and writes <name>.json (for the library) and <name>.md (for people) beside it.
What the run did not measure, the region's own voice and the model's conduct, is
measured here and kept in the run's folder. The sources of a recipe with a corpus are
taken from sources.toml beside it; one that reads anything else gets no card.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from latam_edge.cartilla import open_text
from latam_edge.core.atomic import atomic_write, write_text
from latam_edge.core.i18n import format_bytes, format_seconds, set_language, t
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.train import card_regional, sources
from latam_edge.train.corpus_step import Paths
from latam_edge.train.recipe import Recipe, load_recipe
from latam_edge.train.report import exam_table
from latam_edge.train.sources import GIVEABLE, Source

DESCRIPTION = {
    "es": "Modelo escolar pequeño. Sabe lo que está en su cartilla y dice «no lo sé» a lo demás. Puede equivocarse.",
    "pt": "Modelo escolar pequeno. Sabe o que está na sua cartilha e diz «não sei» ao resto. Pode errar.",
    "en": "A small school model. It knows what is in its primer and says “I don't know” to the rest. It can be wrong.",
}
TELLS = {
    "es": "Modelo escolar pequeño. Sabe lo que está en su cartilla, cuenta cuentos cortos, responde sobre un texto"
    " que le den, y dice «no lo sé» a lo demás. Puede equivocarse.",
    "pt": "Modelo escolar pequeno. Sabe o que está na sua cartilha, conta histórias curtas, responde sobre um texto"
    " que lhe derem, e diz «não sei» ao resto. Pode errar.",
    "en": "A small school model. It knows what is in its primer, tells short stories, answers about a text that it is"
    " given, and says “I don't know” to the rest. It can be wrong.",
}
"""Descriptions of models without and with cartilla.open_text."""

CODES = {
    "rtn": "rounded to nearest with scale search",
    "gptq": "codes by GPTQ, calibrated on the dialogues of its fine-tuning",
    "qad": "codes by quantization-aware distillation",
}
"""How the card words the method of the 4-bit file."""

TRAINING = {"teacher": "teacher", "distill": "distillation", "finetune": "fine-tuning"}
"""Steps that cost tokens, and how the card words them. A recipe may do without a teacher of its own."""

GROUPS = {
    "Arithmetic to two digits (sums and differences)": ("sums1", "sums2", "diffs1", "diffs2"),
    "Capitals": ("capitals",),
    "Multiplication tables": ("tables",),
}
"""Figures that stand at the top of the card."""


def publish(run: Path, recipe_path: Path, folder: Path, progress: Progress = silent) -> Path:
    """Copy the 4-bit model of a finished run into `folder` and write its cards. Returns the model's path.

    Raises BadRecipe for a recipe that reads sources whose terms don't allow the weights to be given away.
    """
    recipe, paths = load_recipe(recipe_path), Paths(run)
    read = sources.read_by(recipe, recipe_path.parent / sources.TABLE)
    steps = {k: v["report"] for k, v in json.loads((run / "state.json").read_text(encoding="utf-8")).items()}
    source, target = paths.gguf(recipe.name, "int4"), folder / f"{recipe.name}.gguf"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    if not target.exists() or hashlib.sha256(target.read_bytes()).hexdigest() != digest:
        with source.open("rb") as old, atomic_write(target) as new:
            shutil.copyfileobj(old, new)
    facts = summary(recipe, steps)
    asked = steps.get("qad") or steps["health"]
    excluded = asked["excluded"]
    regional = card_regional.measured(target, digest, excluded, run / "regional.json", progress)
    card = {
        "sha256": digest,
        "name": recipe.name,
        "license": "Apache-2.0",
        "description": TELLS if _tells(steps) else DESCRIPTION,
        "recipe": f"recipes/{recipe_path.name}",
        **facts,
        "exam": steps["exam"],
        "evaluation": steps["evaluate"],
        "health_excluded": excluded,
        "health_unsafe": sorted(asked["unsafe"]),
        "sources": [asdict(source) for source in read],
        "regional": regional,
    }
    write_text(folder / f"{recipe.name}.json", json.dumps(card, ensure_ascii=False, indent=1) + "\n")
    text = markdown(recipe, steps, facts, digest, target.stat().st_size, read, regional)
    write_text(folder / f"{recipe.name}.md", text)
    return target


def summary(recipe: Recipe, steps: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The figures that matter most, as shares between 0 and 1."""
    exam = steps["exam"]
    inside = [row["category"] for row in exam["int4"] if row["category"] not in ("outside", "decline")]
    primer = [category for category in inside if category not in open_text.CATEGORIES]
    figures = {
        title: {kind: _share(exam[kind], chosen) for kind in ("f16", "int4")}
        for title, chosen in GROUPS.items()
    }
    if _tells(steps):
        figures["Stories, descriptions, short pieces of writing, questions about a given text"] = {
            kind: _share(exam[kind], open_text.CATEGORIES) for kind in ("f16", "int4")
        }
    figures["Says that it does not know, on 200 questions outside"] = {
        kind: _share(exam[kind], ("outside",)) for kind in ("f16", "int4")
    }
    figures["Declines wrongly, inside"] = {kind: _declined(exam[kind], inside) for kind in ("f16", "int4")}
    figures["All held-out questions of the primer"] = {
        kind: _share(exam[kind], primer) for kind in ("f16", "int4")
    }
    return {
        "parameters": steps["finetune"]["parameters"],
        "training_seconds": round(sum(part["seconds"] for name in TRAINING for part in _parts(steps, name))),
        "headline": figures,
    }


def _tells(steps: dict[str, dict[str, Any]]) -> bool:
    """Whether the model was asked for stories and the like, which it is when it was trained on them."""
    return any(row["category"] in open_text.CATEGORIES for row in steps["exam"]["int4"])


def _parts(steps: dict[str, dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The reports of a stage and of its repetitions, "finetune-1" and so on."""
    return [report for step, report in steps.items() if step == name or step.startswith(f"{name}-")]


def _share(rows: list[dict[str, Any]], categories: Collection[str]) -> float:
    chosen = [row for row in rows if row["category"] in categories]
    return round(sum(row["correct"] for row in chosen) / max(1, sum(row["n"] for row in chosen)), 4)


def _declined(rows: list[dict[str, Any]], categories: Collection[str]) -> float:
    chosen = [row for row in rows if row["category"] in categories]
    return round(sum(row["wrongly_declined"] for row in chosen) / max(1, sum(row["n"] for row in chosen)), 4)


def markdown(
    recipe: Recipe,
    steps: dict[str, dict[str, Any]],
    facts: dict[str, Any],
    digest: str,
    file_bytes: int,
    read: Sequence[Source] = (),
    regional: dict[str, Any] | None = None,
) -> str:
    """The card for people."""
    set_language("en")
    taught = recipe.distill.mode != "none"
    words = TRAINING if taught else {**TRAINING, "distill": "training"}
    stages = [(word, _parts(steps, name)) for name, word in words.items() if name in steps]
    tokens = ", ".join(
        f"{word} {sum(part['tokens'] for part in parts) / 1e6:.1f} M{' tokens' if not number else ''}"
        for number, (word, parts) in enumerate(stages)
    )
    tells = _tells(steps)
    # Runs of before this was noted were all made on two cores that had other work too.
    device = steps["distill"].get("device", "two shared CPU cores")
    bits = steps["distill"]["bits_per_byte"]
    grams = next(
        (
            steps[name]["ngram_bits_per_byte"]
            for name in TRAINING
            if "ngram_bits_per_byte" in steps.get(name, ())
        ),
        None,
    )
    f16, int4 = steps["evaluate"]["f16"], steps["evaluate"]["int4"]
    asked = steps.get("qad") or steps["health"]
    excluded = asked["excluded"]
    lines = [
        f"# {recipe.name.capitalize()}: model card",
        "",
        "A small school model for Spanish and Portuguese, made by latam-edge for latam-edge. It answers what its",
        *(
            (
                "cartilla (primer) teaches, tells short stories, describes, writes notes, answers about a text that it is",
                "given, and says that it does not know to the rest. It can be wrong.",
            )
            if tells
            else ("cartilla (primer) teaches and says that it does not know to the rest. It can be wrong.",)
        ),
        "",
        f"- File: `{recipe.name}.gguf`, {format_bytes(file_bytes)}, sha256 `{digest}`",
        f"- Weights: {facts['parameters'] / 1e6:.2f} million, Llama architecture, {recipe.student.layers} layers,"
        f" width {recipe.student.width}, vocabulary {recipe.data.vocabulary}, embedding tied",
        f"- Format: 4-bit lattice (GGUF Q4_0, {CODES[steps['export']['int4']['method']]}), embedding included,"
        f" {steps['export']['int4']['bits_per_weight']:.2f} bits per weight",
        _licence(read),
        f"- Recipe: `latam-edge pipeline recipes/{recipe.name}.toml`",
        f"- Cost: {format_seconds(facts['training_seconds'])} of training on {device} ({tokens})",
        f"- Sampling that the file ships: temperature {recipe.sampling.temperature}, top-k {recipe.sampling.top_k},"
        f" top-p {recipe.sampling.top_p}, min-p {recipe.sampling.min_p}",
        "",
        "## What it reaches",
        "",
        f"Held-out questions, at the shipped sampling, {recipe.exam.seeds} seeds, both languages.",
        "",
        "| | f16 | int4 |",
        "|---|---:|---:|",
        *(
            f"| {title} | {100 * row['f16']:.1f} % | {100 * row['int4']:.1f} % |"
            for title, row in facts["headline"].items()
        ),
        "",
        "By category. Rules (`sums`, `diffs`, `word_problems`, regular `plurals` and `conjugation`) are held out by",
        "operand pair, noun or verb; facts by phrasing: the fact was taught, this way of asking was not.",
        "",
        "```",
        *exam_table(steps["exam"], "en"),
        "```",
        "",
        f"Bits per byte of held-out dialogues, {'distilled student ' if taught else ''}before fine-tuning:"
        f" es {bits['es']:.3f}, pt {bits['pt']:.3f}"
        + (f" (a 5-gram model: {grams['es']:.3f}, {grams['pt']:.3f})." if grams else "."),
        "",
        "int4 against f16 on held-out questions and answers as plain text:",
        "",
        "| language | tokens | perplexity f16 | perplexity int4 | mean KL (nats) | p99 KL | top-1 agreement |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {b['language']} | {b['tokens']} | {a['perplexity']:.3f} | {b['perplexity']:.3f}"
            f" | {b['kl_mean']:.4f} | {b['kl_p99']:.4f} | {100 * b['top1_agreement']:.1f} % |"
            for a, b in zip(f16, int4, strict=True)
        ),
        "",
        *(card_regional.sections(regional) if regional else ()),
        "## Health",
        "",
        "Every health topic with a quantity, a danger sign or a thing not to do was asked in held-out and trained",
        f"phrasings with {recipe.exam.health_seeds} seeds at the shipped sampling. One that came out wrong in any of them",
        "was taken out: the model then sends the person to a health worker. To say that it does not know is not wrong.",
        "",
        f"Taken out: {', '.join(f'`{key}`' for key in excluded) or 'none'}.",
        "",
        "Still wrong in some phrasing or seed after that: "
        + (", ".join(f"`{key}`" for key in sorted(asked["unsafe"])) or "none")
        + ".",
        "",
        "This is no medical advice. It does not replace a health worker.",
        "",
        *_credits(read),
        "## Limits",
        "",
        "- It knows the cartilla and nothing else; a question near its subjects may get a confident wrong answer.",
        *(
            (
                "- Its stories vary a few plots that it was taught; a wish that fits none gets one that is near."
                " About a text it answers short questions whose answer stands there, not what follows from it.",
            )
            if tells
            else ()
        ),
        '- Asked by yes or no ("¿Es cierto que…?"), it says what is so, without a yes or a no: models of this size'
        " say either by chance.",
        f"- No conversation beyond short follow-ups, {'' if tells else 'no text of its own, '}no numbers above three digits.",
        "- Indigenous words are few and in one variety or spelling each; speakers should review them.",
        "- Phrasings that differ much from those taught lower every figure above.",
        "",
    ]
    return "\n".join(lines)


def _licence(read: Sequence[Source]) -> str:
    """What the weights may be given away under, and why."""
    if not read:
        return (
            "- Licence: Apache-2.0, the weights too. All training text was written by this project"
            " (`latam_edge/cartilla`), so no outside text is in them; facts carry their source in"
            " [docs/cartilla-sources.md](../../docs/cartilla-sources.md)"
        )
    return (
        "- Licence: Apache-2.0, the weights too. They were trained on the project's own primer and on the sources"
        " named below, all of which are in the public domain or ask for credit alone"
        " ([decision 21](../../docs/decisions/0021-sources.md))"
    )


def _credits(read: Sequence[Source]) -> list[str]:
    """A line per source."""
    if not read:
        return []
    lines = [
        f"- {source.credit}: {GIVEABLE[source.licence]},"
        f" [{source.repository}](https://github.com/{source.repository}) at {source.commit}"
        for source in read
    ]
    # Two files of one repository are one source to credit.
    return ["## Sources", "", *dict.fromkeys(lines), ""]


def _tell(step: Step) -> None:
    """Each tenth of the work, on stderr: measuring takes minutes."""
    tenth = max(1, int(step.total) // 10)
    if step.done % tenth < 1:
        sys.stderr.write(f"{t(step.key)} {step.done:.0f} / {step.total:.0f}\n")


if __name__ == "__main__":
    publish(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), _tell)
