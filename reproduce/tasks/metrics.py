"""Metrics: from prediction rows, and nothing else, to a number between 0 and 1 (correlations: -1 and 1).

A row is what predictions.jsonl holds: {"id", "language", "label", "prediction"}. Every metric but Spearman's is a
function of sums over items, which is what the bootstrap over test items rests on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.errors import UnreadableInputError, UsageError
from reproduce.tasks import answers

__all__ = ["METRICS", "Metric", "Row", "check_rows", "metric", "per_language", "read_rows", "score", "spans"]

Row = Mapping[str, Any]
Array = NDArray[np.float64]

_FIELDS = ("id", "language", "label", "prediction")
# which of two classes F1 is of: the names that GLUE's paraphrase tasks use
_POSITIVE = frozenset({"equivalent", "duplicate", "paraphrase", "yes", "true", "1"})


@dataclass(frozen=True)
class Metric:
    """A metric; calling it with rows gives the number.

    `items` [items, sums] is what each row adds to the sums that `value` [..., sums] -> [...] makes the metric of; a
    metric that is no function of sums has `whole` instead. `missing` says whether a prediction may be null, which then
    is an answer: nothing was found.
    """

    name: str
    items: Callable[[Sequence[Row]], Array] | None = None
    value: Callable[[Array], Array] = lambda sums: _ratio(sums[..., 0], sums[..., 1])
    whole: Callable[[Sequence[Row]], float] | None = None
    missing: bool = False

    @property
    def is_additive(self) -> bool:
        """Whether the metric is a function of sums over items."""
        return self.items is not None

    def contributions(self, rows: Sequence[Row]) -> Array:
        """[items, sums]: what each row adds. Raises UsageError for a metric that is no function of sums."""
        if self.items is None:
            raise UsageError(f"{self.name} is no function of sums over items")
        check_rows(rows, missing=self.missing)
        return self.items(rows)

    def __call__(self, rows: Sequence[Row]) -> float:
        """The metric over all rows, of whatever language. Raises UnreadableInputError on rows it cannot score."""
        if self.whole is not None:
            check_rows(rows, missing=self.missing)
            return self.whole(rows)
        return float(self.value(self.contributions(rows).sum(axis=0)))


def metric(name: str) -> Metric:
    """The metric of that name. Raises UsageError."""
    try:
        return METRICS[name]
    except KeyError:
        raise UsageError(f"unknown metric '{name}'", todo=f"choose among {', '.join(sorted(METRICS))}") from None


def per_language(name: str, rows: Sequence[Row]) -> dict[str, float]:
    """The metric of each language, by code."""
    measure = metric(name)
    check_rows(rows, missing=measure.missing)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["language"], []).append(row)
    return {language: measure(groups[language]) for language in sorted(groups)}


def score(name: str, rows: Sequence[Row]) -> float:
    """The unweighted mean over languages, as XTREME's evaluate.py scores a task."""
    scores = per_language(name, rows)
    return sum(scores.values()) / len(scores)


def read_rows(data: bytes, where: str = "predictions.jsonl") -> tuple[dict[str, Any], ...]:
    """The rows of a predictions file. Raises UnreadableInputError that names the line."""
    rows = []
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UnreadableInputError("is not UTF-8", where=f"{where}, byte {error.start}") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise UnreadableInputError("is not a JSON object", where=f"{where}, line {number}") from None
        if not isinstance(row, dict):
            raise UnreadableInputError("is not a JSON object", where=f"{where}, line {number}")
        rows.append(row)
    check_rows(rows, where=where, missing=True)
    return tuple(rows)


def check_rows(rows: Sequence[Row], *, where: str = "predictions", missing: bool = False) -> None:
    """Raise UnreadableInputError on no rows, a missing field, an id that stands twice in a language, no prediction."""
    if not rows:
        raise UnreadableInputError("there are no rows", where=where)
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, start=1):
        place = f"{where}, row {number}"
        for field in _FIELDS:
            if field not in row:
                raise UnreadableInputError(f"has no '{field}'", where=place)
        name, language = row["id"], row["language"]
        if not (isinstance(name, str) and name and isinstance(language, str) and language):
            raise UnreadableInputError("'id' and 'language' must be words", where=place)
        if (language, name) in seen:
            raise UnreadableInputError(f"the id '{name}' stands twice in language '{language}'", where=place)
        seen.add((language, name))
        if row["prediction"] is None and not missing:
            raise UnreadableInputError(f"item '{name}' ({language}) has no prediction", where=place)


# --- classes, ids and numbers


