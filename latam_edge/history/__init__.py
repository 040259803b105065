"""Conversations that survive: SQLite, private to their owner, erased when deleted."""
