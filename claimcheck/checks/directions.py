"""Comparisons and superlatives of a claim against the cells its numbers stand for: "outperforms", "lower than", "the best".

A comparison is checked only where both sides are known: the cell that a number of the claim was found in, or rows that the
words name, and the row or column that the words after "than", "over", "outperforms" name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from claimcheck.checks.cells import Finding
from claimcheck.checks.derivation_text import printed_number, table_name
from claimcheck.checks.ranking import Candidate
from claimcheck.checks.systems import Sense, raw_sense
from claimcheck.checks.table_index import METRICS, TableIndex, TableView
from claimcheck.foundation.records import Check, Claim, Evidence, Label
from claimcheck.foundation.words import STOP, forms, tokens

_FLIP: dict[Sense, Sense] = {"better": "worse", "worse": "better", "higher": "lower", "lower": "higher"}

_COMPARATORS: list[tuple[Sense, str]] = [
    ("worse", r"underperform(?:s|ed|ing)?|perform(?:s|ed|ing)?\s+(?:\w+\s+){0,2}worse\s+than|worse\s+than|inferior\s+to|fall(?:s|ing)?\s+(?:below|behind|short\s+of)|fell\s+(?:below|behind|short\s+of)|lag(?:s|ged)?\s+behind"),
    ("better", r"outperform(?:s|ed|ing)?|perform(?:s|ed|ing)?\s+(?:\w+\s+){0,2}better\s+than|better\s+than|superior\s+to|surpass(?:es|ed|ing)?|beat(?:s|ing|en)?|improv(?:es|ed|ing|ements?|e)\s+(?:\w+\s+){0,3}?(?:over|upon|on\s+top\s+of)|exceed(?:s|ed|ing)?|(?:gains?|advantage)\s+over"),
    ("lower", r"(?:lower|less|smaller|fewer)\s+(?:[\w-]+\s+){0,3}?than|below"),
    ("higher", r"(?:higher|greater|larger|more)\s+(?:[\w-]+\s+){0,3}?than|above"),
]  # fmt: skip
_COMPARATOR_RES = [(sense, re.compile(rf"\b(?:{words})\b", re.I)) for sense, words in _COMPARATORS]
_SUPERLATIVES: list[tuple[Sense, str]] = [
    ("better", r"(?:the|perform\w*)\s+(?:very\s+|overall\s+)?best\b(?!\s+(?:previous|published|reported|known|prior|existing|competing|baseline))"),
    ("worse", r"(?:the|perform\w*)\s+(?:very\s+)?(?:worst|poorest)\b"),
    ("higher", r"the\s+(?:very\s+)?highest\b"),
    ("lower", r"the\s+(?:very\s+)?lowest\b"),
]  # fmt: skip
_SUPERLATIVE_RES = [(sense, re.compile(rf"\b{words}", re.I)) for sense, words in _SUPERLATIVES]
_NEGATED = re.compile(
    r"\b(?:not|n't|never|neither|nor|no|fails?\s+to|failed\s+to|cannot|unable\s+to|hardly|rather\s+than)\s+(?:(?!in\b|of\b|on\b)[\w-]+\s+){0,3}$",
    re.I,
)
_PASSIVE = re.compile(r"\b(?:is|are|was|were|been|being|be)\s+(?:\w+ly\s+)?$", re.I)
_GENERIC = re.compile(
    r"\b(?:all|other|others|previous(?:ly)?|prior|existing|competing|competitors?|baselines?|state[- ]of[- ]the[- ]arts?|sota|every|any|"
    r"published|the\s+rest|related|recent|former|best|strong|both|alternatives?|models|systems|methods|approaches|taggers|parsers|works?)\b", re.I,
)  # fmt: skip
# words that narrow a superlative to some of the rows
_NARROWED = re.compile(
    r"\b(?:among|of\s+(?:the|our|all)|single|published|without|comparable|competitive|one\s+of|second|third|previous\w*|prior|reported|except|supervised|which\s+do|that\s+do)\b",
    re.I,
)


@dataclass(frozen=True)
class Comparison:
    """A comparison a claim makes: its sense, where it stands, the words of its object."""

    sense: Sense
    start: int
    end: int
    object: str


EXCEPT = re.compile(r"\b(?:except(?:ing)?(?:\s+for)?|apart\s+from|other\s+than|besides|(?<=\w)\s+but)\b", re.I)
_ALL = re.compile(r"\b(?:all|every|each|any)\b", re.I)


def excepts(words: str) -> bool:
    """Whether a comparison leaves something out: "on every dataset except LogQA", "on all datasets but one"."""
    exception = EXCEPT.search(words)
    return exception is not None and _ALL.search(words[: exception.start()]) is not None


def comparisons(text: str) -> list[Comparison]:
    """The comparisons of a sentence, negation and passive resolved."""
    out: list[Comparison] = []
    for sense, pattern in _COMPARATOR_RES:
        for m in pattern.finditer(text):
            if any(c.start < m.end() and m.start() < c.end for c in out):
                continue
            after = text[m.end() :]
            stop = re.search(
                r"[;:]|(?<!vs)\.\s|\.$|,\s+(?:and|but|while|which|where|with|achiev\w+|obtain\w+|reach\w+|show\w*)\b|\b(?:while|whereas|by\s+(?:an?\s+|about\s+|over\s+)?\d)",
                after,
            )
            words = after[: stop.start() if stop else len(after)]
            flips = int(bool(_NEGATED.search(text[: m.start()])))
            flips += int(
                bool(
                    _PASSIVE.search(text[: m.start()])
                    and re.match(r"\s+by\b", after)
                    and m[0].lower().endswith(("ed", "en"))
                )
            )
            if re.match(r"\s*(?:the\s+|an?\s+)?(?:\d|two\b|three\b|four\b|five\b|ten\b|half\b|twice\b|once\b)", words):
                continue  # "more than 2 points" bounds a number
            out.append(Comparison(_FLIP[sense] if flips % 2 else sense, m.start(), m.end(), words))
    return sorted(out, key=lambda c: c.start)


def check_directions(claim: Claim, findings: Sequence[Finding], index: TableIndex) -> list[Check]:
    """Checks of the claim's comparisons, superlatives and changes around the cells that its numbers were found in."""
    placed = [f for f in findings if f.label == "supported" and f.candidate is not None]
    if not placed:
        return []
    out = [_compare(claim, comparison, placed, index) for comparison in comparisons(claim.text)]
    out += [
        _superlative(claim, sense, m, placed, index) for sense, p in _SUPERLATIVE_RES for m in p.finditer(claim.text)
    ]
    out += [_from_to(claim, f, placed, index) for f in placed]
    out += [_changed_by(claim, f, index) for f in placed]
    out += [_moved_to(claim, f, placed, index) for f in placed]
    return [c for c in out if c is not None]


