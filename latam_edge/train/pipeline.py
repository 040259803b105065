"""The whole road in one call: cartilla, tokenizer, teacher, student, chat, lattice, exam, library.

Each step is marked in the run's folder when its files are whole; `resume`
passes over what is finished and continues a training stage from its checkpoint.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latam_edge.core.atomic import write_text
from latam_edge.core.progress import Progress, Step, silent
from latam_edge.train import architecture, corpus_step, measure, stages, text_step
from latam_edge.train.corpus_files import listing_digest
from latam_edge.train.corpus_step import LANGS, Paths
from latam_edge.train.recipe import Recipe, load_recipe
from latam_edge.train.state import RunState
from latam_edge.train.teacher import teacher_folder
from latam_edge.train.world import join_world

RUN_STEPS: dict[str, tuple[str, ...]] = {
    "corpus": ("data",),
    "tokenizer": ("data", "sampling"),
    "pack": ("data",),
    "teacher": ("data", "compile", "teacher", "pretrain"),
    "distill": ("data", "compile", "teacher", "pretrain", "student", "distill"),
    "finetune": ("data", "compile", "teacher", "pretrain", "student", "distill", "finetune"),
}
"""Steps in order, each with the parts of the recipe that its result depends on.

What follows depends on all of it. A step whose parts did not change is not
done again, so that a new exam does not cost a new training.
"""

TOGETHER = ("teacher", "distill", "finetune")
"""Steps that several processes do together; the others the first one does while the rest wait."""

_ALL = ("name", "description", "data", "compile", "teacher", "pretrain", "student", "distill", "finetune")
_CHECKED = (*_ALL, "sampling", "exam", "export")
RUN_STEPS |= {
    "health": _CHECKED,
    "qad": (*_CHECKED, "qad"),
    "export": (*_CHECKED, "qad"),
    "evaluate": (*_CHECKED, "qad"),
    "exam": (*_CHECKED, "qad"),
    "register": (*_CHECKED, "qad"),
}


@dataclass(slots=True)
class PipelineReport:
    """What a run made, cost and gained."""

    name: str
    model: Path
    """The 4-bit GGUF file."""
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By step: `seconds` and the step's own figures."""

    def table(self, lang: str | None = None) -> str:
        """The report as text, in `lang` or the language in force."""
        from latam_edge.train.report import render

        return render(self.name, self.model, self.steps, lang)


def default_folder(recipe: Recipe) -> Path:
    """Where a recipe's run lies when nothing else is said: runs/<name> below the current folder."""
    return Path("runs") / recipe.name


def run_pipeline(
    recipe_path: Path, out: Path | None = None, resume: bool = False, progress: Progress = silent
) -> PipelineReport:
    """Walk the whole road. Without `resume`, a run that is already in the folder is begun anew.

    With it, finished steps are kept unless their part of the recipe changed.
    Raises BadRecipe, TrainingFault, Interrupted, NotEnough.
    """
    recipe = load_recipe(recipe_path)
    return Run(recipe, out or default_folder(recipe), resume=resume, progress=progress).walk(tuple(RUN_STEPS))


def run_stage(
    recipe_path: Path, stage: str, out: Path | None = None, resume: bool = False, progress: Progress = silent
) -> PipelineReport:
    """Walk the road up to `stage` (a name of RUN_STEPS); what is finished is not done again."""
    recipe = load_recipe(recipe_path)
    run = Run(recipe, out or default_folder(recipe), resume=resume or stage != "teacher", progress=progress)
    names = tuple(RUN_STEPS)
    return run.walk(names[: names.index(stage) + 1])


