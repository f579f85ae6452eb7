"""Reasons why a place is not the one that a number means, whatever its fit: another split, metric, owner, scope, or nothing said.

Each is a rule with its reason; cells.py asks them before it refutes, and some of them before it supports.
"""

from __future__ import annotations

import re

import numpy as np

from claimcheck.checks.alignment import ClaimWords, owner_of
from claimcheck.checks.derivations import is_baseline
from claimcheck.checks.ranking import Candidate
from claimcheck.checks.table_index import METRICS
from claimcheck.foundation.own_systems import is_cited
from claimcheck.foundation.records import Quantity
from claimcheck.foundation.words import forms

_CONFIDENCE = re.compile(r"\b(?:confidence|significance)(?:\s+(?:levels?|intervals?))?(?:\s+(?:of|at|is|=))?\s*$", re.I)


def of_a_test(quantity: Quantity, text: str) -> bool:
    """Whether a number is a level of confidence ("at the 95% confidence level"), which no table of results prints."""
    before, after = text[: quantity.span[0]], text[quantity.span[1] :]
    return bool(_CONFIDENCE.search(before[-40:]) or re.match(r"\s*(?:confidence|significance)\b", after, re.I))


_OF_SETTING = re.compile(
    r"\b(?:learning\s+rates?|drop-?out|batch\s+sizes?|weight\s+decay|momentum|decay(?:ed)?|annealed)\b[^.;]{0,60}$",
    re.I,
)


_SETTING_BEHIND = re.compile(r"\s*(?:[a-z]+\s+)?(?:drop-?out|weight\s+decay|momentum)\b", re.I)


def of_a_setting(quantity: Quantity, text: str) -> bool:
    """Whether a number without a metric is told of how training was set up ("the learning rate is decreased by 0.2")."""
    if quantity.metric:
        return False
    before, behind = text[: quantity.span[0]], text[quantity.span[1] :]
    return _OF_SETTING.search(before) is not None or _SETTING_BEHIND.match(behind) is not None


_EARLIER = re.compile(
    r"^\W*(?:(?:however|in\s+fact|indeed),?\s+)?(?:earlier|prior|previous|past|recent)\s+(?:work|studies|research|papers?|experiments)\s+"
    r"(?:by\s+[^,;]{2,60}\s+)?(?:has\s+|have\s+|had\s+)?(?:also\s+)?(?:found|shown?|showed|reported|observed|demonstrated|argued|noted|suggest(?:ed|s)?)\b",
    re.I,
)
_CITES = re.compile(r"\b(?:19|20)\d\d[a-z]?\b|\[\d")


def of_earlier_work(text: str) -> bool:
    """Whether a claim tells what earlier work found, and cites it: this paper's tables decide nothing of that."""
    return _EARLIER.search(text) is not None and _CITES.search(text) is not None


def names_place(quantity: Quantity, words: ClaimWords) -> bool:
    """Whether the number is one that a row or column is named by; a percentage only where the name prints it as one."""
    printed = f"{quantity.value:.{quantity.decimals}f}"
    return f"{printed}%" in words.header_numbers if quantity.unit == "percent" else printed in words.header_numbers


def names_own_place(candidate: Candidate, quantity: Quantity) -> bool:
    """Whether the number stands in the name of the very row or column whose cell prints it ("threshold 0.1": 0.1)."""
    table = candidate.batch.fit.view.table
    printed = f"{quantity.value:.{quantity.decimals}f}"
    names = " ".join(f"{table.row_name(r)} {table.column_name(c)}" for r, c in candidate.cells)
    return (
        candidate.batch.second is None and re.search(rf"(?<![\w.]){re.escape(printed)}(?![\w.]*\d)", names) is not None
    )


# "accuracy" and "error" are said of one another and of much else
_LOOSE_METRICS = frozenset("accuracy error size parameter time speed loss bit perplexity".split())


