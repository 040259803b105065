"""Write a passport into a finished model: figures that somebody measured are handed in as values."""

from __future__ import annotations

from pathlib import Path

from convert.to_gguf.rewrite import replace_metadata
from latam_edge.core.atomic import atomic_write
from latam_edge.core.errors import BadFile, MissingExtra
from latam_edge.core.i18n import t
from latam_edge.core.progress import Progress, silent
from latam_edge.formats import passport as passports
from latam_edge.formats.model import read_model
from latam_edge.formats.onnx import TOKENIZER_FILES, OnnxHeader
from latam_edge.formats.passport import PREFIX, Passport


def write(model: Path, passport: Passport, progress: Progress = silent) -> Passport:
    """Write `passport` into a GGUF file or an ONNX folder, atomically; returns what stands there now.

    Figures of the same weights that are there already and are not in `passport` stay (another
    engine's, another text's); those of other weights go. The weights themselves are not touched.
    Raises what reading and writing the file raises; then it is as it was.
    """
    before = passports.of_file(model)
    merged = before.merged(passport) if before is not None else passport
    values = merged.to_metadata()
    header = read_model(model)
    if isinstance(header, OnnxHeader):
        words = header.path / TOKENIZER_FILES[0]
        if not words.exists():
            raise BadFile(path=header.path, reason=t("convert.no_passport_place"))
        _into_graph(header.model_path, values)
        replace_metadata(words, values, drop=PREFIX)
    else:
        replace_metadata(header.path, values, drop=PREFIX, progress=progress)
    return merged


def _into_graph(path: Path, values: dict[str, str | int | float]) -> None:
    """The same facts as text in the graph's metadata_props. The graph holds no weights, so it is small."""
    try:
        import onnx
    except ImportError as error:
        raise MissingExtra(package="onnx", extra="onnx") from error
    graph = onnx.load(str(path), load_external_data=False)
    kept = [(item.key, item.value) for item in graph.metadata_props if not item.key.startswith(PREFIX)]
    del graph.metadata_props[:]
    for key, value in [*kept, *values.items()]:
        graph.metadata_props.add(key=key, value=str(value))
    with atomic_write(path) as file:
        file.write(graph.SerializeToString())