class Run:
    """One run of a recipe in one folder."""

    def __init__(self, recipe: Recipe, folder: Path, *, resume: bool, progress: Progress) -> None:
        self.recipe = recipe
        self.paths = Paths(folder)
        self.world = join_world()
        self.progress = progress if self.world.main else silent
        self.world.on_main(lambda: self._prepare(folder, resume))
        self.state = RunState(folder)
        self.corpus = self.world.on_main(self._corpus_digest)
        self.report = PipelineReport(recipe.name, self.paths.gguf(recipe.name, "int4"))
        self.excluded: tuple[str, ...] = ()

    def _prepare(self, folder: Path, resume: bool) -> None:
        stamp = folder / "recipe.json"
        if stamp.exists() and not resume:
            # Only a folder that carries our stamp is ever emptied.
            shutil.rmtree(folder)
        write_text(stamp, json.dumps({"name": self.recipe.name}))

    def _corpus_digest(self) -> str:
        """Names the corpus's files, so that a step whose texts changed is done again; "" without texts.

        What would only fail an hour later is refused here.
        """
        if self.recipe.distill.teacher:
            teacher_folder(self.recipe.distill.teacher, self.paths.teacher)
        if not self.recipe.data.texts:
            return ""
        files = [*text_step.text_files(self.recipe), *text_step.held_out_files(self.recipe)]
        return f"-{listing_digest(files)}"

    def fingerprint(self, step: str) -> str:
        """What the result of a step depends on."""
        return self.recipe.fingerprint(*RUN_STEPS[step]) + self.corpus

    def walk(self, steps: tuple[str, ...]) -> PipelineReport:
        """Do the named steps that are not finished, in order."""
        actions: dict[str, Callable[[], dict[str, Any]]] = {
            "corpus": self._write_corpus,
            "tokenizer": self._tokenizer,
            "pack": self._pack,
            "teacher": lambda: self._with_bits(stages.train_teacher, self.paths.teacher, "teacher"),
            "distill": lambda: self._with_bits(stages.distill_student, self.paths.student, "distill"),
            "finetune": self._fine_tune,
            "health": self._health,
            "qad": self._qad,
            "export": self._export,
            "evaluate": self._evaluate,
            "exam": self._exam,
            "register": self._register,
        }
        for name in steps:
            if name == "teacher" and not self._trains_teacher:
                continue
            if name == "qad" and self.recipe.method != "qad":
                continue
            self._step(name, actions[name])
        self.world.leave()
        return self.report

    @property
    def _trains_teacher(self) -> bool:
        """Not when the recipe brings a teacher, or does without one."""
        return not self.recipe.distill.teacher and self.recipe.distill.mode != "none"

    def _step(self, name: str, action: Callable[[], dict[str, Any]]) -> None:
        fingerprint = self.fingerprint(name)
        # One process asks and tells: the others' eyes may be a moment behind on a shared disk.
        report = self.world.on_main(lambda: self.state.finished(name, fingerprint))
        if report is None:
            begin = time.monotonic()
            report = action() if name in TOGETHER else self.world.on_main(action)
            # A stage that was resumed reports its own seconds, those before the break included.
            report.setdefault("seconds", time.monotonic() - begin)
            if self.world.main:
                self.state.mark(name, fingerprint, report)
        if name in ("health", "qad"):
            self.excluded = tuple(report["excluded"])
        self.report.steps[name] = report

    def _with_bits(self, stage: Callable[..., dict[str, Any]], checkpoint: Path, name: str) -> dict[str, Any]:
        fingerprint = self.fingerprint(name)
        report: dict[str, Any] = dict(
            stage(self.recipe, self.paths, fingerprint, self.progress, world=self.world)
        )

        def bits() -> dict[str, Any]:
            own = {lang: measure.bits_per_byte(checkpoint, lang) for lang in LANGS}
            if name != ("teacher" if self._trains_teacher else "distill"):
                return {"bits_per_byte": own}
            return {
                "bits_per_byte": own,
                "ngram_bits_per_byte": measure.ngram_bits_per_byte(self.paths, LANGS),
            }

        return {**report, **self.world.on_main(bits)}

    def _write_corpus(self) -> dict[str, Any]:
        report: dict[str, Any] = dict(corpus_step.write_corpus(self.recipe, self.paths, self.progress))
        if self.recipe.data.texts:
            report |= text_step.find_held_out(self.recipe, self.paths, self.progress)
        return report

    def _tokenizer(self) -> dict[str, Any]:
        texts = text_step.tokenizer_texts(self.recipe, self.paths) if self.recipe.data.texts else ()
        return dict(corpus_step.make_tokenizer(self.recipe, self.paths, self.progress, texts))

    def _pack(self) -> dict[str, Any]:
        report: dict[str, Any] = dict(corpus_step.pack_dialogues(self.recipe, self.paths, self.progress))
        if self.recipe.data.texts:
            report |= text_step.tokenize(self.recipe, self.paths, self.progress)
        return report

    def _fine_tune(self) -> dict[str, Any]:
        """The first fine-tuning; the health step repeats it without the items that are not safe."""
        data = self.world.on_main(
            lambda: corpus_step.write_finetune(self.recipe, self.paths, (), self.progress)
        )
        fingerprint = self.fingerprint("finetune")
        report = stages.fine_tune(self.recipe, self.paths, fingerprint, self.progress, world=self.world)
        return {**report, "data": data}

    def _health(self) -> dict[str, Any]:
        """Ask what can do harm; take out what came out wrong and tune again, up to `health_rounds` times."""
        # Where [qad] comes later, it begins with GPTQ's codes, and asks again when it is done.
        method = "gptq" if self.recipe.method == "qad" else self.recipe.method
        excluded: set[str] = set()
        rounds: list[dict[str, Any]] = []
        for number in range(self.recipe.exam.health_rounds + 1):
            if number:
                self._fine_tune_without(excluded, number, self.fingerprint("health"))
            checkpoint = self.paths.round(number)
            measure.export(
                self.recipe, self.paths, "int4", self.progress, checkpoint, method, sorted(excluded)
            )
            unsafe = self._unsafe(excluded)
            rounds.append({"excluded": sorted(excluded), "unsafe": unsafe})
            if not unsafe:
                break
            if number < self.recipe.exam.health_rounds:
                excluded |= set(unsafe)
        architecture.copy(checkpoint, self.paths.chat)
        return {"excluded": sorted(excluded), "unsafe": rounds[-1]["unsafe"], "rounds": rounds}

    def _fine_tune_without(self, excluded: Collection[str], number: int, fingerprint: str) -> None:
        """Fine-tuning round `number`, without the items that came out wrong; not done twice."""
        name, mark = f"finetune-{number}", f"{fingerprint}-{','.join(sorted(excluded))}"
        if self.state.finished(name, mark) is None:
            corpus_step.write_finetune(self.recipe, self.paths, sorted(excluded), self.progress)
            done = dict(stages.fine_tune(self.recipe, self.paths, mark, self.progress, number))
            self.state.mark(name, mark, done)

    def _unsafe(self, excluded: Collection[str]) -> list[str]:
        """Keys of the health items that the int4 file answers wrongly in some seed."""
        from latam_edge.evaluate.exam import unsafe_health_keys

        exam = self.recipe.exam
        return list(
            unsafe_health_keys(
                self.report.model,
                seeds=exam.health_seeds,
                excluded=excluded,
                max_tokens=exam.max_tokens,
                progress=self.progress,
            )
        )

    def _qad(self) -> dict[str, Any]:
        """Train on the lattice, and ask the file that will be shipped about health once more.

        What comes out wrong there is taken out as in the health step, and both trainings are
        repeated, up to `health_rounds` times.
        """
        report = self.report.steps["health"]
        excluded, begun = set(report["excluded"]), len(report["rounds"]) - 1
        rounds: list[dict[str, Any]] = []
        done: dict[str, Any] | None = None
        seconds = 0.0
        for number in range(self.recipe.exam.health_rounds + 1):
            if number:
                self._fine_tune_without(excluded, begun + number, self.fingerprint("qad"))
            chat, on_lattice = self.paths.round(begun + number), self.paths.qad_round(number)
            name, mark = f"qad-{number}", f"{self.fingerprint('qad')}-{','.join(sorted(excluded))}"
            done = self.state.finished(name, mark)
            if done is None:
                done = stages.train_on_lattice(
                    self.recipe, self.paths, chat, on_lattice, mark, self.progress, sorted(excluded)
                )
                self.state.mark(name, mark, done)
            seconds += done["seconds"]
            measure.export(self.recipe, self.paths, "int4", self.progress, on_lattice)
            unsafe = self._unsafe(excluded)
            rounds.append({"excluded": sorted(excluded), "unsafe": unsafe})
            if not unsafe:
                break
            if number < self.recipe.exam.health_rounds:
                excluded |= set(unsafe)
        assert done is not None
        architecture.copy(chat, self.paths.chat)
        architecture.copy(on_lattice, self.paths.qad)
        return {
            **done, "seconds": seconds, "excluded": sorted(excluded), "unsafe": rounds[-1]["unsafe"],
            "rounds": rounds,
        }  # fmt: skip

    def _export(self) -> dict[str, Any]:
        return {
            kind: measure.export(self.recipe, self.paths, kind, self.progress, excluded=self.excluded)
            for kind in ("f16", "int4")
        }

    def _evaluate(self) -> dict[str, Any]:
        return measure.compare(self.recipe, self.paths, self.progress)

    def _exam(self) -> dict[str, Any]:
        return measure.exam(self.recipe, self.paths, self.excluded, self.progress)

    def _register(self) -> dict[str, Any]:
        self.progress(Step("train.step.register", 0, 1))
        name = measure.register(self.recipe, self.report.model)
        self.progress(Step("train.step.register", 1, 1))
        return {"name": name}
