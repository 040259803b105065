"""What one installation works with, from its first step to its last."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from latam_edge.bundle.manifest import Item
from latam_edge.bundle.offer import Offer
from latam_edge.bundle.places import Places
from latam_edge.core.progress import Progress
from latam_edge.store.library import Library


@dataclass(frozen=True, slots=True)
class Job:
    """One bundle, on its way to one place."""

    offer: Offer
    where: Places
    library: Library
    """Where models go."""
    interpreter: str
    """The Python that will run the program."""
    accepted: bool
    """The user has been told twice that nobody vouches for the bundle and wants it all the same."""
    progress: Progress

    @property
    def wheels(self) -> list[Item]:
        """The program and all that it needs, for this machine."""
        return [self.offer.manifest.item(path) for path in self.offer.packages.wheels]

    @property
    def version(self) -> Path:
        """The version's folder: the same wheels always get the same one."""
        listed = "".join(item.sha256 for item in self.wheels)
        name = f"{self.offer.manifest.version}-{sha256(listed.encode()).hexdigest()[:12]}"
        return self.where.versions / name
