"""The suitcase: everything for machines without network or compiler, on one stick, signed."""
