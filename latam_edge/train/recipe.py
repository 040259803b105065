"""A recipe: everything that decides what a model becomes, in one TOML file.

Every field has a default, an unknown key is refused with its nearest spelling,
and `fingerprint` names the recipe in checkpoints, so that a run is never
resumed with other settings than it was begun with.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from latam_edge.core import toml
from latam_edge.core.errors import BadRecipe, FileMissing, NotAFile, UnreadableFile
from latam_edge.core.i18n import t


@dataclass(frozen=True, slots=True)
class Model:
    """Shape of a Llama-architecture model."""

    layers: int = 6
    width: int = 256
    """Hidden size; a multiple of 32, the lattice's group."""
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 640
    """Size of the gated feed-forward; a multiple of 32."""
    rope_theta: float = 10000.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One training stage."""

    tokens: int = 1_000_000
    """Tokens to train on, padding included; decides the number of steps."""
    batch_tokens: int = 8192
    """Tokens per optimizer step; a multiple of data.context."""
    lr_matrix: float = 0.02
    """Muon's peak learning rate, for the matrices inside the layers."""
    lr_other: float = 0.003
    """AdamW's peak learning rate, for embedding and norms."""
    weight_decay: float = 0.05
    warmup: float = 0.02
    """Share of the steps in which the rate climbs."""
    decay: float = 0.6
    """Share of the steps, at the end, in which the rate falls linearly to zero."""
    clip: float = 1.0
    """Gradient norm above which the gradient is scaled down."""
    kl_weight: float = 1.0
    """Distillation: weight of the KL divergence to the teacher; the rest is cross-entropy."""
    learn_questions: bool = False
    """Distillation: learn how questions are worded too, not the answers alone. Pretraining always does."""
    weights: dict[str, float] = field(default_factory=dict)
    """Distillation and fine-tuning: how often categories are drawn, where this stage should see
    other shares than pretraining (what is already sure less, what is not more)."""
    optimizer: str = "muon"
    """"muon": Muon for the matrices, AdamW for the rest. "adamw": AdamW for all, at lr_other."""
    precision: str = "bf16"
    """"bf16": products in bfloat16, weights in float32. "fp32": all in float32."""
    micro_tokens: int = 0
    """Tokens that go through the model at a time, a divisor of batch_tokens: less memory, the same step.
    0: all of them."""
    ema: float = 0.0
    """Decay of the moving average of the weights, which is then what the stage ends with. 0: none;
    0.999 is usual."""
    validate_tokens: int = 0
    """Measure bits per byte of held-out text, per language, every so many tokens; 0: at the end alone."""
    sources: dict[str, float] = field(default_factory=dict)
    """How often texts are read, by their files' names ("eltec-*" = 0.3); {}: as data.sources says."""
    late_share: float = 0.0
    """Share of the steps, at the end, in which `late_sources` hold: less old prose, more modern text."""
    late_sources: dict[str, float] = field(default_factory=dict)


OPTIMIZERS = ("muon", "adamw")
PRECISIONS = ("bf16", "fp32")
MIX = ("cartilla", "reading", "instructions")
MODES = ("online", "cached", "text", "continue", "none")


@dataclass(frozen=True, slots=True)
class Distill(Stage):
    """The distillation: a stage, and where its teacher's knowledge comes from."""

    mode: str = "online"
    """"online": the teacher runs beside the student (full-vocabulary forward KL).
    "cached": its probabilities are sampled once, kept on the disk and read from there.
    "text": it writes answers to `prompts` and the student learns from these; any tokenizer will do.
    "continue": the student begins with its teacher's weights and learns from the text alone: a second
    course with other shares, or a first one for a model that is there already.
    "none": no teacher."""
    teacher: str = ""
    """Folder of a teacher from elsewhere (config.json, tokenizer.json, safetensors); "" trains one here."""
    samples: int = 12
    """Cached: tokens kept per position, on average."""
    prompts: tuple[str, ...] = ()
    """Text: what the teacher is asked, as it stands here or in files (.txt: one a line; .jsonl: `prompt` or
    `question`, and `lang`)."""
    texts_per_prompt: int = 1
    max_new_tokens: int = 200
    """Text: longest answer, in the teacher's tokens; one that does not end within them is dropped."""
    temperature: float = 0.8
    top_p: float = 0.95
    min_characters: int = 20
    """Text: shorter answers are dropped."""
    text_share: float = 0.5
    """Text: share of the teacher's texts in what the student reads; the rest is the recipe's own data."""


