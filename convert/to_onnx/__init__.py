"""Hugging Face checkpoint -> a folder for ONNX Runtime, with the codes that the GGUF has."""

from convert.to_onnx.exporter import ACCURACY_LEVELS, TYPES, OnnxResult, convert

__all__ = ["ACCURACY_LEVELS", "TYPES", "OnnxResult", "convert"]
