"""What is measured: how many tokens in, how many out, how often."""

from __future__ import annotations

from dataclasses import dataclass, replace

LONGEST_S = 20.0
"""A prefill or a decode that would take longer than this is made shorter."""
LEAST_TOKENS = 16
"""Shorter than this, overheads are measured and not the model."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One measurement, the same on every machine unless it is too slow for it."""

    prefill_tokens: int = 512
    """Tokens of the long prompt whose evaluation is timed."""
    decode_tokens: int = 128
    """Tokens of the answers whose generation is timed, together."""
    repeats: int = 5
    """How often each is measured; medians are reported."""

    def within(self, n_ctx: int) -> Scenario:
        """The same, cut to a context of `n_ctx` tokens."""
        decode = min(self.decode_tokens, max(1, n_ctx // 2 - 8))
        return replace(self, prefill_tokens=min(self.prefill_tokens, max(1, n_ctx - 8)), decode_tokens=decode)

    def for_speed(self, prefill_tps: float, decode_tps: float) -> Scenario:
        """The same, cut so that a slow machine takes no longer than LONGEST_S for each part."""

        def cut(tokens: int, tps: float) -> int:
            affordable = int(LONGEST_S * tps)
            return min(tokens, max(LEAST_TOKENS, affordable)) if tps > 0 else tokens

        return replace(
            self,
            prefill_tokens=cut(self.prefill_tokens, prefill_tps),
            decode_tokens=cut(self.decode_tokens, decode_tps),
        )
