"""The vocabulary of a folder from elsewhere: its tokenizer.json, read by the tokenizers library.

Two ways of writing bytes as tokens are understood, which between them cover the
decoder models: byte-level (GPT-2's 256 letters) and SentencePiece's (U+2581 for a
blank, "<0x0A>" for a byte). A tokenizer that forgets what it read is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from latam_edge.core.errors import EngineMissing, UnsupportedModel
from latam_edge.core.i18n import t
from latam_edge.formats.onnx import MAX_SIDE_BYTES
from latam_edge.formats.opening import open_regular

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_BLANK = "\u2581"

END_NAMES = frozenset(
    {
        "<|im_end|>",
        "<|endoftext|>",
        "<|eot_id|>",
        "<|eom_id|>",
        "<|end_of_text|>",
        "<|end|>",
        "<|eot|>",
        "<|return|>",
        "<end_of_turn>",
        "<｜end▁of▁sentence｜>",
        "<EOT>",
        "</s>",
    }
)
"""Control tokens that end an answer whatever the configuration forgot to say: those that
llama.cpp recognizes by name (llama-vocab.cpp) and public chat models use."""


class HFVocab:
    """See `vocabulary.Vocabulary`."""

    def __init__(self, path: Path, config: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """
        path: tokenizer.json. config: config.json over generation_config.json, for token ids.
        settings: tokenizer_config.json, {} when there is none.
        Raises UnsupportedModel, EngineMissing.
        """
        try:
            library: Any = import_module("tokenizers")
        except ImportError as error:
            raise EngineMissing(engine="onnx", extra="[onnx]") from error
        with open_regular(path) as (file, size):
            if size > MAX_SIDE_BYTES:
                raise UnsupportedModel(path=path, detail=f"{size} > {MAX_SIDE_BYTES}")
            raw = file.read(size)
        try:
            self._tokenizer = library.Tokenizer.from_buffer(raw)
            spec = json.loads(raw)
        except Exception as error:  # the library raises bare Exceptions
            raise UnsupportedModel(path=path, detail=str(error)[:200]) from error
        self._byte_level = _is_byte_level(spec, path)
        self._bytes = {letter: byte for byte, letter in enumerate(byte_letters())}
        added = [token for token in spec.get("added_tokens") or [] if isinstance(token, dict)]
        self._added = {int(token["id"]): str(token["content"]) for token in added}
        self._control = {int(token["id"]): str(token["content"]) for token in added if token.get("special")}
        self.size: int = max(
            [self._tokenizer.get_vocab_size(with_added_tokens=True), *(i + 1 for i in self._added)]
        )
        self.bos = self._special("bos", config, settings)
        self.eos = self._special("eos", config, settings)
        self.adds_bos = self._adds_bos(settings)
        self.leading_space = not self._byte_level
        self._ends = {self.eos, *_ids(config.get("eos_token_id"))} - {-1}
        self._ends |= {index for index, name in self._control.items() if name in END_NAMES}
        self._pieces: dict[int, bytes] = {}

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        # A lone surrogate can't go to the library, whose strings are UTF-8.
        text = text.encode("utf-8", "replace").decode()
        self._tokenizer.encode_special_tokens = not special
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def piece(self, token: int) -> bytes:
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._pieces[token] = self._piece(token)
        return piece

    def text(self, token: int) -> str:
        if token < 0:
            return ""
        return self._control.get(token) or self.piece(token).decode("utf-8", "replace")

    def ends(self, token: int) -> bool:
        return token in self._ends

    def control_names(self) -> list[str]:
        return list(self._control.values())

    def close(self) -> None:
        """Nothing to free."""

    def _piece(self, token: int) -> bytes:
        if token in self._control:
            return b""
        if token in self._added:
            return self._added[token].encode()
        letters: str | None = self._tokenizer.id_to_token(token)
        if letters is None:
            return b""
        if self._byte_level:
            return bytes(self._bytes[letter] for letter in letters if letter in self._bytes)
        if found := _BYTE.fullmatch(letters):
            return bytes([int(found[1], 16)])
        return letters.replace(_BLANK, " ").encode()

    def _special(self, role: str, config: Mapping[str, Any], settings: Mapping[str, Any]) -> int:
        """The id of a role: by the tokenizer's settings, else by the model's; -1 for none."""
        named = settings.get(f"{role}_token")
        name = named.get("content") if isinstance(named, dict) else named
        found = self._tokenizer.token_to_id(name) if isinstance(name, str) else None
        if found is None:
            found = next(iter(_ids(config.get(f"{role}_token_id"))), -1)
        return int(found)

    def _adds_bos(self, settings: Mapping[str, Any]) -> bool:
        """As the settings say; where they don't, as the tokenizer does."""
        said = settings.get("add_bos_token")
        if isinstance(said, bool):
            return said and self.bos >= 0
        first = self._tokenizer.encode("a", add_special_tokens=True).ids[:1]
        return self.bos >= 0 and first == [self.bos]


def byte_letters() -> list[str]:
    """GPT-2's printable letter for each of the 256 bytes, by byte.

    Bytes that print stand for themselves, the others are numbered from U+0100 on.
    Source: Radford et al. (2019), as every byte-level tokenizer.json writes them.
    """
    shown = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    letters, extra = [], 0
    for byte in range(256):
        letters.append(chr(byte if byte in shown else 256 + extra))
        extra += byte not in shown
    return letters


def _is_byte_level(spec: Mapping[str, Any], path: Path) -> bool:
    """True: byte-level, False: SentencePiece. Raises UnsupportedModel for another."""
    if _uses(spec.get("decoder"), "ByteLevel"):
        return True
    model = spec.get("model")
    if isinstance(model, dict) and (model.get("byte_fallback") or _uses(spec.get("decoder"), "Metaspace")):
        return False
    raise UnsupportedModel(path=path, detail=t("runtime.onnx.tokenizer"))


def _uses(spec: Any, kind: str) -> bool:
    """Whether a decoder is of this kind or a sequence that has one."""
    if not isinstance(spec, dict):
        return False
    return spec.get("type") == kind or any(_uses(part, kind) for part in spec.get("decoders") or [])


def _ids(value: Any) -> list[int]:
    """Token ids out of a number, a list or nothing."""
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, int) and not isinstance(item, bool) and item >= 0]
