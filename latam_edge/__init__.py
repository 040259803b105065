"""An offline language model system for the schools and clinics of Latin America.

>>> from latam_edge import load
>>> with load("semilla") as model:
...     for piece in model.chat("¿Cuál es la capital de Bolivia?"):
...         print(piece, end="")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latam_edge.core.version import __version__

__all__ = ["__version__", "load"]

if TYPE_CHECKING:
    from latam_edge.session import load


def __getattr__(name: str) -> Any:
    """Resolve `load` on demand, so that `import latam_edge` costs nothing."""
    if name == "load":
        from latam_edge.session import load

        return load
    raise AttributeError(name)
