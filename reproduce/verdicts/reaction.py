"""Whether a metric depends on what was predicted at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from claimcheck.foundation.errors import ClaimcheckError
from reproduce.tasks.metrics import Row, score
from reproduce.verdicts.permuted import dealt_out
from reproduce.verdicts.scored import canonical

__all__ = ["reacts"]

_ITEMS = 2000  # in all, and of each language at least _LEAST and at most _MOST: enough to see whether a metric moves
_LEAST, _MOST = 50, 200
_FEW = 20  # items that may well give the same number in another order


def reacts(measure: str, rows: Sequence[Row], *, seed: int = 0) -> bool:
    """Whether the metric depends on what was predicted: wrong, right or permuted answers must give another number.

    Permuting answers within a language changes nothing where a collapsed model always says the same, where no answer is
    right, or where the items are few; that is excused while the labels differ. Raises what the metric raises.
    """
    rng = np.random.default_rng(seed)
    groups = _sample(rows, rng)
    few = [row for group in groups.values() for row in group]
    value = score(measure, few)
    try:
        wrong = score(measure, [{**row, "prediction": _wrong(row["prediction"])} for row in few])
    except ClaimcheckError:  # a metric with closed classes: right answers have to do
        wrong = value
    if value == wrong == score(measure, [{**row, "prediction": _right(row)} for row in few]):
        return False
    for _ in range(5):
        permuted = [row for group in groups.values() for row in dealt_out(group, rng)]
        if score(measure, permuted) != value:
            return True
    labels = {canonical(row["label"]) for row in few}
    collapsed = all(len({canonical(row["prediction"]) for row in group}) == 1 for group in groups.values())
    return len(labels) > 1 and (collapsed or value in (wrong, 0.0) or len(few) < _FEW)


def _sample(rows: Sequence[Row], rng: np.random.Generator) -> dict[str, list[Row]]:
    """Some items of each language; in no regular steps, since labels may take turns.

    Of items that mostly ask for nothing and get nothing (sentences without a translation), half are others.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["language"], []).append(row)
    size = min(_MOST, max(_LEAST, _ITEMS // len(groups)))
    found = {}
    for language, group in groups.items():
        telling = [row for row in group if row["label"] is not None or row["prediction"] is not None]
        chosen = [telling[int(i)] for i in rng.permutation(len(telling))[:size]]
        if len(telling) < len(group):
            empty = [row for row in group if row["label"] is None and row["prediction"] is None]
            chosen = chosen[: max(size // 2, size - len(empty))]
            chosen += [empty[int(i)] for i in rng.permutation(len(empty))[: size - len(chosen)]]
        found[language] = chosen
    return found


def _right(row: Row) -> Any:
    """The right answer in the form of a prediction: of several accepted ones the first."""
    label = row["label"]
    if isinstance(label, list) and not isinstance(row["prediction"], list):
        return label[0] if label else ""
    return label


def _wrong(prediction: Any) -> Any:
    """An answer of the same form that is right nowhere."""
    if isinstance(prediction, list):
        return ["B-\N{EMPTY SET}" if tag == "O" else "O" for tag in prediction]
    return 0 if isinstance(prediction, int | float) else "\N{EMPTY SET}"