def other_metric(candidate: Candidate, quantity: Quantity) -> bool:
    """Whether the number is printed in one metric and the place's row or column names another."""
    said = forms(quantity.metric) & METRICS
    view = candidate.batch.fit.view
    shown = frozenset().union(*(view.row_forms[r] | view.column_forms[c] for r, c in candidate.cells)) & METRICS
    return bool(said and shown) and not (said | shown) & _LOOSE_METRICS and not said & shown


_NUMBERED = re.compile(r"\b(?P<word>[A-Za-z]+)@(?P<n>\d+)|\b(?P<m>\d+)-(?P<noun>[a-z]{3,})", re.I)


_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]*\.?\d)")


def of_another(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether a number from which a change starts would be held to the cell that the claim's other number is printed in
    ("X improves F1 from 85.0 to 85.9" beside the row X, 85.9)."""
    if candidate.batch.kind != "cell" or not words.is_previous(quantity.span):
        return False
    text = words.text
    others = [float(m[0]) for m in _NUMBER.finditer(text) if not quantity.span[0] <= m.start() < quantity.span[1]]
    return any(abs(candidate.value - x) < 1e-9 for x in others)


def other_label(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether the claim says "R@8" or "8-step" nearest to the number, and the place "R@1" or "1-step"."""
    table = candidate.batch.fit.view.table
    said: dict[str, tuple[int, str]] = {}
    for m in _NUMBERED.finditer(words.text):
        kind = (m["word"] or m["noun"]).lower()
        # a label behind the number is its own rather than one before it
        gap = m.start() - quantity.span[1] if m.start() >= quantity.span[1] else 20 + quantity.span[0] - m.end()
        said[kind] = min(said.get(kind, (gap, m["n"] or m["m"])), (gap, m["n"] or m["m"]))
    place = " ".join(f"{table.row_name(r)} {table.column_name(c)}" for r, c in candidate.cells)
    shown: dict[str, set[str]] = {}
    for m in _NUMBERED.finditer(place):
        shown.setdefault((m["word"] or m["noun"]).lower(), set()).add(m["n"] or m["m"])
    return any(kind in said and said[kind][1] not in numbers for kind, numbers in shown.items())


_REASON = re.compile(r",?\s\b(?:because|since)\b")
_DEV, _TEST = frozenset({"dev"}), frozenset({"test"})


def other_split(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether the claim speaks of the development set and the place of the test set, or the reverse."""
    said = forms(_REASON.split(words.clause(quantity.span))[0]) & (_DEV | _TEST)
    view = candidate.batch.fit.view
    names = [view.row_forms[r] | view.column_forms[c] for r, c in candidate.cells]
    shown = frozenset().union(*names) & (_DEV | _TEST) or view.caption_forms & (_DEV | _TEST)
    return len(said) == 1 and len(shown) == 1 and said != shown


def dev_unsaid(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether the claim speaks of the development set and the place does not say so: most tables print test scores; or the
    place is of the development set, its table has a test set too, and the claim says neither."""
    said = forms(_REASON.split(words.clause(quantity.span))[0]) & (_DEV | _TEST)
    view = candidate.batch.fit.view
    names = frozenset().union(*(view.row_forms[r] | view.column_forms[c] for r, c in candidate.cells))
    if not said and names & (_DEV | _TEST) == _DEV and not forms(words.text) & _DEV:
        return any(f & _TEST for f in (*view.row_forms, *view.column_forms))
    return said == _DEV and not (names | view.caption_forms) & _DEV


def cited_rival(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether a change is told beside cited work that is neither side of the place's change, or a value is told of cited
    work ("Abe and Berg (2016) reported 95.9") that the place does not name."""
    cited = words.cited_names(quantity.span)
    if candidate.batch.second is None and not cited & forms(quantity.method):
        return False
    view = candidate.batch.fit.view
    shown = view.caption_forms.union(*(view.row_forms[r] | view.column_forms[c] for r, c in candidate.cells))
    return bool(cited) and not cited & shown


_BOUND_ROW = re.compile(r"\b(?:humans?|oracles?|upper[ -]?bounds?|gold|ground[ -]truth|annotators?|experts?)\b", re.I)


def bound_unsaid(candidate: Candidate, words: ClaimWords) -> bool:
    """Whether the place is what systems are measured by ("Oracle", "Human performance") and the claim speaks of no such thing."""
    table = candidate.batch.fit.view.table
    names = " ".join(f"{table.row_name(r)} {table.column_name(c)}" for r, c in candidate.cells)
    return _BOUND_ROW.search(names) is not None and _BOUND_ROW.search(words.text) is None


_ASIDE = re.compile(r"\b(?:unlike|like|similar(?:ly)?\s+to|in\s+contrast\s+to|compared\s+(?:to|with))\b[^,.;]*", re.I)


def other_dataset(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether a number is told of a data set that rows or columns of the table name, and the place is of another, unnamed one."""
    told = forms(_ASIDE.sub(" ", words.text))
    said = forms(quantity.dataset) & told - _OF_DATA
    view = candidate.batch.fit.view
    if not said or view.caption_forms & said:
        return False
    names = [*view.row_forms, *view.column_forms]
    meant = [name for name in names if name & said]
    if not meant:
        return False
    common = frozenset.intersection(*meant)
    for r, c in candidate.cells:
        here = view.row_forms[r] | view.column_forms[c]
        if not here & said and not (here - common) & told & view.column_forms[c]:
            return True
    return False


_OF_DATA = frozenset("dataset data set corpus test dev train benchmark task".split())


def other_table(candidate: Candidate, words: ClaimWords) -> bool:
    """Whether the claim names tables, and not this one."""
    return bool(words.tables) and not candidate.batch.fit.view.table.is_named(words.tables)


def own_before(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether a number from which a change starts ("from 46.6") would be held to a row of the paper's own."""
    view = candidate.batch.fit.view
    if quantity.role != "value":
        return False  # "outperforms the previous best by 2": a change is nobody's
    return words.is_previous(quantity.span) and any(view.own_rows[r] or view.own_columns[c] for r, c in candidate.cells)


def other_owner(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether a number of the paper's own system would be held to a row of somebody else's: one that cites, or one beside own rows."""
    view = candidate.batch.fit.view
    own = any(view.own_rows[r] or view.own_columns[c] for r, c in candidate.cells)
    if own or owner_of(quantity, words) is not True or candidate.batch.second is not None:
        return False
    has_own = bool(view.own_rows.any() or view.own_columns.any())
    return has_own or any(is_cited(view.table.row_name(r)) for r, _ in candidate.cells)


# metrics whose names say "mean" or "average" without averaging over anything the table splits
_METRIC_OF_MEANS = re.compile(r"\bmean\s+(?:average\s+precision|reciprocal\s+rank|opinion)|\bMAP\b|\bMRR\b", re.I)
_RANGE_BEHIND = re.compile(r"^\s*[-–—−]\s*\d")
_AVERAGED = re.compile(r"\b(?:averag\w*|mean|macro)\b", re.I)


def other_scope(candidate: Candidate, quantity: Quantity, words: ClaimWords) -> bool:
    """Whether an average, or one end of a range, would be held to a single cell that is neither."""
    if _RANGE_BEHIND.match(words.text[quantity.span[1] :]):
        return True
    view = candidate.batch.fit.view
    if not _AVERAGED.search(quantity.aggregation) or candidate.batch.kind.startswith("mean"):
        return False
    if _METRIC_OF_MEANS.search(words.clause(quantity.span)):
        return False
    names = view.caption_forms.union(*(view.row_forms[r] | view.column_forms[c] for r, c in candidate.cells))
    return not names & _SUMMARY_FORMS


_GENERIC_RIVAL = re.compile(
    r"\b(?:state[- ]of|sota|previous\w*|prior|existing|best|baselines?|other|others|all|any|every|our|competi\w+|published|"
    r"strong\w*|second|next|standard|conventional|vanilla|original|base|systems|models|methods|approaches|results?|without)\b",
    re.I,
)


def _withstood(quantity: Quantity, text: str) -> bool:
    """Whether what seems to be compared with is what a system is robust against."""
    return re.search(rf"\brobust\w*\s+(?:against|to)\s+(?:\w+\s+)?{re.escape(quantity.baseline)}", text) is not None


def unsaid(candidate: Candidate, quantity: Quantity, words: ClaimWords, given: bool = False) -> bool:
    """Whether nothing in the claim points to the row, or to the column, though the table has several; or, where the claim
    says what it compares with, whether the other side of the change is neither the paper's own nor named by the claim."""
    fit = candidate.batch.fit
    view = fit.view
    numbers = np.isfinite(view.values)
    # a number of four digits is a slip away from a cell by chance in 1 of 250 cases: it names its cell itself
    telling = round(quantity.value * 10**quantity.decimals) >= 1000
    for r, c in candidate.cells if not telling else ():
        row_open = fit.row[r] < OPEN and numbers[:, c].sum() > 1
        column_open = fit.column[c] < OPEN and fit.measure[r, c] <= 0 and numbers[r].sum() > 1
        # nobody says "in the final column": where no other column is named either, that is the one
        column_open = column_open and not (_IN_ALL.search(view.table.column_name(c)) and (fit.column < OPEN).all())
        if candidate.batch.kind.startswith("mean"):  # it runs over the other axis
            row_open, column_open = row_open and candidate.batch.axis == "row", column_open and not row_open
            column_open = column_open and candidate.batch.axis == "column"
        if candidate.batch.second is None and (row_open or column_open):
            return True
    if candidate.batch.second is None:
        return False
    (a, b), rows = candidate.cells, candidate.batch.axis == "row"
    rival = fit.rival if rows else fit.rival_column
    own = view.own_rows if rows else view.own_columns
    names = view.row_forms if rows else view.column_forms
    sides = (a[0], b[0]) if rows else (a[1], b[1])
    here = forms(words.clause(quantity.span)) | forms(quantity.method)
    said = forms(quantity.baseline)
    told = said | words.cited_names(quantity.span)
    specific = bool(said) and not _GENERIC_RIVAL.search(quantity.baseline) and not _withstood(quantity, words.text)
    apart = [(names[i] - names[j]) & here for i, j in (sides, sides[::-1])]
    if specific and not all(apart) and not (names[sides[0]] | names[sides[1]]) & told:
        return True  # the claim compares with somebody who is neither side
    if not quantity.baseline or not rival[list(sides)].any():
        # two data sets, or two systems that the claim only mentions, are no change
        name = view.table.row_name if rows else view.table.column_name
        systems = forms(quantity.method) | forms(quantity.baseline)
        if not given and all(own[i] for i in sides) and not any(apart):
            return True  # one's own variant against another, and neither is named
        if any(own[i] or names[i] & systems or (given and is_baseline(name(i))) for i in sides):
            return False
        # that both are mentioned beside the right number will do, beside a wrong one it will not
        telling_names = [names[i] - names[j] for i, j in (sides, sides[::-1])]
        return not (given and all(s & here for s in telling_names))
    other = sides[0] if rival[sides[1]] >= rival[sides[0]] else sides[1]
    special = names[other] - names[sides[0] + sides[1] - other]
    return not own[other] and not special & here


_IN_ALL = re.compile(r"^\W*(?:final|overall|total|all|avg|average)\b", re.I)
OPEN = 0.15  # share of a header's words under which the claim does not name it
_SUMMARY_FORMS = frozenset("average overall total all macro micro".split())