@dataclass(frozen=True, slots=True)
class FineTune(Stage):
    """The fine-tuning: a stage, and what it is mixed of."""

    mix: dict[str, float] = field(default_factory=dict)
    """Shares of "cartilla", "reading" (questions about a text) and "instructions" (all else) among the
    dialogues; nothing said: the cartilla alone."""


@dataclass(frozen=True, slots=True)
class Qad:
    """Quantization-aware distillation: the fine-tuned model, on the lattice, learns to be itself again."""

    tokens: int = 0
    """Tokens to train on; 0: the stage is left out."""
    batch_tokens: int = 2048
    """Tokens per optimizer step; a multiple of `context`."""
    context: int = 0
    """Tokens per row, and of the windows that files are compared on; 0: data.context. What lies beyond
    the rows that a model was trained on it has never learnt, and rounding disturbs it most."""
    lr: float = 1e-4
    """Adam's peak learning rate for weights and norms."""
    lr_scales: float = 1e-5
    """The same for the lattice's scales."""
    warmup: float = 0.05
    """Share of the steps in which the rates climb; afterwards they fall to zero along a cosine."""
    clip: float = 1.0
    """Gradient norm above which the gradient is scaled down."""
    activations_from: float = 0.67
    """Share of the steps after which activations are rounded as llama.cpp rounds them (Q8_0); 1: never."""
    text_share: float = 0.5
    """Share of running text among the rows; the rest are dialogues as the chat template lays them out."""
    evaluations: int = 4
    """How often the file is written and compared with the full-precision model; the best one is kept."""
    held_out_tokens: int = 6000
    """Tokens of text, per language, that each comparison reads and no step trains on."""
    calibration_tokens: int = 32768
    """Tokens that GPTQ's codes, which training begins with, are chosen on."""


@dataclass(frozen=True, slots=True)
class Export:
    """How the 4-bit file is made."""

    method: str = ""
    """"gptq": codes that make up for each other's errors, chosen on the recipe's own dialogues. "rtn":
    the nearest codes. "qad": those that [qad] has learnt. "": "qad" where [qad] has tokens, else "gptq"."""
    calibration_tokens: int = 32768
    """Gptq: tokens of training text to choose on, half of each language."""


METHODS = ("gptq", "rtn", "qad")


@dataclass(frozen=True, slots=True)
class Data:
    """What the model reads."""

    dialogues: int = 100_000
    """Dialogues of the cartilla to draw."""
    finetune_dialogues: int = 30_000
    prose_share: float = 0.06
    """Share of plain question-and-answer text among the pretraining documents."""
    decline_share: float = 0.18
    """Share of the dialogues in which the right answer is that it does not know."""
    weights: dict[str, float] = field(default_factory=dict)
    """How often categories are drawn, in place of the cartilla's own weights (cartilla.corpus.WEIGHTS)."""
    questions: tuple[str, ...] = ()
    """Files (.jsonl, .jsonl.xz) with `question` fields: questions from outside the cartilla that it
    learns to decline. Those that touch the cartilla's subjects are left out."""
    questions_share: float = 0.3
    """Share of such questions among the declined ones, when there are any."""
    corpus: str = ""
    """Folder that `questions`, `texts` and `instructions` are relative to; "~" and variables are expanded.
    The option --corpus and the variable LATAM_EDGE_CORPUS win over it."""
    texts: tuple[str, ...] = ()
    """Files of text to pretrain on ("text/*/*"): .txt, .jsonl, .parquet, plain or .gz, .xz, .zst."""
    held_out_texts: tuple[str, ...] = ()
    """Files of text to measure on, none of which is trained on; () holds out `held_out_share` of `texts`."""
    held_out_share: float = 0.01
    """Share of the documents of `texts` that is held out, when no files are named for it."""
    languages: dict[str, float] = field(default_factory=dict)
    """How often texts of a language are read, by its tag (pt = 1.5); 1 where nothing is said."""
    sources: dict[str, float] = field(default_factory=dict)
    """How often texts are read, by the names of their files ("eltec-*" = 0.3); "cartilla" is the primer."""
    tokenizer: str = ""
    """Folder with the tokenizer.json of another run, to be used instead of a new one."""
    tokenizer_characters: int = 40_000_000
    """Characters of `texts` that a new tokenizer is trained on."""
    validation_characters: int = 200_000
    """Characters of held-out text, per language, that bits per byte are measured on."""
    instructions: tuple[str, ...] = ()
    """Files of instructions to fine-tune on: .jsonl with `messages`, or `context`, `question`, `answer`."""
    context: int = 256
    """Tokens per row."""
    vocabulary: int = 4096


