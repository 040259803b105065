"""Which llama.cpp pre-tokenizer cuts text exactly as a checkpoint's own does.

A byte-level BPE merges inside pieces of text only, so two programs give the same
tokens when they cut the same pieces. llama.cpp knows the cuts by name
(`tokenizer.ggml.pre`); a Hugging Face tokenizer.json spells them out. This table
pairs the two. A tokenizer that is not in it is refused: a wrong name gives a file
that loads, answers, and is quietly worse.

Source: llama-vocab.cpp of llama.cpp (llama-cpp-python 0.3.36). The Semilla pair is
tested against it over all of Unicode up to U+30FF, in texts built to tell cuts apart.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

SEMILLA_PRE_TOKENIZER: dict[str, Any] = {
    "type": "Sequence",
    "pretokenizers": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ],
}
"""The pre-tokenizer of our own models: digits one by one, then GPT-2's cut, then bytes.

In Python: `tokenizers.pre_tokenizers.Sequence([Digits(individual_digits=True),
ByteLevel(add_prefix_space=False)])`. Use it with no normalizer: llama.cpp applies none.
"""


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """What llama.cpp does under one name."""

    gguf_name: str
    """Value of tokenizer.ggml.pre."""
    ignore_merges: bool = False
    """Whether a piece that is itself a token skips the merges (a property of the BPE model in HF)."""


def _split(regex: str) -> dict[str, Any]:
    """Cut by a regular expression, then to bytes, as tiktoken-style tokenizers write it."""
    return {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
        ],
    }


def _tiktoken(digits: str) -> str:
    """The regular expression that Llama 3 and Qwen 2 share, but for how many digits go together."""
    return (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
        + digits
        + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )


def canonical(spec: Any) -> Any:
    """A pre-tokenizer's JSON without what changes no token.

    `trim_offsets` moves offsets only, and a Sequence of one is that one.
    """
    if isinstance(spec, list):
        return [canonical(item) for item in spec]
    if not isinstance(spec, dict):
        return spec
    kept = {key: canonical(value) for key, value in spec.items() if key != "trim_offsets"}
    if kept.get("type") == "Sequence" and isinstance(kept.get("pretokenizers"), list):
        (first, *rest) = kept["pretokenizers"] or [None]
        if first is not None and not rest:
            return first
    return kept


def fingerprint(spec: Any) -> str:
    """sha256 of the canonical JSON, the first 16 hexadecimal digits."""
    text = json.dumps(canonical(spec), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_KNOWN: tuple[tuple[dict[str, Any], PreTokenizer], ...] = (
    (SEMILLA_PRE_TOKENIZER, PreTokenizer("smollm")),
    ({"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}, PreTokenizer("gpt-2")),
    (_split(_tiktoken(r"\p{N}")), PreTokenizer("qwen2")),
    (_split(_tiktoken(r"\p{N}{1,3}")), PreTokenizer("llama-bpe", ignore_merges=True)),
)

BY_FINGERPRINT: dict[str, PreTokenizer] = {fingerprint(spec): known for spec, known in _KNOWN}


def find(spec: Any) -> PreTokenizer | None:
    """What llama.cpp calls the cuts that `spec` (from tokenizer.json) describes; None if it has no name."""
    return BY_FINGERPRINT.get(fingerprint(spec))
