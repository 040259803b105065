"""Look at a bundle: who signed it, may it be installed, what is in it for this machine? Writes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from latam_edge.bundle import fingerprint, places, stick
from latam_edge.bundle.manifest import Manifest, Packages
from latam_edge.bundle.places import Places, State
from latam_edge.bundle.targets import Target, here
from latam_edge.core.errors import BundleDowngrade, BundleOtherKey, BundleTarget, BundleUnsigned


@dataclass(frozen=True, slots=True)
class Offer:
    """A bundle that has been looked at and may be installed."""

    folder: Path
    manifest: Manifest
    key: bytes | None
    """Who signed it; None: no valid signature, and the user has been told twice."""
    packages: Packages
    known_key: bool
    """Whether what is installed now was signed by the same key."""

    @property
    def personas(self) -> list[str]:
        """Names of the personas that come along."""
        paths = (item.path for item in self.manifest.files if item.kind == "persona")
        return sorted(path.rpartition("/")[2].rpartition(".")[0] for path in paths)


def look(
    folder: Path, *, accepted: bool = False, target: Target | None = None, where: Places | None = None
) -> Offer:
    """Read the list, check the signature, and find what is for this machine. Writes nothing.

    accepted: the user has been told twice that nobody vouches for the bundle and wants it all the same.
    Raises BundleMissing, BadBundle, BundleEscape, BundleLink, BundleUnsigned, BundleOtherKey,
    BundleDowngrade, BundleTarget."""
    listed, _, key = stick.open_bundle(folder)
    state = places.load_state(where or places.user_places())
    if key is None and not accepted:
        raise BundleUnsigned(path=folder)
    if state is not None:
        if state.key and key is not None and key.hex() != state.key and not accepted:
            raise BundleOtherKey(words=fingerprint.words(key))
        refuse_downgrade(state, listed)
    wanted = target or here()
    packages = _packages(listed, wanted)
    known = state is not None and key is not None and key.hex() == state.key
    return Offer(folder, listed, key, packages, known)


def refuse_downgrade(state: State, offered: Manifest) -> None:
    """Raises BundleDowngrade when what is installed is newer."""
    old, new = _order(state.version), _order(offered.version)
    if (new, offered.serial) < (old, state.serial):
        raise BundleDowngrade(
            installed=f"{state.version}, {_day(state.serial)}",
            offered=f"{offered.version}, {_day(offered.serial)}",
        )


def _order(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare by: "0.10.2" after "0.9"."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:6])


def _day(serial: int) -> str:
    return datetime.fromtimestamp(serial, UTC).strftime("%Y-%m-%d %H:%M")


def _packages(listed: Manifest, wanted: Target) -> Packages:
    for packages in listed.packages:
        if (packages.platform, packages.python) == (wanted.platform, wanted.python):
            return packages
    offered = "; ".join(str(Target(each.platform, each.python)) for each in listed.packages)
    raise BundleTarget(machine=str(wanted), offered=offered or "-")
