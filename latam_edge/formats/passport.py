"""A model file's quality passport: figures that were measured, with what, on which text.

It stands in the file's metadata under `latam_edge.passport.`, so that it travels with
the weights it speaks of. docs/passport.md explains the keys. Everything read here comes
from a file that a stranger may have written: it is a claim, which `latam-edge evaluate
--check` measures again.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from latam_edge.core.i18n import decimal
from latam_edge.formats.model import read_model
from latam_edge.formats.onnx import OnnxHeader
from latam_edge.formats.opening import open_regular

PREFIX = "latam_edge.passport."
FORMAT = 1
"""Of docs/passport.md. A passport of a later format is not read."""
MAX_TEXT = 200
"""Characters of a name in a passport; the rest is cut."""

_FIGURE_KEY = re.compile(r"(llama|onnx)\.([a-z0-9_-]{1,32})\.([a-z]{2,3})\.([a-z0-9_]{1,32})")
_TEXT_KEY = re.compile(r"text\.([a-z0-9_-]{1,32})\.([a-z]{2,3})\.sha256")


@dataclass(frozen=True, slots=True)
class Figures:
    """What one engine made of the model on one text. See `evaluate.TextReport` for the figures."""

    tokens: int
    """Tokens scored."""
    perplexity: float
    perplexity_stderr: float | None = None
    bits_per_byte: float | None = None
    kl_mean: float | None = None
    """Nats per token, from the reference; None where there was none."""
    kl_p99: float | None = None
    top1_agreement: float | None = None
    reference_perplexity: float | None = None


Place = tuple[str, str, str]
"""(engine, text, language): ("llama", "prose", "es")."""


@dataclass(frozen=True, slots=True)
class Passport:
    """All that was measured about one file."""

    figures: Mapping[Place, Figures]
    """By engine, text and language. Each engine's apart: their kernels round activations differently."""
    text_sha256: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Of each text that was measured on, by (text, language)."""
    weights_sha256: str = ""
    """Of the weights as they stand in the file; see `weights_digest`."""
    method: str = ""
    """How the codes were chosen: "gptq"."""
    calibration_sha256: str = ""
    """Of the calibration text; "" when there was none."""
    reference: str = ""
    """File name of the full-precision model that the divergences are from."""
    reference_sha256: str = ""
    """Of that whole file."""
    n_ctx: int = 512
    """Tokens of a window."""
    windows: str = "overlapping"
    """How texts were cut; see `evaluate.windows`."""
    program: str = ""
    """Who measured: "latam-edge 0.1.0"."""

    def merged(self, later: Passport) -> Passport:
        """`later`, with those of our figures that it does not have, if they are about the same weights."""
        if self.weights_sha256 != later.weights_sha256:
            return later
        values = {item.name: getattr(later, item.name) for item in fields(later)}
        values["figures"] = {**self.figures, **later.figures}
        values["text_sha256"] = {**self.text_sha256, **later.text_sha256}
        return Passport(**values)

    def to_metadata(self) -> dict[str, str | int | float]:
        """Metadata keys with their values, whole names."""
        found: dict[str, str | int | float] = {"format": FORMAT}
        for name in _PLAIN:
            if (value := getattr(self, name)) != "":
                found[name] = value
        for (text, language), digest in self.text_sha256.items():
            found[f"text.{text}.{language}.sha256"] = digest
        for (engine, text, language), figures in self.figures.items():
            for item in fields(figures):
                if (value := getattr(figures, item.name)) is not None:
                    found[f"{engine}.{text}.{language}.{item.name}"] = value
        return {PREFIX + name: value for name, value in found.items()}

    def to_json(self) -> dict[str, Any]:
        """Nested: engine, text, language, figure."""
        nested: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        nested["text_sha256"] = {
            f"{text}.{lang}": digest for (text, lang), digest in self.text_sha256.items()
        }
        for (engine, text, language), figures in self.figures.items():
            there = nested.setdefault(engine, {}).setdefault(text, {})
            values = {item.name: getattr(figures, item.name) for item in fields(figures)}
            there[language] = {name: value for name, value in values.items() if value is not None}
        return nested

    def of_one_text(self, engine: str) -> list[tuple[Place, Figures]]:
        """The figures of one engine on one text (the first by name), by language: what there is room for."""
        found = sorted(item for item in self.figures.items() if item[0][0] == engine)
        return [item for item in found if item[0][1] == found[0][0][1]]

    def lines(self) -> list[str]:
        """One short line for each place, for people: "es, prose, llama: perplexity 3.9, KL 0.0080"."""
        found = []
        for (engine, text, language), figures in sorted(self.figures.items()):
            said = f"{language} · {text} · {engine}: PPL {decimal(f'{figures.perplexity:.3f}')}"
            if figures.kl_mean is not None:
                said += f", KL {decimal(f'{figures.kl_mean:.4f}')}"
            if figures.top1_agreement is not None:
                said += f", top-1 {decimal(f'{100 * figures.top1_agreement:.1f}')} %"
            found.append(said)
        return found


_PLAIN = (
    "program",
    "method",
    "calibration_sha256",
    "reference",
    "reference_sha256",
    "weights_sha256",
    "n_ctx",
    "windows",
)


def read(metadata: Mapping[str, Any]) -> Passport | None:
    """The passport in a file's metadata; None when there is none that can be understood.

    Values may be text, as ONNX keeps them. What is not a finite number is left out.
    """
    found = {key.removeprefix(PREFIX): value for key, value in metadata.items() if key.startswith(PREFIX)}
    if _number(found.get("format")) != FORMAT:
        return None
    places: dict[Place, dict[str, float]] = {}
    texts: dict[tuple[str, str], str] = {}
    known = {item.name for item in fields(Figures)}
    for name, value in found.items():
        if (key := _FIGURE_KEY.fullmatch(name)) and key[4] in known:
            if (number := _number(value)) is not None:
                places.setdefault((key[1], key[2], key[3]), {})[key[4]] = number
        elif (key := _TEXT_KEY.fullmatch(name)) and isinstance(value, str):
            texts[key[1], key[2]] = value[:MAX_TEXT]
    figures = {}
    for place, values in places.items():
        if "tokens" in values and "perplexity" in values:
            tokens = int(values.pop("tokens"))
            figures[place] = Figures(tokens=tokens, **values)
    plain: dict[str, Any] = {
        name: str(found[name])[:MAX_TEXT] for name in _PLAIN if name != "n_ctx" and name in found
    }
    if (n_ctx := _number(found.get("n_ctx"))) is not None and 2 <= n_ctx < 2**20:
        plain["n_ctx"] = int(n_ctx)
    return Passport(figures=figures, text_sha256=texts, **plain)


def of_file(model: Path) -> Passport | None:
    """The passport of a GGUF file or an ONNX folder. Raises what `read_model` raises."""
    return read(read_model(model).metadata)


def weights_digest(model: Path) -> str:
    """sha256 of a model's weights alone: what a passport is about, whatever its metadata say.

    GGUF: everything from the first tensor's data to the end of the file. ONNX: the weights' file,
    model.onnx.data, or the graph where it stands alone. Raises what `read_model` raises.
    """
    header = read_model(model)
    if isinstance(header, OnnxHeader):
        data = header.model_path.with_name(header.model_path.name + ".data")
        path, start = (data if data.exists() else header.model_path), 0
    else:
        path, start = header.path, header.data_offset
    digest = hashlib.sha256()
    with open_regular(path) as (file, _):
        file.seek(start)
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _number(value: Any) -> float | None:
    """A finite number, also one that is written as text."""
    if isinstance(value, str):
        try:
            value = float(value[:40])
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
