"""`python -m latam_edge` is `latam-edge`."""

from __future__ import annotations

import sys

from latam_edge.cli.main import entry

if __name__ == "__main__":
    sys.exit(entry())
