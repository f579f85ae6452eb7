"""Predictions as they are read and checked: retrieval that finds nothing, tags of any length, many rows in little."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from claimcheck.foundation.errors import UnreadableInputError
from reproduce.data.sampling import some_items
from reproduce.specs import EvaluateJob, FilesData, LocalEncoder, Probe
from reproduce.tasks.metrics import metric
from reproduce.verdicts import predictions
from reproduce.verdicts.gold import GoldPart
from reproduce.verdicts.permuted import by_chance, dealt_out
from reproduce.verdicts.predictions import Mismatch, check_labels, read
from reproduce.verdicts.reaction import reacts
from reproduce.verdicts.scored import scored

Rows = list[dict[str, Any]]
ENCODER = LocalEncoder(sha256="a" * 64)


def row(number: int, label: Any, prediction: Any, language: str = "zh", **more: Any) -> dict[str, Any]:
    return {"id": f"s{number}", "language": language, "label": label, "prediction": prediction} | more


def write(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path = folder / "predictions.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows))
    return path


def mined(count: int, every: int = 50, found: int = 100) -> Rows:
    """BUCC: few sentences have a translation, fewer are found, some wrongly."""
    rows = []
    for i in range(count):
        label = f"en-{i}" if i % every == 0 else None
        prediction = f"en-{i}" if i % found == 0 else f"en-{i + 1}" if i % found == 7 else None
        rows.append(row(i, label, prediction))
    return rows


def evaluation(task: str = "bucc", languages: tuple[str, ...] = ("zh",), items: int | None = None) -> EvaluateJob:
    probe = Probe(layer=1) if task == "bucc" else None
    return EvaluateJob(model=ENCODER, task=task, data=FilesData(), languages=languages, items=items, probe=probe)


# --- reading


def test_a_file_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(i, ["B-PER", "O"], ["O", "O"], "en" if i % 2 else "de", score=i / 7) for i in range(300)]
    path = write(tmp_path, rows)
    whole = read(path)
    monkeypatch.setattr(predictions, "_BLOCK", 200)
    assert read(path) == whole == rows
    monkeypatch.setattr(predictions, "_LARGE", 0)
    compact = read(path)
    assert compact == rows
    assert len({id(tag) for one in compact for tag in one["label"]}) == 2


def test_an_item_that_stands_twice_is_seen_across_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(i, "a", "b") for i in range(100)]
    path = write(tmp_path, [*rows, {**rows[0], "language": "de"}])
    assert len(read(path)) == 101  # another language's
    write(tmp_path, [*rows, rows[0]])
    monkeypatch.setattr(predictions, "_BLOCK", 500)
    with pytest.raises(UnreadableInputError, match="'s0' stands twice in language 'zh'"):
        read(path)


@pytest.mark.parametrize("text", ["", "\n\n", "{}\n", "[1]\n", '{"id": "1"}\n', "\xff"])
def test_what_is_no_row(tmp_path: Path, text: str) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UnreadableInputError, match=r"predictions\.jsonl"):
        read(path)


# --- labels


def test_nothing_is_a_label_too() -> None:
    rows = mined(200)
    gold = {"zh": GoldPart("f" * 64, {one["id"]: one["label"] for one in rows})}
    check_labels(evaluation(), rows, {"zh": 200}, gold)
    for label in ("", "null", False, 0, []):
        changed = [{**rows[0]}, {**rows[1], "label": label}, *rows[2:]]
        with pytest.raises(Mismatch, match="labels_edited"):
            check_labels(evaluation(), changed, {"zh": 200}, gold)
    with pytest.raises(Mismatch, match="row_count"):
        check_labels(evaluation(), rows[:-1], {"zh": 200}, gold)
    drawn = [rows[number] for number in some_items([one["id"] for one in rows], 50)]
    check_labels(evaluation(items=50), drawn, {"zh": 50}, gold)
    with pytest.raises(Mismatch, match="row_count"):
        check_labels(evaluation(items=50), rows[:50], {"zh": 50}, gold)


@pytest.mark.parametrize(
    ("label", "right", "same"),
    [
        (["A", "B"], ("A", "B"), True),
        (["A"], ("A", "B"), False),
        ("A", ("A",), False),
        (1, 1, True),
        (1, 1.0, False),
        (True, 1, False),
        ("1", 1, False),
    ],
)
def test_labels_are_the_same_as_json(label: Any, right: Any, same: bool) -> None:
    job = evaluation("xnli", ("en",))
    rows, gold = [row(0, label, "x", "en")], {"en": GoldPart("f" * 64, {"s0": right})}
    if same:
        check_labels(job, rows, {"en": 1}, gold)
    else:
        with pytest.raises(Mismatch, match="labels_edited"):
            check_labels(job, rows, {"en": 1}, gold)


def test_a_hundred_thousand_sentences(tmp_path: Path) -> None:
    rows = mined(100_000)
    path = write(tmp_path, rows)
    gold = {"zh": GoldPart("f" * 64, {one["id"]: one["label"] for one in rows})}
    del rows
    begun = time.process_time()
    found = read(path)
    check_labels(evaluation(), found, {"zh": 100_000}, gold)
    assert reacts("bucc_f1", found)
    result = scored(found, ["bucc_f1"])
    assert time.process_time() - begun < 15  # seconds, on a busy machine; it takes 1 on an idle one
    part = result.by_metric["bucc_f1"]["zh"]
    assert part.score == pytest.approx(2 * 1000 / (2000 + 2000), abs=0.01)


def test_memory_of_tags_is_that_of_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = ["NOUN", "VERB", "ADP", "DET"] * 5
    path = write(tmp_path, [row(i, tags, tags, "en") for i in range(5_000)])
    monkeypatch.setattr(predictions, "_LARGE", 0)
    tracemalloc.start()
    found = read(path)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / len(found) < 1_300  # bytes: 400,000 of them take half a GiB


# --- what must not misfire


def test_mining_that_finds_next_to_nothing_reacts() -> None:
    assert reacts("bucc_f1", mined(20_000, every=5_000, found=10_000))
    assert reacts("bucc_f1", [row(i, f"en-{i}" if i < 3 else None, None) for i in range(50_000)])
    assert not reacts("bucc_f1", [row(i, None, None) for i in range(1_000)])


def test_tags_of_unequal_length_react() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for i in range(120):
        gold = [str(tag) for tag in rng.choice(["B-PER", "O", "O", "B-LOC"], size=1 + i % 9)]
        rows.append(row(i, gold, [tag if rng.random() < 0.7 else "O" for tag in gold]))
    assert reacts("span_f1", rows)
    assert reacts("token_accuracy", rows)


def test_two_models_that_find_nothing_are_no_copies() -> None:
    nothing = [row(i, f"en-{i}" if i % 50 == 0 else None, None) for i in range(2_000)]
    assert not scored(nothing, ["bucc_f1"]).telling
    few = [{**one, "prediction": "en-1" if i < 3 else None} for i, one in enumerate(nothing)]
    assert not scored(few, ["bucc_f1"]).telling
    assert scored(mined(4_000), ["bucc_f1"]).telling
    with_scores = [{**one, "score": 1.0 + i / 7} for i, one in enumerate(few)]
    assert scored(with_scores, ["bucc_f1"]).telling


# --- chance


def classes(count: int, share: float, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    names = ["entailment", "neutral", "contradiction"]
    gold = [names[i % 3] for i in range(count)]
    return [row(i, one, one if rng.random() < share else names[rng.integers(3)]) for i, one in enumerate(gold)]


def test_chance_is_what_the_same_answers_score_in_another_order() -> None:
    rows = classes(3_000, 0.5)
    assert metric("accuracy")(rows) == pytest.approx(2 / 3, abs=0.03)
    assert by_chance("accuracy", rows) == pytest.approx(1 / 3, abs=0.02)
    collapsed = [{**one, "prediction": "neutral"} for one in rows]
    assert by_chance("accuracy", collapsed) == metric("accuracy")(collapsed) == pytest.approx(1 / 3)
    retrieved = [row(i, f"en-{i}", f"en-{i}") for i in range(1_000)]
    assert by_chance("retrieval_accuracy", retrieved) == pytest.approx(0.001, abs=0.002)
    assert by_chance("accuracy", rows) == by_chance("accuracy", rows)


def test_tags_are_dealt_out_among_words() -> None:
    rows = [row(i, ["O"] * n, ["B-PER", *["O"] * (n - 1)]) for i, n in enumerate([1, 4, 2, 7, 1])]
    dealt = dealt_out(rows, np.random.default_rng(0))
    assert [len(one["prediction"]) for one in dealt] == [1, 4, 2, 7, 1]
    assert sorted(tag for one in dealt for tag in one["prediction"]) == ["B-PER"] * 5 + ["O"] * 10
    assert [one["label"] for one in dealt] == [one["label"] for one in rows]


def test_chance_is_kept_with_the_score_where_it_is_asked_for() -> None:
    rows = classes(600, 0.5)
    assert scored(rows, ["accuracy"]).by_metric["accuracy"]["zh"].chance is None
    part = scored(rows, ["accuracy"], with_chance=True).by_metric["accuracy"]["zh"]
    assert part.chance == pytest.approx(1 / 3, abs=0.05)
