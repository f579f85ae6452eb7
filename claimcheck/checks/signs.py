"""What speaks for and against a place being the one a number means: named signs, weighed by a small logistic model.

The weights stand in signs.json; `training/number_checks.py` fits them on papers read as they are against the same papers with
numbers falsified.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import numpy as np

from claimcheck.checks.alignment import ClaimWords
from claimcheck.checks.ranking import Candidate, Ranking, chance_per_candidate
from claimcheck.checks.table_index import METRICS
from claimcheck.foundation.words import forms

# words that a claim puts a number under; a place that has none of them is another place
_CONDITIONS = re.compile(
    r"\b(?:dev|development|validation|training|oracle|human|humans|upper[- ]bound|cross[- ]validation|leaderboard|random|chance|"
    r"majority|ensembles?|single|zero-shot|unsupervised|supervised|unlabeled|labeled|seen|unseen|original|small|large|base|tiny)\b",
    re.I,
)


@dataclass(frozen=True)
class Weighing:
    """A logistic model over signs: a bias, a weight a sign, and the probability from which it says yes."""

    bias: float
    weights: Mapping[str, float]
    threshold: float

    def probability(self, signs: Mapping[str, float]) -> float:
        """P(yes) for these signs; a sign without weight counts nothing."""
        z = self.bias + sum(self.weights.get(name, 0.0) * x for name, x in signs.items())
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, z))))


def _load() -> dict[str, Weighing]:
    data = json.loads(resources.files(__package__).joinpath("signs.json").read_text("utf-8"))
    return {name: Weighing(d["bias"], d["weights"], d["threshold"]) for name, d in data.items()}


_MODELS = _load()
SUPPORT, REFUTE = _MODELS["support"], _MODELS["refute"]


def support_signs(ranking: Ranking, i: int, words: ClaimWords, anchored: bool) -> dict[str, float]:
    """The signs of a place that gives the number."""
    fit = float(ranking.fits[i])
    near = ranking.values[ranking.fits >= fit - 0.25]
    quantity = ranking.quantity
    width = quantity.half_width
    if quantity.bound is not None or quantity.high is not None:
        width = max(width, 0.02 * abs(quantity.value))
    q = chance_per_candidate(near, width, quantity.value)
    rivals = ranking.rivals(fit - 0.02)
    chance = 1.0 - (1.0 - min(q, 0.999)) ** rivals
    return {
        **_common(ranking, i, words, anchored),
        "surprise": min(3.0, -math.log10(max(chance, 1e-3))),
        "rivals": math.log1p(rivals),
        "behind": float(ranking.fits.max()) - fit,
        # a better fitting place prints nearly this number: the claim may have it wrong
        "slip_better": 1.0 if (ranking.slips & (ranking.fits > fit + 0.05)).any() else 0.0,
        "bounded": 1.0 if quantity.bound is not None or quantity.high is not None else 0.0,
    }


def refute_signs(ranking: Ranking, i: int, words: ClaimWords, anchored: bool) -> dict[str, float]:
    """The signs of the place that would be meant, where no place that fits as well gives the number."""
    quantity = ranking.quantity
    fit = float(ranking.fits[i])
    value = float(ranking.values[i])
    other = np.abs(ranking.values - value) > quantity.half_width
    margin = fit - float(ranking.fits[other].max()) if other.any() else 0.3
    given = ranking.fits[ranking.loose]
    gap = abs(value - quantity.value) / max(abs(value), abs(quantity.value), 1e-9)
    return {
        **_common(ranking, i, words, anchored),
        "slip": 1.0 if ranking.slips[i] else 0.0,
        "behind": float(ranking.fits.max()) - fit,
        "margin": max(-0.1, min(0.3, margin)),
        "rivals": math.log1p(ranking.rivals(float(ranking.fits.max()) - 0.05)),
        # a slip of the first digit goes far; any other number far from the cell is no version of it
        "far": 0.0 if ranking.slips[i] else min(1.0, gap),
        "elsewhere": max(0.0, float(given.max()) - fit + 0.5) if given.size else 0.0,
        "fineness": 1.0 if ranking.decimals[i] == quantity.decimals else 0.0,
    }


def _common(ranking: Ranking, i: int, words: ClaimWords, anchored: bool) -> dict[str, float]:
    candidate = ranking.candidate(i)
    fit = candidate.batch.fit
    view = fit.view
    cells = candidate.cells
    quantity = ranking.quantity
    row = float(np.mean([fit.row[r] for r, _ in cells]))
    column = float(np.mean([fit.column[c] for _, c in cells]))
    place = frozenset().union(view.caption_forms, *(view.row_forms[r] | view.column_forms[c] for r, c in cells))
    clause = words.clause(quantity.span)
    conditions = {f for m in _CONDITIONS.finditer(clause) for f in forms(m[0])}
    said = words.metric(quantity)
    shown = METRICS & place
    cited = words.cited_names(quantity.span)
    table = view.table
    return {
        "fit": float(ranking.fits[i]),
        "row": row,
        "column": column,
        "explained": _explained(candidate),
        "unknown": words.unknown_share(quantity.span),
        "conditions": float(len(conditions - place)),
        "metric_same": 1.0 if said and said & shown else 0.0,
        "metric_other": 1.0 if said and shown and not said & shown else 0.0,
        "named_table": 1.0 if table.is_named(words.tables) else 0.0,
        "near_table": 1.0 if table.is_named(words.near_tables) else 0.0,
        "other_table": 1.0 if words.tables and not table.is_named(words.tables) else 0.0,
        "anchored": 1.0 if anchored else 0.0,
        "own_row": 1.0 if words.own and any(view.own_rows[r] or view.own_columns[c] for r, c in cells) else 0.0,
        "own_unknown": 1.0 if words.own and not any(view.own_rows[r] or view.own_columns[c] for r, c in cells) else 0.0,
        "cited_here": 1.0 if cited and cited & place else 0.0,
        "cited_elsewhere": 1.0 if cited and not cited & place else 0.0,
        "previous": 1.0 if words.is_previous(quantity.span) else 0.0,
        "share_of": 1.0 if quantity.aggregation == "share" else 0.0,
        "delta": 1.0 if quantity.role == "delta" else 0.0,
        "relative": 1.0 if quantity.role in ("relative", "ratio") else 0.0,
        "cell": 1.0 if candidate.batch.kind == "cell" else 0.0,
        "mean": 1.0 if candidate.batch.kind.startswith("mean") else 0.0,
        "integer": 1.0 if quantity.decimals == 0 else 0.0,
        "fine": 1.0 if quantity.decimals >= 2 else 0.0,
        "small": 1.0 if abs(quantity.value) < 1.5 else 0.0,
    }


def _explained(candidate: Candidate) -> float:
    """The share of the claim's header words that the candidate's rows, columns and caption have."""
    fit = candidate.batch.fit
    total = float(fit.weights.sum())
    if not total:
        return 0.0
    miss = 1 - 0.9 * fit.caption_hits
    for r, c in candidate.cells:
        miss = miss * (1 - fit.row_hits[:, r]) * (1 - fit.column_hits[:, c])
    return 1.0 - float((fit.weights * miss).sum()) / total