Placed = tuple[int, int, TableView, tuple[int, int]]


def _values(placed: Sequence[Finding]) -> list[Placed]:
    """(start, end, table, cell) of every placed number that is one cell, in the sentence's order."""
    return sorted(
        (
            (f.quantity.span[0], f.quantity.span[1], f.candidate.batch.fit.view, f.candidate.cells[0])
            for f in placed
            if f.candidate is not None and f.candidate.batch.kind == "cell" and f.quantity.role == "value"
        ),
        key=lambda v: v[0],
    )


def _compare(claim: Claim, comparison: Comparison, placed: Sequence[Finding], index: TableIndex) -> Check | None:
    """A comparison against the cells of its two sides, by the numbers that stand before and after it and the names it gives."""
    text = claim.text
    spoken = text[comparison.start : comparison.end]
    end = comparison.end + len(comparison.object)
    values = _values(placed)
    before = [
        v for v in values if v[1] <= comparison.start and not re.search(r"[;:]|\.\s", text[v[1] : comparison.start])
    ]
    after = [v for v in values if comparison.end <= v[0] < end]
    if len(after) == 2 and re.search(
        r"\b(?:vs\.?|versus|against|compared\s+(?:to|with))\s", text[after[0][1] : after[1][0]]
    ):
        return _two_cells(after[0], after[1], comparison.sense, spoken, index)
    if before and after:
        return _two_cells(before[-1], after[0], comparison.sense, spoken, index)
    if excepts(text[comparison.end :]):
        return None  # the number may be that of the exception
    pair = next((f for f in placed if f.candidate is not None and f.candidate.batch.kind == "difference"), None)
    if pair is not None and pair.candidate is not None and pair.quantity.span[0] > comparison.start - 80:
        sides = _order_by_words(pair.candidate, text[: comparison.start], comparison.object)
        return (
            None if sides is None else _verdict(pair.candidate.batch.fit.view, *sides, comparison.sense, spoken, index)
        )
    if before:
        _, _, view, cell = before[-1]
        return _against(view, cell, comparison, spoken, index)
    later = after or [v for v in values if v[0] >= end and not re.search(r"[;:]|\.\s", text[comparison.end : v[0]])]
    if not later:
        return None
    start, _, view, cell = later[0]
    if any(comparison.end <= q.span[0] < start and q.role == "value" for q in claim.quantities):
        return None  # "better than X (0.68 against 0.29 and 0.44)": the number found is not the first, so not the subject's
    if _fits_name(view, cell, text[comparison.end : start]):
        return _own_against(view, cell, comparison, text[: comparison.start], spoken, index)
    return _against(view, cell, comparison, spoken, index)


