"""Whole screens: the chat, help, and small questions to the user."""