@dataclass(frozen=True, slots=True)
class Sampling:
    """What the model file ships as its sampling."""

    temperature: float = 0.2
    top_k: int = 20
    top_p: float = 0.95
    min_p: float = 0.1


@dataclass(frozen=True, slots=True)
class Exam:
    """How the result is measured."""

    per_category: int = 40
    """Held-out questions per category and language: asked, and written out as the text to measure on."""
    seeds: int = 1
    """Seeds of the shipped sampling."""
    max_tokens: int = 160
    """Longest answer; none of the cartilla's is as long."""
    health_seeds: int = 10
    """Seeds in each of which a health answer must be right to be given at all."""
    health_rounds: int = 2
    """How often fine-tuning is repeated without the health items that came out wrong."""


@dataclass(frozen=True, slots=True)
class Recipe:
    name: str = "cartilla"
    description: str = ""
    seed: int = 7
    data: Data = field(default_factory=Data)
    teacher: Model = field(default_factory=lambda: Model(layers=6))
    student: Model = field(default_factory=lambda: Model(layers=4))
    pretrain: Stage = field(default_factory=Stage)
    distill: Distill = field(default_factory=Distill)
    finetune: FineTune = field(default_factory=FineTune)
    qad: Qad = field(default_factory=Qad)
    export: Export = field(default_factory=Export)
    sampling: Sampling = field(default_factory=Sampling)
    exam: Exam = field(default_factory=Exam)
    compile: bool = True
    """Compile the step with torch.compile: a minute at the start, three times the speed afterwards."""
    checkpoint_s: float = 120.0
    """Seconds between checkpoints."""
    tensorboard: bool = False
    """Write the metrics for TensorBoard too, below the run's folder; needs the package tensorboard."""

    @property
    def method(self) -> str:
        """How the 4-bit file's codes are chosen: one of METHODS."""
        return self.export.method or ("qad" if self.qad.tokens else "gptq")

    def fingerprint(self, *parts: str) -> str:
        """Sixteen hex digits over the seed and the named parts: what a step's result depends on.

        Fields left at their default do not count, so that a new option does
        not make old runs look foreign.
        """
        chosen = {name: _changed(getattr(self, name), getattr(_DEFAULTS, name)) for name in ("seed", *parts)}
        return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:16]


_DEFAULTS = Recipe()


def _changed(value: Any, default: Any) -> Any:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    fields = ((f.name, getattr(value, f.name), getattr(default, f.name)) for f in dataclasses.fields(value))
    return {name: mine for name, mine, other in fields if mine != other}


