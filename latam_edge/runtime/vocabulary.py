"""What the runtime needs of any vocabulary, whoever tokenizes."""

from __future__ import annotations

from typing import Protocol


class Vocabulary(Protocol):
    """Text to tokens and back, for one loaded model."""

    size: int
    """Number of tokens."""
    bos: int
    """Beginning of sequence; -1 when there is none."""
    eos: int
    """End of sequence; -1 when there is none."""
    adds_bos: bool
    """The model expects BOS before any text."""
    leading_space: bool
    """The first word of an answer comes back with a blank before it (SentencePiece)."""

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Tokens of `text`; special: the names of control tokens in it are control tokens."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; empty for control tokens. May be half a character."""
        ...

    def text(self, token: int) -> str:
        """A token as text, control tokens by their name; "" for no token (-1)."""
        ...

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        ...

    def control_names(self) -> list[str]:
        """Texts of all control tokens."""
        ...
