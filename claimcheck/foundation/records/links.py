"""Two papers' results of the same method on the same dataset and metric, and how their numbers stand to each other."""

from __future__ import annotations

from typing import Literal

from claimcheck.foundation.records.base import Record
from claimcheck.foundation.records.verdicts import Evidence, Result

Relation = Literal["equal", "different_definition", "different_condition", "conflict"]
Basis = Literal["quoted", "shared"]


class CrossLink(Record):
    """One method on one dataset and metric in two papers.

    `basis` "quoted": `second` is the result that a paper reports of its own system, `first` the row of another paper
    that quotes it. "shared": both rows quote a third work. `relation`: "equal" within rounding;
    "different_definition": the metric is not the same (micro or macro, with or without punctuation);
    "different_condition": split, ensemble, training data or the like differ or were the quoting paper's own rerun;
    "conflict": nothing that is stated differs but the numbers. `reason` says it in one sentence.
    """

    task: str
    dataset: str
    metric: str
    split: str = ""  # "test", "dev" or "" where neither paper says
    method: str  # as the first paper names it
    basis: Basis
    relation: Relation
    reason: str
    first: Result
    second: Result
    evidence: tuple[Evidence, Evidence]  # the cell of each as printed