def _own_against(
    view: TableView, cell: tuple[int, int], comparison: Comparison, before: str, spoken: str, index: TableIndex
) -> Check | None:
    """ "Our model outperforms Y, which obtains 80.1": the paper's own best row of the column against the object's cell."""
    own = [int(r) for r in np.nonzero(view.own_rows)[0] if np.isfinite(view.values[r, cell[1]]) and r != cell[0]]
    if not own or view.own_rows[cell[0]] or not re.search(r"\b(?:we|ours?|proposed)\b", before, re.I):
        return None
    lane = [float(view.values[r, cell[1]]) for r in own]
    best = own[int(np.argmin(lane) if view.lower_is_better[cell] else np.argmax(lane))]
    return _verdict(view, (best, cell[1]), cell, comparison.sense, spoken, index)


def _two_cells(subject: Placed, other: Placed, sense: Sense, spoken: str, index: TableIndex) -> Check | None:
    """A comparison of two numbers that the claim itself prints and the tables hold, in one lane or of one kind."""
    a, b = subject[3], other[3]
    if subject[2] is other[2] and (a[0] == b[0] or a[1] == b[1]):
        return _verdict(subject[2], a, b, sense, spoken, index)
    x, y = float(subject[2].values[a]), float(other[2].values[b])
    alike = bool(subject[2].lower_is_better[a]) == bool(other[2].lower_is_better[b])
    if x == y or not alike or not 0.5 < abs(x) / max(abs(y), 1e-9) < 2:
        return None
    holds = (x > y) == (raw_sense(subject[2], a, sense) == "higher")
    return _check_across((subject[2], a), (other[2], b), holds, "<" if x < y else ">", spoken, index)


def _against(
    view: TableView, cell: tuple[int, int], comparison: Comparison, spoken: str, index: TableIndex
) -> Check | None:
    """A cell against the row or column that the comparison's object names, or against all others where it names none."""
    other = _named_rival(view, cell, comparison.object)
    if other is not None:
        return _verdict(view, cell, other, comparison.sense, spoken, index)
    if _GENERIC.search(comparison.object) or not comparison.object.strip(" .,"):
        parts = re.split(r"\b(?:except|but\s+not|other\s+than|besides|apart\s+from)\b", comparison.object, flags=re.I)
        return _against_all(view, cell, comparison.sense, forms(" ".join(parts[1:])), spoken, index)
    return None


_REMOVING = re.compile(
    r"\b(?:remov\w+|without|ablat\w+|drop(?:s|ped|ping)|exclud\w+|replac\w+|disabl\w+|omit\w+|lack\w*)\b", re.I
)
_LESS_NAME = re.compile(r"(?:^|\s)(?:[-−–]\s?|w/?o\b|without\b|no\b|not\b|remov)", re.I)