def _text(value: Any, row: Row) -> Hashable:
    if isinstance(value, list | dict):
        raise UnreadableInputError("a class or an id must be a single value", where=f"item '{row['id']}'")
    result: Hashable = value
    return result


def _number(value: Any, row: Row) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise UnreadableInputError(f"{value!r} is not a number", where=f"item '{row['id']}'")
    return float(value)


def _correct(rows: Sequence[Row]) -> Array:
    right = [float(_text(row["label"], row) == _text(row["prediction"], row)) for row in rows]
    return np.column_stack([right, np.ones(len(rows))])


def _ratio(numerator: Array, denominator: Array) -> Array:
    """0 where there is nothing to divide by, as in seqeval: nothing was to be found and nothing was."""
    zeros = np.zeros(np.broadcast(numerator, denominator).shape)
    result: Array = np.divide(numerator, denominator, out=zeros, where=denominator > 0)
    return result


def _f1(sums: Array) -> Array:
    """Of true positives, false positives and false negatives."""
    hits = 2 * sums[..., 0]
    return _ratio(hits, hits + sums[..., 1] + sums[..., 2])


def _mined(rows: Sequence[Row]) -> Array:
    """BUCC: pairs found, wrongly found, missed; label and prediction are ids of sentences, null for no pair."""
    counts = np.zeros((len(rows), 3))
    for i, row in enumerate(rows):
        gold, found = _text(row["label"], row), _text(row["prediction"], row)
        right = found is not None and found == gold
        counts[i] = right, found is not None and not right, gold is not None and not right
    return counts


def _binary(rows: Sequence[Row]) -> Array:
    """[right, items, tp, fp, fn] of two classes, one of which has a name that says it is the positive one."""
    pairs = [tuple(str(_text(row[side], row)).lower() for side in ("label", "prediction")) for row in rows]
    classes = {name for pair in pairs for name in pair}
    positive = classes & _POSITIVE
    if len(classes) > 2 or len(positive) > 1 or (len(classes) == 2 and not positive):
        what = f"F1 needs two classes, one of them named {', '.join(sorted(_POSITIVE))}"
        raise UnreadableInputError(f"{what}; there are {', '.join(sorted(classes))}")
    counts = np.zeros((len(rows), 5))
    for i, (gold, said) in enumerate(pairs):
        a, b = gold in positive, said in positive
        counts[i] = a == b, 1, a and b, b and not a, a and not b
    return counts


def _f1_accuracy(sums: Array) -> Array:
    """The mean of F1 and accuracy, as GLUE scores MRPC and QQP (Wang et al. 2019, section 3)."""
    return (_ratio(sums[..., 0], sums[..., 1]) + _f1(sums[..., 2:])) / 2


def _confusion(rows: Sequence[Row]) -> Array:
    """[items, classes squared]: one cell of the table of gold by predicted classes each."""
    gold, said = ([str(_text(row[side], row)) for row in rows] for side in ("label", "prediction"))
    number = {name: i for i, name in enumerate(sorted({*gold, *said}))}
    cells = np.zeros((len(rows), len(number) ** 2))
    for i, (a, b) in enumerate(zip(gold, said, strict=True)):
        cells[i, number[a] * len(number) + number[b]] = 1
    return cells


def _matthews(sums: Array) -> Array:
    """R_K of any number of classes (Gorodkin 2004, equation 8); 0 where one side is constant."""
    classes = math.isqrt(sums.shape[-1])
    table = sums.reshape(*sums.shape[:-1], classes, classes)
    asked, said, total = table.sum(axis=-1), table.sum(axis=-2), sums.sum(axis=-1)
    covariance = np.trace(table, axis1=-2, axis2=-1) * total - (asked * said).sum(axis=-1)
    spread = (total**2 - (asked**2).sum(axis=-1)) * (total**2 - (said**2).sum(axis=-1))
    return _ratio(covariance, np.sqrt(np.maximum(spread, 0.0)))


def _numbers(rows: Sequence[Row]) -> tuple[Array, Array]:
    gold, said = (np.array([_number(row[side], row) for row in rows]) for side in ("label", "prediction"))
    return gold, said


def _moments(x: Array, y: Array) -> Array:
    """[items, 6]: 1, x, y, xx, yy, xy, in units of the range about the mean, so that squares keep their digits."""
    x, y = ((side - side.mean()) / (np.ptp(side) or 1.0) for side in (x, y))
    return np.column_stack([np.ones(len(x)), x, y, x * x, y * y, x * y])


