"""Commands that need an extra say which, instead of showing an import that failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from latam_edge.core.errors import MissingExtra

OWN = ("latam_edge", "convert", "quant", "tui")


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Inside the block, a package that is not installed becomes MissingExtra, which names `extra`."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package in OWN:
            raise  # a fault of ours
        raise MissingExtra(package=package, extra=extra) from error
