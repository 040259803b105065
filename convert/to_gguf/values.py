"""Metadata values of GGUF and their bytes.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY, UINT64, INT64, FLOAT64 = 4, 5, 6, 7, 8, 9, 10, 11, 12

_FORMATS = {UINT32: "I", INT32: "i", FLOAT32: "f", BOOL: "?", UINT64: "Q", INT64: "q", FLOAT64: "d"}
_LENGTH = struct.Struct("<Q").pack


@dataclass(frozen=True, slots=True)
class Value:
    """A value with its GGUF type, which Python's own types do not decide."""

    value_type: int
    """GGUF value type; ARRAY is said by `is_array`."""
    value: Any
    """int, float, bool or str, or a sequence of them."""
    is_array: bool = False
    """Whether `value` is a sequence of items of `value_type`."""

    def pack(self) -> bytes:
        """Type and value as they stand after a key. Raises struct.error when the value does not fit."""
        if not self.is_array:
            return struct.pack("<I", self.value_type) + _pack_item(self.value_type, self.value)
        head = struct.pack("<IIQ", ARRAY, self.value_type, len(self.value))
        if self.value_type == STRING:
            return head + b"".join(map(text_bytes, self.value))
        return head + struct.pack(f"<{len(self.value)}{_FORMATS[self.value_type]}", *self.value)


def _pack_item(value_type: int, value: Any) -> bytes:
    if value_type == STRING:
        return text_bytes(value)
    return struct.pack("<" + _FORMATS[value_type], value)


def text_bytes(text: str) -> bytes:
    """A GGUF string: its length in bytes, then UTF-8."""
    raw = text.encode("utf-8")
    return _LENGTH(len(raw)) + raw


def u32(value: int) -> Value:
    return Value(UINT32, value)


def f32(value: float) -> Value:
    return Value(FLOAT32, value)


def boolean(value: bool) -> Value:
    return Value(BOOL, value)


def string(value: str) -> Value:
    return Value(STRING, value)


def strings(values: Sequence[str]) -> Value:
    return Value(STRING, values, is_array=True)


def int32s(values: Sequence[int]) -> Value:
    return Value(INT32, values, is_array=True)


def infer(value: Any) -> Value:
    """The GGUF value for a caller's own Python value: bool, int, float, str, or a list of one of them.

    Whole numbers take 32 bits when they fit, fractions 64. Raises TypeError.
    """
    if isinstance(value, list | tuple):
        items = [infer(item) for item in value]
        kinds = {item.value_type for item in items}
        if not items:
            return strings([])
        if any(item.is_array for item in items) or (len(kinds) > 1 and kinds != {UINT32, INT64}):
            raise TypeError(f"nested or mixed list: {value!r}")
        return Value(max(kinds), list(value), is_array=True)
    if isinstance(value, bool):
        return boolean(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise TypeError(f"too large: {value}")
        return u32(value) if 0 <= value < 2**32 else Value(INT64, value)
    if isinstance(value, float):
        return Value(FLOAT64, value)
    if isinstance(value, str):
        return string(value)
    raise TypeError(f"no GGUF type for {value!r}")
