"""Retrieval: the nearest, mined pairs, thresholds that are not fitted on what they judge, sweeps, few layers run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from claimcheck.foundation.errors import InputError, UsageError
from reproduce.data.dataset import Dataset, Item, Ragged
from reproduce.model.encoder import Batch, Encoder, EncoderConfig
from reproduce.model.packing import pack
from reproduce.runner import Preempted
from reproduce.specs import Probe
from reproduce.tasks import metrics, task
from reproduce.training import mining, retrieval
from reproduce.training.mining import half_of, nearest

WORDS = 200
MEAN = Probe(layer=0)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    config = EncoderConfig(vocab_size=WORDS, hidden=32, layers=2, heads=2, feed_forward=64, positions=32)
    return Encoder(config, torch.Generator().manual_seed(0)).eval()


def comparable(seed: int, count: int = 120, language: str = "zh") -> Dataset:
    """Sentences of which every third has a translation in the pool: the same words, some of them other ones."""
    random = np.random.default_rng(seed)
    queries = [random.integers(4, WORDS, size=random.integers(5, 12)).tolist() for _ in range(count)]
    pool = [random.integers(4, WORDS, size=random.integers(5, 12)).tolist() for _ in range(count)]
    gold: dict[int, int] = {}
    for row, place in zip(range(0, count, 3), random.permutation(count), strict=False):
        changed = random.random(len(queries[row])) < random.uniform(0, 0.8)  # some translations are hard to see
        words = np.where(changed, random.integers(4, WORDS, size=len(changed)), queries[row])
        pool[place], gold[row] = words.tolist(), int(place)
    items = tuple(Item(f"{language}-{n:09}", f"en-{gold[n]:09}" if n in gold else None) for n in range(count))
    ids = tuple(f"en-{place:09}" for place in range(count))
    side = [Ragged.from_rows([0, *words, 2] for words in rows) for rows in (queries, pool)]
    return Dataset("bucc", language, "test", side[0], None, items, pool=side[1], pool_ids=ids)


def found(encoder: Encoder, dataset: Dataset, probe: Probe, name: str = "bucc", **settings: Any) -> retrieval.Retrieved:
    should_stop: Callable[[], bool] = settings.pop("should_stop", lambda: False)
    examples = settings.pop("examples", np.arange(dataset.examples))
    device = torch.device("cpu")
    return retrieval.retrieve(encoder, task(name), dataset, examples, probe, device, should_stop, **settings)


def with_labels(dataset: Dataset, labels: dict[str, Any]) -> Dataset:
    return replace(dataset, items=tuple(Item(item.id, labels[item.id]) for item in dataset.items))


# --- the nearest


def test_the_nearest_is_by_cosine_the_first_of_equals() -> None:
    pool = np.array([[0.0, 9.0], [1.0, 1.0], [5.0, 5.0], [-1.0, 0.0]], dtype=np.float32)
    queries = np.array([[2.0, 2.0], [0.0, 0.1], [-3.0, 0.1]], dtype=np.float32)
    places, cosines = nearest(queries, pool)
    assert places.tolist() == [1, 0, 3]
    assert cosines.tolist() == pytest.approx([1.0, 1.0, 0.99944], abs=1e-4)


def test_more_queries_than_fit_at_once_find_themselves() -> None:
    vectors = np.random.default_rng(0).normal(size=(2500, 8)).astype(np.float32)
    assert nearest(vectors, vectors)[0].tolist() == list(range(2500))


def test_the_nearest_sentence_answers_every_query(encoder: Encoder) -> None:
    dataset = comparable(0)
    rows = found(encoder, dataset, MEAN, "tatoeba").rows
    assert [row["id"] for row in rows] == [item.id for item in dataset.items]
    assert all(row["prediction"] in dataset.pool_ids and 0 < row["score"] <= 1 for row in rows)
    right = [row["prediction"] == row["label"] for row in rows if row["label"] is not None]
    assert 0.6 < np.mean(right) < 1


def test_only_the_layers_that_are_read_are_run(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = comparable(0)
    before = found(encoder, dataset, Probe(layer=1), "tatoeba").rows

    def fails(*_: object) -> None:
        raise AssertionError("the second layer was run")

    monkeypatch.setattr(encoder.layers[1], "forward", fails)
    assert found(encoder, dataset, Probe(layer=1), "tatoeba").rows == before
    with pytest.raises(AssertionError, match="the second layer was run"):
        found(encoder, dataset, Probe(layer=2), "tatoeba")


def test_hidden_states_of_the_first_layers(encoder: Encoder) -> None:
    batch = Batch.of(pack(comparable(0).tokens, range(9)))
    with torch.no_grad():
        everything = encoder.hidden_states(batch)
        assert len(everything) == 3
        for layers in range(3):
            some = encoder.hidden_states(batch, layers)
            assert len(some) == layers + 1
            assert all(torch.equal(a, b) for a, b in zip(some, everything, strict=False))


# --- mining


def test_mining_finds_pairs_and_says_null_where_there_is_none(encoder: Encoder) -> None:
    dataset = comparable(0)
    answer = found(encoder, dataset, MEAN)
    rows = answer.rows
    assert [row["id"] for row in rows] == [item.id for item in dataset.items]
    assert [row["label"] for row in rows] == [item.label for item in dataset.items]
    said = [row["prediction"] for row in rows if row["prediction"] is not None]
    assert len(set(said)) == len(said) < 60
    assert metrics.score("bucc_f1", rows) > 0.6
    for row in rows:
        threshold = answer.thresholds[half_of(row["id"])]
        assert (row["prediction"] is not None) == (row["score"] is not None and row["score"] >= threshold)


def test_a_half_is_never_judged_by_a_threshold_that_saw_its_labels(encoder: Encoder) -> None:
    dataset = comparable(0)
    before = found(encoder, dataset, MEAN)
    for own in (0, 1):
        blind = {i.id: (None if half_of(i.id) == own else i.label) for i in dataset.items}
        blind |= {name: "en-000000001" for name in list(blind)[:9] if half_of(name) == own}
        after = found(encoder, with_labels(dataset, blind), MEAN)
        pairs = list(zip(before.rows, after.rows, strict=True))
        assert all(a["prediction"] == b["prediction"] for a, b in pairs if half_of(a["id"]) == own)
        # and it is the other half's that rests on these labels
        assert after.thresholds[own] == before.thresholds[own]
        assert after.thresholds[1 - own] != before.thresholds[1 - own]


def test_the_threshold_of_dev_rests_on_dev_alone(encoder: Encoder) -> None:
    dataset, dev = comparable(0), comparable(1)
    probe = Probe(layer=0, threshold="dev")
    answer = found(encoder, dataset, probe, dev=(dev, np.arange(dev.examples)))
    (threshold,) = answer.thresholds
    (fitted,) = found(encoder, dev, Probe(layer=0, threshold="gold")).thresholds
    assert threshold == fitted
    blind = with_labels(dataset, {item.id: None for item in dataset.items})
    again = found(encoder, blind, probe, dev=(dev, np.arange(dev.examples)))
    assert [row["prediction"] for row in again.rows] == [row["prediction"] for row in answer.rows]
    with pytest.raises(UsageError, match="fitted on dev, and there are no dev data"):
        found(encoder, dataset, probe)


def test_the_threshold_of_gold_is_the_best_there_is(encoder: Encoder) -> None:
    dataset = comparable(0)
    answer = found(encoder, dataset, Probe(layer=0, threshold="gold"))
    best = metrics.score("bucc_f1", answer.rows)
    assert best >= metrics.score("bucc_f1", found(encoder, dataset, MEAN).rows)
    everything = found(encoder, with_labels(dataset, {i.id: None for i in dataset.items}), MEAN)
    labels = {item.id: item.label for item in dataset.items}
    scores = sorted(row["score"] for row in everything.rows if row["score"] is not None)
    assert everything.thresholds == (0.0, 0.0)  # nothing is right: no pair is worse than another
    for threshold in scores:
        rows = [
            row | {"label": labels[row["id"]], "prediction": row["prediction"] if row["score"] >= threshold else None}
            for row in everything.rows
            if row["score"] is not None
        ]
        rows += [row | {"label": labels[row["id"]]} for row in everything.rows if row["score"] is None]
        assert metrics.score("bucc_f1", rows) <= best + 1e-12


def test_equal_sentences_are_one_and_known_by_the_first(encoder: Encoder) -> None:
    dataset = comparable(0)
    assert dataset.pool is not None
    queries, pool = dataset.tokens.take([*range(120), 0, 0]), dataset.pool.take([*range(120), *range(120)])
    items = (*dataset.items, Item("zh-copy-1", None), Item("zh-copy-2", dataset.items[0].label))
    ids = (*dataset.pool_ids, *(f"copy-{name}" for name in dataset.pool_ids))
    copied = replace(dataset, tokens=queries, pool=pool, items=items, pool_ids=ids)
    probe = Probe(layer=0, threshold="gold")
    before, after = found(encoder, dataset, probe).rows, found(encoder, copied, probe).rows
    # neighbours and margins are as if nothing stood twice
    assert [(row["prediction"], row["score"]) for row in after[:120]] == [
        (row["prediction"], row["score"]) for row in before
    ]
    assert [(row["prediction"], row["score"]) for row in after[120:]] == [(None, None)] * 2


def test_some_items_are_mined_in_the_whole_pool(encoder: Encoder) -> None:
    dataset = comparable(0)
    rows = found(encoder, dataset, MEAN, examples=np.arange(30)).rows
    assert [row["id"] for row in rows] == [item.id for item in dataset.items[:30]]
    assert any(row["prediction"] == row["label"] is not None for row in rows)


# --- sweeps


@pytest.mark.parametrize("name", ["tatoeba", "bucc"])
@pytest.mark.parametrize("own", [Probe(layer=1), Probe(layer=2, special_tokens=False), Probe(layer=0, pooling="first")])
def test_a_sweep_scores_every_layer_and_alters_nothing(encoder: Encoder, name: str, own: Probe) -> None:
    dataset = comparable(0)
    alone = found(encoder, dataset, own, name)
    swept = found(encoder, dataset, own.model_copy(update={"sweep": True}), name)
    assert (swept.rows, swept.thresholds) == (alone.rows, alone.thresholds)
    assert not alone.sweep
    assert {view.layer for view in swept.sweep} == {0, 1, 2}
    # BUCC's pools are large: there only the probe's own pooling is swept
    assert len(swept.sweep) == (3 if name == "bucc" else 9)
    for view, score in swept.sweep.items():
        again = found(encoder, dataset, own.model_copy(update=view._asdict()), name)
        assert score == metrics.score(task(name).metric, again.rows)


def test_a_sweep_in_several_passes_is_the_same(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, probe = comparable(0), Probe(layer=1, sweep=True)
    whole = found(encoder, dataset, probe, "tatoeba")
    kept: list[int] = []
    embed = retrieval.embed

    def counted(*args: Any, **settings: Any) -> Any:
        vectors = embed(*args, **settings)
        kept.append(sum(part.nbytes for part in vectors.values()))
        return vectors

    monkeypatch.setattr(retrieval, "embed", counted)
    limit = 5 * 240 * 32 * 4  # five of the nine views
    monkeypatch.setattr(retrieval, "_SWEEP_BYTES", limit)
    shares: list[float] = []
    parts = found(encoder, dataset, probe, "tatoeba", report=shares.append)
    assert (parts.rows, parts.sweep) == (whole.rows, whole.sweep)
    assert len(kept) == 4  # two passes over queries and pool
    assert max(a + b for a, b in zip(kept[::2], kept[1::2], strict=True)) <= limit
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_the_table_of_a_sweep(encoder: Encoder) -> None:
    scores = {
        code: found(encoder, comparable(seed, language=code), Probe(layer=1, sweep=True), "tatoeba").sweep
        for seed, code in enumerate(("de", "zh"))
    }
    text, table = retrieval.sweep_table("tatoeba", "test", "retrieval_accuracy", scores)
    content = json.loads(text)
    assert content["note"] == "no verdict rests on a sweep"
    assert len(content["rows"]) == 9
    row = content["rows"][0]
    view = retrieval.View(row["layer"], row["pooling"], row["special_tokens"])
    assert row["scores"] == {code: scores[code][view] for code in ("de", "zh")}
    assert row["mean"] == pytest.approx(sum(row["scores"].values()) / 2)
    head, names, *lines = table.splitlines()
    assert "tatoeba (test): retrieval_accuracy in percent, mean over 2 languages; no verdict rests on it" in head
    assert names.split() == ["layer", "mean", "mean", "of", "words", "first", "token"]
    means = {(r["layer"], r["pooling"], r["special_tokens"]): f"{100 * r['mean']:.1f}" for r in content["rows"]}
    assert [line.split() for line in lines] == [
        [str(n), means[n, "mean", True], means[n, "mean", False], means[n, "first", True]] for n in range(3)
    ]


# --- errors


def test_what_cannot_be_searched(encoder: Encoder) -> None:
    dataset = comparable(0)
    with pytest.raises(InputError, match="bucc, zh: there are no sentences to search"):
        found(encoder, replace(dataset, pool=Ragged.from_rows([]), pool_ids=()), MEAN)
    with pytest.raises(UsageError, match=r"the probe reads layer 3; choose a layer from 0 \(embeddings\) to 2"):
        found(encoder, dataset, Probe(layer=3))
    with pytest.raises(Preempted):
        found(encoder, dataset, MEAN, should_stop=lambda: True)


def test_mining_runs_under_torchs_deterministic_mode(encoder: Encoder) -> None:
    mode = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("error")
    try:
        first, second = (found(encoder, comparable(0), MEAN) for _ in range(2))
    finally:
        torch.set_deterministic_debug_mode(mode)
    assert first == second
    assert mining.NEIGHBOURS == 4
