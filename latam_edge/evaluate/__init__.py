"""How good a model is, measured: perplexity, bits per byte, KL divergence, per language."""

from latam_edge.evaluate.texts import Text, TextReport, evaluate

__all__ = ["Text", "TextReport", "evaluate"]
