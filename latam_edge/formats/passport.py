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
from dataclasses import dataclass, field, fields, replace
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
MAX_N_CTX = 1 << 15
"""Longest window that is believed: a check makes room for it, whatever a stranger's file states."""
DIGEST_KEY = PREFIX + "digest"

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

    def without_reference(self) -> Figures:
        """What stands without a model to compare with."""
        return Figures(self.tokens, self.perplexity, self.perplexity_stderr, self.bits_per_byte)


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
        """`later`, with those of our figures that it does not have and that may stand beside its own.

        They may when they are about the same weights, windows and texts. Divergences from another
        reference than the one that `later` names are left out.
        """

        def measured_how(passport: Passport) -> tuple[str, int, str]:
            return passport.weights_sha256, passport.n_ctx, passport.windows

        if measured_how(self) != measured_how(later):
            return later
        texts = {**self.text_sha256, **later.text_sha256}
        kept = {
            place: figures
            for place, figures in self.figures.items()
            if place not in later.figures and self.text_sha256.get(place[1:]) == texts.get(place[1:])
        }
        reference = later
        if not later.reference_sha256:
            reference = self if any(figures.kl_mean is not None for figures in kept.values()) else later
        elif later.reference_sha256 != self.reference_sha256:
            kept = {place: figures.without_reference() for place, figures in kept.items()}
        return replace(
            later,
            figures={**kept, **later.figures},
            text_sha256=texts,
            reference=reference.reference,
            reference_sha256=reference.reference_sha256,
        )

    def to_metadata(self) -> dict[str, str | int | float]:
        """Metadata keys with their values, whole names; the last is a digest of all others."""
        found = {PREFIX + name: value for name, value in self._values().items()}
        return {**found, DIGEST_KEY: self.digest}

    @property
    def digest(self) -> str:
        """sha256 of all that is stated, so that a figure which was changed later is noticed."""
        lines = [
            f"{name}={value if isinstance(value, str) else repr(float(value))}"
            for name, value in sorted(self._values().items())
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _values(self) -> dict[str, str | int | float]:
        """What `read` will find, by name without the prefix."""
        found: dict[str, str | int | float] = {"format": FORMAT}
        for name in _PLAIN:
            if (value := getattr(self, name)) != "":
                found[name] = value[:MAX_TEXT] if isinstance(value, str) else value
        for (text, language), digest in self.text_sha256.items():
            found[f"text.{text}.{language}.sha256"] = digest[:MAX_TEXT]
        for (engine, text, language), figures in self.figures.items():
            for item in fields(figures):
                value = getattr(figures, item.name)
                if value is not None and math.isfinite(value):
                    found[f"{engine}.{text}.{language}.{item.name}"] = value
        return found

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
    if (n_ctx := _number(found.get("n_ctx"))) is not None and 2 <= n_ctx <= MAX_N_CTX:
        plain["n_ctx"] = int(n_ctx)
    return Passport(figures=figures, text_sha256=texts, **plain)


def altered(metadata: Mapping[str, Any]) -> bool:
    """Whether a passport says something else than when it was written.

    False for one without a digest: the first files had none.
    """
    found, stated = read(metadata), metadata.get(DIGEST_KEY)
    return found is not None and stated is not None and found.digest != stated


def of_file(model: Path) -> Passport | None:
    """The passport of a GGUF file or an ONNX folder. Raises what `read_model` raises."""
    return read(read_model(model).metadata)


def weights_digest(model: Path) -> str:
    """sha256 of a model's weights alone: what a passport is about, whatever its metadata say.

    GGUF: everything from the first tensor's data to the end of the file. ONNX: the files that the
    graph names for its weights, in their names' order, or the graph where it stands alone. Raises
    what `read_model` raises.
    """
    header = read_model(model)
    if isinstance(header, OnnxHeader):
        paths = [header.path / name for name in header.graph.data_files] or [header.model_path]
        start = 0
    else:
        paths, start = [header.path], header.data_offset
    digest = hashlib.sha256()
    for path in paths:
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
