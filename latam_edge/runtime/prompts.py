"""From a conversation to the tokens that the model is given: template, control tokens, BOS, window."""

from __future__ import annotations

from collections.abc import Sequence

from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import t
from latam_edge.runtime.context import ContextPolicy, Fitted
from latam_edge.runtime.template import ChatTemplate
from latam_edge.runtime.types import Message, Request
from latam_edge.runtime.vocabulary import Vocabulary


class Prompts:
    """Makes the prompts of one loaded model."""

    def __init__(self, vocab: Vocabulary, template: str | None, n_ctx: int) -> None:
        """template: the file's chat template, compiled when first needed; None: ChatML."""
        self._vocab = vocab
        self._source = template
        self._template: ChatTemplate | None = None
        self._policy = ContextPolicy(n_ctx)

    def fit(self, request: Request) -> Fitted:
        """The prompt's tokens, never none. Raises PromptTooLong, BadTemplate, UsageError."""
        if not request.messages:
            raise UsageError(detail=t("runtime.no_messages"))
        limit = request.sampling.max_tokens
        if request.raw:
            # Somebody who writes the prompt's own markup wants it read as such.
            raw = self._with_bos(self._vocab.tokenize(request.messages[-1].content, special=True))
            return self._policy.fit(request.messages[-1:], lambda _: raw, limit)
        return self._policy.fit(request.messages, self._tokenize, limit)

    def _tokenize(self, messages: Sequence[Message]) -> list[int]:
        vocab = self._vocab
        if self._template is None:
            self._template = ChatTemplate(
                self._source,
                bos_token=vocab.text(vocab.bos),
                eos_token=vocab.text(vocab.eos),
                control_tokens=vocab.control_names(),
            )
        tokens: list[int] = []
        for part in self._template.render(messages):
            tokens += vocab.tokenize(part, special=True)
        return self._with_bos(tokens)

    def _with_bos(self, tokens: list[int]) -> list[int]:
        """With the BOS that the model expects, unless the template wrote it already."""
        vocab = self._vocab
        if vocab.adds_bos and vocab.bos >= 0 and tokens[:1] != [vocab.bos]:
            return [vocab.bos, *tokens]
        return tokens or [max(0, vocab.bos)]
