"""Packed rows: nothing lost, and no document that sees or learns from another."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latam_edge.train import architecture, packing, trainer
from latam_edge.train.documents import Document, shuffled
from latam_edge.train.recipe import Model, Stage

# Two threads that wait for each other on a busy machine take minutes for what one does in a second.
torch.set_num_threads(1)

SHAPE = Model(layers=2, width=32, heads=2, kv_heads=1, feed_forward=64)
VOCABULARY = 300


def make_documents(count: int, seed: int = 0) -> list[Document]:
    rng = np.random.default_rng(seed)
    documents = []
    for size in rng.integers(3, 20, count):
        learn = np.arange(size) >= size // 2
        documents.append(Document(rng.integers(6, VOCABULARY, size).astype(np.uint16), learn))
    return documents


def test_packing_keeps_every_document_whole() -> None:
    documents = make_documents(300)
    rows = packing.pack(documents, 64)
    found = []
    for tokens, segment in zip(rows.tokens, rows.segment, strict=True):
        found += [tokens[segment == number].tolist() for number in range(1, segment.max() + 1)]
    assert sorted(found) == sorted(d.tokens.tolist() for d in documents)
    assert rows.fill > 0.9


def test_rows_survive_the_disk(tmp_path) -> None:
    rows = packing.pack(make_documents(50), 64)
    packing.save_rows(rows, tmp_path / "rows.npz")
    again = packing.load_rows(tmp_path / "rows.npz")
    for one, other in ((rows.tokens, again.tokens), (rows.segment, again.segment), (rows.learn, again.learn)):
        assert np.array_equal(one, other)


def test_targets_are_the_marked_tokens_of_the_same_document() -> None:
    documents = make_documents(40)
    rows = packing.pack(documents, 64)
    batch = trainer.make_batch(rows, np.arange(len(rows)), rows.tokens.size, torch.device("cpu"))
    learnt = int(batch.weight.sum())
    assert learnt == sum(int(d.learn[1:].sum()) for d in documents)
    flat_segment, flat_tokens = batch.segment.flatten(), batch.tokens.flatten()
    for place, target in zip(batch.place[:learnt].tolist(), batch.target[:learnt].tolist(), strict=True):
        assert flat_segment[place] == flat_segment[place + 1] != 0
        assert flat_tokens[place + 1] == target
    assert batch.weight[learnt:].sum() == 0


def test_every_document_begins_at_position_zero() -> None:
    rows = packing.pack(make_documents(40), 64)
    batch = trainer.make_batch(rows, np.arange(len(rows)), 64, torch.device("cpu"))
    for segment, position in zip(batch.segment, batch.position, strict=True):
        for number in range(1, int(segment.max()) + 1):
            mine = position[segment == number]
            assert mine.tolist() == list(range(len(mine)))


def test_a_document_in_a_full_row_has_the_logits_that_it_has_alone() -> None:
    documents = make_documents(6, seed=3)
    model = architecture.build(SHAPE, VOCABULARY, seed=1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(5)) * 0.1)
    rows = packing.pack(documents, 64)
    learn_all = packing.Rows(rows.tokens, rows.segment, np.ones_like(rows.learn))
    batch = trainer.make_batch(learn_all, np.arange(len(rows)), rows.tokens.size, torch.device("cpu"))
    with torch.no_grad():
        together = trainer.logits_at(model, batch)
    number = int(batch.segment.flatten()[batch.place[0]])
    first = rows.tokens[0][rows.segment[0] == number].astype(np.int64)
    with torch.no_grad():
        alone = model(input_ids=torch.from_numpy(first)[None]).logits[0]
    torch.testing.assert_close(together[: len(first) - 1], alone[:-1], atol=1e-4, rtol=1e-4)


def test_an_order_follows_from_the_seed() -> None:
    documents = make_documents(30)
    same = [shuffled(documents, 4), shuffled(documents, 4)]
    assert all(a is b for a, b in zip(*same, strict=True))
    assert any(a is not b for a, b in zip(same[0], shuffled(documents, 5), strict=True))


def test_each_epoch_visits_every_row_once() -> None:
    picked = np.concatenate([trainer.rows_of_step(step, 10, 4, seed=3) for step in range(5)])
    assert sorted(picked[:10].tolist()) == list(range(10))
    assert sorted(picked[10:].tolist()) == list(range(10))
    assert picked[:10].tolist() != picked[10:].tolist()


@pytest.mark.parametrize("steps", [1, 7, 1000])
def test_the_learning_rate_climbs_stays_and_falls_to_nearly_nothing(steps: int) -> None:
    from latam_edge.train.optimizer import rate

    stage = Stage(warmup=0.1, decay=0.5)
    course = [rate(step, steps, stage) for step in range(steps)]
    assert max(course) <= 1.0
    assert all(value > 0 for value in course)
    if steps == 1000:
        assert course[0] == pytest.approx(0.01)
        assert course[200] == 1.0
        assert course[-1] == pytest.approx(0.002)
