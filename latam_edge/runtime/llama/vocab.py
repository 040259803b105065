"""Text to tokens and back, for one loaded model."""

from __future__ import annotations

import ctypes

from latam_edge.runtime.llama.native import Handle, library

_SPM = 1  # LLAMA_VOCAB_TYPE_SPM
_CONTROL = 1 | 8  # LLAMA_TOKEN_ATTR_UNKNOWN, LLAMA_TOKEN_ATTR_CONTROL: what only parse_special reads


class Vocab:
    """The vocabulary inside a native model; valid as long as the model is."""

    def __init__(self, model: Handle) -> None:
        self._lib = library()
        self._vocab = self._lib.llama_model_get_vocab(model)
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}
        self._buffer = ctypes.create_string_buffer(256)
        self.size: int = self._lib.llama_vocab_n_tokens(self._vocab)
        """Number of tokens."""
        self.bos: int = self._lib.llama_vocab_bos(self._vocab)
        """Beginning of sequence; -1 when there is none."""
        self.eos: int = self._lib.llama_vocab_eos(self._vocab)
        """End of sequence; -1 when there is none."""
        self.adds_bos: bool = self._lib.llama_vocab_get_add_bos(self._vocab)
        """The model expects BOS before any text."""
        self.leading_space: bool = self._lib.llama_vocab_type(self._vocab) == _SPM
        """SentencePiece: the first word of a text comes back with a blank before it."""

    def tokenize(self, text: str, *, special: bool = False, add_special: bool = False) -> list[int]:
        """Tokens of `text`.

        special: "<|im_end|>" and the like in the text are control tokens; else they
        are plain characters. Only text that the template wrote may have them.
        add_special: put what the model wants around a text (BOS; seldom EOS).
        """
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            tokens = (ctypes.c_int32 * room)()
            count: int = self._lib.llama_tokenize(
                self._vocab, data, len(data), tokens, room, add_special, special
            )
            if count >= 0:
                return tokens[:count]
            room = -count

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; empty for control tokens. May be half a character."""
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._pieces[token] = self._piece(token, special=False)
        return piece

    def text(self, token: int) -> str:
        """A token as text, control tokens by their name ("<s>"); "" for no token (-1)."""
        return self._piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer (any of the model's EOG tokens)."""
        end = self._ends.get(token)
        if end is None:
            end = self._ends[token] = bool(self._lib.llama_vocab_is_eog(self._vocab, token))
        return end

    def control_names(self) -> list[str]:
        """Texts of all control tokens."""
        attr = self._lib.llama_vocab_get_attr
        return [self.text(i) for i in range(self.size) if attr(self._vocab, i) & _CONTROL]

    def _piece(self, token: int, *, special: bool) -> bytes:
        while True:
            size = len(self._buffer)
            length = self._lib.llama_token_to_piece(self._vocab, token, self._buffer, size, 0, special)
            if length >= 0:
                return self._buffer.raw[:length]
            self._buffer = ctypes.create_string_buffer(-length)
