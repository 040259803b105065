"""Tokenizers of Hugging Face checkpoints, read as data: no tokenizers library is needed."""
