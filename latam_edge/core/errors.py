"""Everything that can go wrong and is worth a sentence, with the exit code it ends in.

    LatamEdgeError
    ├── UsageError            exit 2   LE-0xx  the command line or a setting is wrong
    ├── BadFile               exit 3   LE-1xx  a model or another file is not what it should be
    ├── RuntimeFault          exit 1   LE-2xx  the worker or the engine failed
    ├── NotEnough             exit 4   LE-3xx  memory or disk is short
    ├── TrainingFault         exit 1   LE-4xx  a recipe or a training step
    └── Interrupted           exit 130         Ctrl-C

An error carries a stable code and facts; the catalog carries the words: what
happened, then one thing to do. `str(error)` is the sentence in the language in
force when it is asked for, so one error can be shown in any language.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from latam_edge.core.i18n import t


class LatamEdgeError(Exception):
    """The root. `code` is stable and scripts may rely on it; `key` names the words."""

    code: ClassVar[str] = "LE-999"
    key: ClassVar[str] = "errors.unexpected"
    exit_code: ClassVar[int] = 1

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code}: {t(self.key, **self.facts)}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.facts))

    def to_json(self) -> dict[str, Any]:
        """What the worker protocol sends: the code and the facts, all JSON values."""
        facts = {
            k: v if isinstance(v, (int, float, bool, type(None))) else str(v) for k, v in self.facts.items()
        }
        return {"code": self.code, "facts": facts}


def _rebuild(cls: type[LatamEdgeError], facts: dict[str, Any]) -> LatamEdgeError:
    return cls(**facts)


def from_json(data: dict[str, Any]) -> LatamEdgeError:
    """The error that `to_json` described; an unknown code becomes WorkerFault."""
    for cls in all_errors():
        if cls.code == data.get("code") and cls is not LatamEdgeError:
            return cls(**data.get("facts", {}))
    return WorkerFault(detail=str(data.get("code")))


def all_errors() -> Iterator[type[LatamEdgeError]]:
    """Every class of the tree above, the root first."""
    pending = [LatamEdgeError]
    while pending:
        cls = pending.pop()
        yield cls
        pending.extend(cls.__subclasses__())


# --- usage: exit 2 ---------------------------------------------------------------------


class UsageError(LatamEdgeError):
    code = "LE-001"
    key = "errors.usage"  # detail
    exit_code = 2


class UnknownModel(UsageError):
    code = "LE-002"
    key = "errors.unknown_model"  # name


class MissingExtra(UsageError):
    code = "LE-003"
    key = "errors.missing_extra"  # package, extra


class UnknownSetting(UsageError):
    code = "LE-004"
    key = "errors.unknown_setting"  # path, name, nearest


class BadSetting(UsageError):
    code = "LE-005"
    key = "errors.bad_setting"  # path, name, expected


class ModelExists(UsageError):
    code = "LE-006"
    key = "errors.model_exists"  # name


class EmbeddedModel(UsageError):
    code = "LE-007"
    key = "errors.embedded_model"  # name


class BadName(UsageError):
    code = "LE-008"
    key = "errors.bad_name"  # name, suggestion


# --- files: exit 3 ---------------------------------------------------------------------


class BadFile(LatamEdgeError):
    code = "LE-100"
    key = "errors.bad_file"  # path, reason
    exit_code = 3


class FileMissing(BadFile):
    code = "LE-101"
    key = "errors.file_missing"  # path


class NotAFile(BadFile):
    code = "LE-102"
    key = "errors.not_a_file"  # path


class NotGGUF(BadFile):
    code = "LE-103"
    key = "errors.not_gguf"  # path


class TruncatedModel(BadFile):
    code = "LE-104"
    key = "errors.truncated_model"  # path, need_bytes, have_bytes


class CorruptModel(BadFile):
    code = "LE-105"
    key = "errors.corrupt_model"  # path, field, detail


class UnsupportedModel(BadFile):
    code = "LE-106"
    key = "errors.unsupported_model"  # path, detail


class ModelRejected(BadFile):
    code = "LE-107"
    key = "errors.model_rejected"  # path, detail: the engine could not load it


class ChecksumMismatch(BadFile):
    code = "LE-108"
    key = "errors.checksum_mismatch"  # name, expected, found


class UnreadableFile(BadFile):
    code = "LE-109"
    key = "errors.unreadable_file"  # path


class BadCheckpoint(BadFile):
    code = "LE-110"
    key = "errors.bad_checkpoint"  # path, detail


class BadHistory(BadFile):
    code = "LE-111"
    key = "errors.bad_history"  # path, detail


class HistoryTooNew(BadFile):
    code = "LE-112"
    key = "errors.history_too_new"  # path


class NotText(BadFile):
    code = "LE-114"
    key = "errors.not_text"  # path, detail


class EmptyCorpus(BadFile):
    code = "LE-115"
    key = "errors.empty_corpus"  # path, patterns


class NotONNX(BadFile):
    code = "LE-116"
    key = "errors.not_onnx"  # path


class NoModelInFolder(NotAFile):
    code = "LE-117"
    key = "errors.no_model_in_folder"  # path


class NotConverted(NotAFile):
    code = "LE-118"
    key = "errors.not_converted"  # path


class BadBundle(BadFile):
    code = "LE-150"
    key = "errors.bad_bundle"  # path, detail


class BundleMissing(BadFile):
    code = "LE-151"
    key = "errors.bundle_missing"  # path


class BundleUnsigned(BadFile):
    code = "LE-152"
    key = "errors.bundle_unsigned"  # path


class BundleAltered(BadFile):
    code = "LE-153"
    key = "errors.bundle_altered"  # name, path


class BundleOtherKey(BadFile):
    code = "LE-154"
    key = "errors.bundle_other_key"  # words


class BundleEscape(BadFile):
    code = "LE-155"
    key = "errors.bundle_escape"  # name, inside


class BundleLink(BadFile):
    code = "LE-156"
    key = "errors.bundle_link"  # name


class BundleBomb(BadFile):
    code = "LE-157"
    key = "errors.bundle_bomb"  # name


class BundleWheel(BadFile):
    code = "LE-158"
    key = "errors.bundle_wheel"  # name, detail


class BundleDowngrade(BadFile):
    code = "LE-159"
    key = "errors.bundle_downgrade"  # installed, offered


class BundleTarget(BadFile):
    code = "LE-160"
    key = "errors.bundle_target"  # machine, offered


class BundleGather(BadFile):
    code = "LE-161"
    key = "errors.bundle_gather"  # target, detail


class BundleLibrary(BadFile):
    code = "LE-162"
    key = "errors.bundle_library"  # libraries, packages


class BundleSystem(BadFile):
    code = "LE-163"
    key = "errors.bundle_system"  # found, needed


class UnknownPersona(BadFile):
    code = "LE-164"
    key = "errors.unknown_persona"  # name, known


class BadPersona(BadFile):
    code = "LE-165"
    key = "errors.bad_persona"  # path


class BundleEngine(BadFile):
    code = "LE-166"
    key = "errors.bundle_engine"  # target, command


class HistoryBusy(LatamEdgeError):
    code = "LE-113"
    key = "errors.history_busy"  # path


# --- runtime: exit 1 -------------------------------------------------------------------


class RuntimeFault(LatamEdgeError):
    code = "LE-200"
    key = "errors.runtime_fault"  # detail


class WorkerDied(RuntimeFault):
    code = "LE-201"
    key = "errors.worker_died"  # no facts


class WorkerFault(RuntimeFault):
    code = "LE-202"
    key = "errors.worker_fault"  # detail


class PromptTooLong(RuntimeFault):
    code = "LE-203"
    key = "errors.prompt_too_long"  # prompt_tokens, n_ctx
    exit_code = 2


class EngineMissing(RuntimeFault):
    code = "LE-204"
    key = "errors.engine_missing"  # engine, extra
    exit_code = 2


class BadTemplate(RuntimeFault):
    code = "LE-205"
    key = "errors.bad_template"  # detail
    exit_code = 3


class DownloadFailed(RuntimeFault):
    code = "LE-206"
    key = "errors.download_failed"  # name, detail


class LibraryBusy(RuntimeFault):
    code = "LE-207"
    key = "errors.library_busy"  # path


class ProviderMissing(RuntimeFault):
    code = "LE-208"
    key = "errors.provider_missing"  # provider, installed
    exit_code = 2


class EngineUnfit(RuntimeFault):
    code = "LE-209"
    key = "errors.engine_unfit"  # no facts
    exit_code = 2


class EngineLibrary(RuntimeFault):
    code = "LE-210"
    key = "errors.engine_library"  # library, package
    exit_code = 2


# --- resources: exit 4 -----------------------------------------------------------------


class NotEnough(LatamEdgeError):
    code = "LE-300"
    key = "errors.not_enough"  # detail
    exit_code = 4


class NotEnoughMemory(NotEnough):
    code = "LE-301"
    key = "errors.not_enough_memory"  # model, need, free


class DiskFull(NotEnough):
    code = "LE-302"
    key = "errors.disk_full"  # path


class ReadOnlyPlace(NotEnough):
    code = "LE-303"
    key = "errors.read_only_place"  # path


# --- training: exit 1 ------------------------------------------------------------------


class TrainingFault(LatamEdgeError):
    code = "LE-400"
    key = "errors.training_fault"  # detail


class BadRecipe(TrainingFault):
    code = "LE-401"
    key = "errors.bad_recipe"  # path, detail
    exit_code = 2


class VocabularyMismatch(TrainingFault):
    code = "LE-402"
    key = "errors.vocabulary_mismatch"  # teacher, detail
    exit_code = 2


class MissingTeacher(TrainingFault):
    code = "LE-403"
    key = "errors.missing_teacher"  # path
    exit_code = 3


class ProcessLost(TrainingFault):
    code = "LE-404"
    key = "errors.process_lost"  # detail


class Interrupted(LatamEdgeError):
    code = "LE-130"
    key = "errors.interrupted"
    exit_code = 130
