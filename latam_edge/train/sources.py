"""What a recipe's weights are made of besides the primer, and whether they may be given away.

`sources.toml` beside a recipe names the sources that may be read, with credit and licence, and those
that are left out, with the reason (docs/decisions/0021-sources.md). Nothing here asks the corpus itself:
a card can be written where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from latam_edge.core import toml
from latam_edge.core.errors import BadRecipe, FileMissing
from latam_edge.train.corpus_files import weight_of
from latam_edge.train.recipe import Recipe

TABLE = "sources.toml"

GIVEABLE = {
    "CC0-1.0": "CC0 1.0",
    "CC-PDM-1.0": "public domain",
    "CC-BY-4.0": "CC BY 4.0",
    "CC-BY-3.0": "CC BY 3.0",
    "CC-BY-3.0 AND CC-BY-4.0": "CC BY 3.0 and 4.0",
    "CC-BY-2.0": "CC BY 2.0",
    "MIT": "MIT",
    "BSD-3-Clause": "BSD 3-Clause",
    "Apache-2.0": "Apache 2.0",
    "MIT OR Apache-2.0": "MIT or Apache 2.0",
    "LicenseRef-Datos-Abiertos-UY": "open data of Uruguay",
}
"""Licences that ask for credit at most, and how a card words them. Share-alike and non-commercial ones
are not among them, nor is text that nobody gave a licence."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source that a recipe reads."""

    name: str
    """Its file's name, or a pattern for several, as sources.toml has it."""
    credit: str
    licence: str
    """A key of GIVEABLE."""
    repository: str
    """owner/name on GitHub."""
    commit: str
    stated: str
    """Address of the page that states the licence."""


def read_by(recipe: Recipe, table: Path) -> list[Source]:
    """Every source whose text or instructions the recipe trains on, by name; none without a corpus.

    Raises BadRecipe for one that the table does not say may be read or that names no page with its
    licence, FileMissing without the table.
    """
    names = _names(recipe)
    if not names:
        return []
    if not table.is_file():
        raise FileMissing(path=table)
    try:
        known = toml.parse(table.read_bytes())["read"]
    except toml.NotTOML as error:
        raise BadRecipe(path=table, detail=f"{error.line} ≠ {error.expected}") from None
    found = []
    for name in names:
        if name not in known:
            raise BadRecipe(path=table, detail=f"[read] {name}?")
        if known[name]["licence"] not in GIVEABLE:
            raise BadRecipe(path=table, detail=f"[read] {name}: {known[name]['licence']}")
        if not known[name].get("stated"):
            raise BadRecipe(path=table, detail=f"[read] {name}: stated?")
        found.append(Source(name=name, **known[name]))
    return found


def _names(recipe: Recipe) -> list[str]:
    """The last parts of the recipe's patterns, without their ending; what no stage reads is left out."""
    data = recipe.data
    stages = [recipe.pretrain, recipe.distill]
    weights = [data.sources, *(s.sources for s in stages), *(s.late_sources for s in stages)]
    texts = {_name(pattern) for pattern in data.texts}
    # A table of weights that is empty is not in force, unless none is: then everything is read once.
    in_force = [each for each in weights if each] or [{}]
    read = {name for name in texts if any(weight_of(each, name) for each in in_force)}
    reads_chat = any(share for kind, share in recipe.finetune.mix.items() if kind != "cartilla")
    chat = {_name(pattern) for pattern in data.instructions} if reads_chat else set()
    asked = {_name(pattern) for pattern in data.questions} if data.questions_share else set()
    return sorted(read | chat | asked)


def _name(pattern: str) -> str:
    """ "tatoeba-es" of "text/es/tatoeba-es.*", "conha19-*" of "text/es/conha19-*"."""
    return pattern.rpartition("/")[2].partition(".")[0]
