"""A claim: what a paper asserts, verbatim and taken apart, with every place that says it."""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from claimcheck.foundation.records.base import Record, Span
from claimcheck.foundation.records.documents import Pointer

Role = Literal["value", "delta", "relative", "ratio", "count", "rank", "other"]
Bound = Literal["at_least", "at_most", "more_than", "less_than", "about", "up_to"]
ClaimKind = Literal[
    "numeric", "comparison", "ranking", "trend", "ablation", "causal", "existence", "method", "background", "other"
]


class Quantity(Record):
    """A number that a claim states, with what the sentence says it is.

    The value holds within `half_width` (half a unit of the last printed digit). `role`: a value ("85.3 F1"), a delta
    ("by 2.1 points"), a relative change ("12 % fewer errors"), a ratio ("3x faster"), a count ("on 7 of 9 tasks").
    """

    text: str  # as printed, with its unit
    value: float
    high: float | None = None  # upper end of a range
    decimals: int = 0
    half_width: float = 0.5
    unit: str = ""  # "percent", "points", "times", or the word printed beside the number
    role: Role = "value"
    direction: Literal["up", "down"] | None = None
    bound: Bound | None = None
    total: float | None = None  # the 9 of "7 of 9"
    subject: str = ""  # what this number of a list belongs to
    span: Span = (0, 0)  # character offsets into Claim.text
    task: str = ""
    dataset: str = ""
    metric: str = ""
    method: str = ""
    baseline: str = ""
    condition: str = ""
    aggregation: str = ""


class Comparison(Record):
    """Two systems or settings that a claim sets side by side without a number of its own ("X outperforms Y on Z").

    The names are the claim's or, where it says "it" or "our model", what that stands for. `direction`: whether the
    method's figure is above or below the baseline's, or the same; `better` whether the claim calls the method the
    better one (None where the words do not say: "higher perplexity" is above and worse).
    """

    method: str = ""
    baseline: str = ""
    direction: Literal["above", "below", "same"] | None = None
    better: bool | None = None
    task: str = ""
    dataset: str = ""
    metric: str = ""
    condition: str = ""
    aggregation: str = ""  # "on 7 of 9 datasets", "average over 9 tasks", "all but NER"
    span: Span = (0, 0)  # character offsets of the words that compare, into Claim.text


class Place(Record):
    """One place where a claim is said."""

    pointer: Pointer
    text: str  # verbatim, the words of this place
    sentence: int = -1  # index into Document.sentences
    context: str = ""  # the sentences just before it in the same paragraph
    tables: tuple[str, ...] = ()  # labels of the tables that the sentence or its paragraph names


class Claim(Record):
    """One checkable statement of a paper, verbatim and whole, with every place that says it."""

    id: str
    text: str
    statement: str = ""
    kind: ClaimKind = "other"
    places: tuple[Place, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    importance: float = 0.0
    probability: float = 0.0  # that the sentence states a checkable claim

    @staticmethod
    def make_id(paper: str, text: str) -> str:
        """12 hex digits of the sha256 of the paper's id without version and the letters and digits of the text."""
        letters = re.sub(r"[\W_]+", "", text.lower())
        versionless = re.sub(r"v\d+$", "", paper)
        return hashlib.sha256((versionless + letters).encode()).hexdigest()[:12]
