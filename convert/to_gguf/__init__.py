"""Hugging Face checkpoint -> GGUF."""

from convert.to_gguf.exporter import ConvertResult, convert

__all__ = ["ConvertResult", "convert"]
