"""`python -m latam_edge` is `latam-edge`."""

from __future__ import annotations

from latam_edge.cli.main import entry

if __name__ == "__main__":
    entry()
