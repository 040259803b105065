"""What a run has finished, on disk, so that it can go on after a kill at any point."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from latam_edge.core.atomic import write_text


class RunState:
    """`state.json` in a run's folder: for each finished step its fingerprint and its report.

    A step writes its files whole (temporary name, then rename) before it is
    marked, so that a marked step is finished and an unmarked one may be run again.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "state.json"
        try:
            self._steps: dict[str, dict[str, Any]] = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            self._steps = {}

    def finished(self, step: str, fingerprint: str) -> dict[str, Any] | None:
        """The report of a finished step, or None; one of another recipe does not count."""
        record = self._steps.get(step)
        return record["report"] if record and record["fingerprint"] == fingerprint else None

    def mark(self, step: str, fingerprint: str, report: dict[str, Any]) -> None:
        """Remember that a step is finished."""
        self._steps[step] = {"fingerprint": fingerprint, "report": report}
        write_text(self._path, json.dumps(self._steps, ensure_ascii=False, indent=1))
