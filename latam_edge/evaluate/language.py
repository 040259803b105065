"""A guess at a text's language; it lives in `latam_edge.core.language`, for calibration needs it too."""

from latam_edge.core.language import UNDETERMINED, guess

__all__ = ["UNDETERMINED", "guess"]
