"""Catalogs: one package per language, one module per domain, the same keys in all."""
