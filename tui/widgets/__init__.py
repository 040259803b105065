"""Widgets that do one thing each. They tell what happened by messages and know no screen."""
