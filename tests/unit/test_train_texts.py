"""Texts of a corpus folder: read in every form, held out without a leak, cached, packed and weighted."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from latam_edge.core.errors import EmptyCorpus, FileMissing, NotText
from latam_edge.core.progress import silent
from latam_edge.train import documents, packing, token_cache
from latam_edge.train import tokenizer as tok
from latam_edge.train.corpus_files import CorpusFile, corpus_folder, find_files, weight_of
from latam_edge.train.holdout import HeldOut, document_key
from latam_edge.train.order import Course, Shuffled, Weighted
from latam_edge.train.readers import Tally, Text, kind_of, read_texts, stem_of
from latam_edge.train.spans import JoinedRows, SpanRows

SENTENCES = [
    "La lluvia de anoche llenó el tanque de la escuela y regó la huerta.",
    "Os alunos plantaram milho e feijão ao lado da sala de aula.",
    "El río Amazonas recorre tres países antes de llegar al mar.",
]


def packed(path: Path, data: bytes) -> None:
    """Write `data` as the name asks."""
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(data))
    elif path.suffix == ".xz":
        path.write_bytes(lzma.compress(data))
    elif path.suffix == ".zst":
        import zstandard

        path.write_bytes(zstandard.compress(data))
    else:
        path.write_bytes(data)


def jsonl(texts: list[str], **extra: str) -> bytes:
    return "".join(json.dumps({"text": t, **extra}) + "\n" for t in texts).encode()


def read(path: Path) -> tuple[list[Text], Tally]:
    tally = Tally()
    return list(read_texts(path, "es", tally)), tally


@pytest.mark.parametrize("ending", ["", ".gz", ".xz", ".zst"])
@pytest.mark.parametrize("kind", [".txt", ".jsonl", ".parquet"])
def test_every_form_gives_the_same_texts(tmp_path, kind, ending) -> None:
    path = tmp_path / f"cuentos{kind}{ending}"
    if kind == ".txt":
        packed(path, "\n\n".join(SENTENCES).encode())
    elif kind == ".jsonl":
        packed(path, jsonl(SENTENCES))
    else:
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.table({"text": SENTENCES}), tmp_path / "plain")
        packed(path, (tmp_path / "plain").read_bytes())
    texts, tally = read(path)
    assert "\n\n".join(t.text for t in texts).split("\n\n") == SENTENCES
    assert tally.texts == len(texts)
    assert (tally.broken, tally.cut) == (0, False)
    assert tally.bytes_by_lang == {"es": sum(len(t.text.encode()) for t in texts)}
    assert kind_of(path) == kind
    assert stem_of(path) == "cuentos"


def test_broken_lines_are_counted_and_the_rest_is_read(tmp_path) -> None:
    good = jsonl(SENTENCES)
    bad = [b"{broken", b'{"text": 5}', b'{"texto": "x"}', b'{"text": "  "}', b"[1]", b'{"text": "\\ud800"}',
           b'{"text": "a\xff"}', b"[" * 100_000]  # fmt: skip
    (tmp_path / "a.jsonl").write_bytes(good + b"\n".join(bad) + b"\n\n" + good)
    texts, tally = read(tmp_path / "a.jsonl")
    assert [t.text for t in texts] == SENTENCES * 2
    assert tally.broken == len(bad)


def test_a_line_that_is_longer_than_any_record_is_passed_over(tmp_path, monkeypatch) -> None:
    from latam_edge.train import readers

    monkeypatch.setattr(readers, "LINE_BYTES", 300)
    (tmp_path / "a.jsonl").write_bytes(jsonl([SENTENCES[0], "x" * 1000, SENTENCES[1]]))
    texts, tally = read(tmp_path / "a.jsonl")
    assert [t.text for t in texts] == SENTENCES[:2]
    assert tally.broken == 1


@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
def test_a_file_that_was_not_copied_whole_gives_what_there_is(tmp_path, ending) -> None:
    rng = np.random.default_rng(0)
    many = ["".join(rng.choice(list("abcdefgh "), 400)) for _ in range(2000)]
    path = tmp_path / f"a.jsonl{ending}"
    packed(path, jsonl(many))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    texts, tally = read(path)
    assert 0 < len(texts) < 2000
    assert [t.text for t in texts] == many[: len(texts)]
    assert tally.cut or tally.broken


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("foto.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("windows.txt", ("¿Qué pasó mañana en la región? " * 40).encode("cp1252")),
        ("a.jsonl.xz", b"this is no xz at all"),
        ("a.jsonl.gz", b"nor is this gzip"),
        ("a.jsonl.zst", b"nor this zstandard"),
        ("a.parquet", b"PAR1 or not"),
    ],
)
def test_a_file_that_is_no_text_is_refused_by_name(tmp_path, name, data) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(NotText, match=name):
        read(tmp_path / name)


def test_a_parquet_file_without_text_names_its_columns(tmp_path) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table({"body": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(NotText, match="body"):
        read(tmp_path / "a.parquet")


def test_a_long_text_file_is_read_in_pieces_of_one_document(tmp_path) -> None:
    paragraphs = [f"Párrafo número {n}. " + SENTENCES[0] * 3 for n in range(400)]
    (tmp_path / "novela.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")
    texts, _ = read(tmp_path / "novela.txt")
    assert len(texts) > 2
    assert "\n\n".join(t.text for t in texts).split("\n\n") == paragraphs
    assert len({document_key(t) for t in texts}) == 1


def test_a_text_without_line_ends_is_cut_between_letters(tmp_path) -> None:
    whole = "ñandú→" * 20_000
    (tmp_path / "a.txt").write_text("\ufeff" + whole, encoding="utf-8")
    texts, tally = read(tmp_path / "a.txt")
    assert "".join(t.text for t in texts) == whole
    assert tally.broken == 0


# --- finding files -------------------------------------------------------------------------


def folder(base: Path) -> Path:
    for name in ("text/es/eltec-00.jsonl", "text/pt/news.jsonl", "text/es/README.md", "heldout/es.jsonl"):
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(jsonl(SENTENCES))
    return base


def test_files_are_found_by_pattern_with_the_language_of_their_folder(tmp_path) -> None:
    found = find_files(folder(tmp_path), ["text/*/*", "heldout/*"])
    assert [(f.name, f.lang, f.stem) for f in found] == [
        ("heldout/es.jsonl", "es", "es"),
        ("text/es/eltec-00.jsonl", "es", "eltec-00"),
        ("text/pt/news.jsonl", "pt", "news"),
    ]


def test_a_folder_without_texts_and_a_name_that_is_none_are_refused(tmp_path) -> None:
    base = folder(tmp_path)
    with pytest.raises(EmptyCorpus, match="nada"):
        find_files(base, ["nada/*"])
    with pytest.raises(EmptyCorpus):
        find_files(tmp_path / "absent", ["text/*/*"])
    with pytest.raises(FileMissing):
        find_files(base, ["text/es/absent.jsonl"])
    with pytest.raises(NotText, match=r"README\.md"):
        find_files(base, ["text/es/README.md"])


def test_the_option_wins_over_the_variable_and_that_over_the_recipe(monkeypatch) -> None:
    monkeypatch.delenv("LATAM_EDGE_CORPUS", raising=False)
    assert corpus_folder("/receta") == Path("/receta")
    monkeypatch.setenv("LATAM_EDGE_CORPUS", "/variable")
    assert corpus_folder("/receta") == Path("/variable")
    assert corpus_folder("/receta", "/opcion") == Path("/opcion")


def test_the_first_pattern_that_fits_gives_the_weight() -> None:
    weights = {"eltec-*": 0.3, "*": 2.0}
    assert weight_of(weights, "eltec-spa-00") == 0.3
    assert weight_of(weights, "news") == 2.0
    assert weight_of({"eltec-*": 0.3}, "news") == 1.0


# --- holding out ---------------------------------------------------------------------------


def test_pieces_of_a_document_stay_together_and_so_do_copies() -> None:
    one, other = Text("Uno.", "es", "novela#1"), Text("Dos.", "es", "novela#2")
    assert document_key(one) == document_key(other)
    copies = Text("¡Árbol, río!", "es", "a.jsonl"), Text("arbol rio", "pt", "b.jsonl")
    assert document_key(copies[0]) == document_key(copies[1])
    held_out = HeldOut(0.3)
    share = np.mean([held_out.holds(Text(f"texto {n}", "es", "a")) for n in range(4000)])
    assert share == pytest.approx(0.3, abs=0.03)


def test_what_a_held_out_text_says_is_taken_out_of_training() -> None:
    shared = "Un párrafo que dos ediciones de la misma novela tienen palabra por palabra, "
    shared += "con sus comas y todo, y que es largo."
    held_out = HeldOut(0.0)
    held_out.remember(Text(f"Propio.\n\n{shared}", "es", "a#1"))
    held_out.remember(Text("Corto y apartado.", "es", "b"))
    again = shared.upper().replace(",", " ;")
    assert held_out.cleaned(f"Antes.\n\n{again}\n\nDespués.").split() == ["Antes.", "Después."]
    assert held_out.cleaned("¡Corto, y apartado!") == ""
    assert held_out.cleaned("Otra cosa.") == "Otra cosa."
    assert held_out.removed_paragraphs == 2


# --- tokens on disk ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer")
    tok.save_tokenizer(tok.train_tokenizer(SENTENCES * 20, 400), path)
    return path


@pytest.fixture
def texts() -> list[str]:
    return [f"{n} {SENTENCES[n % 3]} {'y más ' * (n % 40)}" for n in range(120)]


def corpus_file(base: Path, texts: list[str], name: str = "a.jsonl") -> CorpusFile:
    (base / name).write_bytes(jsonl(texts))
    return CorpusFile(base / name, name, "es")


def decoded(tokenizer: Tokenizer, file: token_cache.TokenFile) -> list[str]:
    begins = [0, *file.ends[:-1].tolist()]
    return [
        tokenizer.decode(file.tokens[b + 1 : e - 1].tolist(), skip_special_tokens=False)
        for b, e in zip(begins, file.ends.tolist(), strict=True)
    ]


def test_cached_tokens_are_the_texts_that_are_not_held_out(tmp_path, tokenizer_folder, texts) -> None:
    file = corpus_file(tmp_path, texts)
    held_out = HeldOut(0.2)
    apart = [t.text for t in token_cache.held_out_texts([file], held_out, silent, everything=False)]
    (entry,) = token_cache.tokenize_files([file], tokenizer_folder, held_out, silent, tmp_path / "cache")
    kept = decoded(tok.load_tokenizer(tokenizer_folder), token_cache.open_entry(entry))
    assert 5 < len(apart) < 60
    assert sorted(kept + apart) == sorted(texts)


def test_the_cache_is_used_again_until_text_tokenizer_or_held_out_change(
    tmp_path, tokenizer_folder, texts
) -> None:
    file, cache = corpus_file(tmp_path, texts), tmp_path / "cache"

    def entry(held_out: HeldOut | None = None, folder: Path = tokenizer_folder) -> Path:
        return token_cache.tokenize_files([file], folder, held_out or HeldOut(0), silent, cache)[0]

    first = entry()
    stamp = (first / "tokens.npy").stat().st_mtime_ns
    assert entry() == first
    assert (first / "tokens.npy").stat().st_mtime_ns == stamp
    assert entry(HeldOut(0.2)) != first
    other = tmp_path / "other"
    tok.save_tokenizer(tok.train_tokenizer(SENTENCES, 300), other)
    assert entry(folder=other) != first
    corpus_file(tmp_path, texts[1:])
    assert entry() != first
    assert not list(cache.glob(".*")), "nothing half-written is left"


def test_a_full_disk_leaves_no_half_entry(tmp_path, tokenizer_folder, texts, monkeypatch) -> None:
    import errno

    from latam_edge.core.errors import DiskFull

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(token_cache.np, "save", full)
    with pytest.raises(DiskFull):
        token_cache.tokenize_files(
            [corpus_file(tmp_path, texts)], tokenizer_folder, HeldOut(0), silent, tmp_path / "cache"
        )
    assert list((tmp_path / "cache").iterdir()) == []


def test_rows_of_spans_learn_every_token_once(tmp_path, tokenizer_folder, texts) -> None:
    file = corpus_file(tmp_path, texts)
    (entry,) = token_cache.tokenize_files([file], tokenizer_folder, HeldOut(0), silent, tmp_path / "cache")
    opened = token_cache.open_entry(entry)
    rows = SpanRows(opened, "es", 32)
    taken = rows.take(np.arange(len(rows)))
    learnt = [
        int(taken.tokens[r, c + 1])
        for r in range(len(rows))
        for c in range(31)
        if taken.segment[r, c] == taken.segment[r, c + 1] != 0
    ]
    bos = tok.load_tokenizer(tokenizer_folder).token_to_id(tok.BOS)
    expected = [t for t in opened.tokens.tolist() if t != bos]
    assert sorted(learnt) == sorted(expected)
    assert rows.learnt == pytest.approx(float((taken.segment != 0).mean()))
    assert rows.learnt > 0.9


def test_pieces_of_documents_learn_every_token_once_too(tokenizer_folder, texts) -> None:
    tokenizer = tok.load_tokenizer(tokenizer_folder)
    whole = list(documents.encode_texts(tokenizer, texts))
    pieces = list(documents.in_pieces(whole, 16))
    assert max(len(p.tokens) for p in pieces) <= 16
    assert sum(len(p.tokens) - 1 for p in pieces) == sum(len(d.tokens) - 1 for d in whole)


def test_joined_sources_give_each_its_own_rows(tmp_path, tokenizer_folder, texts) -> None:
    file = corpus_file(tmp_path, texts)
    (entry,) = token_cache.tokenize_files([file], tokenizer_folder, HeldOut(0), silent, tmp_path / "cache")
    spans = SpanRows(token_cache.open_entry(entry), "es", 32)
    docs = documents.encode_texts(tok.load_tokenizer(tokenizer_folder), texts[:9])
    plain = packing.pack(documents.in_pieces(docs, 32), 32)
    both = JoinedRows([plain, spans])
    picked = np.array([len(plain) + 3, 0, len(plain), 2])
    taken = both.take(picked)
    assert np.array_equal(taken.tokens[1], plain.tokens[0])
    assert np.array_equal(taken.tokens[0], spans.take(np.array([3])).tokens[0])
    assert np.array_equal(taken.segment[2], spans.take(np.array([0])).segment[0])
    assert len(both) == len(plain) + len(spans)


# --- order ---------------------------------------------------------------------------------


def test_rows_come_as_often_as_they_weigh() -> None:
    weights = np.array([0.25] * 40 + [1.0] * 40 + [2.5] * 40 + [0.0] * 40)
    order = Weighted(weights, seed=3)
    epochs = 8
    steps = int(weights.sum()) * epochs // 10
    counts = np.bincount(np.concatenate([order(step, 10) for step in range(steps)]), minlength=160)
    assert counts[:40].tolist() == [2] * 40
    assert counts[40:80].tolist() == [8] * 40
    assert counts[80:120].tolist() == [20] * 40
    assert counts[120:].sum() == 0


def test_any_step_can_be_asked_for_first() -> None:
    weights = np.random.default_rng(0).random(50)
    forward = Weighted(weights, seed=1)
    walked = [forward(step, 7).tolist() for step in range(40)]
    assert Weighted(weights, seed=1)(39, 7).tolist() == walked[39]
    assert forward(3, 7).tolist() == walked[3]
    assert Weighted(weights, seed=2)(39, 7).tolist() != walked[39]


def test_equal_weights_are_a_plain_shuffle_and_a_course_changes_over() -> None:
    even = np.concatenate([Weighted(np.ones(30), 5)(step, 10) for step in range(3)])
    assert sorted(even.tolist()) == list(range(30))
    late = Course([(0, Shuffled(10, 1)), (4, Weighted(np.array([0.0] * 9 + [1.0]), 1))])
    assert late(3, 2).tolist() == Shuffled(10, 1)(3, 2).tolist()
    assert late(4, 2).tolist() == [9, 9]


def test_weights_that_leave_nothing_are_refused() -> None:
    with pytest.raises(ValueError):
        Weighted(np.zeros(4), 0)
