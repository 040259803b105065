"""A byte-level BPE vocabulary out of tokenizer.json, checked to mean the same to llama.cpp.

llama.cpp applies no normalizer, cuts text by a named pre-tokenizer and merges bytes
written as GPT-2's 256 printable characters. A tokenizer that works differently is
refused with the reason instead of converted into something similar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from convert.checkpoint import HFCheckpoint
from convert.tokenizer.pretokenizers import PreTokenizer, find, fingerprint


class TokenType(IntEnum):
    """Token types of GGUF (`llama_token_type` in llama.h)."""

    NORMAL = 1
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the writer stores of the tokenizer."""

    tokens: tuple[str, ...]
    """Token texts by id: bytes as GPT-2 characters, added tokens as they are."""
    types: tuple[TokenType, ...]
    """One per token."""
    merges: tuple[str, ...]
    """ "left right", best first."""
    pre_tokenizer: PreTokenizer
    """How text is cut before merging."""
    special_ids: Mapping[str, int]
    """Ids by role: "bos", "eos", "eot", "unknown", "padding"; absent roles are absent."""
    add_bos: bool
    """Whether encoding puts the bos token in front."""


def read(checkpoint: HFCheckpoint, n_tokens: int) -> Vocabulary:
    """The vocabulary of a checkpoint whose embedding has `n_tokens` rows.

    Ids that the tokenizer leaves out are filled with unused tokens. Raises BadCheckpoint.
    """
    model = _bpe_model(checkpoint)
    pre_tokenizer = _pre_tokenizer(checkpoint, model)
    ids, types = _token_ids(checkpoint, model, n_tokens)
    tokens = [f"[PAD{index}]" for index in range(n_tokens)]
    kinds = [TokenType.UNUSED] * n_tokens
    for text, index in ids.items():
        tokens[index] = text
        kinds[index] = types.get(text, TokenType.NORMAL)
    if len(set(tokens)) != n_tokens:
        # llama.cpp aborts the whole process on a duplicate.
        raise checkpoint.bad("convert.duplicate_token")
    return Vocabulary(
        tokens=tuple(tokens),
        types=tuple(kinds),
        merges=_merges(checkpoint, model, ids),
        pre_tokenizer=pre_tokenizer,
        special_ids=_special_ids(checkpoint, ids),
        add_bos=_adds_bos(checkpoint),
    )


def _bpe_model(checkpoint: HFCheckpoint) -> Mapping[str, Any]:
    """The "model" part of tokenizer.json, if llama.cpp can do what it says."""
    model = checkpoint.tokenizer.get("model")
    if not isinstance(model, dict) or model.get("type", "BPE") != "BPE":
        raise checkpoint.bad("convert.not_bpe")
    if not isinstance(model.get("vocab"), dict) or not isinstance(model.get("merges"), list):
        raise checkpoint.bad("convert.not_bpe")
    for option in ("byte_fallback", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk"):
        if model.get(option):
            raise checkpoint.bad("convert.tokenizer_option", name=option)
    # NFC changes nothing in text that is composed already, which nearly all text is.
    if checkpoint.tokenizer.get("normalizer") not in (None, {"type": "NFC"}):
        raise checkpoint.bad("convert.tokenizer_option", name="normalizer")
    return model


def _pre_tokenizer(checkpoint: HFCheckpoint, model: Mapping[str, Any]) -> PreTokenizer:
    spec = checkpoint.tokenizer.get("pre_tokenizer")
    known = find(spec)
    if known is None:
        raise checkpoint.bad("convert.unknown_pre_tokenizer", fingerprint=fingerprint(spec))
    if bool(model.get("ignore_merges")) != known.ignore_merges:
        raise checkpoint.bad("convert.tokenizer_option", name="ignore_merges")
    return known


def _token_ids(
    checkpoint: HFCheckpoint, model: Mapping[str, Any], n_tokens: int
) -> tuple[dict[str, int], dict[str, TokenType]]:
    """Text -> id of all tokens, and text -> type of those that were added to the BPE vocabulary."""
    ids: dict[str, int] = dict(model["vocab"])
    types: dict[str, TokenType] = {}
    added = checkpoint.tokenizer.get("added_tokens") or []
    for token in added if isinstance(added, list) else [None]:
        if not isinstance(token, dict) or not isinstance(token.get("content"), str) or not token["content"]:
            raise checkpoint.bad("convert.bad_added_token")
        ids[token["content"]] = token.get("id", -1)
        types[token["content"]] = TokenType.CONTROL if token.get("special") else TokenType.USER_DEFINED
    for text, index in ids.items():
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < n_tokens:
            raise checkpoint.bad("convert.token_outside", name=text[:40], count=n_tokens)
    if len(set(ids.values())) != len(ids):
        raise checkpoint.bad("convert.duplicate_token")
    return ids, types


def _merges(checkpoint: HFCheckpoint, model: Mapping[str, Any], ids: Mapping[str, int]) -> tuple[str, ...]:
    """Merges as "left right"; tokenizer.json has them so, or as pairs. Raises BadCheckpoint."""
    merges: list[str] = []
    for merge in model["merges"]:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        left, right = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        # GPT-2's characters have no space: a space inside a side would move the cut.
        sound = isinstance(left, str) and isinstance(right, str) and " " not in left and " " not in right
        if not sound or left not in ids or right not in ids:
            raise checkpoint.bad("convert.bad_merge", name=str(merge)[:40])
        merges.append(f"{left} {right}")
    return tuple(merges)


def _special_ids(checkpoint: HFCheckpoint, ids: Mapping[str, int]) -> dict[str, int]:
    """Ids by role. llama.cpp takes token 11 for a missing bos or eos, so neither may be missing."""
    roles = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    found: dict[str, int] = {}
    for short, role in roles.items():
        token = checkpoint.tokenizer_config.get(f"{short}_token")
        text = token.get("content") if isinstance(token, dict) else token
        index = ids.get(text) if isinstance(text, str) else None
        if index is None:
            candidates = _id_list(checkpoint.config.get(f"{short}_token_id"))
            index = candidates[0] if candidates else None
        if index is not None and index in set(ids.values()):
            found[role] = index
    ends = _id_list(checkpoint.generation.get("eos_token_id"))
    if "eos" not in found and ends:
        found["eos"] = ends[0]
    if "eos" not in found:
        raise checkpoint.bad("convert.no_eos")
    others = [end for end in ends if end != found["eos"] and end in set(ids.values())]
    if others:
        found["eot"] = others[0]
    found.setdefault("bos", found["eos"])
    return found


def _id_list(value: Any) -> list[int]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, int) and not isinstance(item, bool) and item >= 0]


def _adds_bos(checkpoint: HFCheckpoint) -> bool:
    """Whether the post-processor puts a special token first; without a template, what the flag says."""
    for template in _post_processors(checkpoint.tokenizer.get("post_processor")):
        single = template.get("single")
        if template.get("type") == "TemplateProcessing" and isinstance(single, list) and single:
            return isinstance(single[0], dict) and "SpecialToken" in single[0]
    return checkpoint.tokenizer_config.get("add_bos_token") is True


def _post_processors(spec: Any) -> list[dict[str, Any]]:
    if not isinstance(spec, dict):
        return []
    if spec.get("type") == "Sequence" and isinstance(spec.get("processors"), list):
        return [item for item in spec["processors"] if isinstance(item, dict)]
    return [spec]
