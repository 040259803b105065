"""The chat on the terminal, made with Textual. `tui.main` is its door; nothing here needs torch."""
