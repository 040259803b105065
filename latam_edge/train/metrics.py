"""A stage's course, written down while it runs: metrics.jsonl, and TensorBoard's files if asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_edge.core.atomic import disk_errors
from latam_edge.core.errors import MissingExtra

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class Metrics:
    """metrics.jsonl: one object per line; what a resumed run will write again is cut first."""

    def __init__(self, path: Path, step: int, tensorboard: bool = False) -> None:
        """step: where the run goes on. Raises MissingExtra when TensorBoard is wanted and not installed."""
        self._path = path
        self._board = _board(path.parent / "tensorboard", step) if tensorboard else None
        kept: list[str] = []
        if step and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    if json.loads(line)["step"] <= step:
                        kept.append(line + "\n")
                except (ValueError, KeyError):
                    break  # a line that a power cut tore
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(kept), encoding="utf-8")

    def write(self, step: int, tokens: int, loss: float, seconds: float) -> None:
        """The mean loss since the last line."""
        self._append({"step": step, "tokens": tokens, "loss": round(loss, 5), "seconds": round(seconds, 2)})
        if self._board:
            self._board.add_scalar("loss", loss, step)

    def write_bits(self, step: int, tokens: int, bits: dict[str, float], seconds: float) -> None:
        """Bits per byte of held-out text, by language."""
        self._append({"step": step, "tokens": tokens, "bits_per_byte": bits, "seconds": round(seconds, 2)})
        if self._board:
            for lang, value in bits.items():
                self._board.add_scalar(f"bits_per_byte/{lang}", value, step)

    def write_divergence(self, step: int, tokens: int, kl: dict[str, float], seconds: float) -> None:
        """Mean KL divergence of the exported file from full precision, nats per token, by language."""
        self._append({"step": step, "tokens": tokens, "kl": kl, "seconds": round(seconds, 2)})
        if self._board:
            for lang, value in kl.items():
                self._board.add_scalar(f"kl/{lang}", value, step)

    def close(self) -> None:
        if self._board:
            self._board.close()

    def _append(self, record: dict[str, Any]) -> None:
        with disk_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def _board(folder: Path, step: int) -> SummaryWriter:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise MissingExtra(package="tensorboard", extra="tensorboard") from error
    return SummaryWriter(str(folder), purge_step=step or None)