def load_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises FileMissing, NotAFile, UnreadableFile, or BadRecipe, which says where."""
    path = Path(path)
    if path.is_dir():
        raise NotAFile(path=path)
    try:
        raw = toml.parse(path.read_bytes())
    except FileNotFoundError:
        raise FileMissing(path=path) from None
    except OSError:
        raise UnreadableFile(path=path) from None
    except toml.NotTOML as error:
        detail = f"{t('errors.line', line=error.line)} ≠ {error.expected}"
        raise BadRecipe(path=path, detail=detail) from None
    recipe = _build(Recipe, raw, path, "")
    _check(recipe, path)
    return recipe


def _build(cls: type, raw: dict[str, Any], path: Path, where: str) -> Any:
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in hints:
            near = difflib.get_close_matches(name, hints, n=1, cutoff=0.0)
            raise BadRecipe(path=path, detail=f"{where}{name}?" + (f" → {where}{near[0]}" if near else ""))
        hint = hints[name]
        if dataclasses.is_dataclass(hint):
            if not isinstance(value, dict):
                raise BadRecipe(path=path, detail=f"[{where}{name}]")
            value = _build(hint, value, path, f"{where}{name}.")  # type: ignore[arg-type]
        elif hint == dict[str, float]:
            if not isinstance(value, dict) or not all(
                isinstance(v, int | float) and not isinstance(v, bool) and v >= 0 for v in value.values()
            ):
                raise BadRecipe(path=path, detail=f"[{where}{name}] … = 1.0")
            value = {k: float(v) for k, v in value.items()}
        elif hint is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        elif hint == tuple[str, ...]:
            if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                raise BadRecipe(path=path, detail=f'{where}{name} = ["…", …]')
            value = tuple(value)
        elif not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
            raise BadRecipe(path=path, detail=f"{where}{name}: {hint.__name__}, {value!r}")
        values[name] = value
    return cls(**values)


def _check(recipe: Recipe, path: Path) -> None:
    """Refuse what would only fail an hour later."""
    for part, model in (("teacher", recipe.teacher), ("student", recipe.student)):
        if model.width % model.heads or (model.width // model.heads) % 2:
            raise BadRecipe(path=path, detail=f"{part}: width / heads")
        if model.heads % model.kv_heads:
            raise BadRecipe(path=path, detail=f"{part}: heads / kv_heads")
        if model.width % 32 or model.feed_forward % 32:
            raise BadRecipe(path=path, detail=f"{part}: width, feed_forward % 32")
    for name in ("pretrain", "distill", "finetune"):
        stage: Stage = getattr(recipe, name)
        if stage.batch_tokens % recipe.data.context or stage.batch_tokens <= 0:
            raise BadRecipe(path=path, detail=f"{name}.batch_tokens % data.context")
        micro = stage.micro_tokens or stage.batch_tokens
        if micro < 0 or micro % recipe.data.context or stage.batch_tokens % micro:
            raise BadRecipe(path=path, detail=f"{name}.batch_tokens % {name}.micro_tokens % data.context")
        if not 0 <= stage.ema < 1:
            raise BadRecipe(path=path, detail=f"{name}.ema: 0 ≤ … < 1")
        if not 0 <= stage.late_share <= 1:
            raise BadRecipe(path=path, detail=f"{name}.late_share: 0..1")
        _check_word(f"{name}.optimizer", stage.optimizer, OPTIMIZERS, path)
        _check_word(f"{name}.precision", stage.precision, PRECISIONS, path)
    _check_word("distill.mode", recipe.distill.mode, MODES, path)
    if recipe.distill.mode == "text" and not recipe.distill.prompts:
        raise BadRecipe(path=path, detail='distill.mode = "text": distill.prompts = ["…", …]')
    if recipe.distill.mode == "text" and not recipe.distill.teacher:
        raise BadRecipe(path=path, detail='distill.mode = "text": distill.teacher = "…"')
    if not 1 <= recipe.distill.samples <= 40:
        raise BadRecipe(path=path, detail="distill.samples: 1..40")
    for kind in recipe.finetune.mix:
        _check_word("finetune.mix", kind, MIX, path)
    if any(recipe.finetune.mix.get(kind) for kind in MIX[1:]) and not recipe.data.instructions:
        raise BadRecipe(path=path, detail='finetune.mix: data.instructions = ["…", …]')
    if recipe.finetune.mix and not sum(recipe.finetune.mix.values()):
        raise BadRecipe(path=path, detail="finetune.mix: 0")
    _check_export(recipe, path)
    if not 0 <= recipe.data.held_out_share < 1:
        raise BadRecipe(path=path, detail="data.held_out_share: 0 ≤ … < 1")
    if not 300 <= recipe.data.vocabulary <= 65535:
        raise BadRecipe(path=path, detail="data.vocabulary: 300..65535")


def _check_export(recipe: Recipe, path: Path) -> None:
    qad = recipe.qad
    if recipe.export.method:
        _check_word("export.method", recipe.export.method, METHODS, path)
    if recipe.method == "qad" and not qad.tokens:
        raise BadRecipe(path=path, detail='export.method = "qad": qad.tokens = …')
    context = qad.context or recipe.data.context
    fits = context >= 32 and qad.batch_tokens > 0 and not qad.batch_tokens % context
    # A recipe that says nothing about [qad] need not fit its defaults: its rows may be longer than a batch.
    if qad != Qad() and not fits:
        raise BadRecipe(path=path, detail="qad.batch_tokens % qad.context")
    if qad.tokens and qad.tokens < qad.batch_tokens:
        raise BadRecipe(path=path, detail="qad.tokens ≥ qad.batch_tokens")
    for name in ("warmup", "activations_from", "text_share"):
        if not 0 <= getattr(qad, name) <= 1:
            raise BadRecipe(path=path, detail=f"qad.{name}: 0..1")
    for name, value in (("qad.evaluations", qad.evaluations), ("qad.held_out_tokens", qad.held_out_tokens)):
        if value < 1:
            raise BadRecipe(path=path, detail=f"{name} ≥ 1")
    for name, tokens in (("qad", qad.calibration_tokens), ("export", recipe.export.calibration_tokens)):
        if tokens < 512:
            raise BadRecipe(path=path, detail=f"{name}.calibration_tokens ≥ 512")


def _check_word(key: str, word: str, known: tuple[str, ...], path: Path) -> None:
    if word not in known:
        near = difflib.get_close_matches(word, known, n=1, cutoff=0.0)
        raise BadRecipe(path=path, detail=f"{key}: {word!r} → {near[0]!r} ({', '.join(known)})")