def _pearson(sums: Array) -> Array:
    """Of the six moments; 0 where one side is constant."""
    n, x, y, xx, yy, xy = (sums[..., i] for i in range(6))
    spreads = [n * xx - x * x, n * yy - y * y]
    # what rounding leaves of a constant is no spread
    varied = (spreads[0] > 1e-12 * n * xx) & (spreads[1] > 1e-12 * n * yy)
    product = np.where(varied, spreads[0] * spreads[1], 0.0)
    return np.clip(_ratio(n * xy - x * y, np.sqrt(np.maximum(product, 0.0))), -1, 1)


def _ranks(values: Array) -> Array:
    """1 for the smallest; equal values share the mean of their ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    shared: Array = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return shared


def _spearman(rows: Sequence[Row]) -> float:
    return float(_pearson(_moments(*map(_ranks, _numbers(rows))).sum(axis=0)))


# --- spans of tags


def spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """(type, first, last) of every chunk, by the rules of conlleval that seqeval keeps.

    A chunk opens at B- or S-, and also at I- or E- after O or after another type: no repair, no loss. Tags without a
    hyphen (parts of speech) are types of their own, and neighbours of one type are one chunk: seqeval's behaviour at
    the time of XTREME, whose POS scores rest on it.
    """
    found: list[tuple[str, int, int]] = []
    first = 0
    before, type_before = "O", ""
    for place, tag in enumerate([*tags, "O"]):
        _, hyphen, rest = tag.partition("-")
        # a bare B, I, E or S is a chunk without a type
        prefix, type_ = tag[:1], rest if hyphen else "" if tag in ("B", "I", "E", "S") else tag
        changed = type_ != type_before
        closes = before in ("E", "S") or (before in ("B", "I") and prefix in ("B", "S", "O"))
        opens = prefix in ("B", "S") or (before in ("E", "S", "O") and prefix in ("E", "I"))
        if before != "O" and (closes or changed):
            found.append((type_before, first, place - 1))
        if prefix != "O" and (opens or changed):
            first = place
        before, type_before = prefix, type_
    return found


def _tags(value: Any, row: Row) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(tag, str) and tag for tag in value):
        raise UnreadableInputError("tags must be a list of words", where=f"item '{row['id']}'")
    return value


def _tag_pairs(row: Row) -> tuple[list[str], list[str]]:
    gold, said = _tags(row["label"], row), _tags(row["prediction"], row)
    if len(gold) != len(said):
        what = f"{len(said)} tags are predicted for {len(gold)} words"
        raise UnreadableInputError(what, where=f"item '{row['id']}'")
    return gold, said


def _chunks(rows: Sequence[Row]) -> Array:
    """Chunks found, wrongly found, missed."""
    counts = np.zeros((len(rows), 3))
    for i, row in enumerate(rows):
        gold, said = (set(spans(tags)) for tags in _tag_pairs(row))
        counts[i] = len(gold & said), len(said - gold), len(gold - said)
    return counts


def _right_tags(rows: Sequence[Row]) -> Array:
    pairs = [_tag_pairs(row) for row in rows]
    return np.array([[sum(map(str.__eq__, gold, said)), len(gold)] for gold, said in pairs], dtype=float)


def _table(metrics: Iterable[Metric]) -> dict[str, Metric]:
    return {measure.name: measure for measure in metrics}


METRICS: Mapping[str, Metric] = _table(
    [
        Metric("accuracy", _correct),
        Metric("retrieval_accuracy", _correct),  # of the nearest sentence's id
        Metric("bucc_f1", _mined, _f1, missing=True),
        # micro-averaged over chunks; XTREME's of parts of speech too, about 4 points below the accuracy that it names
        Metric("span_f1", _chunks, _f1),
        Metric("token_accuracy", _right_tags),
        # XQuAD and TyDiQA too, in every language by SQuAD's English rules: Thai, Chinese and Japanese are not segmented
        Metric("squad_em", answers.squad([0])),
        Metric("squad_f1", answers.squad([1])),
        Metric("squad_mean", answers.squad([0, 1])),  # XTREME's task score: the mean of both
        Metric("squad2_em", answers.squad([0], second=True)),
        Metric("squad2_f1", answers.squad([1], second=True)),
        Metric("mlqa_em", answers.mlqa([0])),
        Metric("mlqa_f1", answers.mlqa([1])),
        Metric("mlqa_mean", answers.mlqa([0, 1])),
        Metric("f1_accuracy_mean", _binary, _f1_accuracy),
        Metric("matthews", _confusion, _matthews),
        Metric("pearson", lambda rows: _moments(*_numbers(rows)), _pearson),
        Metric("spearman", whole=_spearman),
    ]
)