def _order_by_words(candidate: Candidate, before: str, after: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """(subject cell, object cell) of a difference, or None where the words do not tell.

    The object is named after the comparator; "our" is the own row; what is removed belongs to the subject.
    """
    a, b = candidate.cells
    view = candidate.batch.fit.view
    rows = a[1] == b[1]
    along = view.row_forms if rows else view.column_forms
    own = view.own_rows if rows else view.own_columns
    ia, ib = (a[0], b[0]) if rows else (a[1], b[1])
    # "averaging all layers instead of using the last": what follows is the other side
    parts = re.split(r"\b(?:instead\s+of|rather\s+than|in\s+place\s+of)\b", before, maxsplit=1)
    before, after = parts[0], " ".join([after, *parts[1:]])
    said_before, said_after = forms(before), forms(after)
    score_a = _share(along[ia], said_before, along[ib]) - _share(along[ia], said_after, along[ib])
    score_b = _share(along[ib], said_before, along[ia]) - _share(along[ib], said_after, along[ia])
    if own[ia] != own[ib] and re.search(r"\b(?:we|ours?|proposed|this)\b", before, re.I):
        score_a += 0.6 * bool(own[ia])
        score_b += 0.6 * bool(own[ib])
    if _REMOVING.search(before):
        name = view.table.row_name if rows else view.table.column_name
        score_a += 0.6 * bool(_LESS_NAME.search(name(ia)))
        score_b += 0.6 * bool(_LESS_NAME.search(name(ib)))
    if abs(score_a - score_b) < 0.4:
        return None
    return (a, b) if score_a > score_b else (b, a)


_GETS_BETTER = re.compile(
    r"\b(?:improv(?:es|ed|ing|e|ements?)|gain(?:s|ed)?|boost(?:s|ed|ing)?|outperform\w*|increas(?:es|ed|ing|e))\b", re.I
)
_GETS_WORSE = re.compile(
    r"\b(?:degrad(?:es|ed|ing|e|ations?)|decreas(?:es|ed|ing|e)|drop(?:s|ped)?|declin\w+|los(?:s|es|t)|hurts?|worsen\w*|"
    r"reduc(?:es|ed|ing|tion)|underperform\w*)\b", re.I,
)  # fmt: skip


def _changed_by(claim: Claim, finding: Finding, index: TableIndex) -> Check | None:
    """ "improves accuracy by 0.7": the change the verb names against the sign of the difference found."""
    candidate = finding.candidate
    if (
        candidate is None
        or candidate.batch.kind not in ("difference", "cell")
        or finding.quantity.role not in ("delta", "relative")
    ):
        return None
    start, end = finding.quantity.span
    clause = re.split(r"[;:]|\.\s|\b(?:while|whereas|but)\b", claim.text[max(0, start - 160) : start])[-1]
    found = [(m, sense) for sense, p in (("better", _GETS_BETTER), ("worse", _GETS_WORSE)) for m in p.finditer(clause)]
    if len(found) != 1 or _NEGATED.search(clause[: found[0][0].start()]) or comparisons(clause):
        return None
    verb, said = found[0]
    if candidate.batch.kind == "cell":
        return _printed_change(candidate, said, verb[0], index)
    tail = re.split(r"[;,.]\s", claim.text[end:])[0]
    other = re.search(
        r"\b(?:over|than|compared\s+(?:to|with)|from|relative\s+to|with\s+respect\s+to|against)\b(.*)", tail, re.I
    )
    sides = _order_by_words(candidate, clause, other[1] if other else "")
    if sides is None:
        return None
    view = candidate.batch.fit.view
    if verb[0].lower().startswith(("increas", "decreas", "drop", "reduc")) and bool(view.lower_is_better[sides[0]]):
        return None  # "reduces the error" improves: the verb speaks of the metric's value
    return _verdict(view, *sides, "better" if said == "better" else "worse", verb[0], index)


def _share(name: frozenset[str], said: frozenset[str], other: frozenset[str]) -> float:
    """The share of a name's words, less those it has in common with the other name, that were said."""
    special = name - other or name
    return len(special & said) / len(special) if special else 0.0


def _fits_name(view: TableView, cell: tuple[int, int], words: str) -> bool:
    said = forms(words)
    if _share(view.row_forms[cell[0]], said, frozenset()) > 0.6:
        return True
    # a column that names a metric names no system
    column = view.column_forms[cell[1]]
    return not column & METRICS and _share(column, said, frozenset()) > 0.9


def _named_rival(view: TableView, cell: tuple[int, int], words: str) -> tuple[int, int] | None:
    """The one other cell of the cell's column (or row) whose name the words say, or None where none or several fit."""
    said = frozenset(t.form for t in tokens(words) if t.form not in STOP)
    best: list[tuple[float, tuple[int, int]]] = []
    for axis in ("row", "column"):
        names = view.row_forms if axis == "row" else view.column_forms
        own = names[cell[0] if axis == "row" else cell[1]]
        for i, name in enumerate(names):
            place = (i, cell[1]) if axis == "row" else (cell[0], i)
            if place == cell or not np.isfinite(view.values[place]) or not name:
                continue
            special = name - own
            if special and special <= said:
                best.append((len(special) / max(1, len(said)), place))
    best.sort(reverse=True)
    if not best or (len(best) > 1 and best[1][0] == best[0][0]):
        return None
    return best[0][1]


def _verdict(
    view: TableView, subject: tuple[int, int], other: tuple[int, int], sense: Sense, spoken: str, index: TableIndex
) -> Check | None:
    x, y = float(view.values[subject]), float(view.values[other])
    if x == y or not (np.isfinite(x) and np.isfinite(y)):
        return None
    way = raw_sense(view, subject, sense)
    holds = x > y if way == "higher" else x < y
    return _check(view, [subject, other], holds, "<" if x < y else ">", spoken, index)


def _lane(view: TableView, cell: tuple[int, int]) -> list[tuple[int, int]]:
    """The other number cells of the cell's column."""
    return [(r, cell[1]) for r in range(view.table.height) if r != cell[0] and np.isfinite(view.values[r, cell[1]])]


def _against_all(
    view: TableView, cell: tuple[int, int], sense: Sense, excepted: frozenset[str], spoken: str, index: TableIndex
) -> Check | None:
    """A comparison with "all others" or "previous work": refuted only where two thirds of the other rows say the contrary.

    A table often holds rows that the claim does not mean, so one counterexample is not enough.
    """
    others = [x for x in _lane(view, cell) if not view.own_rows[x[0]]] or _lane(view, cell)
    others = [x for x in others if not (excepted and view.row_forms[x[0]] & excepted)]
    if len(others) < 2:
        return None
    way = raw_sense(view, cell, sense)
    x = float(view.values[cell])
    values = np.array([float(view.values[o]) for o in others])
    agree = values < x if way == "higher" else values > x
    against = values > x if way == "higher" else values < x
    closest = others[int(np.argmax(values) if way == "higher" else np.argmin(values))]
    if agree.all():
        return _check(view, [cell, closest], True, ">" if way == "higher" else "<", spoken, index)
    if against.mean() >= 2 / 3:
        return _check(view, [cell, closest], False, "<" if way == "higher" else ">", spoken, index)
    return None


def _superlative(
    claim: Claim, sense: Sense, m: re.Match[str], placed: Sequence[Finding], index: TableIndex
) -> Check | None:
    """ "the best F1 score of 85.3": the number that follows, or stands just before, against its column."""
    text = claim.text
    near = [
        v for v in _values(placed)
        if -70 < v[0] - m.end() < 90
        and not re.search(r"[;:]|\.\s|\bwhile\b|\bwhereas\b", text[min(v[1], m.end()) : max(v[0], m.start())])
    ]  # fmt: skip
    if not near or _NEGATED.search(text[: m.start()]) or _AS_OBJECT.search(text[: m.start()]):
        return None
    _, _, view, cell = min(near, key=lambda v: abs(v[0] - m.end()))
    others = _lane(view, cell)
    if len(others) < 2:
        return None
    way = raw_sense(view, cell, sense)
    x = float(view.values[cell])
    values = [float(view.values[o]) for o in others]
    top, bottom = max(values), min(values)
    holds = x >= top if way == "higher" else x <= bottom
    opposite = x <= bottom if way == "higher" else x >= top
    if holds:
        rival = others[int(np.argmax(values) if way == "higher" else np.argmin(values))]
        return _check(view, [cell, rival], True, "≥" if way == "higher" else "≤", m[0], index)
    # only the contrary extreme refutes: a best of some of the rows is often meant
    if opposite and len(others) >= 3 and not _NARROWED.search(text):
        rival = others[int(np.argmin(values) if way == "higher" else np.argmax(values))]
        return _check(view, [cell, rival], False, "≤" if way == "higher" else "≥", m[0], index)
    return None


# "comparable to the highest performing parser": the superlative is somebody else's
_AS_OBJECT = re.compile(r"\b(?:to|than|with|over|against|as|by|of|behind|below|above)\s*$", re.I)
_GAIN_NAME = re.compile(r"increase|gain|improve|\bimpr", re.I)


def _printed_change(candidate: Candidate, said: str, spoken: str, index: TableIndex) -> Check | None:
    """A change that the table itself prints, by its sign or its column's name ("Increase")."""
    view, (r, c) = candidate.batch.fit.view, candidate.cells[0]
    text = view.table.grid[r][c].text.strip()
    gain = text.startswith("+") or bool(_GAIN_NAME.search(view.table.column_name(c)) and float(view.values[r, c]) > 0)
    loss = text[:1] in "-−–" and float(view.values[r, c]) < 0
    if gain == loss:
        return None
    holds = gain == (said == "better")
    against = "" if holds else f', against "{spoken}"'
    return Check(
        kind="direction",
        label="supported" if holds else "refuted",
        score=0.7,
        evidence=view.evidence([(r, c)], index.paper),
        derivation=f"{text} is a {'gain' if gain else 'loss'}{against}: {table_name(view.table)}, {view.table.row_name(r)}, {view.table.column_name(c)}",
        reason="" if holds else "the table shows the other direction",
    )


_MOVES = re.compile(
    r"\b(?P<up>improv(?:es|ed|ing|e|ements?)|increas(?:es|ed|ing|e)|ris(?:es|e|ing)|rose|rais(?:es|ed|ing|e)|better|higher|gains?)\b"
    r"|\b(?P<down>degrad(?:es|ed|ing|e)|decreas(?:es|ed|ing|e)|drop(?:s|ped)?|reduc(?:es|ed|ing|e)|falls?|fell|worse|lower(?:s|ed|ing)?|declin\w+)\b",
    re.I,
)
_OF_VALUE = ("increas", "rais", "decreas", "drop", "reduc", "ris", "rose", "fall", "fell", "higher", "lower", "declin")


def _from_to(claim: Claim, finding: Finding, placed: Sequence[Finding], index: TableIndex) -> Check | None:
    """ "improves from 80.1 to 85.3": both ends found as cells of one table, in the order that the verb says."""
    start, end = finding.quantity.span
    text = claim.text
    candidate = finding.candidate
    if candidate is None or candidate.batch.kind != "cell":
        return None
    if not re.search(r"\bfrom\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+){0,3}$", text[:start], re.I):
        return None
    to = re.compile(r"[^.;:]{0,30}\bto\s+(?:an?\s+)?(?:[\w-]+\s+){0,2}")
    target = next((v for v in _values(placed) if v[0] >= end and to.fullmatch(text[end : v[0]])), None)
    verbs = list(_MOVES.finditer(text[:start]))
    if target is None or target[2] is not candidate.batch.fit.view or not verbs:
        return None
    verb = verbs[-1]
    if _NEGATED.search(text[: verb.start()]) or start - verb.end() > 120:
        return None
    of_value = verb[0].lower().startswith(_OF_VALUE)
    sense: Sense = ("higher" if of_value else "better") if verb["up"] else ("lower" if of_value else "worse")
    return _verdict(target[2], target[3], candidate.cells[0], sense, verb[0], index)


_TO = re.compile(r"^[^.;:,()]{0,40}?\bto\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+){0,3}$", re.I)


def _moved_to(claim: Claim, finding: Finding, placed: Sequence[Finding], index: TableIndex) -> Check | None:
    """ "... 71.4 EM, and the ensemble improves to 76.0 EM": the value said before in the same measure, against this one."""
    start, _ = finding.quantity.span
    text = claim.text
    candidate = finding.candidate
    verbs = list(_MOVES.finditer(text[:start]))
    if candidate is None or candidate.batch.kind != "cell" or finding.quantity.role != "value" or not verbs:
        return None
    verb = verbs[-1]
    if not _TO.match(text[verb.end() : start]) or re.search(r"\bfrom\b", text[verb.end() : start]):
        return None
    metric = forms(finding.quantity.metric)
    earlier = [
        f for f in placed
        if f.candidate is not None and f.candidate.batch.kind == "cell" and f.quantity.role == "value"
        and f.quantity.span[1] <= verb.start() and forms(f.quantity.metric) == metric
        and "." not in re.sub(r"\d\.\d", "", text[f.quantity.span[1] : verb.start()])
    ]  # fmt: skip
    if len(earlier) != 1 or earlier[0].candidate is None or _NEGATED.search(text[: verb.start()]):
        return None
    view, cell = candidate.batch.fit.view, candidate.cells[0]
    other, before = earlier[0].candidate.batch.fit.view, earlier[0].candidate.cells[0]
    of_value = verb[0].lower().startswith(_OF_VALUE)
    sense: Sense = ("higher" if of_value else "better") if verb["up"] else ("lower" if of_value else "worse")
    return _two_cells((start, start, view, cell), (0, 0, other, before), sense, verb[0], index)


def _check_across(
    a: tuple[TableView, tuple[int, int]],
    b: tuple[TableView, tuple[int, int]],
    holds: bool,
    sign: str,
    spoken: str,
    index: TableIndex,
) -> Check:
    """A comparison of two cells of different tables."""
    against = "" if holds else f', against "{" ".join(spoken.split())}"'
    places = "; ".join(
        f"{table_name(v.table)}, {v.table.row_name(c[0])}, {v.table.column_name(c[1])}" for v, c in (a, b)
    )
    return Check(
        kind="direction",
        label="supported" if holds else "refuted",
        score=0.7 if holds else 0.6,
        evidence=[Evidence(quote=v.table.grid[c[0]][c[1]].text, pointer=v.pointer(*c, index.paper)) for v, c in (a, b)],
        derivation=f"{printed_number(*a)} {sign} {printed_number(*b)}{against}: {places}",
        reason="" if holds else "the tables show the other direction",
    )


def _check(
    view: TableView, cells: Sequence[tuple[int, int]], holds: bool, sign: str, spoken: str, index: TableIndex
) -> Check:
    label: Label = "supported" if holds else "refuted"
    a, b = (printed_number(view, c) for c in cells)
    name = table_name(view.table)
    if cells[0][1] == cells[1][1]:
        place = f"{view.table.row_name(cells[0][0])} - {view.table.row_name(cells[1][0])}, {view.table.column_name(cells[0][1])}"
    else:
        place = f"{view.table.row_name(cells[0][0])}, {view.table.column_name(cells[0][1])} - {view.table.column_name(cells[1][1])}"
    less = " (less is better)" if view.lower_is_better[cells[0]] else ""
    against = "" if holds else f', against "{" ".join(spoken.split())}"'
    return Check(
        kind="direction",
        label=label,
        score=0.8 if holds else 0.7,
        evidence=view.evidence(cells, index.paper),
        derivation=f"{a} {sign} {b}{less}{against}: {name}, {place}",
        reason="" if holds else "the table shows the other direction",
    )
