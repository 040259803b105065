"""The region's own voice, measured: grammar, bias, knowledge of the region, and treatment kept in answers."""

from latam_edge.evaluate.regional.measure import PARTS, RegionalReport, measure

__all__ = ["PARTS", "RegionalReport", "measure"]
