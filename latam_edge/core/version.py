"""The version, at the bottom of the import graph so that every layer may tell it."""

from __future__ import annotations

__version__ = "0.1.0"
