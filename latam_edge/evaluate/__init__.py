"""How good a model is, measured: perplexity, bits per byte, KL divergence, per language."""

from latam_edge.evaluate.texts import TextReport, evaluate

__all__ = ["TextReport", "evaluate"]
